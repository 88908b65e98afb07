"""Translates v1beta1 resources into v2beta1 ones; pure.

A v1beta1 resource names its owners as resource references (kubeflow/pipelines,
backend/api/v1beta1/resource_reference.proto).
"""

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


def owner_of(body: dict[str, Any], kind: str) -> str:
    """Return the id of the first resource reference of a kind."""
    for reference in body.get("resource_references") or ():
        if reference.get("key", {}).get("type") == kind:
            return str(reference["key"].get("id", ""))
    return ""


def page_of(body: dict[str, Any], **rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a page of `rows` with the total and the page token of `body`."""
    return {key: body[key] for key in ("total_size", "next_page_token") if key in body} | rows


def experiment_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the experiment in `body`."""
    return _drop_missing(
        experiment_id=body.get("id"),
        display_name=body.get("name"),
        description=body.get("description"),
        created_at=body.get("created_at"),
        namespace=owner_of(body, "NAMESPACE"),
        storage_state=_storage(body),
    )


def run_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the run in `body`, with its spec if that is a compiled v2 pipeline."""
    return _drop_missing(
        run_id=body.get("id"),
        display_name=body.get("name"),
        description=body.get("description"),
        storage_state=_storage(body),
        experiment_id=owner_of(body, "EXPERIMENT"),
        recurring_run_id=owner_of(body, "JOB"),
        service_account=body.get("service_account"),
        created_at=body.get("created_at"),
        scheduled_at=body.get("scheduled_at"),
        finished_at=body.get("finished_at"),
        state=_STATES.get(body.get("status", ""), ""),
        error={"message": body["error"]} if body.get("error") else None,
        **_source_of(body),
    )


def _source_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a run or job runs: the version or the compiled v2 pipeline, and its parameters."""
    source = body.get("pipeline_spec") or {}
    version = owner_of(body, "PIPELINE_VERSION")
    reference = {"pipeline_id": source.get("pipeline_id", ""), "pipeline_version_id": version}
    return {
        "pipeline_version_reference": reference if version else None,
        "pipeline_spec": None if version else _spec(source.get("pipeline_manifest", "")),
        "runtime_config": _config(source),
    }


def recurring_run_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the job in `body` as a recurring run; its `status` says nothing, only `enabled` counts."""
    return _drop_missing(
        recurring_run_id=body.get("id"),
        display_name=body.get("name"),
        description=body.get("description"),
        experiment_id=owner_of(body, "EXPERIMENT"),
        namespace=owner_of(body, "NAMESPACE"),
        service_account=body.get("service_account"),
        max_concurrency=body.get("max_concurrency"),
        trigger=body.get("trigger"),
        created_at=body.get("created_at"),
        updated_at=body.get("updated_at"),
        status="ENABLED" if body.get("enabled") else "DISABLED",
        error={"message": body["error"]} if body.get("error") else None,
        no_catchup=body.get("no_catchup"),
        **_source_of(body),
    )


def pipeline_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the pipeline in `body`."""
    return _drop_missing(
        pipeline_id=body.get("id"),
        name=body.get("name"),
        display_name=body.get("name"),
        description=body.get("description"),
        created_at=body.get("created_at"),
        namespace=owner_of(body, "NAMESPACE"),
    )


def version_of(body: dict[str, Any], pipeline_id: str, template: str = "") -> dict[str, Any]:
    """Return the version in `body`, with its compiled pipeline if `template` holds one."""
    return _drop_missing(
        pipeline_id=owner_of(body, "PIPELINE") or pipeline_id,
        pipeline_version_id=body.get("id"),
        name=body.get("name"),
        display_name=body.get("name"),
        description=body.get("description"),
        created_at=body.get("created_at"),
        pipeline_spec=_spec(template),
    )


def wanted_storage(query: tuple[tuple[str, str], ...]) -> str:
    """Return the storage state that a list asks for, or an empty string."""
    text = dict(query).get("filter", "")
    return "ARCHIVED" if '"ARCHIVED"' in text else "AVAILABLE" if '"AVAILABLE"' in text else ""


def _storage(body: dict[str, Any]) -> str:
    return "ARCHIVED" if body.get("storage_state") == "STORAGESTATE_ARCHIVED" else "AVAILABLE"


def _config(source: dict[str, Any]) -> dict[str, Any] | None:
    config = source.get("runtime_config")
    if config:
        return dict(config)
    parameters = {each.get("name", ""): each.get("value", "") for each in source.get("parameters") or ()}
    return {"parameters": parameters} if parameters else None


def _spec(manifest: str) -> dict[str, Any] | None:
    """Return the compiled pipeline in `manifest`; None for an Argo Workflow of KFP 1."""
    try:
        return parse(manifest).wire() if manifest else None
    except KfpError:
        return None


def _drop_missing(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in (None, "")}
