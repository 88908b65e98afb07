"""The words, signs, times and numbers of the product (UX §2), in plain English and the process's own zone."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timezone
from typing import NamedTuple

from ..models import Phase, known_time
from ..plain_text import clean

NOT_SET = "–"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Look(NamedTuple):
    """How a phase is told: word, text sign, icon, and the colour of its sign in a terminal (SGR)."""

    word: str
    sign: str
    icon: str
    colour: str


LOOKS: dict[Phase, Look] = {
    Phase.PENDING: Look("Pending", "○", "pending", "2"),
    Phase.RUNNING: Look("Running", "◐", "running", "34"),
    Phase.SUCCEEDED: Look("Succeeded", "✓", "succeeded", "32"),
    Phase.FAILED: Look("Failed", "✗", "failed", "31"),
    Phase.CANCELING: Look("Canceling", "◱", "canceling", "33"),
    Phase.CANCELED: Look("Canceled", "■", "canceled", "2"),
    Phase.SKIPPED: Look("Skipped", "⤼", "skipped", "2"),
    Phase.PAUSED: Look("Paused", "‖", "paused", "33"),
    Phase.CACHED: Look("From cache", "⧉", "cached", "32"),
    Phase.UNKNOWN: Look("Unknown", "?", "unknown", "2"),
    Phase.UNCONFIRMED: Look("Not confirmed", "⌛", "unconfirmed", "33"),
}


def look(phase: Phase, raw: str = "") -> Look:
    """How `phase` is told; an unknown one names the `raw` word of the wire."""
    found = LOOKS[phase]
    return found._replace(word=f"Unknown (“{clean(raw)}”)") if phase is Phase.UNKNOWN and raw else found


def duration(seconds: float | None) -> str:
    """`8 s`, `3 min 12 s`, `2 h 05 min`, `3 d 4 h`; a dash when not known."""
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


def moment(when: datetime | None, now: datetime | None = None) -> str:
    """A time as lists show it: `just now`, `4 min ago`, `today 14:02`, `12 Mar, 14:02`, `12 Mar 2025`."""
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


def full_moment(when: datetime | None) -> str:
    """A time in full, with its zone and in UTC, as the tooltip of a short one."""
    when = known_time(when)
    if when is None:
        return ""
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S %Z}, {when.astimezone(timezone.utc):%H:%M:%S} UTC"


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 task`, `1,204 tasks`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def number(value: object) -> str:
    """A metric or value with up to four significant digits; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, float):
        return clean(str(value))
    return "NaN" if value != value else f"{value:.4g}"  # noqa: PLR0124 - only NaN differs from itself


def short_id(identifier: str) -> str:
    """The first eight characters, as ids are shown."""
    return clean(identifier)[:8]


def width(text: str) -> int:
    """Columns that `text` takes in a terminal: wide East Asian letters two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
