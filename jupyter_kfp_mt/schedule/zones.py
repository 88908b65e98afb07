"""Rewrites a cron text of a time zone for a server that counts in UTC, as KFP does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim

from .cron import read_fields


class ClockChange(NamedTuple):
    """What becomes of a time of day in the zone when its clocks change but the server's do not."""

    before: str  # "09:00"
    after: str  # "10:00"
    forward: bool  # to summer time
    at: datetime  # when the clocks change


def shift_to_utc(text: str, zone: str, now: datetime) -> str | None:
    """Return a cron text that fires in UTC as `text` does in `zone` today; None if there is none.

    Only times of day can be moved, and across midnight only those of days of the week.
    """
    minutes = _get_offset(zone, now) // 60
    fields = read_fields(text)
    if minutes == 0:
        return " ".join(fields) or text
    if not fields:
        return text  # an interval has no zone
    second, minute, hour, day, month, weekday = fields
    if hour == "*" and minutes % 60 == 0 and (day, month, weekday) == ("*", "*", "*"):
        return " ".join(fields)
    if not minute.isdigit() or not all(part.isdigit() for part in hour.split(",")):
        return None
    moved = [divmod(int(part) * 60 + int(minute) - minutes, 24 * 60) for part in hour.split(",")]
    shifts = {days for days, _ in moved}
    if len(shifts) != 1:
        return None
    shift = shifts.pop()
    if shift and (day, month) != ("*", "*"):
        return None
    if shift and weekday != "*":
        known = CronSim(f"0 0 * * {weekday}", now).weekdays
        weekday = ",".join(map(str, sorted({(each + shift) % 7 for each in known if isinstance(each, int)})))
    hours = ",".join(map(str, sorted({rest // 60 for _, rest in moved})))
    return f"{second} {moved[0][1] % 60} {hours} {day} {month} {weekday}"


def find_clock_change(text: str, zone: str, now: datetime) -> ClockChange | None:
    """Return what the next change of clocks of `zone` does to the first time of day of `text`, if any."""
    fields = read_fields(text)
    if len(fields) < 6 or not fields[1].isdigit() or not fields[2].split(",")[0].isdigit():
        return None
    at = _find_change(zone, now)
    if at is None:
        return None
    first = timedelta(hours=int(fields[2].split(",")[0]), minutes=int(fields[1]))
    change = _get_offset(zone, at) - _get_offset(zone, now)
    return ClockChange(_format(first), _format(first + timedelta(seconds=change)), change > 0, at)


def _find_change(zone: str, now: datetime) -> datetime | None:
    """Return the hour of the next change of clocks within a year."""
    offset, low = _get_offset(zone, now), now.replace(minute=0, second=0, microsecond=0)
    for days in range(1, 367):
        if _get_offset(zone, low + timedelta(days=days)) != offset:
            hours = range((days - 1) * 24, days * 24 + 1)
            return next(
                at for hour in hours if _get_offset(zone, at := low + timedelta(hours=hour)) != offset
            )
    return None


def _get_offset(zone: str, moment: datetime) -> int:
    offset = moment.astimezone(timezone.utc).astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _format(time: timedelta) -> str:
    hours, minutes = divmod(int(time.total_seconds()) // 60 % (24 * 60), 60)
    return f"{hours:02}:{minutes:02}"
