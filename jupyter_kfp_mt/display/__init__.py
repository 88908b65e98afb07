"""Model → text and HTML, for magics, widgets and the command line; nothing here asks a server."""

from __future__ import annotations

from .blocks import Block, Card, Notice, Prose, Table
from .formats import format_count, format_duration, format_time, shorten_id
from .markup import draw_html
from .phases import PHASE_LABELS, label_of
from .plain import Paint, draw_text, no_colour, sgr
from .render import KINDS, TEXTS, block_of, describe_sentence, render_html, render_text
from .runs import describe_view
from .status import describe_error, render_check

__all__ = [
    "KINDS",
    "PHASE_LABELS",
    "TEXTS",
    "Block",
    "Card",
    "Notice",
    "Paint",
    "Prose",
    "Table",
    "block_of",
    "describe_error",
    "describe_sentence",
    "describe_view",
    "draw_html",
    "draw_text",
    "format_count",
    "format_duration",
    "format_time",
    "label_of",
    "no_colour",
    "render_check",
    "render_html",
    "render_text",
    "sgr",
    "shorten_id",
]
