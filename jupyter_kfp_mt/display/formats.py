"""Times, durations, counts and ids as people read them, in plain English and the process's own time zone."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timezone

from ..models import known_time
from ..plain_text import clean

NOT_SET = "–"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_duration(seconds: float | None) -> str:
    """Return `8 s`, `3 min 12 s`, `2 h 05 min` or `3 d 4 h`; a dash when the duration is not known."""
    if seconds is None or seconds < 0:
        return NOT_SET
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def format_time(when: datetime | None, now: datetime | None = None) -> str:
    """Return a short time: `just now`, `4 min ago`, `today 14:02`, `12 Mar, 14:02` or `12 Mar 2025`."""
    when = known_time(when)
    if when is None:
        return NOT_SET
    local = when.astimezone()
    here = (now or datetime.now(timezone.utc)).astimezone()
    age = (here - local).total_seconds()
    if 0 <= age < 60:
        return "just now"
    if 0 <= age < 3600:
        return f"{int(age) // 60} min ago"
    day = f"{local.day} {_MONTHS[local.month - 1]}"
    if local.date() == here.date():
        return f"today {local:%H:%M}"
    return f"{day}, {local:%H:%M}" if local.year == here.year else f"{day} {local.year}"


def format_full_time(when: datetime | None) -> str:
    """Return a time in full, with its zone and in UTC, for the tooltip of a short one."""
    when = known_time(when)
    if when is None:
        return ""
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S %Z}, {when.astimezone(timezone.utc):%H:%M:%S} UTC"


def format_count(number: int, singular: str, plural: str = "") -> str:
    """Return `1 task` or `1,204 tasks`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def format_number(value: object) -> str:
    """Return a metric or value with up to four significant digits; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, float):
        return clean(str(value))
    return "NaN" if value != value else f"{value:.4g}"  # noqa: PLR0124 - only NaN differs from itself


def format_size(count: int | None) -> str:
    """Return a number of bytes as `512 B`, `3.4 KiB` or `2.0 GiB`; a dash when it is not known."""
    if count is None:
        return NOT_SET
    size, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{count} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def shorten_id(identifier: str) -> str:
    """Return the first eight characters of an id, as lists show it."""
    return clean(identifier)[:8]


def display_width(text: str) -> int:
    """Return the columns of `text` in a terminal: wide East Asian letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
