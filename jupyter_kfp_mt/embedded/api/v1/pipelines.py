"""The v1beta1 façade of pipelines and versions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...core.resource_manager import ResourceManager
from ...errors import invalid, not_found, saying
from ...store import PipelineRow, VersionRow
from ...store.pipelines import PIPELINES, VERSIONS
from ...store.query import Query
from ..answers import Json, listed, place, present, time_text
from ..guards import pipeline_target
from ..http import LIST_QUERY, Call, Target
from ..messages import KEY_TYPES
from .runs import reads, reference

VERSION_QUERY = {**LIST_QUERY, "resource_key.type": KEY_TYPES, "resource_key.id": "text"}


def pipeline(row: PipelineRow, version_row: VersionRow | None) -> Json:
    """A pipeline; its default version is always the latest."""
    shown = version(version_row) if version_row else {"created_at": time_text(0)}
    return present(
        id=row.pipeline_id,
        created_at=time_text(row.created_at),
        name=row.name,
        description=row.description,
        parameters=_parameters(version_row),
        default_version=shown,
        resource_references=[reference("NAMESPACE", row.namespace, "OWNER")] if row.namespace else [],
    )


def version(row: VersionRow) -> Json:
    """A version; v1 shows no spec, and gives out the source's address as that of the package."""
    return present(
        id=row.pipeline_version_id,
        name=row.name,
        created_at=time_text(row.created_at),
        parameters=_parameters(row),
        code_source_url=row.code_source_url,
        package_url={"pipeline_url": row.code_source_url} if row.code_source_url else {},
        resource_references=[reference("PIPELINE", row.pipeline_id, "OWNER")],
        description=row.description,
    )


def _parameters(row: VersionRow | None) -> msgspec.Raw | None:
    return None if row is None or row.parameters == b"[]" else msgspec.Raw(row.parameters)


def get_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Read a pipeline; one without versions is not there for v1."""
    pipeline_id = call.row.pipeline_id
    latest = manager.store.pipelines.latest(pipeline_id)
    if latest is None:
        with saying(
            f"Failed to get a pipeline (v1beta1) {pipeline_id} due to error fetching the latest pipeline"
            " version: Failed to get the latest pipeline version for a pipeline",
            final=True,
        ):
            raise not_found("PipelineVersion", pipeline_id)
    return pipeline(call.row, latest)


def get_pipeline_by_name(manager: ResourceManager, call: Call) -> Json:
    """Read the pipeline of this name."""
    namespace, name = call.params["namespace"], call.params["name"]
    latest = manager.store.pipelines.latest(call.row.pipeline_id) if call.row else None
    if call.row is None or latest is None:
        with saying(
            f"ResourceManager (v1beta1): Failed to get a pipeline named {name} in namespace {namespace}"
        ):
            asked = namespace if manager.tenancy.multi_user else ""
            raise not_found("Namespace/Pipeline and PipelineVersion", f"{asked}/{name}")
    return pipeline(call.row, latest)


def by_name(manager: ResourceManager, call: Call) -> Target:
    """The pipeline of this name in the namespace of the path; `-` is the shared ones."""
    namespace = call.params["namespace"] if manager.tenancy.multi_user else ""
    namespace = "" if namespace == "-" else namespace
    return Target(
        namespace, call.params["name"], manager.store.pipelines.named(namespace, call.params["name"])
    )


def read_pipelines(manager: ResourceManager, call: Call) -> Query:
    """Check the options of a list of pipelines."""
    kind = call.text("resource_reference_key.type")
    if kind not in ("", "NAMESPACE", "UNKNOWN_RESOURCE_TYPE"):
        ref = call.text("resource_reference_key.id")
        raise invalid(
            "Failed to list pipelines (v1beta1) due to invalid resource references for pipelines:"
            f" &{{{kind.title()} {ref}}}",
            final=True,
        )
    return reads(PIPELINES)(manager, call)


def list_pipelines(manager: ResourceManager, call: Call) -> Json:
    """List pipelines, each with its latest version."""

    def write(rows: Sequence[PipelineRow]) -> list[Json]:
        latest = manager.store.pipelines.latest_of([row.pipeline_id for row in rows])
        return [pipeline(row, latest.get(row.pipeline_id)) for row in rows]

    scope = ("namespace", place(call))
    return listed(
        manager,
        call,
        PIPELINES,
        scope,
        read=manager.store.pipelines.page,
        name="pipelines",
        write=write,
    )


def template(manager: ResourceManager, call: Call) -> Json:
    """The YAML of a version, or of a pipeline's latest."""
    row = (
        call.row if isinstance(call.row, VersionRow) else manager.store.pipelines.latest(call.row.pipeline_id)
    )
    if row is None:
        with saying("Failed to get the latest template for a pipeline"):
            raise not_found("PipelineVersion", call.row.pipeline_id)
    return {"template": row.template}


def delete_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Delete a pipeline that has no version any more."""
    manager.pipelines.delete(call.row, cascade=False)
    return {}


def get_version(_manager: ResourceManager, call: Call) -> Json:
    """Read a version."""
    return version(call.row)


def by_listed_pipeline(manager: ResourceManager, call: Call) -> Target:
    """The pipeline whose versions are listed."""
    pipeline_id = call.text("resource_key.id")
    if not pipeline_id:
        raise invalid("Failed to list pipeline versions (v1beta1) due to missing pipeline id", final=True)
    return pipeline_target(manager, pipeline_id)


def list_versions(manager: ResourceManager, call: Call) -> Json:
    """List the versions of a pipeline."""
    return listed(
        manager,
        call,
        VERSIONS,
        ("pipeline_id", call.row.pipeline_id),
        read=manager.store.pipelines.page_versions,
        name="versions",
        write=lambda rows: [version(row) for row in rows],
    )


def nothing(_manager: ResourceManager, _call: Call) -> Json:
    """Done, without effect: the latest version is always the default."""
    return {}
