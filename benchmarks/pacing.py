"""Many notebooks at one KFP, simulated with the pauses that the watch really makes.

The server is KFP as shipped: it reviews each authorized call with Kubernetes, five a second after a burst of
ten (k8s.io/client-go/rest, `DefaultQPS` and `DefaultBurst`), first come, first served, and goes on with calls
whose caller has left. Time is simulated, so that an hour takes seconds; a seed makes each run the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from random import Random
from typing import NamedTuple

from jupyter_kfp_mt.polling import Pacing, spread
from jupyter_kfp_mt.server.rows import Look
from jupyter_kfp_mt.server.watch import Pace

from .table import Row

IDLE, WATCHING = 1000, 100  # notebooks with the panel open: nothing runs, something runs
OPENED_IN = (1800.0, 600.0)  # seconds in which all are opened, in the morning
MEASURED = 3600.0  # seconds after that
CLICK_IDLE, CLICK_WATCHING = 3600.0, 120.0  # seconds between two clicks of one person, on average
RATE, BURST = 5.0, 10
WORK = 0.05  # seconds of a call beside its reviews
TIMEOUT = 10.0
OPENING = 2  # authorized calls of a panel that opens: experiments, runs; its watch starts with them


class Server:
    """Answers calls in their order, as fast as its client of Kubernetes may ask."""

    def __init__(self) -> None:
        self.calls = 0
        self._free = -BURST / RATE  # when the next token is there; a full bucket lies in the past

    def answer(self, now: float) -> float:
        """Return how many seconds a call takes that comes now."""
        self.calls += 1
        self._free = max(self._free, now - BURST / RATE) + 1 / RATE
        return max(0.0, self._free - now) + WORK


class Policy(NamedTuple):
    """How a watch waits: with or without its pacing."""

    paced: bool
    pace: Pace = Pace()

    def next(
        self, pacing: Pacing, failures: int, latency: float, kind: Look, *, active: bool, chance: float
    ) -> tuple[Pacing, int, float]:
        """Return the pacing, the failures in a row and the pause after a look that took `latency`."""
        usual = self.pace.pause_after_look(active=active, embedded=False)
        if not self.paced:
            failures = failures + 1 if latency > TIMEOUT else 0
            pause = self.pace.pause_after_failure(failures, embedded=False) if failures else usual
            return pacing, failures, pause
        if latency > TIMEOUT:
            failures += 1
            pacing = pacing.after(TIMEOUT)
            pause = max(
                self.pace.pause_after_failure(failures, embedded=False),
                pacing.pause_unanswered(usual, failures=failures),
            )
            return pacing, failures, spread(pause, chance)
        pacing = pacing.after(latency, kind)
        return pacing, 0, spread(pacing.pause(usual, took=latency), chance)


class Outcome(NamedTuple):
    """What a simulated day gave."""

    clicks: list[float]  # seconds that each took, once all were open
    opening: list[float]  # seconds that each panel took to open
    pauses: dict[bool, list[float]]  # between two looks, by whether something runs
    load: float  # part of the time that the server was busy


class Simulation:
    """One day: notebooks open, look and click, at one server."""

    def __init__(self, policy: Policy, opened_in: float = OPENED_IN[0], seed: int = 7) -> None:
        self._policy = policy
        self._opened_in = opened_in
        self._random = Random(seed)
        self._server = Server()
        self._count = count()
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        self._clicks: list[float] = []
        self._opening: list[float] = []
        self._pauses: dict[bool, list[float]] = {False: [], True: []}

    def run(self) -> Outcome:
        """Let all notebooks open, and the hour after that pass."""
        for number in range(IDLE + WATCHING):
            self._at(self._random.uniform(0, self._opened_in), self._opener(active=number < WATCHING))
        before = 0
        while self._queue and self._queue[0][0] < self._opened_in + MEASURED:
            now, _, happen = heapq.heappop(self._queue)
            before = self._server.calls if now < self._opened_in else before
            happen(now)
        load = (self._server.calls - before) / (MEASURED * RATE)
        return Outcome(self._clicks, self._opening, self._pauses, load)

    def _at(self, time: float, happen: Callable[[float], None]) -> None:
        heapq.heappush(self._queue, (time, next(self._count), happen))

    def _opener(self, *, active: bool) -> Callable[[float], None]:
        def call(now: float, left: int, began: float) -> None:
            latency = self._server.answer(now)
            ended = now + min(TIMEOUT, latency)
            if left > 1:
                self._at(ended, lambda then: call(then, left - 1, began))
                return
            self._opening.append(ended - began)
            self._looker(active=active)(now, latency)
            self._at(ended, self._clicker(CLICK_WATCHING if active else CLICK_IDLE))

        return lambda now: call(now, OPENING, now)

    def _looker(self, *, active: bool) -> Callable[[float, float], None]:
        """Return what starts a watch with the page that somebody has just read."""
        pacing, failures = Pacing(), 0

        def look(now: float) -> None:
            rest(now, self._server.answer(now), Look.ACTIVE if active else Look.NEWEST)

        def rest(now: float, latency: float, kind: Look = Look.WHOLE) -> None:
            nonlocal pacing, failures
            pacing, failures, pause = self._policy.next(
                pacing, failures, latency, kind, active=active, chance=self._random.random()
            )
            if now >= self._opened_in:
                self._pauses[active].append(pause)
            self._at(now + min(latency, TIMEOUT) + pause, look)

        return rest

    def _clicker(self, every: float) -> Callable[[float], None]:
        def click(now: float) -> None:
            taken = min(TIMEOUT, self._server.answer(now))
            if now >= self._opened_in:
                self._clicks.append(taken)
            self._at(now + taken + self._random.expovariate(1 / every), click)

        return lambda now: self._at(now + self._random.expovariate(1 / every), click)


def percentile(values: list[float], part: float) -> float:
    """Return the value that `part` of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def measure() -> list[Row]:
    """Compare the pauses of the watch with fixed ones."""
    return [row for opened_in in OPENED_IN for row in _compare(opened_in)]


def _compare(opened_in: float) -> list[Row]:
    ours, fixed = (Simulation(Policy(paced), opened_in).run() for paced in (True, False))
    who = f"{IDLE:,} idle, {WATCHING} watching notebooks, opened in {opened_in / 60:.0f} minutes"
    rows = [
        Row(
            f"click, {who}",
            _format_latencies(ours.clicks),
            f"fixed pauses {_format_latencies(fixed.clicks)}",
            goal="p95 ≤ 2 s",
        ),
        Row(
            "a panel opens",
            _format_latencies(ours.opening),
            f"fixed pauses {_format_latencies(fixed.opening)}",
        ),
        Row("load of KFP", f"{ours.load:.0%}", f"fixed pauses {fixed.load:.0%}"),
    ]
    for active, name in ((True, "while something runs"), (False, "while nothing does")):
        mine, theirs = (sum(each.pauses[active]) / len(each.pauses[active]) for each in (ours, fixed))
        rows.append(Row(f"pause between looks, {name}", f"{mine:.0f} s", f"fixed pauses {theirs:.0f} s"))
    return rows


def _format_latencies(seconds: list[float]) -> str:
    return f"p50 {percentile(seconds, 0.5):.1f} s, p95 {percentile(seconds, 0.95):.1f} s"
