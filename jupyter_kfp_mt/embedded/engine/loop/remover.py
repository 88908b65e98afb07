"""Deletes folders in the background: most are renamed immediately, and all deleted by a thread."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
import uuid
from pathlib import Path
from queue import SimpleQueue

_NAME = re.compile(r"[0-9a-f]{32}")  # of what is being deleted; the rest is kept


class FolderRemover:
    """Deletes folders; those left when the server ends are deleted after the next start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: SimpleQueue[Path] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="kfp-remover", daemon=True)

    def start(self) -> None:
        """Start deleting, first the folders left by the previous server."""
        self._folder.mkdir(exist_ok=True, mode=0o700)
        for path in self._folder.iterdir():
            if _NAME.fullmatch(path.name):
                self._waiting.put(path)
        self._thread.start()

    def put(self, path: Path) -> None:
        """Remove `path`; its name is free when this returns."""
        aside = self._folder / uuid.uuid4().hex
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)  # somebody may have deleted it
            path.rename(aside)
        except FileNotFoundError:
            return
        except OSError:  # on another file system, or the task took away the right to move it
            shutil.rmtree(path, ignore_errors=True)
        else:
            self._waiting.put(aside)

    def put_in_place(self, path: Path) -> None:
        """Remove `path` where it is, if it is still there: nobody needs its name."""
        self._waiting.put(path)

    def _work(self) -> None:
        while True:
            path = self._waiting.get()
            with contextlib.suppress(RecursionError):  # folders nested a thousand deep
                shutil.rmtree(path, ignore_errors=True)
