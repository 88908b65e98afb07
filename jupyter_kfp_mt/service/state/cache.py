"""A cache that forgets after a time, and the oldest first when it is full."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from ...clock import Clock

K = TypeVar("K")
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """Keeps the newest `size` values for `seconds`; for many threads."""

    def __init__(self, clock: Clock, *, seconds: float, size: int = 1000) -> None:
        self._clock = clock
        self._seconds = seconds
        self._size = size
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return what is kept for `key` and still fresh, else None."""
        with self._lock:
            at, value = self._kept.get(key, (float("-inf"), None))
        return value if self._clock.monotonic() - at < self._seconds else None

    def put(self, key: K, value: V) -> V:
        """Keep `value`, and return it."""
        with self._lock:
            self._kept[key] = (self._clock.monotonic(), value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return value

    def drop(self, key: K) -> None:
        """Forget what is kept for `key`."""
        with self._lock:
            self._kept.pop(key, None)
