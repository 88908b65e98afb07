"""Cron texts as robfig/cron v1 reads them: seconds first, five or six fields, and its words for errors.

Source: github.com/robfig/cron v1.2.0 `parser.go`. A leading `TZ=Zone ` is an addition of the embedded server.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import ApiError, invalid

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
_DESCRIPTORS = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+")
_NANOSECONDS = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)\s+(.*)", re.DOTALL)


def check_cron(text: str) -> None:
    """Refuse what robfig/cron v1 refuses, in its words; raises ApiError (400)."""
    zone = _ZONE.fullmatch(text)
    if zone:
        _check_zone(zone.group(1))
        text = zone.group(2)
    if not text:
        raise _unsupported("Empty spec string")
    if text.startswith("@"):
        _check_descriptor(text)
        return
    fields = text.split()
    if not 5 <= len(fields) <= 6:
        raise _unsupported(f"Expected 5 to 6 fields, found {len(fields)}: {text}")
    for field, (least, most, names) in zip(fields, _BOUNDS, strict=False):
        for part in field.split(","):
            _check_range(part, least, most, names)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _unsupported(f"unknown time zone {name}") from None


def _check_descriptor(text: str) -> None:
    if text in _DESCRIPTORS:
        return
    if text.startswith("@every "):
        duration = text.removeprefix("@every ")
        if not _DURATION.fullmatch(duration) or _nanoseconds(duration) >= 1 << 63:
            raise _unsupported(f"Failed to parse duration {text}: time: invalid duration")
        return
    raise _unsupported(f"Unrecognized descriptor: {text}")


def _nanoseconds(duration: str) -> float:
    parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", duration)
    return sum(float(number) * _NANOSECONDS[unit] for number, unit in parts)


def _check_range(text: str, least: int, most: int, names: dict[str, int]) -> None:
    span, *steps = text.split("/")
    if len(steps) > 1:
        raise _unsupported(f"Too many slashes: {text}")
    ends = span.split("-")
    if span in ("*", "?"):
        start, end = least, most
    else:
        if len(ends) > 2:
            raise _unsupported(f"Too many hyphens: {text}")
        start = _number(ends[0], names)
        end = _number(ends[1], names) if len(ends) == 2 else (most if steps else start)
    step = _number(steps[0], {}) if steps else 1
    if start < least:
        raise _unsupported(f"Beginning of range ({start}) below minimum ({least}): {text}")
    if end > most:
        raise _unsupported(f"End of range ({end}) above maximum ({most}): {text}")
    if start > end:
        raise _unsupported(f"Beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise _unsupported(f"Step of range should be a positive number: {text}")


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise _unsupported(f'Failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    number = int(text)
    if number < 0:
        raise _unsupported(f"Negative number ({number}) not allowed: {text}")
    return number


def _unsupported(reason: str) -> ApiError:
    return invalid(
        f"Schedule cron is not a supported format(https://godoc.org/github.com/robfig/cron). Error: {reason}"
    )
