"""Puts a schedule into words: “Weekdays 09:00”, “Every 6 hours”."""

from __future__ import annotations

from datetime import datetime, timezone

from cronsim import CronSim, CronSimError

from .cron import find_interval, read_fields
from .trigger import Trigger

_DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SETS = {
    frozenset(range(7)): "Daily",
    frozenset(range(1, 6)): "Weekdays",
    frozenset({0, 6}): "Weekends",
}
_MOST_TIMES = 3  # times of day to list


def describe_trigger(trigger: Trigger) -> str:
    """Return when a trigger fires, without its time zone and bounds."""
    if trigger.periodic:
        return describe_interval(trigger.interval)
    return describe_cron(trigger.cron) if trigger.cron else "Once, at once"


def describe_interval(seconds: int) -> str:
    """Return an interval in its largest whole unit."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return _describe_step(seconds // size, unit)


def describe_cron(text: str) -> str:
    """Return a cron text in words; the text itself if it cannot be read."""
    if seconds := find_interval(text):
        return describe_interval(seconds)
    fields = read_fields(text)
    try:
        parsed = CronSim(" ".join(fields), datetime.now(timezone.utc))
    except CronSimError:
        return text
    return _describe_steps(fields) or _describe_times(fields, parsed) or str(parsed.explain())


def _describe_step(number: int, unit: str) -> str:
    return f"Every {unit}" if number == 1 else f"Every {number} {unit}s"


def _describe_steps(fields: list[str]) -> str:
    """Return “Every …” for what repeats evenly all day, every day; empty for anything else."""
    second, minute, hour, *days = fields
    if second != "0" or set(days) != {"*"}:
        return ""
    if hour == "*":
        number = _read_step(minute, 60)
        return _describe_step(number, "minute") if number else "Every hour" if minute == "0" else ""
    number = _read_step(hour, 24) if minute == "0" else 0
    return _describe_step(number, "hour") if number else ""


def _read_step(field: str, whole: int) -> int:
    """Return the step of `*` or `*/N` if it divides the whole evenly; else 0."""
    _, _, step = field.partition("*/")
    number = 1 if field == "*" else int(step) if step.isdigit() else 0
    return number if number and whole % number == 0 else 0


def _describe_times(fields: list[str], parsed: CronSim) -> str:
    """Return “Mondays and Thursdays 09:00” for times of day on days of the week; empty for anything else."""
    second, minute, hour, day, month, _ = fields
    if not (second.isdigit() and minute.isdigit()) or (day, month) != ("*", "*"):
        return ""
    if not all(part.isdigit() for part in hour.split(",")) or len(hour.split(",")) > _MOST_TIMES:
        return ""
    seconds = f":{int(second):02}" if int(second) else ""
    times = [f"{each:02}:{int(minute):02}{seconds}" for each in sorted(parsed.hours)]
    days = frozenset(each % 7 for each in parsed.weekdays if isinstance(each, int))
    names = _SETS.get(days) or _join([_DAYS[each] for each in sorted(days, key=lambda day: (day - 1) % 7)])
    return f"{names} {_join(times)}"


def _join(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
