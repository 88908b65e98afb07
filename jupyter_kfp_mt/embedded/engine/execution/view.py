"""Where the files are that a task saw, for everybody else.

A task names its outputs by the paths that it sees: in its own /tmp, in a mounted volume, through links that
it made. The same path of the machine may lead to a file that the task never saw, so each step is looked up in
what the task had.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

_MOST_LINKS = 40  # in one path, as for the kernel
_PROCESSES, _MEMORY = "/proc", "/dev/shm"  # noqa: S108 - they end with the processes of the task


class TaskView:
    """The paths of one attempt."""

    def __init__(
        self,
        *,
        work: Path,
        hidden: Mapping[str, Path] = {},
        shown: Iterable[str] = (),
        mounted: Mapping[str, Path | None] = {},
    ) -> None:
        """Take the folder in which it started, its own folders, and its mounts; None for those in memory.

        `shown` are the resolved paths that it saw though they are in the places of `hidden`.
        """
        self._work = work
        own: dict[str, Path | None] = {_MEMORY: None, **hidden} if hidden else {}
        own.update({place: mounted[place] for place in own if place in mounted})
        seen = {path: Path(path) for path in shown}
        self._mounts = _resolve({place: path for place, path in mounted.items() if place not in own})
        self._places = _resolve({_PROCESSES: None, **seen, **own})

    def locate(self, path: Path) -> Path | None:
        """Return where a path of the task is, without links; None if only its own processes had it.

        Raises OSError for a path that is none.
        """
        parts = list(reversed((self._work / path).parts[1:]))
        current, links = Path("/"), 0
        while parts:
            name = parts.pop()
            if name == "..":
                current = current.parent
                continue
            real = self._find(current / name)
            if real is None:
                return None
            if not _is_link(real):
                current /= name
                continue
            links += 1
            if links > _MOST_LINKS:
                raise OSError(f"{path} has too many links")
            target = Path(os.readlink(real))
            current = Path("/") if target.is_absolute() else current
            parts += reversed(target.parts[1:] if target.is_absolute() else target.parts)
        return self._find(current)

    def _find(self, path: Path) -> Path | None:
        """Return what a path without links is on the machine."""
        for places in (self._mounts, self._places):
            for around in (path, *path.parents):
                if around in places:
                    folder = places[around]
                    return None if folder is None else folder / path.relative_to(around)
        return path


def _resolve(places: Mapping[str, Path | None]) -> dict[Path, Path | None]:
    return {Path(os.path.realpath(place)): folder for place, folder in places.items()}


def _is_link(path: Path) -> bool:
    try:
        return stat.S_ISLNK(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: there is a NUL in it
        return False
