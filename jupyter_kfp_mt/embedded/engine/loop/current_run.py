"""Names the run that the engine is working on, in a file that outlives a server that is killed or crashes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

_LONGEST = 4096  # bytes of the file


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine is working on: a run, and one of its tasks if it is about one."""

    run_id: str
    task: str = ""  # its path


class CurrentRun:
    """Marks what the engine is working on.

    A store would have to commit before each step; this is one write to memory that the kernel keeps. A power
    cut may lose it, and then nobody is blamed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def open(self) -> Work | None:
        """Begin; return what the previous engine was working on when its process ended, if anything."""
        with contextlib.suppress(OSError):  # a full disk: then no work is marked
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            left = os.pread(self._file, _LONGEST, 0).partition(b"\0")[0]
            os.pwrite(self._file, bytes(_LONGEST), 0)
            with contextlib.suppress(msgspec.DecodeError):
                return msgspec.json.decode(left, type=Work)
        return None

    @contextlib.contextmanager
    def mark(self, run_id: str, task: str) -> Iterator[None]:
        """Mark the block as work on this run and task."""
        # The end of a path tells tasks apart, its beginning need not.
        work = Work(run_id=run_id, task=task[-500:])
        self._write(msgspec.json.encode(work) + b"\0")
        try:
            yield
        finally:
            self._write(b"\0")

    def close(self) -> None:
        """Mark nothing more."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _write(self, data: bytes) -> None:
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.pwrite(self._file, data, 0)
