"""The connection: status, errors, and the report of the doctor."""

from __future__ import annotations

from datetime import datetime, timezone

from ..errors import PROGRAM, ErrorBody, KfpError
from ..models import AccessList, Check, DoctorReport, Identity, Phase, Status
from ..plain_text import clean
from .blocks import Block, Cell, Column, Lines, Notice, Stack, Table
from .formats import format_count, format_duration
from .phases import PHASE_LABELS

_LEVELS = {
    "ok": PHASE_LABELS[Phase.SUCCEEDED],
    "warning": PHASE_LABELS[Phase.PAUSED]._replace(sign="!", icon="warning"),
    "error": PHASE_LABELS[Phase.FAILED],
    "skipped": PHASE_LABELS[Phase.UNKNOWN]._replace(sign="–"),
}
WARNING = _LEVELS["warning"]


def describe_status(status: Status) -> Block:
    """Return four lines: who and where, which server, how long the token is valid, what runs.

    In place of the last one there is the error of an account that may not even look.
    """
    if not status.connected:
        return _describe_disconnected(status)
    rights = {True: " (may run)", False: " (may look, not run)", None: ""}[status.can_run]
    if status.error is not None:
        rights = " (may not look)"
    identity = f" as {status.identity}" if status.identity else ""
    mode = "multi-user" if status.multi_user else "single-user"
    kind = "Embedded KFP" if status.embedded else "KFP"
    counts = f"{status.running} running, {status.failed_today} failed today"
    shown = Lines(
        [
            (f"{status.namespace or 'no namespaces'}{identity}{rights}", status.source.rstrip(".")),
            (f"{kind} {status.kfp_version or '?'}, {mode}, {status.endpoint}", "connected"),
            (_describe_token(status), ""),
            *([] if status.running is None else [(counts, f"{PROGRAM} runs   {PROGRAM} help")]),
            *((f"! {warning.message}", "") for warning in status.warnings),
        ]
    )
    return Stack([shown, Notice(status.error)]) if status.error else shown


def describe_identity(identity: Identity) -> Block:
    """Return the lines of the status, then who has access."""
    if not identity.status.connected or identity.status.error is not None:
        return describe_status(identity.status)
    return Stack([describe_status(identity.status), describe_access(identity.access)])


def describe_access(access: AccessList) -> Block:
    """Return a table of who has which rights, and what is not known."""
    rows = [(Cell(grant.who), Cell(grant.role), Cell(grant.origin)) for grant in access.grants]
    shown: list[Block] = []
    if rows:
        shown.append(Lines([(f"Who has access to {access.namespace}:", "")]))
        shown.append(Table((Column("Who"), Column("Role"), Column("From")), rows))
    if access.unread:
        shown.append(Lines([(access.unread, "")]))
    return Stack(shown)


def _describe_disconnected(status: Status) -> Block:
    head = Lines([(status.namespace, "not connected")] if status.namespace else [("Not connected", "")])
    shown: list[Block] = [head, *([Notice(status.error)] if status.error else [])]
    if status.error is not None and status.error.code == "no-kubeflow":
        first = f"{PROGRAM} submit example:hello starts the server here and runs an example."
        shown.append(Lines([(first, "")]))
    return Stack(shown)


def _describe_token(status: Status) -> str:
    if status.token_expires_at is None:
        return "token without an end" if status.identity else "no token needed"
    left = (status.token_expires_at - datetime.now(timezone.utc)).total_seconds()
    return f"token valid {format_duration(left)}" if left > 0 else "token has expired"


def describe_error(error: KfpError | ErrorBody) -> Notice:
    """Return an error as a notice."""
    return Notice(error) if isinstance(error, ErrorBody) else Notice(error.body, type(error).__name__)


def render_check(check: Check) -> str:
    """Return one check of the doctor as a line, shown until the whole report is there."""
    return f"{_LEVELS[check.level].sign} {clean(check.name):<14} {clean(check.evidence)}"


def describe_report(report: DoctorReport) -> Block:
    """Return the first real cause, then all checks."""
    cause = [Notice(report.cause)] if report.cause else []
    who = [Lines([(f"Who can do it: {report.who}.", "")])] if report.who else []
    return Stack([*cause, *who, _describe_checks(report.checks)])


def _describe_checks(checks: list[Check]) -> Table:
    rows = [
        (Cell(check.name, _LEVELS[check.level]), Cell(check.evidence))
        for check in checks
        if check.level != "skipped"
    ]
    skipped = [check.name for check in checks if check.level == "skipped"]
    rows += [(Cell("Not checked", _LEVELS["skipped"]), Cell(", ".join(skipped)))] if skipped else []
    levels = [check.level for check in checks]
    problems, warnings = levels.count("error"), levels.count("warning")
    summary = [format_count(problems, "problem")] if problems else []
    summary += [format_count(warnings, "warning")] if warnings else []
    well = "Nothing is wrong in what was checked." if skipped else "All is well."
    columns = (Column("Check"), Column("Found"))
    return Table(columns, rows, ", ".join(summary) or well, "Nothing was checked.")
