"""Recurring runs: catch-up, concurrency, restarts and pauses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.embedded.engine.recurring import RecurringRunController
from jupyter_kfp_mt.embedded.store import RecurringRunRow, Store
from jupyter_kfp_mt.pipeline_spec import Package
from jupyter_kfp_mt.schedule import Trigger
from tests.engine import pipelines
from tests.engine.bench import Bench


class Clocked:
    """A store with one recurring run and a manual clock."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.path = folder / "store.sqlite"
        self.now = 1000
        self.refused: set[tuple[str, ...]] = set()
        self.store = Store(self.path, lambda: self.now)
        trigger = options.pop("trigger", Trigger(interval=60))
        row = RecurringRunRow(
            recurring_run_id="recurring",
            namespace="ana",
            experiment_id="experiment",
            display_name="Every Minute!",
            enabled=True,
            created_at=self.now,
            updated_at=self.now,
            spec=b"{}",
            trigger_spec=msgspec.json.encode(trigger),
            **options,
        )
        self.store.recurring_runs.add(row)
        self.fire()

    def fire(self, now: int = 0) -> list[int]:
        """Set the clock to `now`; return the times for which runs were created."""
        self.now = now or self.now
        recurring = RecurringRunController(self.store, lambda: self.now, self.is_allowed)
        made = [recurring.fire(due) for due in recurring.find_due()]
        return [row.scheduled_at for run_id in made if (row := self.store.runs.get(run_id))]

    def is_allowed(self, *asked: str) -> bool:
        return asked not in self.refused

    def fault(self) -> str:
        row = self.store.recurring_runs.get("recurring")
        assert row is not None
        return row.fault

    def end_all(self) -> None:
        for run_id in self.store.runs.list_unfinished():
            self.store.runs.set_state(run_id, "SUCCEEDED", finished_at=self.now)

    def restart(self) -> None:
        self.store.close()
        self.store = Store(self.path, lambda: self.now)


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[Callable[..., Clocked]]:
    made: list[Clocked] = []

    def make(**options: Any) -> Clocked:
        made.append(Clocked(tmp_path, **options))
        return made[-1]

    yield make
    for one in made:
        one.store.close()


def test_fires_after_one_interval_and_no_sooner(clocked: Callable[..., Clocked]) -> None:
    it = clocked(max_concurrency=10)

    assert [it.fire(now) for now in (1059, 1060, 1061, 1120)] == [[], [1060], [], [1120]]
    row = it.store.runs.get(it.store.runs.list_unfinished()[0])
    assert row is not None
    assert (row.recurring_run_id, row.state, row.created_at) == ("recurring", "PENDING", 1060)
    assert row.display_name.startswith("everyminuterecur-1-")


def test_catches_up_one_by_one(clocked: Callable[..., Clocked]) -> None:
    it = clocked(max_concurrency=10)

    assert [it.fire(1200) for _ in range(4)] == [[1060], [1120], [1180], []]


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [(Trigger(interval=60), [[1210], [1270]]), (Trigger(cron="0 * * * * *"), [[1200], [1260]])],
)
def test_without_catching_up(
    trigger: Trigger, expected: list[list[int]], clocked: Callable[..., Clocked]
) -> None:
    it = clocked(trigger=trigger, no_catchup=True, max_concurrency=10)

    assert [it.fire(1210), it.fire(1275)] == expected


def test_waits_for_its_unfinished_runs(clocked: Callable[..., Clocked]) -> None:
    it = clocked(max_concurrency=1)

    assert [it.fire(1060), it.fire(1120)] == [[1060], []]
    it.end_all()
    assert it.fire(1125) == [1120]


def test_a_restart_loses_and_doubles_nothing(clocked: Callable[..., Clocked]) -> None:
    it = clocked(max_concurrency=10)
    made = []
    for now in range(1000, 1400, 20):
        made += it.fire(now)
        it.restart()
        made += it.fire(now)

    assert made == [1060, 1120, 1180, 1240, 1300, 1360]


MINUTELY = {"interval": Trigger(interval=60), "cron": Trigger(cron="0 * * * * *")}


@pytest.mark.parametrize("trigger", MINUTELY.values(), ids=MINUTELY.keys())
@pytest.mark.parametrize("no_catchup", [True, False])
@pytest.mark.parametrize("restart", [True, False])
def test_a_clock_that_was_ahead_neither_silences_nor_doubles(
    trigger: Trigger, no_catchup: bool, restart: bool, clocked: Callable[..., Clocked]
) -> None:
    it = clocked(trigger=trigger, no_catchup=no_catchup, max_concurrency=100)
    before = it.fire(1060)

    ahead = [time for now in range(4661, 4665) for time in it.fire(now)]
    if restart:
        it.restart()
    later = [time for now in range(1070, 1400, 10) for time in it.fire(now)]

    made = [*before, *ahead, *later]
    assert len(set(made)) == len(made)
    assert later == sorted(later)
    assert {1080, 1140, 1200, 1260, 1320} <= {time // 60 * 60 for time in made}


def test_a_clock_that_is_put_back_often_delays_nothing(clocked: Callable[..., Clocked]) -> None:
    it = clocked(max_concurrency=100)

    assert [time for now in (1030, 1029, 1050, 1049, 1059, 1058, 1060) for time in it.fire(now)] == [1060]


def test_a_disabled_one_that_fired_while_the_clock_was_ahead(clocked: Callable[..., Clocked]) -> None:
    it = clocked(trigger=MINUTELY["cron"], no_catchup=True, max_concurrency=100)
    assert it.fire(5000) == [4980]
    for enabled in (False, True):
        it.store.recurring_runs.enable("recurring", enabled=enabled)

    assert [it.fire(1100), it.fire(1139), it.fire(1140)] == [[], [], [1140]]


def test_off_and_on_again(clocked: Callable[..., Clocked]) -> None:
    it = clocked(max_concurrency=10, no_catchup=True)
    it.fire(1060)

    it.store.recurring_runs.enable("recurring", enabled=False)
    assert it.fire(1500) == []
    it.store.recurring_runs.enable("recurring", enabled=True)

    assert it.fire(1510) == [1510]
    assert it.fire(1569) == []


def test_once_without_trigger(clocked: Callable[..., Clocked]) -> None:
    it = clocked(trigger=Trigger(), max_concurrency=1)

    assert len(it.store.runs.list_unfinished()) == 1
    assert [it.fire(), it.fire(5000)] == [[], []]


def test_a_right_that_was_taken_back_starts_nothing(clocked: Callable[..., Clocked]) -> None:
    it = clocked(max_concurrency=10, creator="dan")
    it.refused.add(("dan", "create", "runs", "ana"))

    assert [it.fire(1060), it.fire(1121)] == [[], []]
    assert it.fault() == "dan, who created it, may no longer create runs in namespace ana."

    it.refused.clear()
    assert [it.fire(1170), it.fire(1180)] == [[], [1180]]
    assert it.fault() == ""


def test_enabling_it_again_forgets_the_fault(clocked: Callable[..., Clocked]) -> None:
    it = clocked(creator="dan")
    it.refused.add(("dan", "create", "runs", "ana"))
    it.fire(1060)
    for enabled in (False, True):
        it.store.recurring_runs.enable("recurring", enabled=enabled)
    assert it.fault() == ""


def test_the_engine_fires(bench: Bench, compiled: Callable[[Any], Package], tmp_path: Path) -> None:
    row = RecurringRunRow(
        recurring_run_id="once",
        namespace="ana",
        experiment_id="experiment",
        display_name="once",
        enabled=True,
        created_at=1000,
        updated_at=1000,
        spec=msgspec.json.encode(compiled(pipelines.uncached).wire()),
        runtime_config=msgspec.json.encode({"parameters": {"folder": str(tmp_path)}}),
    )

    bench.store.recurring_runs.add(row)

    bench.until(lambda: list(tmp_path.iterdir()))
