"""Examines a configuration and reports each check."""

from __future__ import annotations

from collections.abc import Callable

from ..context import Context, Environment
from ..context.credentials import secrets_in_reach
from ..errors import KfpError
from ..kube import read_environment_with_kubeconfig
from ..models import Check, DoctorReport
from ..settings import KfpSettings, load_settings
from .checks import CHECKS, run_checks, who_can_fix
from .evidence import gather
from .report import Scrubber, add_text


def examine(
    settings: KfpSettings | None = None,
    *,
    environment: Environment | None = None,
    namespace: str = "",
    on_check: Callable[[Check], object] = lambda _: None,
) -> DoctorReport:
    """Check everything from the configuration to the launch of runs; reports errors instead of raising them.

    Calls `on_check` with each row as soon as it and those before it are known. No row holds a credential,
    even if a server sent one back.
    """
    env = environment or read_environment_with_kubeconfig()
    try:
        chosen = settings or load_settings(env.variables)
    except KfpError as error:
        return _report_unreadable(error, on_check)
    rows: list[Check] = []
    for evidence in gather(env, chosen, namespace):
        place = evidence.place if isinstance(evidence.place, Context) else None
        clean = Scrubber(secrets_in_reach(env, chosen, place))
        for row in map(clean.row, run_checks(evidence, len(rows))):
            rows.append(row)
            on_check(row)
    cause = next((row.error for row in rows if row.error is not None), None)
    report = DoctorReport(checks=rows, cause=cause, who=who_can_fix(cause.code, evidence) if cause else "")
    return add_text(report, env.clock.now())


def _report_unreadable(error: KfpError, on_check: Callable[[Check], object]) -> DoctorReport:
    """Return the report of unreadable settings, without which no other check can be made."""
    first, *others = (name for name, _, _ in CHECKS)
    rows = [Check(name=first, level="error", evidence=error.message, error=error.body)]
    why = "not checked; the settings cannot be read"
    rows += [Check(name=name, level="skipped", evidence=why) for name in others]
    for row in rows:
        on_check(row)
    return DoctorReport(checks=rows, cause=error.body, who="you")
