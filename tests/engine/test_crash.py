"""Repeated `kill -9` of server and fork server under load: nothing is lost, doubled or stuck."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.embedded.store import RunRow, Store
from jupyter_kfp_mt.pipeline_spec import Package
from jupyter_kfp_mt.run_rules import FINAL_STATES
from tests.engine import pipelines
from tests.engine.bench import PATIENCE, Bench, find_fork_servers
from tests.scale import FULL

KILLS, NUMBERS = (24, 150) if FULL else (8, 50)


class EngineProcess:
    """The process of the engine."""

    def __init__(self, folder: Path) -> None:
        script = Path(__file__).with_name("crash_server.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def fork_server(self) -> int:
        """Return the process id of the fork server; 0 without one."""
        return next(iter(find_fork_servers(self._process.pid)), 0)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.mark.slow
def test_kills_at_random_moments(compiled: Callable[[Any], Package], tmp_path: Path) -> None:
    chance = random.Random(5)
    numbers = list(range(NUMBERS))
    store, run_ids, marks = Store(tmp_path / "store.sqlite"), [], {}
    for namespace in ("ana", "berta"):
        marks[namespace] = tmp_path / namespace
        marks[namespace].mkdir()
        parameters = {"folder": str(marks[namespace]), "numbers": numbers, "wanted": sum(numbers)}
        run_ids.append(add_run(store, namespace, compiled(pipelines.many), parameters))

    server = EngineProcess(tmp_path)
    for number in range(KILLS):
        time.sleep(chance.uniform(0.02, 0.35))
        victim = server.fork_server() if number % 4 == 3 else 0
        if victim:
            os.kill(victim, signal.SIGKILL)
        else:
            server.kill()
            server = EngineProcess(tmp_path)
    end = time.monotonic() + PATIENCE
    while any(state_of(store, run_id) not in FINAL_STATES for run_id in run_ids):
        assert time.monotonic() < end, "a run is stuck"
        time.sleep(0.05)
    server.kill()

    assert [state_of(store, run_id) for run_id in run_ids] == ["SUCCEEDED", "SUCCEEDED"]
    for folder in marks.values():
        assert Counter(int(name.split(".")[0]) for name in os.listdir(folder)) == Counter(numbers)
    tasks = [task for run_id in run_ids for task in store.tasks.list_of_run(run_id)]
    assert {task.state for task in tasks} == {"SUCCEEDED"}
    assert all(task.ended_at >= task.started_at >= task.created_at > 0 for task in tasks)
    store.close()


def test_killed_processes_leave_no_socket(
    compiled: Callable[[Any], Package], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, temporary = tmp_path / "engine", tmp_path / "tmp"
    for each in (folder, temporary):
        each.mkdir()
    store = Store(folder / "store.sqlite")
    run_id = add_run(store, "ana", compiled(pipelines.uncached), {"folder": str(folder)})
    monkeypatch.setenv("TMPDIR", str(temporary))

    server = EngineProcess(folder)
    end = time.monotonic() + PATIENCE
    while state_of(store, run_id) not in FINAL_STATES:
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
    os.kill(server.fork_server(), signal.SIGKILL)
    server.kill()
    store.close()

    assert list(temporary.iterdir()) == []


def test_a_run_that_takes_the_server_down_is_set_aside(
    compiled: Callable[[Any], Package], tmp_path: Path
) -> None:
    folder, marks = tmp_path / "engine", tmp_path / "marks"
    folder.mkdir()
    marks.mkdir()
    store = Store(folder / "store.sqlite")
    deadly = add_run(store, "ana", compiled(pipelines.one_package), {})
    honest = add_run(
        store, "berta", compiled(pipelines.many), {"folder": str(marks), "numbers": [1], "wanted": 1}
    )
    store.close()

    command = [sys.executable, str(Path(__file__).with_name("crash_server.py")), str(folder), "deadly"]
    for _ in range(3):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as server:
            assert server.wait() == -signal.SIGKILL
    bench = Bench(folder)

    assert bench.wait(honest).state == "SUCCEEDED"
    run = bench.run(deadly)
    assert (run.state, run.error) == (
        "FAILED",
        "The server ended 3 times while it worked on task use-package of this run, so the run was set aside.",
    )
    assert bench.tasks(deadly)["use-package"].state == "CANCELED"
    bench.store.runs.remove(deadly)
    bench.engine.forget(deadly)
    bench.until(lambda: not bench.tasks(deadly) and not (folder / "runs" / deadly).exists())
    bench.close()


def add_run(store: Store, namespace: str, package: Package, parameters: dict[str, Any]) -> str:
    row = RunRow(
        run_id=f"run-of-{namespace}",
        namespace=namespace,
        experiment_id="experiment",
        display_name="many",
        created_at=int(time.time()),
        spec=msgspec.json.encode(package.wire()),
        runtime_config=msgspec.json.encode({"parameters": parameters}),
    )
    store.runs.add(row)
    return row.run_id


def state_of(store: Store, run_id: str) -> str:
    row = store.runs.get(run_id)
    assert row is not None
    return row.state
