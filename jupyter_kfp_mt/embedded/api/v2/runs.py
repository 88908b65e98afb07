"""Runs of v2beta1: renders rows and parses requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ....models import Task
from ...core.resource_manager import ResourceManager
from ...core.runs import NewRun
from ...core.sources import PipelineSource
from ...errors import bad_request, prefix_errors
from ...store import RunRow, StateEntry
from ...store.runs import LISTING
from ..shared.authorization import pipeline_reader
from ..shared.calls import Call, Target
from ..shared.listing import render_page, scope_of_runs
from ..shared.rendering import Json, drop_empty
from ..shared.targets import find_experiment_of_new, settle_namespace
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


def list_tasks(manager: ResourceManager, call: Call) -> Json:
    """List every task of a run with values, attempts and reasons; KFP has no such route yet."""
    tasks = manager.store.tasks.list_tasks(call.row.run_id)
    return {"tasks": [_render_task(task) for task in tasks], "total_size": len(tasks)}


def _render_task(task: Task) -> Json:
    fields = msgspec.to_builtins(task)
    return {
        name: value for name, value in fields.items() if name not in _NOT_IN_TASKS and value not in ("", None)
    }
