"""Bugs of the engine itself: each ends the run that was being handled, and nothing else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.engine.execution.packages import Packages
from jupyter_kfp_mt.pipeline_spec import Package
from jupyter_kfp_mt.run_rules import FINAL_STATES
from tests.engine import pipelines
from tests.engine.bench import Bench, is_alive

Compiled = Callable[[Any], Package]


class Broken(Packages):
    """Has a bug that only affects components with packages."""

    where = "find"

    def find(self, requirements: tuple[str, ...]) -> list[str] | None:
        if requirements and self.where == "find":
            raise KeyError("a fault of ours")
        return None if requirements and self.where else []

    def install(self, requirements: tuple[str, ...]) -> None:
        raise KeyError("a fault of ours")


def stacks(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.exc_info is not None for record in caplog.records)


def test_a_bug_ends_its_run_only(
    make_bench: Callable[..., Bench], compiled: Compiled, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = make_bench(packages=Broken(place.parent / "packages"))
    other = bench.submit(compiled(pipelines.many), {"folder": str(place), "numbers": [1] * 50, "wanted": 50})
    marks = place.parent / "other-marks"
    marks.mkdir()

    run = bench.wait(bench.submit(compiled(pipelines.stuck_beside_packages), {"folder": str(marks)}))

    assert (run.state, run.error) == ("FAILED", "The engine failed: KeyError: 'a fault of ours'")
    states = {row.name: row.state for row in bench.store.tasks.list_of_run(run.run_id) if row.path}
    assert states == {
        "stubborn": "CANCELED",
        "appears": "SUCCEEDED",
        "use-package": "CANCELED",
        "mark": "SKIPPED",
    }
    bench.until(lambda: not any(is_alive(pid) for pid in os.listdir(marks)))
    assert bench.wait(other).state == "SUCCEEDED"
    assert stacks(caplog) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is the thread's own
def test_a_bug_in_the_thread_that_installs(
    make_bench: Callable[..., Bench], compiled: Compiled, place: Path
) -> None:
    packages = Broken(place)
    packages.where = "install"
    bench = make_bench(packages=packages)

    run = bench.wait(bench.submit(compiled(pipelines.one_package)))

    assert run.error == "use-package: The engine failed while it installed packages."


def test_a_run_ended_by_a_bug_can_be_retried(
    make_bench: Callable[..., Bench], compiled: Compiled, tmp_path: Path
) -> None:
    packages = Broken(tmp_path)
    bench = make_bench(packages=packages)
    run = bench.wait(bench.submit(compiled(pipelines.one_package)))
    packages.where = ""

    bench.engine.retry(run.run_id)

    run = bench.wait(run.run_id)
    assert run.error == "use-package: It ended with exit code 1."  # the package is not there
    assert [row.state in FINAL_STATES for row in bench.store.tasks.list_of_run(run.run_id)] == [True, True]


def test_a_stored_run_that_cannot_be_read(bench: Bench) -> None:
    package = Package(pipeline_spec={"pipelineInfo": {"name": "p"}, "components": 5})

    run = bench.wait(bench.submit(package))

    assert run.state == "FAILED"
    assert run.error == "It cannot run: `components` is not a mapping"


def test_a_bug_outside_any_run(
    make_bench: Callable[..., Bench], compiled: Compiled, caplog: pytest.LogCaptureFixture
) -> None:
    faults = [RuntimeError("no time"), RuntimeError("no time")]

    def clock() -> float:
        if faults:
            raise faults.pop()
        return time.time()

    bench = make_bench(clock=clock)
    bench.until(lambda: not faults)

    assert bench.wait(bench.submit(compiled(pipelines.talks))).state == "SUCCEEDED"
    assert stacks(caplog) == 1


def test_an_engine_that_hangs_says_so_and_can_be_stopped(make_bench: Callable[..., Bench]) -> None:
    release, hangs = threading.Event(), threading.Event()

    def clock() -> float:
        if hangs.is_set():
            release.wait(60)
        return time.time()

    bench = make_bench(clock=clock, turn=0.5)
    bench.until(lambda: not bench.engine.find_fault())
    hangs.set()
    bench.submit({"pipelineInfo": {"name": "p"}, "root": {"dag": {"tasks": {}}}})

    bench.until(lambda: bench.engine.find_fault().startswith("The engine has not moved for "))
    bench.engine.stop()

    hangs.clear()
    release.set()
