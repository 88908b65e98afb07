"""Blocks as HTML: everything escaped, no scripts, and readable without JupyterLab's style sheet.

The classes are those of the extension's style sheet; the inline styles serve pages without it (other
notebook hosts, exported and saved notebooks), in light and dark.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from ..plain_text import clean, clean_lines
from .blocks import Block, Card, Cell, Column, Lines, Notice, Prose, Table
from .icons import icon_svg
from .phases import PhaseLabel

_DIM = "color:var(--jp-ui-font-color2, GrayText)"
_LINE = "var(--jp-border-color2, rgba(128,128,128,.4))"
_MONO = "font-family:var(--jp-code-font-family, monospace)"
_ROOT = (
    "color:var(--jp-ui-font-color1, inherit);font-family:var(--jp-ui-font-family, system-ui, sans-serif);"
    "font-size:var(--jp-ui-font-size1, 13px);line-height:1.4;padding:4px 0;overflow-x:auto"
)


def draw_html(block: Block) -> str:
    """Return `block` as one HTML element."""
    return f'<div class="jp-kfp jp-kfp-Output" style="{_ROOT}">{_draw_inner(block)}</div>'


def _draw_inner(block: Block) -> str:
    if isinstance(block, Table):
        return _draw_table(block)
    if isinstance(block, Card):
        return _draw_card(block)
    if isinstance(block, Lines):
        return "".join(_draw_line(left, right) for left, right in block.lines)
    if isinstance(block, Notice):
        return _draw_notice(block)
    if isinstance(block, Prose):
        style = f"margin:0;white-space:pre-wrap;overflow-wrap:anywhere;{_MONO}"
        return f'<pre style="{style}">{escape(clean_lines(block.text))}</pre>'
    return "".join(_draw_inner(part) for part in block.blocks)


def to_html(value: str) -> str:
    """Return `value` escaped, on one line, without control characters."""
    return escape(clean(value))


def run_link(run_id: str, namespace: str, label: str) -> str:
    """Return a link that opens the run in JupyterLab where the extension is installed."""
    arguments = escape(json.dumps({"run_id": run_id, "namespace": namespace}))
    return (
        '<a href="#" title="Open in JupyterLab"'
        ' style="color:var(--jp-content-link-color, #1565c0);text-decoration:none"'
        f' data-commandlinker-command="jupyter-kfp-mt:open-run" data-commandlinker-args="{arguments}">'
        f"{to_html(label)}</a>"
    )


def _draw_state(label: PhaseLabel, word: str) -> str:
    return (
        '<span class="jp-kfp-State"'
        ' style="display:inline-flex;gap:6px;align-items:center;white-space:nowrap">'
        f"{icon_svg(label.icon)}<span>{to_html(word)}</span></span>"
    )


def _draw_table(table: Table) -> str:
    if not table.rows:
        hint = f' <span style="{_DIM}">{to_html(table.empty_hint)}</span>' if table.empty_hint else ""
        return f'<p style="margin:0">{to_html(table.empty)}{hint}</p>'
    head = "".join(
        f'<th style="{_cell_style(column)};{_DIM}">{to_html(column.title)}</th>' for column in table.columns
    )
    rows = "".join(f"<tr>{_draw_row(row, table.columns)}</tr>" for row in table.rows)
    foot = (
        f'<p class="jp-kfp-small" style="margin:6px 0 0;{_DIM}">{to_html(table.foot)}</p>'
        if table.foot
        else ""
    )
    return (
        f'<table class="jp-kfp-Table" style="border-collapse:collapse;'
        'table-layout:auto;width:auto;margin:0;font-size:inherit">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{foot}"
    )


def _draw_row(row: Sequence[Cell], columns: Sequence[Column]) -> str:
    return "".join(_draw_cell(cell, column) for cell, column in zip(row, columns, strict=True))


def _cell_style(column: Column) -> str:
    side = "right" if column.right else "left"
    return (
        f"text-align:{side};padding:4px 16px 4px 0;font-weight:400;white-space:nowrap;"
        f"border-bottom:1px solid {_LINE};background:none"
    )


def _draw_cell(cell: Cell, column: Column) -> str:
    if cell.label:
        shown = _draw_state(cell.label, cell.text)
    elif cell.run_id:
        shown = run_link(cell.run_id, cell.namespace, cell.text)
    else:
        shown = to_html(cell.text)
    title = f' title="{to_html(cell.title)}"' if cell.title else ""
    mono = f";{_MONO}" if column.mono else ""
    return f'<td{title} style="{_cell_style(column)}{mono}">{shown}</td>'


def _draw_line(left: str, right: str) -> str:
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:0 24px"><span style="min-width:22em">'
        f'{to_html(left)}</span><span style="{_DIM}">{to_html(right)}</span></div>'
    )


def _draw_card(card: Card) -> str:
    row = "display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px"
    facts = to_html(" · ".join(fact for fact in card.facts if fact))
    tail = to_html(" · ".join(part for part in (card.progress, card.took) if part))
    marks = "".join(_draw_state(mark.label, f"{mark.name} {mark.took}".rstrip()) for mark in card.marks)
    if card.more:
        marks += f'<span style="{_DIM}">and {card.more} more</span>'
    head = (
        f'<div class="jp-kfp-Card-line" style="{row}">{icon_svg(card.label.icon)}<b>{to_html(card.name)}</b>'
        f'<span>{to_html(card.label.word)}</span><span style="{_DIM}">{facts}</span>'
        f'<span style="flex:1 1 0"></span>'
        f'<span style="{_DIM};font-variant-numeric:tabular-nums">{tail}</span></div>'
    )
    note = f'<span class="jp-kfp-small" style="{_DIM}">{to_html(card.note)}</span>' if card.note else ""
    tasks = (
        f'<div class="jp-kfp-Card-line" style="{row}">{marks}<span style="flex:1 1 0"></span>{note}'
        f"{run_link(card.run_id, card.namespace, 'Open in JupyterLab')}</div>"
    )
    message = (
        f'<div style="{_MONO};{_DIM};overflow-wrap:anywhere">{to_html(card.message)}</div>'
        if card.message
        else ""
    )
    return (
        f'<div class="jp-kfp-Card" style="border:1px solid {_LINE};border-radius:2px;padding:8px 12px;'
        f'display:grid;gap:6px;max-width:60em">{head}{tasks}{message}</div>'
    )


def _draw_notice(notice: Notice) -> str:
    error = notice.error
    command = f'<code style="{_MONO};white-space:pre-wrap">{escape(clean_lines(error.command))}</code>'
    facts = [
        (name, shown)
        for name, shown in (
            ("Why", to_html(error.why)),
            ("Next", to_html(error.next)),
            ("→", command if error.command else ""),
            ("Code", f'<span style="{_MONO}">{to_html(error.code)}</span>'),
        )
        if shown
    ]
    rows = "".join(
        f'<dt style="{_DIM}">{name}</dt><dd style="margin:0">{shown}</dd>' for name, shown in facts
    )
    return (
        '<div role="alert" class="jp-kfp-OutputError" style="display:flex;gap:8px;padding:4px 12px;'
        f'border-left:3px solid var(--jp-error-color1, #d32f2f)">{icon_svg("failed")}'
        f"<div><b>{to_html(error.message)}</b>"
        '<dl style="display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 8px;margin:0">'
        f"{rows}</dl></div></div>"
    )
