"""Whether anybody still waits for what a thread does: a page that was closed frees the thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, TimeoutError  # noqa: A004 - not the built-in one before Python 3.11
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LOOK = 0.25  # seconds between looks at whether the caller has left

_current = threading.local()


class CallerLeftError(Exception):
    """Nobody waits for the result any more; not a `KfpError`, so that no rule makes something of it."""


class Caller:
    """Who waits for some work, until he leaves."""

    def __init__(self) -> None:
        self.has_left = False

    def leave(self) -> None:
        """End the waiting of the threads that work for this caller."""
        self.has_left = True

    def serve(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call for this caller; raises CallerLeftError."""
        with _work_for(self):
            return call(*args, **kwargs)


def find_caller() -> Caller | None:
    """Return whom this thread works for; None for whoever cannot leave."""
    return getattr(_current, "caller", None)


def require_caller() -> None:
    """Raise CallerLeftError if whom this thread works for has left."""
    caller = find_caller()
    if caller is not None and caller.has_left:
        raise CallerLeftError


def carry(call: Callable[P, T]) -> Callable[P, T]:
    """Return `call` for use in another thread, for the caller of this one."""
    caller = find_caller()
    if caller is None:
        return call

    def serve(*args: P.args, **kwargs: P.kwargs) -> T:
        return caller.serve(call, *args, **kwargs)

    return serve


def wait_for(future: Future[T]) -> T:
    """Return the result of `future`; raises CallerLeftError."""
    while find_caller() is not None:
        require_caller()
        with contextlib.suppress(TimeoutError):
            future.exception(LOOK)
            break
    return future.result()


@contextlib.contextmanager
def _work_for(caller: Caller) -> Iterator[None]:
    before, _current.caller = find_caller(), caller
    try:
        yield
    finally:
        _current.caller = before
