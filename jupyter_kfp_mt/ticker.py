"""Calls functions regularly in the background, in one thread that lives only while there are any."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

from .errors import KfpError

_SLOWEST = 30.0  # seconds between two calls while the server does not answer


class _Job(NamedTuple):
    function: Callable[[], bool]
    every: float
    until: float


class Ticker:
    """Calls functions until they return True, in one thread for all of them, at the pace of the fastest.

    While the server does not answer (KfpError) the pace slows down. At most `limit` functions stay, of
    which a new one replaces the oldest; none stays longer than `lifetime` seconds.
    """

    def __init__(self, *, limit: int = 20, lifetime: float = 12 * 3600.0) -> None:
        self._limit = limit
        self._lifetime = lifetime
        self._jobs: dict[Hashable, _Job] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, key: Hashable, function: Callable[[], bool], *, every: float) -> None:
        """Call `function` every `every` seconds from now on; a second one with the same key replaces it."""
        with self._changed:
            self._jobs.pop(key, None)
            while len(self._jobs) >= self._limit:
                del self._jobs[next(iter(self._jobs))]
            self._jobs[key] = _Job(function, every, time.monotonic() + self._lifetime)
            if self._thread is None:
                # Not in this cell's context: later output then belongs to the cell that runs at the time,
                # so that clients that listen only to the running cell (nbclient) see it, too.
                self._thread = threading.Thread(target=self._run, daemon=True, name="kfp-ticker")
                self._thread.start()

    def remove(self, key: Hashable) -> None:
        """Stop the calls of one function; the thread ends when none is left."""
        with self._changed:
            self._jobs.pop(key, None)
            self._changed.notify_all()

    def close(self, timeout: float = 5.0) -> None:
        """Stop all calls and wait, at most `timeout` seconds, until the thread has ended."""
        with self._changed:
            self._jobs.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def __len__(self) -> int:
        return len(self._jobs)

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
        """Sleep until the next round; return False to end the thread when no function is left."""
        with self._changed:
            pace = min((job.every for job in self._jobs.values()), default=0.0)
            self._changed.wait_for(lambda: not self._jobs, min(pace * slower, max(pace, _SLOWEST)))
            if self._jobs:
                return True
            self._thread = None  # under the lock, so that `add` starts the next one
            return False

    def _round(self) -> bool:
        """Call each function once; return False when the server did not answer one."""
        answered = True
        for key, job in list(self._jobs.items()):
            if self._jobs.get(key) is not job:  # removed meanwhile
                continue
            try:
                done = job.function()
            except KfpError:
                answered = done = False
            except Exception:
                if self._jobs.get(key) is job:
                    raise
                done = True  # it was removed while it ran, and found its widget closed
            if done or time.monotonic() > job.until:
                with self._changed:
                    if self._jobs.get(key) is job:
                        del self._jobs[key]
        return answered
