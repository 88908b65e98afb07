"""Actions that the engine's thread runs later."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from itertools import count

import msgspec


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """An action for a run at a time of the monotonic clock."""

    due: float
    run_id: str
    action: Callable[[], object]


class Timers:
    """The timers of all runs."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Timer]] = []  # a heap
        self._wanted: dict[str, set[int]] = {}  # the timers of each run that were not dropped
        self._numbers = count()

    def add(self, seconds: float, run_id: str, action: Callable[[], object]) -> None:
        """Run `action` for a run in `seconds`."""
        timer, number = (
            Timer(due=time.monotonic() + seconds, run_id=run_id, action=action),
            next(self._numbers),
        )
        heapq.heappush(self._queue, (timer.due, number, timer))
        self._wanted.setdefault(run_id, set()).add(number)

    def take_due(self) -> list[Timer]:
        """Remove and return the timers that are due."""
        due = []
        while self.next_due() <= time.monotonic():
            _, number, timer = heapq.heappop(self._queue)
            due.append(timer)
            self._wanted[timer.run_id].discard(number)
            if not self._wanted[timer.run_id]:
                del self._wanted[timer.run_id]
        return due

    def drop(self, run_id: str) -> None:
        """Remove the timers of a run."""
        self._wanted.pop(run_id, None)

    def next_due(self) -> float:
        """Return when the next timer is due, by the monotonic clock; infinity without one."""
        while self._queue and self._queue[0][1] not in self._wanted.get(self._queue[0][2].run_id, ()):
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else float("inf")
