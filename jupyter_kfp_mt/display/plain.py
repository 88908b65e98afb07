"""Blocks as text: for terminals, plain notebooks and `text/plain`; free of control characters."""

from __future__ import annotations

from typing import Protocol

from ..errors import PROGRAM, text_for_program
from ..plain_text import clean, clean_lines
from .blocks import Block, Card, Cell, Column, Lines, Notice, Prose, Table
from .formats import display_width
from .phases import PhaseLabel

_LEFT = 48  # where the right half of a line begins


class Paint(Protocol):
    """Colours a piece of text."""

    def __call__(self, text: str, colour: str, /) -> str:
        """Return `text` in the SGR `colour`."""


def no_colour(text: str, _colour: str, /) -> str:
    """Leave `text` as it is."""
    return text


def sgr(text: str, colour: str, /) -> str:
    """Colour `text` for a terminal."""
    return f"\x1b[{colour}m{text}\x1b[0m"


def draw_text(block: Block, paint: Paint = no_colour, program: str = PROGRAM) -> str:
    """Return `block` as lines of text, without a final newline, with the commands of `program`."""
    return text_for_program(_draw(block, paint), program)


def _draw(block: Block, paint: Paint) -> str:
    if isinstance(block, Table):
        return _draw_table(block, paint)
    if isinstance(block, Card):
        return _draw_card(block, paint)
    if isinstance(block, Lines):
        return "\n".join(_join_sides(_flatten(left), _flatten(right)) for left, right in block.lines)
    if isinstance(block, Notice):
        return _draw_notice(block, paint)
    if isinstance(block, Prose):
        return clean_lines(block.text)
    return "\n".join(text for text in (_draw(part, paint) for part in block.blocks) if text)


def _flatten(text: str) -> str:
    return clean_lines(text).replace("\n", " ")


def _join_sides(left: str, right: str) -> str:
    if not right:
        return left
    return left + " " * max(_LEFT - display_width(left), 6) + right


def _draw_state(label: PhaseLabel, paint: Paint) -> str:
    return f"{paint(label.sign, label.colour)} {label.word}"


def _draw_table(table: Table, paint: Paint) -> str:
    if not table.rows:
        return clean_lines(f"{table.empty}   {table.empty_hint}".rstrip())
    texts = [[_draw_cell(cell) for cell in row] for row in table.rows]
    titles = [
        ("  " if table.rows[0][i].label else "") + clean(column.title)
        for i, column in enumerate(table.columns)
    ]
    widths = [max(display_width(row[i]) for row in (titles, *texts)) for i in range(len(titles))]
    lines = [_draw_row(titles, widths, table.columns)]
    for row, cells in zip(texts, table.rows, strict=True):
        line = _draw_row(row, widths, table.columns)
        first = cells[0].label
        lines.append(paint(first.sign, first.colour) + line[len(first.sign) :] if first else line)
    return "\n".join([*lines, *([clean_lines(table.foot)] if table.foot else [])])


def _draw_cell(cell: Cell) -> str:
    text = clean(cell.text)
    return f"{cell.label.sign} {text}" if cell.label else text


def _draw_row(texts: list[str], widths: list[int], columns: tuple[Column, ...]) -> str:
    parts = []
    for text, wide, column in zip(texts, widths, columns, strict=True):
        fill = " " * (wide - display_width(text))
        parts.append(fill + text if column.right else text + fill)
    return "  ".join(parts).rstrip()


def _draw_card(card: Card, paint: Paint) -> str:
    head = f"{_draw_state(card.label, paint)}  {clean(card.name)}"
    facts = " · ".join(clean(fact) for fact in card.facts if fact)
    lines = [f"{head}    {facts}".rstrip()]
    marks = [
        f"{paint(mark.label.sign, mark.label.colour)} {clean(mark.name)} {mark.took}".rstrip()
        for mark in card.marks
    ]
    if card.more:
        marks.append(f"and {card.more} more")
    tail = "  ".join(part for part in (card.progress, card.took if card.ended else "") if part)
    if marks or tail:
        lines.append("      ".join(part for part in ("   ".join(marks), tail) if part))
    lines += [clean(text) for text in (card.message, card.note) if text]
    return "\n".join(lines)


def _draw_notice(notice: Notice, paint: Paint) -> str:
    error = notice.error
    code = f"[{clean(error.code)}]"
    head = f"{notice.kind} {code}" if notice.kind else code
    lines = [f"{paint(head, '31')}  {clean(error.message)}"]
    lines += [
        f"  {word:<6}{clean(text)}" for word, text in (("Why", error.why), ("Next", error.next)) if text
    ]
    return "\n".join([*lines, *([f"  →     {_indent_command(error.command)}"] if error.command else [])])


def _indent_command(command: str) -> str:
    """Keep the lines and indents of a command, so that it can be copied."""
    return clean_lines(command).replace("\n", "\n        ")
