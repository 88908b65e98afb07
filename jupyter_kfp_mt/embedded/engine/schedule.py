"""When a recurring run fires next: pure arithmetic on seconds since 1970.

The rules are those of KFP's controller (kubeflow/pipelines, crd/controller/scheduledworkflow/util): the
first time is one interval, or the next time of the cron text, after the start or, without one, the creation.
Cron texts are read as robfig/cron v1 reads them, seconds first, in UTC; the prefix `TZ=Zone ` is an addition
of the embedded server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from ..store import Trigger

NEVER = 1 << 53  # later than anything, and exact in JSON
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)", re.DOTALL)
_DESCRIPTORS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def next_time(trigger: Trigger, *, created: int, last: int | None) -> int:
    """Return the time after `last`, or the first one; NEVER when there is none."""
    base = last if last is not None else trigger.start or created
    if not trigger.cron and not trigger.periodic:
        return created if last is None else NEVER
    after = max(base, trigger.start)
    found = min(NEVER, after + trigger.interval) if trigger.periodic else _next_of_cron(trigger.cron, after)
    return NEVER if trigger.end and trigger.end < found else found


def without_catching_up(trigger: Trigger, due: int, *, now: int) -> int:
    """Return the one time to fire for when several, from `due` on, have passed by `now`."""
    if trigger.periodic:
        return now if now >= due + trigger.interval else due
    return _latest(trigger.cron, due, min(now, trigger.end or now)) if trigger.cron else due


def _latest(text: str, due: int, limit: int) -> int:
    """The last time of a cron text from `due`, which is one, to `limit`: by halves, there may be billions."""
    step = _step(text)
    if step:
        return due + max(0, limit - due) // step * step
    late = limit  # after it there is none
    while due < late:
        middle = (due + late) // 2
        following = _next_of_cron(text, middle)
        if middle < following <= limit:
            due = following
        else:
            late = middle
    return due


def _next_of_cron(text: str, after: int) -> int:
    return next(_times(text, after), NEVER)


def _times(text: str, after: int) -> Iterator[int]:
    """The times of a cron text after `after`; none for one that cannot be read."""
    zone: tzinfo = timezone.utc
    match = _ZONE.fullmatch(text)
    if match is not None:
        zone, text = ZoneInfo(match[1]), match[2]
    if step := _step(text):
        while True:
            after += step
            yield after
    fields = _DESCRIPTORS.get(text.strip(), text).replace("?", "*").split()
    fields = [*fields, "*"][:6]  # five fields lack the day of the week, not the seconds
    if fields[0] == "0":
        # Without seconds CronSim does what cron does when clocks change: a time that is left out comes
        # right after the gap, one that comes twice counts once.
        del fields[0]
    start = datetime.fromtimestamp(after, timezone.utc).astimezone(zone)
    try:
        for moment in CronSim(" ".join(fields), start):
            yield int(moment.timestamp())
    except CronSimError:
        return


def _step(text: str) -> int:
    """The seconds of `@every …`, at least one; 0 for another cron text."""
    match = _ZONE.fullmatch(text)
    text = match[2] if match is not None else text
    if not text.startswith("@every "):
        return 0
    return max(1, round(_seconds(text.removeprefix("@every "))))


def _seconds(duration: str) -> float:
    parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", duration)
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts)).total_seconds()
