"""Watch a namespace and report changes as they happen, with few calls.

A `Watch` reads the newest page of runs, and older runs only while they are active: one list call per look,
two while an old run is active, never one per row. The pure parts (`Rows`, `compare`, `Pace`) decide; the
thread only waits and calls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timezone
from typing import NamedTuple, Protocol

import msgspec

from .. import __version__
from ..errors import KfpError, KfpNotFoundError, KfpRefusedError, error_from_body
from ..models import NO_DETAILS, NO_SPEC, Phase, Run, RunPage, RunQuery, RunsEvent, Status
from ..polling import ACTIVE_S, EMBEDDED_ACTIVE_S, EMBEDDED_IDLE_S, IDLE_S
from ..run_rules import ACTIVE
from .upstream import promise_retry

PAGE = 50  # rows of the newest page: as many as fit a screen
LOOK_UPS = 5  # runs read by id in one look; the others wait for the next
# without unconfirmed submits, which the newest page has
ACTIVE_STATES = tuple(each.value for each in Phase if each in ACTIVE and each is not Phase.UNCONFIRMED)


class Watched(Protocol):
    """The part of `KfpService` that a watch needs."""

    def page_runs(self, query: RunQuery) -> RunPage:
        """Return one page of runs, without their specs."""

    def get_run(self, run_id: str) -> Run:
        """Return one run, or raise `KfpNotFoundError`."""

    def status(self, *, counts: bool = ...) -> Status:
        """Return who we are and where; does not raise if the connection fails."""


class Reset(NamedTuple):
    """Sent when differences do not cover what changed: read everything again."""


Change = RunsEvent | Status | Reset
Listener = Callable[[Change], None]


class Rows(NamedTuple):
    """What one look found: the newest page, and older runs that are active or were asked for."""

    newest: dict[str, Run] = {}  # noqa: RUF012 - never changed
    older: dict[str, Run] = {}  # noqa: RUF012 - never changed
    gone: frozenset[str] = frozenset()  # looked up and not found, or archived
    full: bool = False  # there are runs below the newest page

    @property
    def every(self) -> dict[str, Run]:
        """All rows by id."""
        return self.older | self.newest

    @property
    def active(self) -> set[str]:
        """The ids of active runs."""
        return {run_id for run_id, run in self.every.items() if not run.ended}


class Difference(NamedTuple):
    """What changed between two looks."""

    runs: list[Run]
    removed: list[str]
    gap: bool = False  # the looks do not overlap, so runs between them are unknown


def compare(before: Rows, after: Rows) -> Difference:
    """Return what changed from one look to the next."""
    known, seen = before.every, after.every
    runs = [run for run_id, run in seen.items() if known.get(run_id) != run]
    vanished = {run_id for run_id, run in known.items() if run_id not in seen and _belongs_on(after, run)}
    removed = vanished | after.gone
    gap = after.full and not before.newest.keys() & after.newest.keys()
    return Difference(runs, sorted(removed), gap)


def _belongs_on(rows: Rows, run: Run) -> bool:
    """Whether `run` would still be on the newest page if it existed."""
    if not rows.full:
        return True
    created = [row.created_at for row in rows.newest.values() if row.created_at is not None]
    return run.created_at is not None and bool(created) and run.created_at > min(created)


class Pace(NamedTuple):
    """How long to wait between two looks, in seconds."""

    active: float = ACTIVE_S
    idle: float = IDLE_S
    embedded: float = EMBEDDED_ACTIVE_S
    embedded_idle: float = EMBEDDED_IDLE_S
    least: float = 0.2  # between two looks, however often `look_now` is called
    most: float = 120.0  # between two attempts to reach a server that does not respond

    def pause_after_look(self, *, active: bool, embedded: bool) -> float:
        """Return the pause after a successful look."""
        if embedded:
            return self.embedded if active else self.embedded_idle
        return self.active if active else self.idle

    def pause_after_failure(self, failures: int, *, embedded: bool) -> float:
        """Return the pause after the n-th failure in a row, doubled each time."""
        first = max(1.0, self.embedded if embedded else self.active)
        return min(self.most, first * 2.0 ** min(failures - 1, 16))


def read_rows(service: Watched, before: Rows, asked_for: Collection[str] = ()) -> Rows:
    """Read what may have changed since `before`, and the runs `asked_for`; raises `KfpError`."""
    page = service.page_runs(RunQuery(page_size=PAGE))
    newest = {run.run_id: run for run in page.runs}
    if not page.next_page_token:
        return Rows(newest)
    wanted = {*before.active, *asked_for} - newest.keys()
    older: dict[str, Run] = {}
    if wanted or not before.newest:
        active = service.page_runs(RunQuery(state=ACTIVE_STATES, page_size=PAGE))
        older = {run.run_id: run for run in active.runs if run.run_id not in newest}
    missing = sorted(wanted - older.keys())
    looked_up = {run_id: _read_row(service, run_id) for run_id in missing[:LOOK_UPS]}
    known = before.every
    older |= {run_id: known[run_id] for run_id in missing[LOOK_UPS:] if run_id in known}
    older |= {run_id: run for run_id, run in looked_up.items() if run is not None}
    return Rows(
        newest, older, frozenset(run_id for run_id, run in looked_up.items() if run is None), full=True
    )


def _read_row(service: Watched, run_id: str) -> Run | None:
    """Return the run as a list shows it, or None if it was deleted or archived."""
    try:
        run = service.get_run(run_id)
    except KfpNotFoundError:
        return None
    if run.storage_state == "ARCHIVED":
        return None
    return msgspec.structs.replace(run, pipeline_spec=NO_SPEC, run_details=NO_DETAILS)


class _Seen(NamedTuple):
    """The outcome of one look: the changes to report, the new state, and the pause."""

    changes: list[Change]
    rows: Rows | None
    status: Status
    failures: int
    pause: float


class Watch:
    """Looks for changes in `namespace`, when told to, and reports them to its listeners.

    `open_service` is called before each look, after a failed one with True, since the server may have moved;
    it may raise `KfpError`. Listeners must return at once and not raise.
    """

    def __init__(
        self,
        open_service: Callable[[bool], Watched],
        namespace: str,
        pace: Pace,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._open = open_service
        self._namespace = namespace
        self._pace = pace
        self._now = now
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._asked_for: set[str] = set()
        self._rows: Rows | None = None
        self._status: Status | None = None
        self._failures = 0

    def add(self, listener: Listener) -> None:
        """Report changes to `listener`, too."""
        with self._lock:
            self._listeners.append(listener)

    def remove(self, listener: Listener) -> None:
        """Report changes to `listener` no more."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def ask_for(self, run_id: str) -> None:
        """Read `run_id` in the next look, wherever it is in the list."""
        with self._lock:
            if self._listeners:
                self._asked_for.add(run_id)

    def look_once(self) -> float:
        """Look once, report what changed, and return the seconds until the next look."""
        with self._lock:
            asked_for = frozenset(self._asked_for)
        seen = self._look(asked_for)
        with self._lock:
            listeners = tuple(self._listeners)
            if listeners:  # without listeners do not advance: the next one gets the change
                self._rows, self._status, self._failures = seen.rows, seen.status, seen.failures
                self._asked_for -= asked_for
        for change in seen.changes:
            for listener in listeners:
                listener(change)
        return seen.pause

    def _look(self, asked_for: Collection[str]) -> _Seen:
        known = self._status
        try:
            service = self._open(self._failures > 0)
            status = service.status(counts=False) if known is None or self._failures else known
            if status.error is not None:
                raise error_from_body(status.error)
            moved = known is None or status.endpoint != known.endpoint
            before = None if moved else self._rows
            after = read_rows(service, before or Rows(), asked_for)
        except KfpError as error:
            return self._failed(error)
        changes: list[Change] = [] if status == known else [status]
        runs, removed, gap = compare(before or Rows(), after)
        if before is None or gap:
            changes.append(Reset())
        elif runs or removed:
            now = self._now()
            changes.append(RunsEvent(namespace=self._namespace, runs=runs, removed=removed, at=now))
        pause = self._pace.pause_after_look(active=bool(after.active), embedded=status.embedded)
        return _Seen(changes, after, status, 0, pause)

    def _failed(self, error: KfpError) -> _Seen:
        failures = self._failures + 1
        known = self._status or Status(connected=False, namespace=self._namespace, version=__version__)
        pause = self._pace.pause_after_failure(failures, embedded=known.embedded)
        reached = isinstance(error, KfpRefusedError)
        status = msgspec.structs.replace(known, connected=reached, error=promise_retry(error.body, pause))
        return _Seen([] if status == self._status else [status], self._rows, status, failures, pause)


class LiveWatch(Watch):
    """A watch that looks from a thread of its own, which lives while there are listeners."""

    def __init__(self, open_service: Callable[[bool], Watched], namespace: str, pace: Pace) -> None:
        super().__init__(open_service, namespace, pace)
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    def add(self, listener: Listener) -> None:
        """Report changes to `listener`, too; the first starts the thread, each ends a failure's pause."""
        super().add(listener)
        with self._lock:
            if self._failures:
                self._wake.set()
            if self._thread is None:
                self._wake.clear()
                self._thread = threading.Thread(target=self._run, name="kfp-watch", daemon=True)
                self._thread.start()

    def remove(self, listener: Listener) -> None:
        """Report changes to `listener` no more; after the last one nothing calls the server."""
        super().remove(listener)
        with self._lock:
            if not self._listeners:
                self._wake.set()

    def look_now(self, run_id: str = "") -> None:
        """Look at once instead of at the end of the pause, such as after we changed `run_id`."""
        if run_id:
            self.ask_for(run_id)
        with self._lock:
            if self._listeners:
                self._wake.set()

    def _run(self) -> None:
        try:
            while True:
                pause = self.look_once()
                least = min(self._pace.least, pause)
                time.sleep(least)
                self._wake.wait(pause - least)
                with self._lock:
                    self._wake.clear()
                    if not self._listeners:
                        self._thread = None
                        return
        finally:
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None
