"""What remains of deleted runs and tenants, and of runs that the store does not know: processes and files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..store import Store
from .execution.attempts import ask_to_stop
from .execution.folders import RunFolder
from .execution.unknown_folders import UnknownFolders
from .execution.volumes import find_claims_folder
from .loop.containment import Containment
from .loop.remover import FolderRemover
from .loop.timers import Timers

log = logging.getLogger(__name__)
_MOST_NAMES = 10  # of folders in one line of the log
_PAUSE = 0.1  # seconds between looks at whether its processes have ended


class Leftovers:
    """Ends the processes and removes the files of what is gone; used in the engine's thread only."""

    def __init__(
        self, store: Store, folder: Path, *, remover: FolderRemover, containment: Containment, timers: Timers
    ) -> None:
        self._store = store
        self._runs_folder = folder / "runs"
        self._volumes = folder / "volumes"
        self._unknown = UnknownFolders(store, folder)
        self._remover = remover
        self._containment = containment
        self._timers = timers

    def remove(self, run_id: str) -> None:
        """Remove the files and tasks of a deleted run, but not artifacts that another run uses."""
        borrowed = self._store.tasks.list_cache_sources(run_id)
        self._store.tasks.remove(run_id)
        deleted = [other for other in borrowed if self._store.folders.is_deleted(f"runs/{other}")]
        for each in (run_id, *deleted):
            lent = self._store.tasks.is_borrowed(each)
            for path in RunFolder(self._runs_folder, each).removable_paths(keep_artifacts=lent):
                self._remover.put(path)
            if not lent:
                self._store.folders.remove(f"runs/{each}")

    def sweep(self, forget: Callable[[str], None]) -> None:
        """Complete deletions that were interrupted, and set folders aside that the store does not know."""
        for path in self._store.folders.list_deleted():
            kind, _, name = path.partition("/")
            if kind == "volumes":
                self.remove_volumes(name)
            elif self._store.runs.get(name) is None:
                self._containment.contain_run(name, partial(self.end, name, forget))
            else:  # it was made again since
                self._store.folders.remove(path)
        unknown = self._unknown.find()
        if unknown:
            log.warning(
                "%d folders in runs/ belong to no run of the store and go to removed/;"
                " `jupyter kfp serve --recover` brings them back: %s",
                len(unknown),
                ", ".join(unknown[:_MOST_NAMES]),
            )
        for name in unknown:
            set_aside = partial(self.end, name, self._unknown.set_aside)
            self._containment.contain_run(name, set_aside)

    def remove_volumes(self, namespace: str) -> None:
        """Remove the volumes of a namespace."""
        self._remover.put(find_claims_folder(self._volumes, namespace))
        self._store.folders.remove(f"volumes/{namespace}")

    def end(self, run_id: str, then: Callable[[str], None]) -> None:
        """Stop what still runs in the folder of a run without a row; then deal with the folder."""
        pids = RunFolder(self._runs_folder, run_id).find_supervisors()
        for pid in pids:
            ask_to_stop(pid)
        if pids:  # they must end first, or files that they write later would remain
            self._timers.add(_PAUSE, run_id, partial(self.end, run_id, then))
        else:
            then(run_id)
