"""A few threads of our own for blocking work; none keeps a stopping Jupyter server alive.

This is not a `ThreadPoolExecutor`: at exit Python waits for its threads, and each may hang on a silent KFP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """At most `count` threads, started when there is work."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._lock = threading.Lock()
        self._started = 0
        self._closed = False
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `call` in the next free thread; after `close` the future is cancelled."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            self._queue.put((future, lambda: call(*args, **kwargs)))
            if self._started < self._count:
                self._started += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()
        return future

    def close(self) -> None:
        """Cancel the work that has not started, without waiting for the rest."""
        with self._lock:
            self._closed = True
            while (waiting := self._next()) is not None:
                waiting[0].cancel()
            for _ in range(self._started):
                self._queue.put(None)

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            return None

    def _work(self) -> None:
        while (taken := self._queue.get()) is not None:
            future, call = taken
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:  # goes to the caller of `result()`, as from an executor
                future.set_exception(error)
            else:
                future.set_result(result)
            del taken, future, call  # an idle thread keeps nothing alive


class WorkerLanes(NamedTuple):
    """Threads for each kind of work: whoever clicks never waits behind lists that hang."""

    lists: Workers
    objects: Workers
    changes: Workers

    @classmethod
    def open(cls, count: int) -> WorkerLanes:
        """Return lanes of at most `count` threads each."""
        return cls(*(Workers(count, f"kfp-{name}") for name in cls._fields))

    def close(self) -> None:
        """Cancel the work that has not started."""
        for workers in self:
            workers.close()
