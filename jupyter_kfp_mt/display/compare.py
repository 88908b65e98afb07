"""What runs, or versions of pipelines, differ in."""

from __future__ import annotations

import json
from typing import Any

from ..results import Difference, RunDiff
from .blocks import Cell, Column, Table
from .formats import NOT_SET, format_number

_WIDEST = 60  # characters of a value in a cell


def describe_diff(diff: RunDiff) -> Table:
    """Return a row for each thing that differs, and a column for each subject."""
    columns = (Column(""), Column("Name"), *map(Column, diff.subjects))
    rows = [
        (Cell(each.part), Cell(each.name), *(_value_cell(each, value) for value in each.values))
        for each in diff
    ]
    return Table(columns, rows, "", "No differences.")


def _value_cell(difference: Difference, value: Any) -> Cell:
    text = _format(value)
    first = difference.values[0]
    if difference.part == "metric" and isinstance(value, float) and isinstance(first, float):
        change = value - first
        text += f" ({change:+.3g})" if change else ""
    short = text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
    return Cell(short, title=text if short != text else "")


def _format(value: Any) -> str:
    if value is None:
        return NOT_SET
    if isinstance(value, float):
        return format_number(value)
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
