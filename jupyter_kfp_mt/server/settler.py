"""Submits without a clear answer are settled also when nobody looks, and after a restart of this server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import KfpError

if TYPE_CHECKING:
    from ..service import KfpService

FIRST = 1.0  # seconds until the first look: Jupyter has more urgent things to start
AFTER_FAILURE = 60.0


class Settler:
    """Asks KFP about what the journal in `folder` has open, in a thread that lives no longer than that.

    While nothing is open nothing is asked, and KFP is not even looked for.
    """

    def __init__(self, folder: Path, open_service: Callable[[], KfpService]) -> None:
        self._journal = folder / "journal.sqlite"
        self._open = open_service
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._again = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """See to what is open, if anything is; returns at once."""
        if not self._journal.is_file():
            return
        with self._lock:
            self._again = True
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._run, name="kfp-settle", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()

    def _run(self) -> None:
        pause: float | None = FIRST
        while not self._over.wait(pause):
            with self._lock:
                self._again = False
            pause = self._settle_once()
            with self._lock:
                if pause is None and not self._again:
                    self._thread = None
                    return
            pause = FIRST if pause is None else pause

    def _settle_once(self) -> float | None:
        """Look once; the seconds until the next look, None when there is nothing to look at."""
        if not self._has_open():
            return None
        try:
            return self._open().settle()
        except (KfpError, CancelledError):  # not reached, or this server is stopping
            return AFTER_FAILURE

    def _has_open(self) -> bool:
        from ..service.state.journal import Journal
        from ..service.submit.settle import DAY

        journal = Journal(self._journal)
        try:
            return bool(journal.list_pending(time.time() - DAY))
        finally:
            journal.close()
