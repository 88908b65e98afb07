"""The v2beta1 façade of pipelines and versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...core.pipelines import PipelineNames
from ...core.resource_manager import ResourceManager
from ...errors import invalid, not_found, saying
from ...store import PipelineRow, VersionRow
from ...store.pipelines import PIPELINES, VERSIONS
from ..answers import Json, listed, place, present, time_text
from ..http import Call, Target


def pipeline(row: PipelineRow) -> Json:
    """A pipeline."""
    return present(
        pipeline_id=row.pipeline_id,
        display_name=row.display_name,
        name=row.name,
        description=row.description,
        created_at=time_text(row.created_at),
        namespace=row.namespace,
        tags=_tags(row.tags),
    )


def version(row: VersionRow) -> Json:
    """A version with its spec."""
    return present(
        pipeline_id=row.pipeline_id,
        pipeline_version_id=row.pipeline_version_id,
        display_name=row.display_name,
        name=row.name,
        description=row.description,
        created_at=time_text(row.created_at),
        package_url={"pipeline_url": row.package_url} if row.package_url else {},
        code_source_url=row.code_source_url,
        pipeline_spec=msgspec.Raw(row.spec),
        tags=_tags(row.tags),
    )


def _tags(stored: bytes) -> msgspec.Raw | None:
    return None if stored == b"{}" else msgspec.Raw(stored)


def names_of(message: Mapping[str, Any], otherwise: str = "") -> PipelineNames:
    """The names in a message or query."""
    return PipelineNames(
        name=message.get("name", ""),
        display_name=message.get("display_name", ""),
        description=message.get("description", ""),
        tags=message.get("tags", {}),
    ).filled(otherwise)


def read_pipeline(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check a new pipeline's names."""
    names = names_of(call.message)
    with saying("Failed to convert API pipeline to model pipeline"):
        manager.pipelines.check(call.message.get("namespace", ""), names)
    return names


def of_new_pipeline(manager: ResourceManager, call: Call) -> Target:
    """Where a new pipeline goes; without namespace it is a shared one."""
    if not call.asked.name:
        raise invalid("name is required")
    namespace = call.message.get("namespace", "") if manager.tenancy.multi_user else ""
    return Target(namespace, call.asked.name)


def create_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Register a pipeline that has no version yet."""
    row, _ = manager.pipelines.create(place(call), call.asked)
    return pipeline(row)


def get_pipeline(_manager: ResourceManager, call: Call) -> Json:
    """Read a pipeline."""
    return pipeline(call.row)


def get_pipeline_by_name(_manager: ResourceManager, call: Call) -> Json:
    """Read the pipeline of this name."""
    if call.row is None:
        name, namespace = call.params["name"], call.text("namespace")
        with saying(f"Failed to get a pipeline named {name} in namespace {namespace}"):
            raise not_found("Namespace/Pipeline", f"{namespace}/{name}")
    return pipeline(call.row)


def list_pipelines(manager: ResourceManager, call: Call) -> Json:
    """List the pipelines of a namespace, or the shared ones; `-` is a namespace without any."""
    namespace = call.text("namespace") if manager.tenancy.multi_user else ""
    return listed(
        manager,
        call,
        PIPELINES,
        ("namespace", namespace),
        read=manager.store.pipelines.page,
        name="pipelines",
        write=lambda rows: [pipeline(row) for row in rows],
    )


def of_pipelines(manager: ResourceManager, call: Call) -> Target:
    """Which pipelines are listed."""
    namespace = call.text("namespace") if manager.tenancy.multi_user else ""
    return Target("" if namespace == "-" else namespace)


def _sent_tags(call: Call) -> Mapping[str, str] | None:
    tags: Mapping[str, str] | None = call.message.get("tags")
    return tags


def patch_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Change the display name and the tags of a pipeline."""
    changed = manager.pipelines.update(call.row, call.message.get("display_name", ""), _sent_tags(call))
    return pipeline(changed) if isinstance(changed, PipelineRow) else {}


def patch_version(manager: ResourceManager, call: Call) -> Json:
    """Change the display name and the tags of a version."""
    changed = manager.pipelines.update(call.row, call.message.get("display_name", ""), _sent_tags(call))
    return version(changed) if isinstance(changed, VersionRow) else {}


def read_deletion(_manager: ResourceManager, call: Call) -> None:
    """Refuse a deletion that names no pipeline."""
    if not call.params["pipeline_id"]:
        raise invalid("Failed to delete a pipeline due missing pipeline id")


def delete_pipeline(manager: ResourceManager, call: Call) -> Json:
    """Delete a pipeline."""
    manager.pipelines.delete(call.row, cascade=bool(call.given.get("cascade", False)))
    return {}


def get_version(_manager: ResourceManager, call: Call) -> Json:
    """Read a version."""
    return version(call.row)


def list_versions(manager: ResourceManager, call: Call) -> Json:
    """List the versions of a pipeline."""
    return listed(
        manager,
        call,
        VERSIONS,
        ("pipeline_id", call.row.pipeline_id),
        read=manager.store.pipelines.page_versions,
        name="pipeline_versions",
        write=lambda rows: [version(row) for row in rows],
    )
