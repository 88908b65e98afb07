"""Pipelines and their versions of v1beta1: renders rows and parses requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from ...core.pipelines import PipelineNames
from ...core.resource_manager import ResourceManager
from ...errors import invalid_input, not_found, prefix_errors
from ...store import PipelineRow, VersionRow
from ...store.pipelines import PIPELINES, VERSIONS
from ...store.query import Query
from ..shared.calls import LIST_QUERY, Call, Target
from ..shared.listing import render_page
from ..shared.rendering import Json, drop_empty, format_time
from ..shared.targets import find_pipeline_by_id
from ..shared.uploads import Renderer, fetch_template, file_name_in, parse_names
from .messages import KEY_TYPES
from .references import find_reference, parse_scoped_options, render_reference

VERSION_QUERY = {**LIST_QUERY, "resource_key.type": KEY_TYPES, "resource_key.id": "text"}


def render_pipeline(row: PipelineRow, version: VersionRow | None) -> Json:
    """Return the message of a pipeline; its default version is always the latest."""
    return drop_empty(
        id=row.pipeline_id,
        created_at=format_time(row.created_at),
        name=row.name,
        description=row.description,
        parameters=_raw_parameters(version),
        default_version=render_version(version) if version else {"created_at": format_time(0)},
        resource_references=[render_reference("NAMESPACE", row.namespace, "OWNER")] if row.namespace else [],
    )


def render_version(row: VersionRow) -> Json:
    """Return the message of a version; v1 shows no spec, and the source's address as the package's."""
    return drop_empty(
        id=row.pipeline_version_id,
        name=row.name,
        created_at=format_time(row.created_at),
        parameters=_raw_parameters(row),
        code_source_url=row.code_source_url,
        package_url={"pipeline_url": row.code_source_url} if row.code_source_url else {},
        resource_references=[render_reference("PIPELINE", row.pipeline_id, "OWNER")],
        description=row.description,
    )


UPLOADS = Renderer(render_pipeline, render_version)


def _raw_parameters(row: VersionRow | None) -> msgspec.Raw | None:
    return None if row is None or row.parameters == b"[]" else msgspec.Raw(row.parameters)


# pipelines


def parse_pipeline(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check the names of a new pipeline."""
    message = call.message
    named = {key: message[key] for key in ("name", "description") if key in message}
    names = parse_names(named, file_name_in(_url(call)))
    manager.pipelines.check(find_reference(message, "NAMESPACE"), names)
    return names


def locate_new_pipeline(manager: ResourceManager, call: Call) -> Target:
    """Find where a new pipeline goes; without namespace it is a shared one."""
    namespace = find_reference(call.message, "NAMESPACE") if manager.tenancy.multi_user else ""
    return Target(namespace, call.parsed.name)


def create_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Register a pipeline with the version behind a URL."""
    url = _url(call)
    template = fetch_template(manager, url)
    row, version = manager.pipelines.create(call.namespace, call.parsed, template, package_url=url)
    return render_pipeline(row, version)


def _url(call: Call) -> str:
    return str(call.message.get("url", {}).get("pipeline_url", ""))


def get_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Return a pipeline; for v1 one without versions does not exist."""
    pipeline_id = call.row.pipeline_id
    latest = manager.store.pipelines.get_latest_version(pipeline_id)
    if latest is None:
        with prefix_errors(
            f"Failed to get a pipeline (v1beta1) {pipeline_id} due to error fetching the latest pipeline"
            " version: Failed to get the latest pipeline version for a pipeline",
            final=True,
        ):
            raise not_found("PipelineVersion", pipeline_id)
    return render_pipeline(call.row, latest)


def find_by_name(manager: ResourceManager, call: Call) -> Target:
    """Find the pipeline of this name in the namespace of the path; `-` stands for the shared ones."""
    namespace, name = call.params["namespace"], call.params["name"]
    if namespace == "-" or not manager.tenancy.multi_user:
        namespace = ""
    return Target(namespace, name, manager.store.pipelines.find_by_name(namespace, name))


def get_pipeline_by_name(manager: ResourceManager, call: Call) -> Json:
    """Return the pipeline of this name."""
    namespace, name = call.params["namespace"], call.params["name"]
    latest = manager.store.pipelines.get_latest_version(call.row.pipeline_id) if call.row else None
    if call.row is None or latest is None:
        with prefix_errors(
            f"ResourceManager (v1beta1): Failed to get a pipeline named {name} in namespace {namespace}"
        ):
            shown = namespace if manager.tenancy.multi_user else ""
            raise not_found("Namespace/Pipeline and PipelineVersion", f"{shown}/{name}")
    return render_pipeline(call.row, latest)


def parse_pipeline_list(manager: ResourceManager, call: Call) -> Query:
    """Check the options of a list of pipelines; only a namespace may bound it."""
    kind = call.text("resource_reference_key.type")
    if kind not in ("", "NAMESPACE", "UNKNOWN_RESOURCE_TYPE"):
        object_id = call.text("resource_reference_key.id")
        raise invalid_input(
            "Failed to list pipelines (v1beta1) due to invalid resource references for pipelines:"
            f" &{{{kind.title()} {object_id}}}",
            final=True,
        )
    return parse_scoped_options(PIPELINES)(manager, call)


def list_pipelines(manager: ResourceManager, call: Call) -> Json:
    """List the pipelines of a namespace, or the shared ones, each with its latest version."""

    def render(rows: Sequence[PipelineRow]) -> list[Json]:
        latest = manager.store.pipelines.get_latest_versions([row.pipeline_id for row in rows])
        return [render_pipeline(row, latest.get(row.pipeline_id)) for row in rows]

    return render_page(
        manager,
        call,
        PIPELINES,
        ("namespace", call.namespace),
        read=manager.store.pipelines.page,
        name="pipelines",
        render=render,
    )


def get_template(manager: ResourceManager, call: Call) -> Json:
    """Return the YAML of a version, or of a pipeline's latest."""
    row = call.row
    if not isinstance(row, VersionRow):
        row = manager.store.pipelines.get_latest_version(row.pipeline_id)
    if row is None:
        with prefix_errors("Failed to get the latest template for a pipeline"):
            raise not_found("PipelineVersion", call.row.pipeline_id)
    return {"template": row.template}


# versions


def parse_version(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check the names of a new version."""
    if not call.message.get("package_url", {}).get("pipeline_url"):
        raise invalid_input(
            "Failed to create a pipeline version (v1beta1). Pipeline version is nil or pipeline's"
            " URL is empty",
            final=True,
        )
    names = parse_names(call.message)
    manager.pipelines.check_version(names)
    return names


def find_parent_of_new_version(manager: ResourceManager, call: Call) -> Target:
    """Find the pipeline that a new version refers to."""
    pipeline_id = find_reference(call.message, "PIPELINE", "OWNER")
    if not pipeline_id:
        raise invalid_input("a PIPELINE/OWNER reference is missing: which pipeline is this a version of?")
    return replace(find_pipeline_by_id(manager, pipeline_id), name=call.parsed.name)


def create_version(manager: ResourceManager, call: Call) -> Json:
    """Register the version behind a URL."""
    if not call.parsed.name:
        raise invalid_input("name is required")
    url = call.message["package_url"]["pipeline_url"]
    row = manager.pipelines.create_version(
        call.row,
        call.parsed,
        fetch_template(manager, url),
        package_url=url,
        code_source_url=call.message.get("code_source_url", ""),
    )
    return render_version(row)


def get_version(_manager: ResourceManager, call: Call) -> Json:
    """Return a version."""
    return render_version(call.row)


def find_listed_pipeline(manager: ResourceManager, call: Call) -> Target:
    """Find the pipeline whose versions are listed."""
    pipeline_id = call.text("resource_key.id")
    if not pipeline_id:
        text = "Failed to list pipeline versions (v1beta1) due to missing pipeline id"
        raise invalid_input(text, final=True)
    return find_pipeline_by_id(manager, pipeline_id)


def list_versions(manager: ResourceManager, call: Call) -> Json:
    """List the versions of a pipeline."""
    return render_page(
        manager,
        call,
        VERSIONS,
        ("pipeline_id", call.row.pipeline_id),
        read=manager.store.pipelines.page_versions,
        name="versions",
        render=lambda rows: [render_version(row) for row in rows],
    )
