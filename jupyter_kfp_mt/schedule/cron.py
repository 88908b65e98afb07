"""Reads cron texts as robfig/cron v1 does: seconds first, five or six fields, in UTC, with its error texts.

Source: github.com/robfig/cron v1.2.0, `parser.go`. The embedded server adds the leading `TZ=Zone `.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_DESCRIPTORS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_EVERY = "@every "
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
_CHANGE = 3 * 3600  # seconds around a change of clocks within which a time may come twice
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)\s+(.*)", re.DOTALL)


FIELDS = ("second", "minute", "hour", "day of the month", "month", "day of the week")


class CronError(ValueError):
    """A cron text that robfig/cron refuses; the text is robfig's, and `words` are for people."""

    def __init__(self, text: str, words: str = "") -> None:
        super().__init__(text)
        self.words = words or f"{text[:1].lower()}{text[1:]}"


def check_cron(text: str) -> None:
    """Refuse what robfig/cron v1 refuses; raises CronError."""
    zone, text = split_zone(text)
    if zone is not None:
        check_zone(zone)
    if not text:
        raise CronError("Empty spec string")
    if text.startswith("@"):
        _check_descriptor(text)
        return
    fields = text.split()
    if not 5 <= len(fields) <= 6:
        raise CronError(f"Expected 5 to 6 fields, found {len(fields)}: {text}")
    for name, field, (least, most, names) in zip(FIELDS, fields, _BOUNDS, strict=False):
        for part in field.split(","):
            try:
                _check_range(part, least, most, names)
            except CronError as error:
                raise CronError(str(error), f"{name} “{part}” is not one of {least} to {most}") from None


def read_fields(text: str) -> list[str]:
    """Return the six fields of a cron text that was checked; empty for `@every …`."""
    _, text = split_zone(text)
    if find_interval(text):
        return []
    fields = _DESCRIPTORS.get(text.strip(), text).replace("?", "*").split()
    return [*fields, "*"][:6]  # five fields lack the day of the week, not the seconds


def generate_times(text: str, after: int, since: int) -> Iterator[int]:
    """Generate the times after `after` of a cron text that came into being at `since`.

    There are none for a text that cannot be read.
    """
    zone, _ = split_zone(text)
    if step := find_interval(text):
        while True:
            after += step
            yield after
    fields = read_fields(text)
    fixed = zone is not None and not fields[1].startswith("*") and not fields[2].startswith("*")
    local: tzinfo = timezone.utc if zone is None else ZoneInfo(zone)
    try:
        if fixed:
            yield from _generate_times_of_day(fields, after, since, local)
        else:
            for moment in CronSim(" ".join(fields), _localize(after, local)):
                yield int(moment.timestamp())
    except CronSimError:
        return


def _generate_times_of_day(fields: list[str], after: int, since: int, local: tzinfo) -> Iterator[int]:
    """Generate times of day as cron does when clocks change.

    A time that is left out comes right after the gap, which CronSim does for texts without seconds. One that
    comes twice counts once: the first time, or the second for a schedule that did not exist before.
    """
    seconds = sorted(CronSim(" ".join(fields), datetime.now(timezone.utc)).seconds)
    start = _localize(after, local)
    if _localize(after - _CHANGE, local).utcoffset() != _localize(after + _CHANGE, local).utcoffset():
        start = _localize(after - _CHANGE, local)
    for minute in CronSim(" ".join(fields[1:]), start.replace(second=0) - timedelta(seconds=1)):
        first, again = int(minute.timestamp()), int(minute.replace(fold=1).timestamp())
        for second in seconds:
            moment = second + (first if first + second > since else again)
            if moment > after:
                yield moment


def _localize(seconds: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc).astimezone(zone)


def find_interval(text: str) -> int:
    """Return the seconds of `@every …`, at least one; 0 for any other cron text."""
    _, text = split_zone(text)
    if not text.startswith(_EVERY):
        return 0
    return max(1, round(_nanoseconds(text.removeprefix(_EVERY)) / 1e9))


def split_zone(text: str) -> tuple[str | None, str]:
    """Return the time zone, None without one, and the rest of a cron text."""
    match = _ZONE.fullmatch(text)
    return (match[1], match[2]) if match is not None else (None, text)


def check_zone(name: str) -> None:
    """Refuse a time zone that is not known; raises CronError."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(f"unknown time zone {name}") from None


def _check_descriptor(text: str) -> None:
    if text in _DESCRIPTORS:
        return
    if text.startswith(_EVERY):
        duration = text.removeprefix(_EVERY)
        if not _DURATION.fullmatch(duration) or _nanoseconds(duration) >= 1 << 63:
            raise CronError(f"Failed to parse duration {text}: time: invalid duration")
        return
    raise CronError(f"Unrecognized descriptor: {text}")


def _nanoseconds(duration: str) -> float:
    return sum(float(number) * _NANOSECONDS[unit] for number, unit in _PART.findall(duration))


def _check_range(text: str, least: int, most: int, names: dict[str, int]) -> None:
    span, *steps = text.split("/")
    if len(steps) > 1:
        raise CronError(f"Too many slashes: {text}")
    ends = span.split("-")
    if span in ("*", "?"):
        start, end = least, most
    else:
        if len(ends) > 2:
            raise CronError(f"Too many hyphens: {text}")
        start = _number(ends[0], names)
        end = _number(ends[1], names) if len(ends) == 2 else (most if steps else start)
    step = _number(steps[0], {}) if steps else 1
    if start < least:
        raise CronError(f"Beginning of range ({start}) below minimum ({least}): {text}")
    if end > most:
        raise CronError(f"End of range ({end}) above maximum ({most}): {text}")
    if start > end:
        raise CronError(f"Beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise CronError(f"Step of range should be a positive number: {text}")


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise CronError(f'Failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    number = int(text)
    if number < 0:
        raise CronError(f"Negative number ({number}) not allowed: {text}")
    return number
