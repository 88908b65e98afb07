"""Threads for calls that wait: for the disk, for another host, for a large body to be read."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

T = TypeVar("T")

THREADS = 16
_PAUSE = 0.02  # seconds between looks at whether all calls have ended
EACH = 2  # of them for one caller: six large uploads at once must not hold up the calls of others


class Lanes:
    """Runs calls off the event loop; each caller has a few threads at most."""

    def __init__(self, executor: Executor, each: int = EACH) -> None:
        self._executor = executor
        self._each = each
        self._callers: dict[str, asyncio.Semaphore] = {}
        self._calls: Counter[str] = Counter()

    async def run(self, caller: str, call: Callable[[], T]) -> T:
        """Return what `call` returns, run in a thread when it is the turn of `caller`."""
        turn = self._callers.setdefault(caller, asyncio.Semaphore(self._each))
        self._calls[caller] += 1
        try:
            async with turn:
                return await asyncio.get_running_loop().run_in_executor(self._executor, call)
        finally:
            self._calls[caller] -= 1
            if not self._calls[caller]:
                del self._calls[caller], self._callers[caller]

    async def wait_for_end(self, seconds: float) -> bool:
        """Wait so long for all calls to end; returns whether they have."""
        until = time.monotonic() + seconds
        while self._calls and time.monotonic() < until:
            await asyncio.sleep(_PAUSE)
        return not self._calls
