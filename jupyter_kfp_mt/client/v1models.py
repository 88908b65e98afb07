"""v1beta1 answers → v2beta1 answers; pure. Source: kfp-api §2.2, §2.3, §2.6, §3."""

from __future__ import annotations

from typing import Any

from ..errors import KfpError
from ..pipeline_spec import parse

_STATES = {
    "Pending": "PENDING",
    "Running": "RUNNING",
    "Succeeded": "SUCCEEDED",
    "Done": "SUCCEEDED",
    "Failed": "FAILED",
    "Error": "FAILED",
    "Skipped": "SKIPPED",
    "Terminating": "CANCELING",
}


def owner(body: dict[str, Any], kind: str) -> str:
    """Return the id of the first reference of a kind."""
    for reference in body.get("resource_references") or ():
        if reference.get("key", {}).get("type") == kind:
            return str(reference["key"].get("id", ""))
    return ""


def page_of(body: dict[str, Any], **rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a page of `rows` with the totals of `body`."""
    return {key: body[key] for key in ("total_size", "next_page_token") if key in body} | rows


def experiment_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return an experiment."""
    return _known(
        experiment_id=body.get("id"),
        display_name=body.get("name"),
        description=body.get("description"),
        created_at=body.get("created_at"),
        namespace=owner(body, "NAMESPACE"),
        storage_state=_storage(body),
    )


def run_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return a run; its spec where that is a compiled v2 pipeline."""
    source = body.get("pipeline_spec") or {}
    version = owner(body, "PIPELINE_VERSION")
    reference = {"pipeline_id": source.get("pipeline_id", ""), "pipeline_version_id": version}
    return _known(
        run_id=body.get("id"),
        display_name=body.get("name"),
        description=body.get("description"),
        storage_state=_storage(body),
        experiment_id=owner(body, "EXPERIMENT"),
        recurring_run_id=owner(body, "JOB"),
        service_account=body.get("service_account"),
        created_at=body.get("created_at"),
        scheduled_at=body.get("scheduled_at"),
        finished_at=body.get("finished_at"),
        state=_STATES.get(body.get("status", ""), ""),
        error={"message": body["error"]} if body.get("error") else None,
        pipeline_version_reference=reference if version else None,
        pipeline_spec=None if version else _spec(source.get("pipeline_manifest", "")),
        runtime_config=_config(source),
    )


def pipeline_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return a pipeline."""
    return _known(
        pipeline_id=body.get("id"),
        name=body.get("name"),
        display_name=body.get("name"),
        description=body.get("description"),
        created_at=body.get("created_at"),
        namespace=owner(body, "NAMESPACE"),
    )


def version_of(body: dict[str, Any], pipeline_id: str, template: str = "") -> dict[str, Any]:
    """Return a version, with its pipeline where `template` holds one."""
    return _known(
        pipeline_id=owner(body, "PIPELINE") or pipeline_id,
        pipeline_version_id=body.get("id"),
        name=body.get("name"),
        display_name=body.get("name"),
        description=body.get("description"),
        created_at=body.get("created_at"),
        pipeline_spec=_spec(template),
    )


def wanted_storage(query: tuple[tuple[str, str], ...]) -> str:
    """Return which runs a list asks for, AVAILABLE or ARCHIVED; empty where it does not say."""
    text = dict(query).get("filter", "")
    return "ARCHIVED" if '"ARCHIVED"' in text else "AVAILABLE" if '"AVAILABLE"' in text else ""


def _storage(body: dict[str, Any]) -> str:
    return "ARCHIVED" if body.get("storage_state") == "STORAGESTATE_ARCHIVED" else "AVAILABLE"


def _config(source: dict[str, Any]) -> dict[str, Any] | None:
    config = source.get("runtime_config")
    if config:
        return dict(config)
    listed = source.get("parameters") or ()
    return (
        {"parameters": {each.get("name", ""): each.get("value", "") for each in listed}} if listed else None
    )


def _spec(manifest: str) -> dict[str, Any] | None:
    """The compiled pipeline in `manifest`; an Argo Workflow of KFP 1 is none."""
    try:
        return parse(manifest).wire() if manifest else None
    except KfpError:
        return None


def _known(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in (None, "")}
