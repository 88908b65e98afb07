"""Model → text and HTML, for magics, widgets and the command line; nothing here asks a server."""

from __future__ import annotations

from ..plain_text import clean, clean_lines
from .blocks import Block, Card, Notice, Prose, Table
from .facts import card, check_line, notice
from .markup import draw as draw_html
from .plain import Paint, no_colour, sgr
from .plain import draw as draw_text
from .render import KINDS, TEXTS, block_of, html, sentence, text
from .words import count, duration

__all__ = [
    "KINDS",
    "TEXTS",
    "Block",
    "Card",
    "Notice",
    "Paint",
    "Prose",
    "Table",
    "block_of",
    "card",
    "check_line",
    "clean",
    "clean_lines",
    "count",
    "draw_html",
    "draw_text",
    "duration",
    "html",
    "no_colour",
    "notice",
    "sentence",
    "sgr",
    "text",
]
