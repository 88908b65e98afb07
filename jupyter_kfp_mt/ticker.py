"""Asks again and again in the background, in one thread that lives only while there is something to ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

from .errors import KfpError

_SLOWEST = 30.0  # seconds between two questions while the server does not answer


class _Asked(NamedTuple):
    ask: Callable[[], bool]
    every: float
    until: float


class Ticker:
    """Calls functions until they return True, in one thread for all of them, at the pace of the fastest.

    While the server does not answer (KfpError) the pace slows down. At most `limit` functions are kept, the
    oldest gives way; none is kept longer than `lifetime` seconds.
    """

    def __init__(self, *, limit: int = 20, lifetime: float = 12 * 3600.0) -> None:
        self._limit = limit
        self._lifetime = lifetime
        self._asked: dict[Hashable, _Asked] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, key: Hashable, ask: Callable[[], bool], *, every: float) -> None:
        """Ask `ask` every so many seconds from now on; a second one with the same key takes its place."""
        with self._changed:
            self._asked.pop(key, None)
            while len(self._asked) >= self._limit:
                del self._asked[next(iter(self._asked))]
            self._asked[key] = _Asked(ask, every, time.monotonic() + self._lifetime)
            if self._thread is None:
                # not in this cell's context: what is drawn later then belongs to the cell that runs at the
                # time, and clients that listen to the running cell alone (nbclient) see it too
                self._thread = threading.Thread(target=self._run, daemon=True, name="kfp-ticker")
                self._thread.start()

    def remove(self, key: Hashable) -> None:
        """Ask no more; the thread ends when nothing is left."""
        with self._changed:
            self._asked.pop(key, None)
            self._changed.notify_all()

    def close(self, timeout: float = 5.0) -> None:
        """Ask nothing any more and wait, at most `timeout` seconds, until the thread has ended."""
        with self._changed:
            self._asked.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def __len__(self) -> int:
        return len(self._asked)

    def _run(self) -> None:
        slower = 1.0
        try:
            while self._rest(slower):
                slower = 1.0 if self._round() else 2 * slower
        finally:
            with self._changed:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _rest(self, slower: float) -> bool:
        """Sleep, but not while nothing is left to ask; False ends the thread."""
        with self._changed:
            pace = min((asked.every for asked in self._asked.values()), default=0.0)
            self._changed.wait_for(lambda: not self._asked, min(pace * slower, max(pace, _SLOWEST)))
            if self._asked:
                return True
            self._thread = None  # under the lock, so that `add` starts the next one
            return False

    def _round(self) -> bool:
        """Ask each once; False when the server did not answer one."""
        answered = True
        for key, asked in list(self._asked.items()):
            if self._asked.get(key) is not asked:  # removed meanwhile
                continue
            try:
                done = asked.ask()
            except KfpError:
                answered = done = False
            if done or time.monotonic() > asked.until:
                with self._changed:
                    if self._asked.get(key) is asked:
                        del self._asked[key]
        return answered
