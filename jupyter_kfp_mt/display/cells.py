"""Cells that the tables of several resources share."""

from __future__ import annotations

from datetime import datetime

from ..models import Phase
from .blocks import Cell
from .formats import format_full_time, format_time
from .phases import label_of


def state_cell(phase: Phase, raw: str) -> Cell:
    """Return a cell with the sign and the word of a phase."""
    label = label_of(phase, raw)
    return Cell(label.word, label)


def time_cell(when: datetime | None, now: datetime | None) -> Cell:
    """Return a cell with a short time, and the full one in its tooltip."""
    return Cell(format_time(when, now), title=format_full_time(when))


def describe_rest(shown: int, total: int) -> str:
    """Return how many rows a list leaves out and how to get them; nothing when it has all."""
    return f"{shown:,} of {total:,}. More: -n {min(total, 5 * shown)}" if total > shown else ""
