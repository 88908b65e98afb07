"""Settle unclear submits even if nobody looks at a list, and after a restart of this server."""

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

FIRST = 1.0  # seconds until the first look: let Jupyter start first
AFTER_FAILURE = 60.0


class Settler:
    """Looks up the open submits of the journal in `folder`, in a thread that ends when none is left.

    While none is open, it does not even look for KFP.
    """

    def __init__(self, folder: Path, open_service: Callable[[], KfpService]) -> None:
        self._journal = folder / "journal.sqlite"
        self._open = open_service
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._again = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start to settle open submits, if there are any; returns at once."""
        if not self._journal.is_file():
            return
        with self._lock:
            self._again = True
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._run, name="kfp-settle", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop looking."""
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
        """Look once; return the seconds until the next look, None if nothing is open."""
        if not self._has_open():
            return None
        try:
            return self._open().settle()
        except (KfpError, CancelledError):  # KFP is not reached, or this server is stopping
            return AFTER_FAILURE

    def _has_open(self) -> bool:
        from ..service.state.journal import Journal
        from ..service.submit.settle import DAY

        journal = Journal(self._journal)
        try:
            return bool(journal.list_pending(time.time() - DAY) or journal.list_edits())
        finally:
            journal.close()
