"""Pipelines and their versions of v2beta1: renders rows and parses requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...core.pipelines import PipelineNames
from ...core.resource_manager import ResourceManager
from ...errors import invalid_input, not_found, prefix_errors
from ...store import PipelineRow, VersionRow
from ...store.pipelines import PIPELINES, VERSIONS
from ..shared.calls import Call, Target
from ..shared.listing import render_page
from ..shared.rendering import Json, drop_empty, format_time
from ..shared.targets import namespace_of_query
from ..shared.uploads import Renderer, fetch_template, file_name_in, parse_names


def render_pipeline(row: PipelineRow) -> Json:
    """Return the message of a pipeline."""
    return drop_empty(
        pipeline_id=row.pipeline_id,
        display_name=row.display_name,
        name=row.name,
        description=row.description,
        created_at=format_time(row.created_at),
        namespace=row.namespace,
        tags=_raw_tags(row.tags),
    )


def render_version(row: VersionRow) -> Json:
    """Return the message of a version, with its spec."""
    return drop_empty(
        pipeline_id=row.pipeline_id,
        pipeline_version_id=row.pipeline_version_id,
        display_name=row.display_name,
        name=row.name,
        description=row.description,
        created_at=format_time(row.created_at),
        package_url={"pipeline_url": row.package_url} if row.package_url else {},
        code_source_url=row.code_source_url,
        pipeline_spec=msgspec.Raw(row.spec),
        tags=_raw_tags(row.tags),
    )


UPLOADS = Renderer(lambda row, _version: render_pipeline(row), render_version)


def _raw_tags(stored: bytes) -> msgspec.Raw | None:
    return None if stored == b"{}" else msgspec.Raw(stored)


# pipelines


def parse_pipeline(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check the names of a new pipeline."""
    names = parse_names(call.message)
    with prefix_errors("Failed to convert API pipeline to model pipeline"):
        manager.pipelines.check(call.message.get("namespace", ""), names)
    return names


def locate_new_pipeline(manager: ResourceManager, call: Call) -> Target:
    """Find where a new pipeline goes; without namespace it is a shared one."""
    if not call.parsed.name:
        raise invalid_input("name is required")
    namespace = call.message.get("namespace", "") if manager.tenancy.multi_user else ""
    return Target(namespace, call.parsed.name)


def create_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Register a pipeline that has no version yet."""
    row, _ = manager.pipelines.create(call.namespace, call.parsed)
    return render_pipeline(row)


def parse_pipeline_and_version(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check the names of a pipeline that is created together with its version."""
    sent = call.message.get("pipeline", {})
    names = parse_names(sent, file_name_in(_package_url(call.message.get("pipeline_version", {}))))
    manager.pipelines.check(sent.get("namespace", ""), names)
    return names


def locate_new_pipeline_and_version(manager: ResourceManager, call: Call) -> Target:
    """Find where a pipeline that is created together with its version goes."""
    sent = call.message.get("pipeline", {})
    namespace = sent.get("namespace", "") if manager.tenancy.multi_user else ""
    return Target(namespace, call.parsed.name)


def create_pipeline_and_version(manager: ResourceManager, call: Call) -> Json:
    """Register a pipeline with the version behind a URL."""
    version = call.message.get("pipeline_version", {})
    url = _package_url(version)
    template = fetch_template(manager, url)
    row, _ = manager.pipelines.create(
        call.namespace, call.parsed, template, package_url=url, version_tags=version.get("tags", {})
    )
    return render_pipeline(row)


def _package_url(message: Mapping[str, Any]) -> str:
    return str(message.get("package_url", {}).get("pipeline_url", ""))


def get_pipeline(_manager: ResourceManager, call: Call) -> Json:
    """Return a pipeline."""
    return render_pipeline(call.row)


def find_by_name(manager: ResourceManager, call: Call) -> Target:
    """Find the pipeline of this name in the namespace of the query; without one, a shared pipeline."""
    name, namespace = call.params["name"], namespace_of_query(manager, call)
    row = manager.store.pipelines.find_by_name(namespace, name)
    return Target("" if namespace == "-" else namespace, name, row)


def get_pipeline_by_name(_manager: ResourceManager, call: Call) -> Json:
    """Return the pipeline of this name."""
    if call.row is None:
        name, namespace = call.params["name"], call.text("namespace")
        with prefix_errors(f"Failed to get a pipeline named {name} in namespace {namespace}"):
            raise not_found("Namespace/Pipeline", f"{namespace}/{name}")
    return render_pipeline(call.row)


def list_pipelines(manager: ResourceManager, call: Call) -> Json:
    """List the pipelines of a namespace, or the shared ones; `-` is a namespace without any."""
    return render_page(
        manager,
        call,
        PIPELINES,
        ("namespace", namespace_of_query(manager, call)),
        read=manager.store.pipelines.page,
        name="pipelines",
        render=lambda rows: [render_pipeline(row) for row in rows],
    )


def update_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Change the display name and the tags of a pipeline."""
    message = call.message
    row = manager.pipelines.update(call.row, message.get("display_name", ""), message.get("tags"))
    return render_pipeline(row)


def parse_deletion(_manager: ResourceManager, call: Call) -> None:
    """Reject a deletion that names no pipeline."""
    if not call.params["pipeline_id"]:
        raise invalid_input("Failed to delete a pipeline due missing pipeline id")


def delete_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Delete a pipeline."""
    manager.pipelines.delete(call.row, cascade=bool(call.arguments.get("cascade", False)))
    return {}


# versions


def parse_version(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check the names of a new version."""
    if "package_url" not in call.message:
        raise invalid_input("Failed to create a pipeline version. Package URL is nil", final=True)
    if not _package_url(call.message):
        raise invalid_input("Failed to create a pipeline version. Package URL is empty", final=True)
    if not call.message.get("pipeline_id"):
        raise invalid_input("Failed to create a pipeline version. Parent pipeline id is empty", final=True)
    names = parse_names(call.message)
    if not names.name:
        raise invalid_input("name is required")
    with prefix_errors("Failed to convert API pipeline version to model pipeline version"):
        manager.pipelines.check_version(names)
    return names


def create_version(manager: ResourceManager, call: Call) -> Json:
    """Register the version behind a URL."""
    url = _package_url(call.message)
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


def list_versions(manager: ResourceManager, call: Call) -> Json:
    """List the versions of a pipeline."""
    return render_page(
        manager,
        call,
        VERSIONS,
        ("pipeline_id", call.row.pipeline_id),
        read=manager.store.pipelines.page_versions,
        name="pipeline_versions",
        render=lambda rows: [render_version(row) for row in rows],
    )


def update_version(manager: ResourceManager, call: Call) -> Json:
    """Change the display name and the tags of a version."""
    message = call.message
    row = manager.pipelines.update(call.row, message.get("display_name", ""), message.get("tags"))
    return render_version(row)
