"""Why is it not connected, and who can mend it: ordered checks, the first real cause on top.

`evidence.py` looks, once and within five seconds; `checks.py` decides; `report.py` writes it down.
"""

from __future__ import annotations

from ..context import Environment
from ..errors import KfpError
from ..kube import surroundings
from ..models import Check, DoctorReport
from ..settings import KfpSettings, load_settings
from .checks import CHECKS, check, who_can
from .evidence import gather, secrets_of
from .report import scrubbed, written

__all__ = ["examine"]


def examine(
    settings: KfpSettings | None = None, *, environment: Environment | None = None, namespace: str = ""
) -> DoctorReport:
    """Check everything from the configuration to the launch of runs; trouble is told, not raised.

    The report holds no credential, also where a server sent one back.
    """
    env = environment or surroundings()
    try:
        chosen = settings or load_settings(env.variables)
    except KfpError as error:
        return _unreadable(error)
    seen = gather(env, chosen, namespace)
    checks = check(seen)
    cause = next((row.error for row in checks if row.error is not None), None)
    report = DoctorReport(checks=checks, cause=cause, who=who_can(cause.code, seen) if cause else "")
    return written(scrubbed(report, secrets_of(env, chosen, seen)), env.clock.now())


def _unreadable(error: KfpError) -> DoctorReport:
    """The report of settings that cannot be read: nothing else is known."""
    name = CHECKS[0][0]
    rows = [Check(name=name, level="error", evidence=error.message, error=error.body)]
    rows += [
        Check(name=other, level="skipped", evidence="not checked; the settings cannot be read")
        for other, _ in CHECKS[1:]
    ]
    return DoctorReport(checks=rows, cause=error.body, who="you")
