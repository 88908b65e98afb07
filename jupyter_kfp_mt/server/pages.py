"""Pages of runs that were read a moment ago, for all who ask: each page of a browser, and the watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

import msgspec

from ..callers import CallerLeftError, require_caller, wait_for
from ..models import Run, RunPage, RunQuery, Status
from .rows import Watched

if TYPE_CHECKING:
    from ..context import Context

START_S = 10.0  # how old a page may be with which a watch starts: a busy browser takes its time


class Shareable(Watched, Protocol):
    """A service whose pages of runs can be shared."""

    @property
    def context(self) -> Context:
        """Where Kubeflow Pipelines is."""


class _Kept:
    """One page, read or being read."""

    def __init__(self) -> None:
        self.page: Future[RunPage] = Future()
        self.at = float("inf")  # when it was there
        self.took = 0.0  # seconds that KFP needed for it

    def is_fresh(self, now: float, seconds: float) -> bool:
        """Whether it is being read, or at most `seconds` old."""
        return now < self.at + seconds


class SharedPages:
    """The last page of each namespace and query, for those who ask while it is read and shortly after."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, bytes], _Kept] = {}

    def read(
        self, namespace: str, query: RunQuery, read: Callable[[RunQuery], RunPage], *, seconds: float | None
    ) -> tuple[RunPage, float]:
        """Return the page, at most `seconds` old, and how long KFP took; an error is shared, too.

        Whoever waited for a caller who has left reads it himself.
        """
        while True:
            try:
                return self._read(namespace, query, read, seconds)
            except CallerLeftError:
                require_caller()

    def _read(
        self, namespace: str, query: RunQuery, read: Callable[[RunQuery], RunPage], seconds: float | None
    ) -> tuple[RunPage, float]:
        key = namespace, msgspec.json.encode(query)
        with self._lock:
            now = self._clock()
            known = self._kept.get(key)
            if known is None or seconds is None or not known.is_fresh(now, seconds):
                known = None
                mine = _Kept()
                self._kept = {each: kept for each, kept in self._kept.items() if kept.is_fresh(now, START_S)}
                self._kept[key] = mine
        if known is not None:
            return wait_for(known.page), known.took
        started = self._clock()
        try:
            page = read(query)
        except BaseException as error:  # for all who wait
            mine.at = float("-inf")
            mine.page.set_exception(error)
            raise
        mine.at = self._clock()
        mine.took = mine.at - started
        mine.page.set_result(page)
        return page, mine.took

    def renew(self, namespace: str) -> None:
        """Count the pages of `namespace` as read now: a watch starts with them."""
        with self._lock:
            now = self._clock()
            for (where, _), kept in self._kept.items():
                if where == namespace and kept.at <= now < kept.at + START_S:
                    kept.at = now

    def drop(self, namespace: str = "") -> None:
        """Read the pages of `namespace`, or all, again when somebody asks: they have changed."""
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if namespace not in ("", key[0])}


class SharingService:
    """The service of a namespace; its pages of runs are those that others have just read."""

    def __init__(
        self,
        service: Watched,
        pages: SharedPages,
        namespace: str,
        seconds: float | None,
        on_page: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`on_page` gets the seconds that KFP took for each page, whoever asked for it."""
        self._service = service
        self._pages = pages
        self._namespace = namespace
        self._seconds = seconds
        self._on_page = on_page

    def page_runs(self, query: RunQuery) -> RunPage:
        """Return one page of runs."""
        page, took = self._pages.read(self._namespace, query, self._service.page_runs, seconds=self._seconds)
        self._on_page(took)
        return page

    def get_run(self, run_id: str) -> Run:
        """Return one run."""
        return self._service.get_run(run_id)

    def status(self, *, counts: bool = True) -> Status:
        """Return who we are and where."""
        return self._service.status(counts=counts)
