"""The message of a run in v2beta1, as typed structs: a page of a hundred runs has thousands of fields.

Empty fields are left out, as in proto3 JSON; specs and parameters stay the JSON that is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ...store import RunRow
from ...store.tasks import TaskBrief
from ..shared.rendering import format_time

UNFINISHED = "0001-01-01T00:00:00Z"


class VersionReferenceMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The registered pipeline version that a run was started from."""

    pipeline_id: str = ""
    pipeline_version_id: str = ""


class RuntimeStatusMessage(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One entry of a state history."""

    update_time: str
    state: str = ""


class ChildTaskMessage(msgspec.Struct, frozen=True, gc=False):
    """A task below another."""

    task_id: str


class TaskDetailMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A task in `run_details`."""

    run_id: str = ""
    task_id: str = ""
    display_name: str = ""
    create_time: str = ""
    start_time: str = ""
    end_time: str = ""
    state: str = ""
    state_history: list[RuntimeStatusMessage] = []
    parent_task_id: str = ""
    child_tasks: list[ChildTaskMessage] = []


class RunDetailsMessage(msgspec.Struct, frozen=True):
    """The tasks of a run."""

    task_details: list[TaskDetailMessage]


class RunMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run with its tasks."""

    experiment_id: str = ""
    run_id: str = ""
    display_name: str = ""
    storage_state: str = ""
    description: str = ""
    pipeline_version_reference: VersionReferenceMessage | None = None
    pipeline_spec: msgspec.Raw | None = None
    runtime_config: msgspec.Raw | None = None
    service_account: str = ""
    created_at: str = ""
    scheduled_at: str = ""
    finished_at: str = ""
    state: str = ""
    recurring_run_id: str = ""
    state_history: list[RuntimeStatusMessage] = []
    run_details: RunDetailsMessage | None = None
    plugins_input: dict[str, Any] | None = None


def render_run(row: RunRow, tasks: Sequence[TaskBrief] = ()) -> RunMessage:
    """Return the message of a run."""
    from_version = bool(row.pipeline_version_id)
    return RunMessage(
        experiment_id=row.experiment_id,
        run_id=row.run_id,
        display_name=row.display_name,
        storage_state=row.storage_state,
        description=row.description,
        pipeline_version_reference=VersionReferenceMessage(row.pipeline_id, row.pipeline_version_id)
        if from_version
        else None,
        pipeline_spec=None if from_version else msgspec.Raw(row.spec),
        runtime_config=raw_config(row.runtime_config),
        service_account=row.service_account,
        created_at=format_time(row.created_at),
        scheduled_at=format_time(row.scheduled_at),
        finished_at=format_time(row.finished_at),
        state=row.state,
        recurring_run_id=row.recurring_run_id,
        state_history=[RuntimeStatusMessage(format_time(entry.at), entry.state) for entry in row.history],
        run_details=RunDetailsMessage(_task_details(tasks)) if tasks else None,
        plugins_input=_plugins_input(row.extra),
    )


def _task_details(tasks: Sequence[TaskBrief]) -> list[TaskDetailMessage]:
    """Return the tasks of a run, each with the ids of those below it."""
    children: dict[str, list[ChildTaskMessage]] = {}
    for task in tasks:
        children.setdefault(task.parent_task_id, []).append(ChildTaskMessage(task.task_id))
    return [
        TaskDetailMessage(
            task.run_id,
            task.task_id,
            task.display_name,
            _format_if_set(task.created_at),
            _format_if_set(task.started_at),
            _format_if_set(task.ended_at) or UNFINISHED,
            task.state,
            [RuntimeStatusMessage(format_time(each.at), each.state) for each in task.history],
            task.parent_task_id,
            children.get(task.task_id, []),
        )
        for task in tasks
    ]


def raw_config(stored: bytes) -> msgspec.Raw | None:
    """Return a stored `runtime_config`; None when none was sent."""
    return None if stored == b"{}" else msgspec.Raw(stored)


def _plugins_input(extra: bytes) -> dict[str, Any] | None:
    if extra == b"{}":
        return None
    return msgspec.json.decode(extra, type=dict[str, Any]).get("plugins_input") or None


def _format_if_set(seconds: float) -> str:
    return format_time(seconds) if seconds else ""
