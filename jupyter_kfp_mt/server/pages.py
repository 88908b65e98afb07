"""Pages of runs that were read a moment ago, for all who ask: each page of a browser, and the watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

import msgspec

from ..models import Run, RunPage, RunQuery, Status
from .rows import Watched

if TYPE_CHECKING:
    from ..context import Context


class Shareable(Watched, Protocol):
    """A service whose pages of runs can be shared."""

    @property
    def context(self) -> Context:
        """Where Kubeflow Pipelines is."""


class _Kept:
    """One page, read or being read."""

    def __init__(self) -> None:
        self.page: Future[RunPage] = Future()
        self.until = float("inf")


class SharedPages:
    """Pages of runs by namespace and query, each read once for those who ask meanwhile and shortly after."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, bytes], _Kept] = {}

    def read(
        self, namespace: str, query: RunQuery, read: Callable[[RunQuery], RunPage], *, seconds: float
    ) -> RunPage:
        """Return the page, at most `seconds` old; all who share it get the same error, too."""
        key = namespace, msgspec.json.encode(query)
        with self._lock:
            now = self._clock()
            self._kept = {each: kept for each, kept in self._kept.items() if now < kept.until}
            known = self._kept.get(key)
            mine = known or _Kept()
            self._kept[key] = mine
        if known is None:
            self._fill(mine, lambda: read(query), seconds)
        return mine.page.result()

    def drop(self, namespace: str = "") -> None:
        """Read the pages of `namespace`, or all, again when somebody asks: they have changed."""
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if namespace not in ("", key[0])}

    def _fill(self, mine: _Kept, read: Callable[[], RunPage], seconds: float) -> None:
        try:
            page = read()
        except BaseException as error:  # for all who wait
            mine.until = 0.0
            mine.page.set_exception(error)
        else:
            mine.until = self._clock() + seconds
            mine.page.set_result(page)


class SharingService:
    """The service of a namespace; its pages of runs are those that others have just read."""

    def __init__(self, service: Watched, pages: SharedPages, namespace: str, seconds: float) -> None:
        self._service = service
        self._pages = pages
        self._namespace = namespace
        self._seconds = seconds

    def page_runs(self, query: RunQuery) -> RunPage:
        """Return one page of runs."""
        return self._pages.read(self._namespace, query, self._service.page_runs, seconds=self._seconds)

    def get_run(self, run_id: str) -> Run:
        """Return one run."""
        return self._service.get_run(run_id)

    def status(self, *, counts: bool = True) -> Status:
        """Return who we are and where."""
        return self._service.status(counts=counts)
