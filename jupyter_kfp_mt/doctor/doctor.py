"""Examine a configuration and report each check."""

from __future__ import annotations

from collections.abc import Callable

from ..context import Context, Environment
from ..context.credentials import secrets_in_reach
from ..errors import KfpError
from ..kube import surroundings
from ..models import Check, DoctorReport
from ..settings import KfpSettings, load_settings
from .checks import CHECKS, check, who_can
from .evidence import gather
from .report import Scrubber, written


def examine(
    settings: KfpSettings | None = None,
    *,
    environment: Environment | None = None,
    namespace: str = "",
    on_check: Callable[[Check], object] = lambda _: None,
) -> DoctorReport:
    """Check everything from the configuration to the launch of runs; trouble is told, not raised.

    `on_check` is told each row as soon as it and those before it are known. No row holds a credential, also
    where a server sent one back.
    """
    env = environment or surroundings()
    try:
        chosen = settings or load_settings(env.variables)
    except KfpError as error:
        return _unreadable(error, on_check)
    rows: list[Check] = []
    for seen in gather(env, chosen, namespace):
        place = seen.place if isinstance(seen.place, Context) else None
        clean = Scrubber(secrets_in_reach(env, chosen, place))
        for row in map(clean.row, check(seen, len(rows))):
            rows.append(row)
            on_check(row)
    cause = next((row.error for row in rows if row.error is not None), None)
    report = DoctorReport(checks=rows, cause=cause, who=who_can(cause.code, seen) if cause else "")
    return written(report, env.clock.now())


def _unreadable(error: KfpError, on_check: Callable[[Check], object]) -> DoctorReport:
    """The report of settings that cannot be read: nothing else is known."""
    first, *others = (name for name, _, _ in CHECKS)
    rows = [Check(name=first, level="error", evidence=error.message, error=error.body)]
    told = "not checked; the settings cannot be read"
    rows += [Check(name=name, level="skipped", evidence=told) for name in others]
    for row in rows:
        on_check(row)
    return DoctorReport(checks=rows, cause=error.body, who="you")
