"""Runs of v2beta1: renders rows and parses requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from ...core.resource_manager import ResourceManager
from ...core.runs import NewRun
from ...core.sources import PipelineSource
from ...errors import bad_request, prefix_errors
from ...store import RunRow, StateEntry
from ...store.runs import LISTING
from ...store.tasks import TaskRow
from ..shared.authorization import pipeline_reader
from ..shared.calls import ApiResponse, Call, Target
from ..shared.listing import render_page, scope_of_runs
from ..shared.rendering import Json, drop_empty
from ..shared.targets import find_experiment_of_new, settle_namespace
from ..shared.task_values import ValuesRoom
from .run_message import RunMessage, render_run

_NOT_IN_TASKS = frozenset({"phase"})  # of models.Task: computed by the client


def parse_run(manager: ResourceManager, call: Call) -> NewRun:
    """Check the names and texts of a new run."""
    message = call.message
    if message.get("plugins_output"):
        raise bad_request(
            "plugins_output is server-owned and populated exclusively via plugin lifecycle hooks",
            "plugins_output must not be set by the client",
        )
    extra = {"plugins_input": message["plugins_input"]} if message.get("plugins_input") else {}
    new = NewRun(
        run_id=message.get("run_id", ""),
        display_name=message.get("display_name", ""),
        description=message.get("description", ""),
        service_account=message.get("service_account", ""),
        source=parse_source(message),
        storage_state="ARCHIVED" if message.get("storage_state") == "ARCHIVED" else "AVAILABLE",
        scheduled_at=message.get("scheduled_at", 0),
        finished_at=message.get("finished_at", 0),
        state_history=[
            StateEntry(at=each.get("update_time", 0), state=each.get("state", ""))
            for each in message.get("state_history", [])
        ],
        recurring_run_id=message.get("recurring_run_id", ""),
        runtime_config=drop_empty(**message.get("runtime_config", {})),
        extra=extra,
    )
    with prefix_errors("Failed to create a run due to conversion error"):
        manager.runs.check(new)
    return new


def parse_source(message: Mapping[str, Any]) -> PipelineSource:
    """Return where a new run or recurring run takes its pipeline from."""
    reference = message.get("pipeline_version_reference", {})
    return PipelineSource(
        pipeline_id=reference.get("pipeline_id", ""),
        pipeline_version_id=reference.get("pipeline_version_id", ""),
        spec=message.get("pipeline_spec"),
    )


def locate_new_run(manager: ResourceManager, call: Call) -> Target:
    """Find where a new run goes."""
    return find_experiment_of_new(manager, "runs", call.message.get("experiment_id", ""), "")


def create_run(manager: ResourceManager, call: Call) -> RunMessage:
    """Create a run and start it."""
    namespace, experiment = settle_namespace(call, "Failed to create a run")
    row = manager.runs.create(namespace, experiment, call.parsed, pipeline_reader(manager, call))
    return render_run(row)


def get_run(manager: ResourceManager, call: Call) -> RunMessage:
    """Return a run with its tasks."""
    run_id = call.row.run_id
    return render_run(call.row, manager.store.tasks.list_of_runs([run_id]).get(run_id, ()))


def list_runs(manager: ResourceManager, call: Call) -> Json:
    """List the runs of a namespace or an experiment, each with its tasks."""

    def render(rows: Sequence[RunRow]) -> list[RunMessage]:
        tasks = manager.store.tasks.list_of_runs([row.run_id for row in rows])
        return [render_run(row, tasks.get(row.run_id, ())) for row in rows]

    scope = scope_of_runs(manager, call)
    return render_page(
        manager, call, LISTING, scope, read=manager.store.runs.page, name="runs", render=render
    )


def list_tasks(manager: ResourceManager, call: Call) -> ApiResponse:
    """List every task of a run with values, attempts and reasons; KFP has no such route yet."""
    parts = _render_tasks(manager, call.row.run_id)
    start, following = next(parts) + next(parts, b""), next(parts, b"")
    return ApiResponse(200, start, more=chain([following], parts) if following else None)


def _render_tasks(manager: ResourceManager, run_id: str) -> Iterator[bytes]:
    """Generate the response with all tasks in parts of about a megabyte."""
    children, room = manager.store.tasks.list_children(run_id), ValuesRoom()
    before, count = b'{"tasks":[', 0
    for rows in manager.store.tasks.list_parts(run_id):
        rendered = [_render_task(row, children.get(row.task_id, []), room) for row in rows]
        yield before + b",".join(rendered)
        before, count = b",", count + len(rows)
    yield (b"" if count else before) + f'],"total_size":{count}}}'.encode()


def _render_task(row: TaskRow, children: Sequence[str], room: ValuesRoom) -> bytes:
    fields = msgspec.to_builtins(msgspec.structs.replace(row, inputs=b"{}", outputs=b"{}").to_task())
    fields["child_tasks"] = [{"task_id": child, "pod_name": ""} for child in children]
    shown = {name: value for name, value in fields.items() if name not in _NOT_IN_TASKS}
    shown = {name: value for name, value in shown.items() if value not in ("", None)}
    shown["inputs"], shown["outputs"] = (
        msgspec.Raw(room.shorten(side)) for side in (row.inputs, row.outputs)
    )
    return msgspec.json.encode(shown)
