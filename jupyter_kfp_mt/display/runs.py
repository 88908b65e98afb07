"""Runs: as a table, as a card, and their metrics side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ..errors import PROGRAM
from ..lists import RUN_COLUMNS, RunColumn, RunList, name_in_loop
from ..models import Run, RunView, Task
from ..results import MetricTable, RunLink
from .blocks import Block, Card, Cell, Column, Lines, Mark, Stack, Table
from .cells import describe_rest, state_cell, time_cell
from .formats import format_count, format_duration, format_number, shorten_id
from .phases import label_of
from .tasks import format_task_duration

_ON_CARD = 12  # tasks drawn on a card

# columns that show more than the text of their value
_CELLS: dict[str, Callable[[Run, datetime | None], Cell]] = {
    "state": lambda run, _: state_cell(run.phase, run.state),
    "display_name": lambda run, _: Cell(run.display_name, run_id=run.run_id, namespace=run.namespace),
    "experiment": lambda run, _: Cell(run.experiment_name),
    "created_at": lambda run, now: time_cell(run.created_at, now),
    "duration_s": lambda run, _: Cell(format_duration(run.duration)),
    "run_id": lambda run, _: Cell(shorten_id(run.run_id), title=run.run_id),
}
_RIGHT = {"duration_s"}
_MONO = {"run_id"}


def describe_runs(runs: RunList, now: datetime | None = None) -> Table:
    """Return runs as a table."""
    shown = [column for column in RUN_COLUMNS if column.title]
    metrics = runs.shown_metrics
    walked = _describe_walked(runs.walked)
    rest = describe_rest(len(runs), runs.total_size)
    return Table(
        (
            *(Column(each.title, right=each.name in _RIGHT, mono=each.name in _MONO) for each in shown),
            *(Column(name, right=True) for name in metrics),
        ),
        [
            (
                *(_cell(column, run, now) for column in shown),
                *(_metric_cell(run.metrics.get(name)) for name in metrics),
            )
            for run in runs
        ],
        " ".join(filter(None, (rest, walked))),
        "No runs match.",
        walked or f"{PROGRAM} experiments lists what there is.",
    )


def _cell(column: RunColumn, run: Run, now: datetime | None) -> Cell:
    special = _CELLS.get(column.name)
    return special(run, now) if special else Cell(str(column.value(run)))


def _describe_walked(runs: int | None) -> str:
    return f"Only the newest {runs:,} runs were looked through." if runs is not None else ""


def describe_view(view: RunView, *, message: str = "", note: str = "") -> Card:
    """Return a run with its tasks as a card, with one line about its state now."""
    run = view.run
    marks = [
        Mark(task.display_name, label_of(task.phase, task.state), format_task_duration(task))
        for task in (name_in_loop(each, view.groups) for each in view.tasks[:_ON_CARD])
    ]
    return Card(
        label=label_of(run.phase, run.state),
        name=run.display_name,
        facts=(run.experiment_name, run.namespace, shorten_id(run.run_id)),
        run_id=run.run_id,
        namespace=run.namespace,
        marks=marks,
        more=max(0, len(view.tasks) - _ON_CARD),
        progress=_describe_progress(run, view.tasks, everything=view.lists_all_tasks),
        took=format_duration(run.duration),
        ended=run.ended,
        message=message or view.message,
        note=note,
    )


def describe_run(run: Run) -> Card:
    """Return a run as a card without its tasks, for callers that cannot ask for them."""
    return describe_view(RunView(run=run))


def describe_link(link: RunLink) -> Block:
    """Return a link to a run in JupyterLab, as the address where there is no link."""
    if not link.run_id:
        return Lines([(link.url or "The panel “Kubeflow Pipelines” is on the left of JupyterLab.", "")])
    shown = Table((Column("Open in JupyterLab"),), [(_link_cell(link),)])
    where = link.url or "No JupyterLab runs here; in one, this link opens the run."
    return Stack([shown, Lines([(where, "")])])


def _link_cell(link: RunLink) -> Cell:
    return Cell(link.display_name or link.run_id, run_id=link.run_id, namespace=link.namespace)


def _describe_progress(run: Run, tasks: Sequence[Task], *, everything: bool) -> str:
    """How far a run is; with `everything` the tasks include those that have not started."""
    done = run.progress.done if run.progress else sum(task.phase.ended for task in tasks)
    total = run.progress.total if run.progress else len(tasks) if everything else None
    if total is not None:
        return f"{done} of {format_count(total, 'task')}"
    return f"{format_count(done, 'task')} done" if tasks or done else ""


def describe_metrics(metrics: MetricTable) -> Table:
    """Return metrics of runs: a row for each run, a column for each metric."""
    names = metrics.names
    columns = (Column("Run"), *(Column(name, right=True) for name in names), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name, run_id=each.run_id),
            *(_metric_cell(each.metrics.get(name)) for name in names),
            Cell(shorten_id(each.run_id), title=each.run_id),
        )
        for each in metrics
    ]
    unread = list(dict.fromkeys(each.unread for each in metrics if each.unread))
    foot = f"Some metrics are not readable here. {unread[0]}" if unread else ""
    empty = f"The metrics are not readable here. {unread[0]}" if unread else "No metrics."
    return Table(columns, rows if names else [], foot, empty)


def _metric_cell(value: float | None) -> Cell:
    return Cell("–") if value is None else Cell(format_number(value), title=str(value))
