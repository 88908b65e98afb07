"""Folders of runs that the store does not know: set aside, never deleted, and brought back.

Such a folder says that the store is new, older than the folder, or damaged; what a deletion left behind is
recorded in the store instead.

```text
runs/<run id>                       as long as the store knows the run, or that the folder is to be kept
removed/unknown-<time>/<run id>     what it did not know at that time
```
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

from ...store import Store
from .folders import is_run_id

log = logging.getLogger(__name__)
_SET_ASIDE = "unknown-"


class UnknownFolders:
    """Sets folders aside that the store does not know, and brings them back."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._runs = folder / "runs"
        self._removed = folder / "removed"

    def find(self) -> list[str]:
        """Return the names of the unknown folders in `runs/`."""
        known = self._store.folders.list_known_runs()
        names = {path.name for path in self._runs.iterdir() if path.is_dir()} - known
        return sorted(filter(is_run_id, names))

    def set_aside(self, name: str) -> None:
        """Move a folder out of `runs/`."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = self._removed / f"{_SET_ASIDE}{stamp}" / name
        try:
            aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._runs / name).rename(aside)
        except OSError as error:
            log.warning("%s could not be set aside: %s", name, error.strerror)

    def bring_back(self, *, everything: bool) -> None:
        """Bring folders back whose runs the store knows again, or every one that has left its place free."""
        known = self._store.folders.list_known_runs()
        count = 0
        for aside in list(self._list_set_aside()):
            if aside.name not in known and not everything:
                continue
            place = self._runs / aside.name
            if place.exists():
                log.warning("%s stays: there is a newer folder of this name", aside)
                continue
            try:
                place.parent.mkdir(exist_ok=True, mode=0o700)
                aside.rename(place)
            except OSError as error:
                log.warning("%s could not be brought back: %s", aside, error.strerror)
                continue
            if aside.name not in known:
                self._store.folders.add(f"runs/{aside.name}", deleted=False)
            count += 1
        if count:
            log.info("%d folders were brought back from %s", count, self._removed)
        for empty in self._removed.glob(f"{_SET_ASIDE}*"):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()

    def _list_set_aside(self) -> Iterator[Path]:
        """Generate the folders that were set aside, the newest first."""
        for moment in sorted(self._removed.glob(f"{_SET_ASIDE}*"), reverse=True):
            yield from sorted(path for path in moment.iterdir() if path.is_dir())
