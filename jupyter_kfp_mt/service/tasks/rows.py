"""Runs and tasks as people see them: phase, progress, the task that failed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec

from ...models import (
    NO_DETAILS,
    NO_SPEC,
    Artifact,
    Experiment,
    Phase,
    Progress,
    Run,
    Task,
    TaskValues,
    known_time,
)
from ...pipeline_spec.task_plan import TaskPlan, read_task_plan
from ...run_rules import is_group, phase_of
from .unwrap import drop_attempts
from .workflow import fold_tasks

_LATE = datetime.max.replace(tzinfo=timezone.utc)


def describe_run(run: Run, experiment: Experiment | None, *, row: bool) -> Run:
    """Return `run` with our own fields; a row of a list without its spec and details."""
    phase = phase_of(run.state, (entry.state for entry in run.state_history))
    progress, failed = None, ""
    if not phase.ended or phase is Phase.FAILED:
        plan = read_task_plan(run.pipeline_spec)
        tasks = select_leaves(run.task_details, plan)
        if phase is Phase.FAILED:
            failed = name_first_failed(tasks)
        else:
            done = sum(task.phase.ended for task in tasks)
            progress = Progress(done=done, total=plan.total)
    return msgspec.structs.replace(
        run,
        phase=phase,
        progress=progress,
        failed_task=failed,
        namespace=experiment.namespace if experiment else "",
        experiment_name=experiment.display_name if experiment else "",
        pipeline_spec=NO_SPEC if row else run.pipeline_spec,
        run_details=NO_DETAILS if row else run.run_details,
    )


def select_leaves(tasks: Iterable[Task], plan: TaskPlan) -> list[Task]:
    """Return the tasks of the pipeline in the order of their start, with phases, without groups and drivers.

    KFP lists drivers, executors and graphs beside the tasks (backend/src/apiserver/server/api_converter.go),
    so the names in the plan decide; the embedded server reports the type of each.
    """
    every = [add_phase(task) for task in (tasks if plan.names else fold_tasks(drop_attempts(tasks)))]
    return sorted((task for task in every if _is_task(task, plan)), key=_start_key)


def select_groups(tasks: Iterable[Task]) -> list[Task]:
    """Return what only holds tasks, such as loops, conditions and sub-pipelines."""
    every = [add_phase(task) for task in tasks if is_group(task.type)]
    return sorted(every, key=_start_key)


def add_phase(task: Task) -> Task:
    """Return `task` with its phase and a name."""
    phase = phase_of(task.state, (entry.state for entry in task.state_history))
    if phase is Phase.SUCCEEDED and (task.cached_from_run_id or task.phase is Phase.CACHED):
        phase = Phase.CACHED
    return msgspec.structs.replace(task, phase=phase, name=task.name or task.display_name)


def cancel_stopped(tasks: Iterable[Task], run: Run) -> list[Task]:
    """Return the tasks of a canceled run with those that its end stopped as canceled, not as failed.

    Argo ends what runs at that moment as Failed and leaves what had not started; only the time at which KFP
    was asked to terminate the run tells these from tasks that had failed before.
    """
    if run.phase is not Phase.CANCELED:
        return list(tasks)
    asked = next((entry.update_time for entry in run.state_history if entry.state == Phase.CANCELING), None)
    return [_cancel(task) if _was_stopped(task, asked) else task for task in tasks]


def _was_stopped(task: Task, asked: datetime | None) -> bool:
    end = known_time(task.end_time)
    failed_later = asked is not None and end is not None and end >= asked
    return not task.phase.ended or (task.phase is Phase.FAILED and failed_later)


def _cancel(task: Task) -> Task:
    return msgspec.structs.replace(task, phase=Phase.CANCELED, reason="")


def _is_task(task: Task, plan: TaskPlan) -> bool:
    if task.type:
        return not is_group(task.type)
    return not plan.names or task.display_name in plan.names


def _start_key(task: Task) -> tuple[datetime, datetime]:
    return known_time(task.start_time) or _LATE, known_time(task.create_time) or _LATE


def name_first_failed(tasks: Sequence[Task]) -> str:
    """Return the name of the task that failed first, empty if none did."""
    failed = select_failed(tasks)
    return failed[0].display_name or failed[0].name if failed else ""


def select_failed(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks that failed, the earliest first."""
    failed = [task for task in tasks if task.phase is Phase.FAILED]
    return sorted(failed, key=lambda task: known_time(task.end_time) or _LATE)


def select_failed_itself(groups: Sequence[Task]) -> list[Task]:
    """Return the groups that failed although nothing in them did, the earliest first."""
    around = {group.parent_task_id for group in groups if group.phase is Phase.FAILED}
    return [group for group in select_failed(groups) if group.task_id not in around]


def collect_values(values: TaskValues) -> dict[str, Any]:
    """Return the inputs or outputs of a task: values of parameters, addresses of artifacts."""
    made: dict[str, Any] = dict(values.parameters)
    for name, artifacts in values.artifacts.items():
        uris = [artifact.uri for artifact in artifacts]
        made[name] = uris[0] if len(uris) == 1 else uris
    return made


def collect_metrics(tasks: Iterable[Task]) -> dict[str, float]:
    """Return the scalar metrics of tasks; a name that two tasks use is prefixed with the task's."""
    metrics: list[tuple[str, str, float]] = []
    for task in tasks:
        for artifacts in task.outputs.artifacts.values():
            for artifact in artifacts:
                if is_metrics(artifact):
                    metrics += [(task.name, name, value) for name, value in _list_numbers(artifact.metadata)]
    counts: dict[str, int] = {}
    for _, name, _value in metrics:
        counts[name] = counts.get(name, 0) + 1
    return {f"{task}.{name}" if counts[name] > 1 else name: value for task, name, value in metrics}


def is_metrics(artifact: Artifact) -> bool:
    """Whether `artifact` may hold scalar metrics."""
    return artifact.type.endswith("Metrics")


def _list_numbers(metadata: dict[str, Any]) -> list[tuple[str, float]]:
    return [
        (name, value)
        for name, value in metadata.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
