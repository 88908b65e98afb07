"""Blocks of a display: tables, cards, lines, notices. Pure data made from models, drawn as text or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import ErrorBody
from .phases import PhaseLabel


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    title: str
    right: bool = False
    mono: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell of a table: text, with an optional phase before it and an optional tooltip."""

    text: str
    label: PhaseLabel | None = None
    title: str = ""
    run_id: str = ""  # makes it a link to the run
    namespace: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under headings; `empty` replaces a table without rows."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    foot: str = ""
    empty: str = ""
    empty_hint: str = ""


@dataclass(frozen=True)
class Mark:
    """One task on a card."""

    name: str
    label: PhaseLabel
    took: str = ""


@dataclass(frozen=True)
class Card:
    """One run: state, name, place, its tasks, and one line about its state now."""

    label: PhaseLabel
    name: str
    facts: tuple[str, ...]
    run_id: str
    namespace: str
    marks: list[Mark] = field(default_factory=list)
    more: int = 0  # tasks that are not drawn
    progress: str = ""
    took: str = ""
    ended: bool = False
    message: str = ""
    note: str = ""  # such as "State at 14:05"


@dataclass(frozen=True)
class Lines:
    """A few lines, each with a left and a right part."""

    lines: list[tuple[str, str]]


@dataclass(frozen=True)
class Notice:
    """An error or a warning: what happened, why, the next step, the command."""

    error: ErrorBody
    kind: str = ""  # the class, in the text form alone


@dataclass(frozen=True)
class Prose:
    """Text whose lines stay as they are."""

    text: str


@dataclass(frozen=True)
class Stack:
    """Blocks below each other."""

    blocks: list[Block]


Block = Table | Card | Lines | Notice | Prose | Stack
