"""The options that put a run on a schedule, and what a schedule means in words."""

from __future__ import annotations

from datetime import datetime, timezone

from ..errors import PROGRAM, kfp_error
from ..models import RecurringRunRequest, Schedule, SchedulePreview
from .argument_types import duration_parser
from .grammar import argument, usage_error
from .session import Session

SCHEDULE = (
    argument(
        "--every",
        metavar="TIME",
        type=duration_parser("--every"),
        default=None,
        help="on a schedule: each time after so long, such as 30m, 6h or 1d",
    ),
    argument(
        "--cron", metavar="TEXT", default="", help='on a schedule: five or six fields, such as "0 9 * * 1-5"'
    ),
    argument(
        "--timezone", metavar="ZONE", default="", help="of --cron, such as Europe/Berlin (default: UTC)"
    ),
)


def read_schedule(every: float | None, cron: str, timezone: str) -> Schedule | None:
    """Return the schedule that the options describe; None without --every and --cron."""
    if every is None and not cron:
        if timezone:
            raise usage_error("--timezone belongs to --cron.", next_step=f"{PROGRAM} help submit")
        return None
    if every is not None and cron:
        raise usage_error("Take one of --every and --cron.", next_step=f"{PROGRAM} help submit")
    if every is not None and (every < 1 or every != int(every)):
        raise kfp_error("bad-input", field="--every", problem="it takes whole seconds, at least one")
    return Schedule(cron=cron, interval_second=int(every or 0), time_zone=timezone)


def preview(session: Session, request: RecurringRunRequest) -> SchedulePreview:
    """Return what the schedule means on this server, and show it."""
    meaning = session.service(start=True).preview_schedule(request.schedule)
    session.front.say(f"{meaning.words} ({meaning.time_zone}). {_say_next(meaning.next_starts)}".rstrip())
    if meaning.note:
        session.front.say(meaning.note)
    return meaning


def _say_next(starts: list[datetime]) -> str:
    if not starts:
        return "It starts nothing."
    first = starts[0]
    here = f"{first.astimezone():%Y-%m-%d %H:%M %Z}"
    utc = "" if here.endswith(" UTC") else f" ({first.astimezone(timezone.utc):%H:%M} UTC)"
    return f"The next start is {here}{utc}."
