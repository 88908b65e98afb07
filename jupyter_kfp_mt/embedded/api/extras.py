"""What real servers have without authorization, or not at all: tasks, logs, artifacts, healthz."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ...models import Task
from ..core.resource_manager import ResourceManager
from ..errors import HTTP_STATUS, ApiError, invalid, not_found
from ..store import RunRow
from ..tenants import Tenancy
from .http import JSON, TEXT, ApiResponse, Call

LONGEST_LOG_PART = 4 * 1024 * 1024
LARGEST_ARTIFACT = 32 * 1024 * 1024
LOG_QUERY = {"offset": "int32", "attempt": "int32", "limit": "int32", "follow": "text"}
_OURS = frozenset({"phase"})


def healthz(tenancy: Tenancy, version: str) -> Mapping[str, Any]:
    """The state of the server; says that it is the embedded one."""
    return {**healthz_v1(tenancy, version), "pipeline_store": "database"}


def healthz_v1(tenancy: Tenancy, version: str) -> Mapping[str, Any]:
    """The same for v1, which knows one kind of store only."""
    return {
        "commit_sha": "embedded",
        "tag_name": version,
        "multi_user": tenancy.multi_user,
        "embedded": True,
    }


def list_tasks(manager: ResourceManager, call: Call) -> Mapping[str, Any]:
    """Every task of a run with values, attempts and reasons."""
    tasks = manager.store.tasks.tasks(call.row.run_id)
    return {"tasks": [_task(task) for task in tasks], "total_size": len(tasks)}


def _task(task: Task) -> dict[str, Any]:
    found = msgspec.to_builtins(task)
    return {name: value for name, value in found.items() if name not in _OURS and value not in ("", None)}


def read_log(manager: ResourceManager, call: Call) -> ApiResponse:
    """A part of a task's log, from a byte on."""
    offset, limit = call.given.get("offset", 0), call.given.get("limit", 0) or LONGEST_LOG_PART
    if offset < 0 or limit < 0 or call.given.get("attempt", 0) < 0:
        raise invalid("offset, limit and attempt cannot be negative")
    task_id = call.params["node_id"]
    try:
        part = manager.runner.read_log(
            call.row.run_id,
            task_id,
            attempt=call.given.get("attempt", 0),
            offset=offset,
            limit=min(limit, LONGEST_LOG_PART),
        )
    except LookupError:
        raise not_found("Log of task", task_id) from None
    return ApiResponse(
        200,
        part.data,
        TEXT,
        {
            "X-Log-Next-Offset": str(part.next_offset),
            "X-Log-Complete": "true" if part.complete else "false",
            "X-Log-Attempt": str(part.attempt),
            "X-Log-Truncated": "true" if part.truncated else "false",
        },
    )


def read_artifact(manager: ResourceManager, call: Call) -> Mapping[str, Any]:
    """The bytes of an output artifact, base64-coded."""
    node_id, name = call.params["node_id"], call.params["artifact_name"]
    row = manager.store.tasks.get(call.row.run_id, node_id)
    artifacts: list[dict[str, Any]] = []
    if row is not None:
        artifacts = json.loads(row.outputs).get("artifacts", {}).get(name, [])
    path = _readable(manager, call.row, artifacts[0].get("uri", "") if artifacts else "")
    if path is None:
        raise not_found("Artifact", f"{node_id}/{name}")
    if path.stat().st_size > LARGEST_ARTIFACT:
        raise invalid(f"the artifact is larger than {LARGEST_ARTIFACT} bytes")
    return {"data": base64.b64encode(path.read_bytes()).decode()}


def _readable(manager: ResourceManager, run: RunRow, uri: str) -> Path | None:
    """The file behind `uri` if it is an artifact of a run of the same namespace.

    A task chooses its artifacts' addresses itself, so an address proves nothing.
    """
    if not uri.startswith("/"):
        return None
    runs = (manager.folder / "runs").resolve()
    try:
        path = Path(uri).resolve()
        if not path.is_relative_to(runs) or not path.is_file():
            return None
    except (OSError, ValueError, RuntimeError):  # no path: too long, a NUL in it, links in a circle
        return None
    owner = path.relative_to(runs).parts[0]
    if owner != run.run_id:
        other = manager.store.runs.get(owner)
        if other is None or other.namespace != run.namespace:
            return None
    return path


def plain_refusal(error: ApiError) -> ApiResponse:
    """The error of KFP's handlers beside the gateway: uploads, logs, artifacts."""
    body = {"error_message": error.text, "error_details": error.message}
    return ApiResponse(HTTP_STATUS[error.code], msgspec.json.encode(body), JSON)
