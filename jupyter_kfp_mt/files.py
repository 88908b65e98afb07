"""Reads small files that somebody else writes, replaces files, and shows paths as people write them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO


def read_file(path: Path, limit: int) -> bytes:
    """Return at most `limit` bytes of a regular file; raises OSError, and never blocks on a pipe."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        return file.read(limit)


@contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of `path` at the end, and none of it after an exception."""
    part = path.with_name(f".{token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def display_path(path: Path) -> str:
    """Return `path` as people write it: starting with `~` inside the home folder."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def open_beneath(folder: Path, path: Path) -> int:
    """Open a regular file below `folder` for reading and return its descriptor; no step may be a link.

    Whoever may write there could put a link in place of any part of the path, to a file that the reader may
    read and he should not, or a pipe, which never ends. Raises OSError.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    *folders, name = path.relative_to(folder).parts
    current = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for each in folders:
            following = os.open(each, flags | os.O_DIRECTORY, dir_fd=current)
            os.close(current)
            current = following
        opened = os.open(name, flags, dir_fd=current)
    finally:
        os.close(current)
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    raise OSError(errno.EINVAL, "not a regular file", str(path))
