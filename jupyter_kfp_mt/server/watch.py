"""Watch a namespace and report changes as they happen, with few calls.

A look is one call of KFP, rarely more, never one per row: `rows` knows what to read. The pure parts (`Rows`,
`compare`, `Pace`, `Pacing`) decide; the thread only waits and calls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timezone
from random import random
from typing import NamedTuple, TypeVar

import msgspec

from .. import __version__
from ..errors import KfpError, KfpRefusedError, error_from_body
from ..models import Run, RunPage, RunQuery, RunsEvent, Status
from ..polling import ACTIVE_S, EMBEDDED_ACTIVE_S, EMBEDDED_IDLE_S, IDLE_S, Pacing, spread
from .rows import Look, Rows, Watched, compare, read_rows
from .upstream import promise_retry

T = TypeVar("T")

WHOLE_S = 300.0  # seconds, at the usual pace, between two whole looks at a cluster
NEWEST_S = 30.0  # between two looks at the newest run while others are active


class Reset(NamedTuple):
    """Sent when differences do not cover what changed: read everything again."""


Change = RunsEvent | Status | Reset
Listener = Callable[[Change], None]


class Seen(NamedTuple):
    """How many seconds ago the newest page and the newest run were read, at the usual pace."""

    whole: float = WHOLE_S
    newest: float = NEWEST_S

    def after(self, look: Look, pause: float) -> Seen:
        """Return the ages at the end of the pause after `look`."""
        whole = 0.0 if look is Look.WHOLE else self.whole
        newest = self.newest if look is Look.ACTIVE else 0.0
        return Seen(whole + pause, newest + pause)


class Pace(NamedTuple):
    """How long to wait between two looks, in seconds."""

    active: float = ACTIVE_S
    idle: float = IDLE_S
    embedded: float = EMBEDDED_ACTIVE_S
    embedded_idle: float = EMBEDDED_IDLE_S
    least: float = 0.2  # between two looks, however often `look_now` is called
    most: float = 120.0  # between two attempts to reach a server that does not respond

    def choose_look(self, rows: Rows | None, seen: Seen, *, embedded: bool) -> Look:
        """Return what to read next."""
        if rows is None or embedded or seen.whole >= WHOLE_S:
            return Look.WHOLE
        return Look.ACTIVE if rows.active and seen.newest < NEWEST_S else Look.NEWEST

    def pause_after_look(self, *, active: bool, embedded: bool) -> float:
        """Return the pause after a successful look."""
        if embedded:
            return self.embedded if active else self.embedded_idle
        return self.active if active else self.idle

    def pause_after_failure(self, failures: int, *, embedded: bool) -> float:
        """Return the pause after the n-th failure in a row, doubled each time."""
        first = max(1.0, self.embedded if embedded else self.active)
        return min(self.most, first * 2.0 ** min(failures - 1, 16))


class _State(NamedTuple):
    """What a watch knows after a look."""

    rows: Rows | None = None
    status: Status | None = None
    failures: int = 0
    seen: Seen = Seen()
    pacing: Pacing = Pacing()


class _Outcome(NamedTuple):
    """The outcome of one look: the changes to report, the new state, and the pause."""

    changes: list[Change]
    state: _State
    pause: float


class _Timed:
    """A service that knows how long its slowest call has taken."""

    def __init__(self, service: Watched, clock: Callable[[], float]) -> None:
        self._service = service
        self._clock = clock
        self.slowest = 0.0

    def page_runs(self, query: RunQuery) -> RunPage:
        """Return one page of runs."""
        return self._call(lambda: self._service.page_runs(query))

    def get_run(self, run_id: str) -> Run:
        """Return one run."""
        return self._call(lambda: self._service.get_run(run_id))

    def status(self, *, counts: bool = True) -> Status:
        """Return who we are and where."""
        return self._service.status(counts=counts)

    def _call(self, call: Callable[[], T]) -> T:
        started = self._clock()
        try:
            return call()
        finally:
            self.slowest = max(self.slowest, self._clock() - started)


class Watch:
    """Looks for changes in `namespace`, when asked to, and reports them to its listeners.

    `open_service` is called before each look, after a failed one with True, since the server may have moved;
    it may raise `KfpError`. Listeners must return at once and not raise.
    """

    def __init__(
        self,
        open_service: Callable[[bool], Watched],
        namespace: str,
        pace: Pace,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_service
        self._namespace = namespace
        self._pace = pace
        self._now = now
        self._clock = clock
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._asked_for: set[str] = set()
        self._asked_whole = False
        self._page_took = 0.0
        self._state = _State()

    def add(self, listener: Listener) -> None:
        """Report changes to `listener`, too."""
        with self._lock:
            self._listeners.append(listener)

    def remove(self, listener: Listener) -> None:
        """Report changes to `listener` no more."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def ask_for(self, run_id: str = "") -> None:
        """Read `run_id` in the next look, wherever it is in the list; without an id, read the whole page."""
        with self._lock:
            if self._listeners and run_id:
                self._asked_for.add(run_id)
            elif self._listeners:
                self._asked_whole = True

    def learn(self, seconds: float) -> None:
        """Learn how long KFP took for a page of this look, which somebody else may have asked for."""
        self._page_took = max(self._page_took, seconds)

    def look_once(self) -> float:
        """Look once, report what changed, and return the seconds until the next look."""
        with self._lock:
            asked_for, whole = frozenset(self._asked_for), self._asked_whole
            self._asked_whole = False
        outcome = self._look(asked_for, whole)
        with self._lock:
            listeners = tuple(self._listeners)
            if listeners:  # without listeners do not advance: the next one gets the change
                self._state = outcome.state
                self._asked_for -= asked_for
        for change in outcome.changes:
            for listener in listeners:
                listener(change)
        return outcome.pause

    def _look(self, asked_for: Collection[str], whole: bool) -> _Outcome:
        state, known = self._state, self._state.status
        started = self._clock()
        self._page_took = 0.0
        try:
            service = _Timed(self._open(state.failures > 0), self._clock)
            # The embedded server may have new profiles, and it is near.
            if known is None or state.failures or known.embedded:
                status = service.status(counts=False)
            else:
                status = known
            if status.error is not None:
                raise error_from_body(status.error)
            moved = known is None or status.endpoint != known.endpoint
            before = None if moved else state.rows
            look = self._pace.choose_look(before, state.seen, embedded=status.embedded)
            look = Look.WHOLE if whole else look
            after = read_rows(service, before or Rows(), asked_for, look)
        except KfpError as error:
            return self._fail(error, took=self._clock() - started)
        changes: list[Change] = [] if status == known else [status]
        runs, removed, gap = compare(before or Rows(), after)
        if before is None or gap:
            changes.append(Reset())
        elif runs or removed:
            now = self._now()
            changes.append(RunsEvent(namespace=self._namespace, runs=runs, removed=removed, at=now))
        usual = self._pace.pause_after_look(active=bool(after.active), embedded=status.embedded)
        latency = max(service.slowest, self._page_took)
        pacing = Pacing() if status.embedded else state.pacing.after(latency, look)
        pause = usual if status.embedded else pacing.pause(usual, took=self._clock() - started)
        return _Outcome(changes, _State(after, status, 0, state.seen.after(look, usual), pacing), pause)

    def _fail(self, error: KfpError, *, took: float) -> _Outcome:
        state = self._state
        failures = state.failures + 1
        known = state.status or Status(connected=False, namespace=self._namespace, version=__version__)
        pause = max(self._pace.pause_after_failure(failures, embedded=known.embedded), error.retry_after)
        pacing = state.pacing
        if error.code == "kfp-timeout" and not known.embedded:
            active = bool(state.rows and state.rows.active)
            pacing = pacing.after(took)
            usual = self._pace.pause_after_look(active=active, embedded=False)
            pause = max(pause, pacing.pause_unanswered(usual, failures=failures))
        reached = isinstance(error, KfpRefusedError)
        status = msgspec.structs.replace(known, connected=reached, error=promise_retry(error.body, pause))
        changes: list[Change] = [] if status == state.status else [status]
        return _Outcome(changes, _State(state.rows, status, failures, state.seen, pacing), pause)


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
            if self._state.failures:
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
        self.ask_for(run_id)
        with self._lock:
            if self._listeners:
                self._wake.set()

    def _run(self) -> None:
        try:
            while True:
                pause = spread(self.look_once(), random())  # noqa: S311 - no secret
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
