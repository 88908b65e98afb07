"""Tasks of a run: as a table, their pods, and their outputs."""

from __future__ import annotations

import json
from datetime import datetime

from ..lists import TaskList, name_in_loop
from ..models import Phase, PodView, Task
from ..results import Outputs
from .blocks import Block, Cell, Column, Lines, Stack, Table
from .cells import state_cell
from .formats import NOT_SET, format_duration, format_full_time, format_number, format_size, shorten_id
from .status import WARNING


def describe_tasks(tasks: TaskList) -> Table:
    """Return the tasks of a run as a table."""
    columns = (
        Column("State"),
        Column("Task"),
        Column("Started"),
        Column("Took", right=True),
        Column("Try", right=True),
        Column("Reason"),
    )
    rows = [
        (
            state_cell(task.phase, task.state),
            Cell(name_in_loop(task, tasks.groups).display_name),
            _clock_cell(task.start_time),
            Cell(format_task_duration(task) or NOT_SET),
            Cell(_format_attempt(task)),
            Cell(_reason_of(task)),
        )
        for task in tasks
    ]
    return Table(columns, rows, "", tasks.why_empty or "Waiting for the first report from the cluster.")


def format_task_duration(task: Task) -> str:
    """Return how long a task took; nothing for a task that has not started or took an earlier result."""
    seconds = task.duration if task.start_time else None
    return "" if seconds is None or task.phase is Phase.CACHED else format_duration(seconds)


def _format_attempt(task: Task) -> str:
    if not task.attempt:
        return NOT_SET
    return f"{task.attempt}/{task.max_attempts}" if task.max_attempts > 1 else str(task.attempt)


def _reason_of(task: Task) -> str:
    if task.cached_from_run_id:
        return f"run {shorten_id(task.cached_from_run_id)}"
    return task.reason or (task.error.message if task.error else "")


def describe_pod(view: PodView) -> Block:
    """Return what the cluster says about a pod, and which parts may not be read."""
    if not view.pod:
        return Lines([(f"This {'task' if view.task_id else 'run'} has no pod yet.", "")])
    refusals = [(f"{refusal.message} {refusal.why}", "") for refusal in view.refused]
    refusals += [(refusal.command, "") for refusal in view.refused[:1]]
    blocks: list[Block] = [Lines(refusals)] if refusals else []
    if view.events or not any(" events " in refusal.message for refusal in view.refused):
        blocks.append(_describe_events(view))
    return Stack(blocks)


def _clock_cell(moment: datetime | None) -> Cell:
    text = moment.astimezone().strftime("%H:%M:%S") if moment else NOT_SET
    return Cell(text, title=format_full_time(moment))


def _describe_events(view: PodView) -> Table:
    columns = (Column("When"), Column("Event"), Column("Times", right=True), Column("What it says"))
    rows = [
        (
            _clock_cell(event.at),
            Cell(event.reason, WARNING if event.type == "Warning" else None),
            Cell(str(event.count) if event.count > 1 else ""),
            Cell(event.message),
        )
        for event in view.events
    ]
    foot = f"Pod {view.pod}{' is gone' if view.gone else ''}"
    return Table(columns, rows, foot, "No events. The cluster keeps them for about an hour.")


def describe_outputs(outputs: Outputs) -> Table:
    """Return the outputs of tasks as a table; its foot says which are not known."""
    columns = [Column("Task"), Column("Output"), Column("Value")]
    if outputs.artifacts:
        columns += [Column("Type"), Column("Size", right=True)]
    rows = [
        (Cell(task), Cell(name), Cell(_format_value(value)), *_describe_artifact(outputs, task, name))
        for task, values in outputs.items()
        for name, value in values.items()
    ]
    tasks_of: dict[str, list[str]] = {}
    for task, reason in outputs.unread.items():
        tasks_of.setdefault(reason, []).append(task)
    foot = "  ".join(f"Not readable here: {', '.join(names)}. {why}" for why, names in tasks_of.items())
    return Table(tuple(columns), rows, foot, "No outputs.")


def _describe_artifact(outputs: Outputs, task: str, name: str) -> tuple[Cell, ...]:
    """Return the cells with the type and size of an artifact, if the table has any."""
    if not outputs.artifacts:
        return ()
    known = outputs.artifacts.get((task, name))
    if known is None:
        return Cell(""), Cell("")
    return Cell(known.type), Cell(format_size(known.size))


def _format_value(value: object) -> str:
    if isinstance(value, float):
        return format_number(value)
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
