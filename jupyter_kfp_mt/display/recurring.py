"""Recurring runs: as a table, and one of them in two lines."""

from __future__ import annotations

from ..errors import PROGRAM
from ..lists import RecurringRunList
from ..models import Phase, RecurringRun
from .blocks import Cell, Column, Lines, Table
from .cells import describe_rest, state_cell
from .formats import NOT_SET, format_full_time, shorten_id
from .phases import PHASE_LABELS

_ON, _OFF = PHASE_LABELS[Phase.SUCCEEDED], PHASE_LABELS[Phase.PAUSED]


def describe_recurring_runs(recurring_runs: RecurringRunList) -> Table:
    """Return recurring runs as a table."""
    columns = (
        Column("Is"),
        Column("Name"),
        Column("Schedule"),
        Column("Next start"),
        Column("Last run"),
        Column("Experiment"),
        Column("Id", mono=True),
    )
    rows = [
        (
            Cell("on", _ON) if each.enabled else Cell("off", _OFF),
            Cell(each.display_name, title=each.description),
            Cell(_say_schedule(each)),
            _start_cell(each),
            state_cell(each.last_run.phase, each.last_run.state) if each.last_run else Cell(NOT_SET),
            Cell(each.experiment_name),
            Cell(shorten_id(each.recurring_run_id), title=each.recurring_run_id),
        )
        for each in recurring_runs
    ]
    rest = describe_rest(len(rows), recurring_runs.total_size)
    if recurring_runs.is_part:
        return Table(columns, rows, rest, "No recurring runs match.")
    return Table(columns, rows, rest, "No recurring runs.", f"{PROGRAM} submit SOURCE --every 6h makes one.")


def describe_recurring_run(recurring_run: RecurringRun) -> Lines:
    """Return a recurring run as a line, and its next starts as another."""
    label = _ON if recurring_run.enabled else _OFF
    head = f"{label.sign} {recurring_run.display_name}  {_say_schedule(recurring_run)}"
    if not recurring_run.enabled:
        head += "  (off)"
    starts = ", ".join(f"{start.astimezone():%Y-%m-%d %H:%M}" for start in recurring_run.next_starts)
    lines = [(head, shorten_id(recurring_run.recurring_run_id))]
    return Lines([*lines, (f"Next starts: {starts}", "")] if starts else lines)


def _say_schedule(recurring_run: RecurringRun) -> str:
    zone = recurring_run.time_zone
    return f"{recurring_run.schedule} {zone}".strip() if zone != "UTC" else recurring_run.schedule


def _start_cell(recurring_run: RecurringRun) -> Cell:
    if not recurring_run.next_starts:
        return Cell(NOT_SET)
    first = recurring_run.next_starts[0]
    return Cell(f"{first.astimezone():%Y-%m-%d %H:%M}", title=format_full_time(first))
