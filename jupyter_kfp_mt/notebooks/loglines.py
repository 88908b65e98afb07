"""The line of a log that carries an executed notebook (`pack_for_log` in runner.py)."""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode

from .runner import MARK

_LINE = re.compile(rf"^{re.escape(MARK)}(?P<data>[A-Za-z0-9+/=]{{100,}})\r?$", re.MULTILINE)
_CUT = re.compile(rf"^{re.escape(MARK)}[A-Za-z0-9+/=]{{100,}}\Z", re.MULTILINE)
_NOTE = f"{MARK}open it from the run."


def unpack_from_log(log: str, most: int) -> bytes:
    """Return the notebook in a log, of at most `most` bytes; empty without one."""
    found = [match["data"] for match in _LINE.finditer(log)]
    if not found:
        return b""
    try:
        return zlib.decompressobj().decompress(b64decode(found[-1], validate=True), most)
    except (zlib.error, binascii.Error):
        return b""


def hide_notebook(text: str) -> str:
    """Return a part of a log with a note in place of the notebook."""
    if MARK not in text:
        return text
    return _CUT.sub(_NOTE, _LINE.sub(_NOTE, text))
