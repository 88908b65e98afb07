"""Actions that the engine's thread runs later."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """An action for a run at a time of the monotonic clock."""

    due: float
    run_id: str
    action: Callable[[], object]


class Timers:
    """The timers of all runs."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []

    def add(self, seconds: float, run_id: str, action: Callable[[], object]) -> None:
        """Run `action` for a run in `seconds`."""
        self._timers.append(Timer(due=time.monotonic() + seconds, run_id=run_id, action=action))

    def take_due(self) -> list[Timer]:
        """Remove and return the timers that are due."""
        now = time.monotonic()
        due = [timer for timer in self._timers if timer.due <= now]
        if due:
            self._timers = [timer for timer in self._timers if timer.due > now]
        return due

    def drop(self, run_id: str) -> None:
        """Remove the timers of a run."""
        self._timers = [timer for timer in self._timers if timer.run_id != run_id]

    def next_due(self) -> float:
        """Return when the next timer is due, by the monotonic clock; infinity without one."""
        return min((timer.due for timer in self._timers), default=float("inf"))
