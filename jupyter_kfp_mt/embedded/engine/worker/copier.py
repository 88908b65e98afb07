"""Copies files and folders for the engine, in a process that can be stopped.

Standard library only; never imported by the server. Its standard input has the order, one line of JSON, and
stays open as long as the copy is wanted. Its standard output gets the result, one line of JSON:
`{"fault": "", "path": ""}`, or one of the faults below with the path that it is about.

Only regular files and folders are copied, at every depth: reading a device or a pipe might never end, and a
link is followed only if it stays inside of the folders that the order names.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import stat
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

CHUNK = 1 << 20
LONGEST = 1000  # characters of a path in the result
ENTRY = 1 << 12  # bytes that any entry counts for, a block
MISSING, SPECIAL, OUTSIDE, LARGE, PRIVATE, SYSTEM = (
    "missing",
    "special",
    "outside",
    "large",
    "private",
    "system",
)


class Fault(Exception):  # noqa: N818 - what is wrong with the source
    """A copy cannot be made."""

    def __init__(self, fault: str, path: str, detail: str = "") -> None:
        super().__init__(fault)
        self.result = {"fault": fault, "path": path[:LONGEST], "detail": detail}


class CopyEntry(NamedTuple):
    """A file or folder to copy: where it is, and its path below the source."""

    path: str
    below: str
    about: os.stat_result


class FileCopier:
    """Makes the copies of one order."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._limit = order["limit"]
        self._inside = [os.path.realpath(path) for path in order["inside"]]
        self._allowed = [os.path.realpath(path) for path in order["allowed"]]
        self._private = [os.path.realpath(path) for path in order["private"]]
        self._home = os.path.realpath(order["home"])  # of all targets
        self._size = 0

    def copy(self, source: str, target: str, *, optional: bool) -> None:
        """Copy a file or folder; raises Fault, OSError."""
        real = os.path.realpath(source)
        try:
            about = os.stat(real)
        except OSError:
            if optional:
                return
            raise Fault(MISSING, source) from None
        if not is_plain(about):
            raise Fault(MISSING, source)
        roots = [real, *self._inside]
        before, self._size = self._size, self._size
        for entry in self._walk(real, target, roots):  # counts and checks all before anything is made
            self._take(entry.path, entry.about.st_size if stat.S_ISREG(entry.about.st_mode) else 0)
        self._size = before
        self._check_target(target)
        new = not os.path.lexists(target)
        try:
            for entry in self._walk(real, target, roots):
                self._make(entry, target + entry.below)
        except BaseException:
            if new:
                remove(target)
            raise

    def _walk(self, source: str, target: str, roots: list[str]) -> Iterator[CopyEntry]:
        """Generate the source and what is below it, a folder before its contents."""
        waiting: list[tuple[str, str, tuple[tuple[int, int], ...]]] = [(source, "", ())]
        while waiting:
            path, below, around = waiting.pop()
            self._check_wanted()
            real = os.path.realpath(path)
            if not any(is_within(real, root) for root in roots):
                raise Fault(OUTSIDE, path)
            private = any(is_within(real, one) for one in self._private)
            if private and not any(is_within(real, one) for one in self._allowed):
                raise Fault(PRIVATE, path)
            about = os.stat(real)
            if not is_plain(about):
                raise Fault(SPECIAL, path)
            yield CopyEntry(real, below, about)
            if not stat.S_ISDIR(about.st_mode):
                continue
            identity = (about.st_dev, about.st_ino)
            if identity in around:
                raise Fault(OUTSIDE, path)  # a link to a folder around it
            with os.scandir(real) as entries:
                for entry in entries:
                    if os.path.join(real, entry.name) != os.path.abspath(target):
                        waiting.append((entry.path, f"{below}/{entry.name}", (*around, identity)))

    def _make(self, entry: CopyEntry, target: str) -> None:
        mode = stat.S_IMODE(entry.about.st_mode) & 0o777
        if stat.S_ISDIR(entry.about.st_mode):
            self._take(entry.path, 0)
            if os.path.islink(target) or not os.path.isdir(target):
                remove(target)
                os.mkdir(target)
            os.chmod(target, mode | 0o700)
            return
        remove(target)
        # The source may have been replaced since it was looked at.
        reader = os.open(entry.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(reader).st_mode):
                raise Fault(SPECIAL, entry.path)
            writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(writer, "wb", buffering=0) as file:
                self._take(entry.path, 0)
                while data := os.read(reader, CHUNK):
                    self._check_wanted()
                    self._take(entry.path, len(data))
                    while data:
                        data = data[file.write(data) :]
                os.fchmod(writer, mode | 0o600)
        finally:
            os.close(reader)
        os.utime(target, ns=(entry.about.st_atime_ns, entry.about.st_mtime_ns))

    def _take(self, path: str, size: int) -> None:
        self._size += size + ENTRY
        if self._size > self._limit:
            raise Fault(LARGE, path)

    def _check_target(self, target: str) -> None:
        """Make the folder around a target; a task may have put a link there that leads elsewhere."""
        around = os.path.dirname(target)
        os.makedirs(around, exist_ok=True)
        if not is_within(os.path.realpath(around), self._home):
            raise Fault(OUTSIDE, around)

    @staticmethod
    def _check_wanted() -> None:
        """End when the engine has: its end of the standard input is closed."""
        if select.select([0], [], [], 0)[0]:
            raise SystemExit(1)


def is_plain(about: os.stat_result) -> bool:
    """Whether this is a file or a folder."""
    return stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it; both are resolved."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def remove(path: str) -> None:
    """Remove whatever is at `path`."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def main() -> None:
    """Carry out the order on the standard input."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 1 << 16)
        if not part:
            return
        line += part
    order = json.loads(line)
    result = Fault("", "").result
    try:
        copier = FileCopier(order)
        for one in order["copies"]:
            copier.copy(one["source"], one["target"], optional=one["optional"])
    except Fault as fault:
        result = fault.result
    except (OSError, ValueError, RecursionError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        result = Fault(SYSTEM, str(getattr(error, "filename", None) or ""), detail).result
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
