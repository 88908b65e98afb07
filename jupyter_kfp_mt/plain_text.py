"""Removes from text what could steer a terminal or deceive a reader."""

from __future__ import annotations

import re

# OSC, CSI and the two-character escapes of ECMA-48, also in their one-byte C1 forms
_ESCAPES = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # Unicode's category Cc, but for tab and line feed
# they turn the reading direction of what follows, so that a name can pretend to be another
_DIRECTION = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def clean_lines(text: str) -> str:
    """Return `text` without escapes and control characters; lines and tabs stay.

    Progress bars use a carriage return to write a line again; here it starts a new line.
    """
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").translate(_DIRECTION)
    return _CONTROLS.sub("", text)


def clean(text: str) -> str:
    """Return `text` on one line, without escapes and control characters."""
    return " ".join(clean_lines(text).split())
