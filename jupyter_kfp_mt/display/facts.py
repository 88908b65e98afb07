"""Models → blocks: what is said about a run, a task, a status and the rest, once for text and HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from .. import lists
from ..commands import BulkResult
from ..errors import ErrorBody, KfpError
from ..models import (
    Check,
    DoctorReport,
    Experiment,
    Phase,
    PipelineVersion,
    PodView,
    Run,
    RunView,
    Status,
    Task,
)
from ..plain_text import clean
from .blocks import Block, Card, Cell, Column, Lines, Mark, Notice, Stack, Table
from .words import LOOKS, count, duration, full_moment, look, moment, number, short_id

_ON_CARD = 12  # tasks drawn on a card
_LEVELS = {
    "ok": LOOKS[Phase.SUCCEEDED],
    "warning": LOOKS[Phase.PAUSED]._replace(sign="!", icon="warning"),
    "error": LOOKS[Phase.FAILED],
    "skipped": LOOKS[Phase.UNKNOWN]._replace(sign="–"),
}


def status(found: Status) -> Block:
    """The four lines: who and where, which server, how long the token is good, what runs."""
    if not found.connected:
        head = (
            Lines([(found.namespace, "not connected")]) if found.namespace else Lines([("Not connected", "")])
        )
        return Stack([head, Notice(found.error)]) if found.error else head
    rights = {True: " (may run)", False: " (may look, not run)", None: ""}[found.can_run]
    who = f"{found.namespace or 'no namespaces'}{f' as {found.identity}' if found.identity else ''}{rights}"
    mode = "multi-user" if found.multi_user else "single-user"
    kind = "Embedded KFP" if found.embedded else "KFP"
    lines = [
        (who, found.source.rstrip(".")),
        (f"{kind} {found.kfp_version or '?'}, {mode}, {found.endpoint}", "connected"),
    ]
    if found.token_expires_at:
        left = (found.token_expires_at - datetime.now(timezone.utc)).total_seconds()
        lines.append((f"token valid {duration(left)}" if left > 0 else "token has expired", ""))
    else:
        lines.append(("no token needed" if not found.identity else "token without an end", ""))
    lines.append((f"{found.running} running, {found.failed_today} failed today", "%kfp runs   %kfp help"))
    lines += [(f"! {warning.message}", "") for warning in found.warnings]
    return Lines(lines)


def runs(found: lists.RunList, now: datetime | None = None) -> Table:
    """Runs as a table."""
    columns = (
        Column("State"),
        Column("Name"),
        Column("Experiment"),
        Column("Started"),
        Column("Took", right=True),
        Column("Id", mono=True),
    )
    rows = [
        (
            _state(run.phase, run.state),
            Cell(run.display_name, run_id=run.run_id, namespace=run.namespace),
            Cell(run.experiment_name),
            _when(run.created_at, now),
            Cell(duration(run.duration)),
            Cell(short_id(run.run_id), title=run.run_id),
        )
        for run in found
    ]
    return Table(
        columns,
        rows,
        " ".join(filter(None, (_more(len(rows), found.total_size), _walked(found.walked)))),
        "No runs match.",
        _walked(found.walked) or "%kfp experiments lists what there is.",
    )


def tasks(found: Sequence[Task]) -> Table:
    """The tasks of a run as a table."""
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
            _state(task.phase, task.state),
            Cell(_name(task)),
            Cell(
                task.start_time.astimezone().strftime("%H:%M:%S") if task.start_time else "–",
                title=full_moment(task.start_time),
            ),
            Cell(_took(task) or "–"),
            Cell(_attempts(task)),
            Cell(_reason(task)),
        )
        for task in found
    ]
    return Table(columns, rows, "", "Waiting for the first report from the cluster.")


def experiments(found: lists.ExperimentList, now: datetime | None = None) -> Table:
    """Experiments as a table."""
    columns = (Column("Name"), Column("Created"), Column("Last run"), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name, title=each.description),
            _when(each.created_at, now),
            _when(each.last_run_created_at, now),
            Cell(short_id(each.experiment_id), title=each.experiment_id),
        )
        for each in found
    ]
    empty = "No experiments yet. An experiment groups runs that belong together."
    return Table(columns, rows, _more(len(rows), found.total_size), empty)


def pipelines(found: lists.PipelineList, now: datetime | None = None) -> Table:
    """Registered pipelines as a table."""
    columns = (Column("Name"), Column("For"), Column("Created"), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name or each.name, title=each.description),
            Cell("Private" if each.namespace else "Shared"),
            _when(each.created_at, now),
            Cell(short_id(each.pipeline_id), title=each.pipeline_id),
        )
        for each in found
    ]
    return Table(
        columns,
        rows,
        _more(len(rows), found.total_size),
        "No pipelines yet.",
        "%kfp upload FILE.yaml registers one.",
    )


def versions(found: lists.PipelineVersionList, now: datetime | None = None) -> Table:
    """Versions of a pipeline as a table."""
    columns = (Column("Version"), Column("Description"), Column("Created"), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name or each.name),
            Cell(each.description),
            _when(each.created_at, now),
            Cell(short_id(each.pipeline_version_id), title=each.pipeline_version_id),
        )
        for each in found
    ]
    return Table(columns, rows, _more(len(rows), found.total_size), "No versions.")


def card(view: RunView, *, message: str = "", note: str = "") -> Card:
    """A run with its tasks and one line about now."""
    run = view.run
    marks = [Mark(_name(task), look(task.phase, task.state), _took(task)) for task in view.tasks[:_ON_CARD]]
    failure = view.failure.message if view.failure else ""
    return Card(
        look=look(run.phase, run.state),
        name=run.display_name,
        facts=(run.experiment_name, run.namespace, short_id(run.run_id)),
        run_id=run.run_id,
        namespace=run.namespace,
        marks=marks,
        more=max(0, len(view.tasks) - _ON_CARD),
        progress=_progress(run, view.tasks, everything=view.reports_values),
        took=duration(run.duration),
        ended=run.ended,
        message=message or failure,
        note=note,
    )


def run_card(run: Run) -> Card:
    """A run as a card without its tasks, for where nobody can be asked for them."""
    return card(RunView(run=run))


def notice(error: KfpError | ErrorBody) -> Notice:
    """An error as a notice."""
    return Notice(error) if isinstance(error, ErrorBody) else Notice(error.body, type(error).__name__)


def check_line(row: Check) -> str:
    """One check of the doctor as a line, shown until the whole report is there."""
    return f"{_LEVELS[row.level].sign} {clean(row.name):<14} {clean(row.evidence)}"


def doctor(report: DoctorReport) -> Block:
    """The first real cause, then what was checked."""
    made = [check for check in report.checks if check.level != "skipped"]
    rows = [(Cell(check.name, _LEVELS[check.level]), Cell(check.evidence)) for check in made]
    skipped = [check.name for check in report.checks if check.level == "skipped"]
    rows += [(Cell("Not checked", _LEVELS["skipped"]), Cell(", ".join(skipped)))] if skipped else []
    found = [check.level for check in report.checks]
    problems, warnings = found.count("error"), found.count("warning")
    words = [count(problems, "problem")] if problems else []
    words += [count(warnings, "warning")] if warnings else []
    table = Table(
        (Column("Check"), Column("Found")), rows, ", ".join(words) or "All is well.", "Nothing was checked."
    )
    cause = [Notice(report.cause)] if report.cause else []
    who = [Lines([(f"Who can do it: {report.who}.", "")])] if report.who else []
    return Stack([*cause, *who, table])


def pod(found: PodView, now: datetime | None = None) -> Block:
    """What the cluster says of a pod, and what may not be read of it."""
    if not found.pod:
        return Lines([("This task has no pod yet.", "")])
    rows = [
        (
            _when(each.at, now),
            Cell(each.reason, _LEVELS["warning"] if each.type == "Warning" else None),
            Cell(str(each.count) if each.count > 1 else ""),
            Cell(each.message),
        )
        for each in found.events
    ]
    columns = (Column("When"), Column("Event"), Column("Times", right=True), Column("What it says"))
    empty = "No events. The cluster keeps them for about an hour."
    told = [(f"{refusal.message} {refusal.why}", "") for refusal in found.refused]
    told += [(refusal.command, "") for refusal in found.refused[:1]]
    table = Table(columns, rows, f"Pod {found.pod}{' is gone' if found.gone else ''}", empty)
    shown = rows or not any(" events " in refusal.message for refusal in found.refused)
    return Stack([*([Lines(told)] if told else []), *([table] if shown else [])])


def outputs(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """What tasks made, as a table."""
    rows = [
        (Cell(task), Cell(name), Cell(_value(value)))
        for task, values in found.items()
        for name, value in values.items()
    ]
    return Table((Column("Task"), Column("Output"), Column("Value")), rows, "", "No outputs.")


def metrics(found: lists.MetricTable) -> Table:
    """Metrics of runs: a row for each run, a column for each metric."""
    names = found.names
    columns = (Column("Run"), *(Column(name, right=True) for name in names), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name, run_id=each.run_id),
            *(_metric(each.metrics.get(name)) for name in names),
            Cell(short_id(each.run_id), title=each.run_id),
        )
        for each in found
    ]
    return Table(columns, rows if names else [], "", "No metrics.")


def as_text(value: object) -> str:
    """Names one a line, other data as JSON, anything else as it calls itself."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return str(value)


def bulk(result: BulkResult) -> Lines:
    """How much of an action on several things was done."""
    return Lines([(f"{len(result.done)} of {len(result.done) + len(result.failed)} done", "")])


def version(found: PipelineVersion) -> Block:
    """A registered version."""
    return Lines([(f"✓ Registered  {found.display_name or found.name}", short_id(found.pipeline_version_id))])


def experiment(found: Experiment) -> Block:
    """One experiment."""
    return Lines(
        [(f"Experiment {found.display_name}", f"{found.namespace} · {short_id(found.experiment_id)}")]
    )


def _state(phase: Phase, raw: str) -> Cell:
    found = look(phase, raw)
    return Cell(found.word, found)


def _when(when: datetime | None, now: datetime | None) -> Cell:
    return Cell(moment(when, now), title=full_moment(when))


def _more(shown: int, total: int) -> str:
    return f"{shown:,} of {total:,}. More: -n {min(total, 5 * shown)}" if total > shown else ""


def _walked(runs: int | None) -> str:
    return f"Only the newest {runs:,} runs were looked through." if runs is not None else ""


def _name(task: Task) -> str:
    return task.display_name or task.name


def _took(task: Task) -> str:
    seconds = task.duration if task.start_time else None
    return "" if seconds is None or task.phase is Phase.CACHED else duration(seconds)


def _attempts(task: Task) -> str:
    if not task.attempt:
        return "–"
    return f"{task.attempt}/{task.max_attempts}" if task.max_attempts > 1 else str(task.attempt)


def _reason(task: Task) -> str:
    if task.cached_from_run_id:
        return f"run {short_id(task.cached_from_run_id)}"
    return task.reason or (task.error.message if task.error else "")


def _progress(run: Run, steps: Sequence[Task], *, everything: bool) -> str:
    """How far a run is; `everything` says that tasks which have not begun are among the steps."""
    done = run.progress.done if run.progress else sum(task.phase.ended for task in steps)
    total = run.progress.total if run.progress else len(steps) if everything else None
    if total is not None:
        return f"{done} of {count(total, 'task')}"
    return f"{count(done, 'task')} done" if steps or done else ""


def _metric(value: float | None) -> Cell:
    return Cell("–") if value is None else Cell(number(value), title=str(value))


def _value(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
