"""The log of the server: it stays small, and quotes nothing that strangers send."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import sys
from pathlib import Path

FILE = "server.log"
LARGEST = 8 * 1024 * 1024  # bytes of the file, and of the one before it
_LONGEST = 8 * 1024  # characters of one entry, its traceback included
_VALUE = re.compile(r"%[#0\- +]*\w")  # in the words of a record


def log_to_stderr() -> None:
    """Write the records of all loggers to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Brief("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(_hide_values)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def rotate(folder: Path) -> None:
    """Begin the log again when it is large; the last part stays in a file beside it.

    It is copied and cut, not renamed: the processes of tasks write to it, too.
    """
    path = folder / FILE
    with contextlib.suppress(OSError):  # a full disk, or a log that somebody has removed
        if path.stat().st_size > LARGEST:
            shutil.copyfile(path, path.with_name(f"{FILE}.1"))
            os.truncate(path, 0)


class _Brief(logging.Formatter):
    """Cuts entries that are long."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _hide_values(record: logging.LogRecord) -> bool:
    """Leave the values out of what the web server says: a header that is malformed may hold a token."""
    if record.name.startswith("tornado."):
        record.msg, record.args = _VALUE.sub("…", str(record.msg)), ()
    return True
