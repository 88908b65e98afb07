"""Logs and artifacts of a run's tasks; KFP serves them beside its gateway, with errors of another form."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec

from ...files import open_beneath
from ..core.resource_manager import ResourceManager
from ..errors import HTTP_STATUS, ApiError, invalid_input, not_found
from ..store import RunRow
from .shared.calls import JSON, TEXT, ApiResponse, Call
from .shared.guards import guard_run
from .shared.rendering import Json
from .shared.routing import ApiRoute

LONGEST_LOG_PART = 4 * 1024 * 1024
LARGEST_ARTIFACT = 32 * 1024 * 1024
_LOG_QUERY = {"offset": "int32", "attempt": "int32", "limit": "int32", "follow": "text"}


def routes() -> list[ApiRoute]:
    """List the routes of logs and artifacts."""
    artifact = "/runs/{run_id}/nodes/{node_id}/artifacts/{artifact_name}:read"
    return [
        *(
            ApiRoute(
                "GET",
                f"/apis/{version}{artifact}",
                guard_run("readArtifact"),
                read_artifact,
                render_error=_render_error,
                slow=True,
            )
            for version in ("v1beta1", "v2beta1")
        ),
        ApiRoute(
            "GET",
            "/apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log",
            guard_run("get"),
            read_log,
            query=_LOG_QUERY,
            render_error=_render_error,
            slow=True,
        ),
    ]


def read_log(manager: ResourceManager, call: Call) -> ApiResponse:
    """Return a part of a task's log from a byte on; headers tell where the next part begins."""
    offset, limit = call.arguments.get("offset", 0), call.arguments.get("limit", 0) or LONGEST_LOG_PART
    attempt = call.arguments.get("attempt", 0)
    if offset < 0 or limit < 0 or attempt < 0:
        raise invalid_input("offset, limit and attempt cannot be negative")
    task_id = call.params["node_id"]
    try:
        part = manager.runner.read_log(
            call.row.run_id, task_id, attempt=attempt, offset=offset, limit=min(limit, LONGEST_LOG_PART)
        )
    except LookupError:
        raise not_found("Log of task", task_id) from None
    headers = {
        "X-Log-Next-Offset": str(part.next_offset),
        "X-Log-Complete": "true" if part.complete else "false",
        "X-Log-Attempt": str(part.attempt),
        "X-Log-Truncated": "true" if part.truncated else "false",
    }
    return ApiResponse(200, part.data, TEXT, headers)


def read_artifact(manager: ResourceManager, call: Call) -> Json:
    """Return the bytes of an output artifact, base64-coded."""
    node_id, name = call.params["node_id"], call.params["artifact_name"]
    row = manager.store.tasks.get(call.row.run_id, node_id)
    artifacts: list[dict[str, Any]] = []
    if row is not None:
        artifacts = json.loads(row.outputs).get("artifacts", {}).get(name, [])
    path = _readable_path(manager, call.row, artifacts[0].get("uri", "") if artifacts else "")
    if path is None:
        raise not_found("Artifact", f"{node_id}/{name}")
    try:
        opened = open_beneath((manager.folder / "runs").resolve(), path)
    except OSError:  # replaced since it was looked at
        raise not_found("Artifact", f"{node_id}/{name}") from None
    with open(opened, "rb") as file:
        data = file.read(LARGEST_ARTIFACT + 1)
    if len(data) > LARGEST_ARTIFACT:
        raise invalid_input(f"the artifact is larger than {LARGEST_ARTIFACT} bytes")
    return {"data": base64.b64encode(data).decode()}


def _readable_path(manager: ResourceManager, run: RunRow, uri: str) -> Path | None:
    """Return the file behind `uri` if it is an artifact of a run of the same namespace.

    A task chooses the addresses of its artifacts, so an address proves nothing.
    """
    if not uri.startswith("/"):
        return None
    runs = (manager.folder / "runs").resolve()
    try:
        path = Path(uri).resolve()
        if not path.is_relative_to(runs) or not path.is_file():
            return None
    except (OSError, ValueError, RuntimeError):  # not a path: too long, with a NUL, or a loop of links
        return None
    owner = path.relative_to(runs).parts[0]
    if owner != run.run_id:
        other = manager.store.runs.get(owner)
        if other is None or other.namespace != run.namespace:
            return None
    return path


def _render_error(error: ApiError) -> ApiResponse:
    body = {"error_message": error.text, "error_details": error.message}
    return ApiResponse(HTTP_STATUS[error.code], msgspec.json.encode(body), JSON)
