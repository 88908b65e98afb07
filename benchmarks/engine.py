"""Running tasks with the embedded engine, and with the SDK's local runner on the same pipelines.

Times of tasks are those that the server stored, so that polling is not measured.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from .laptop import V2, Caller, Laptop, run_laptop
from .table import Row, format_ms, format_ratio, time_call

CHAIN, ITEMS, LOCAL_ITEMS, RUNS, TASKS = 200, 1000, 200, 10, 20
CHAINS = 3  # of each kind, in turns

# Enters a user namespace in which there can be no mount namespace.
NO_MOUNTS = """
import ctypes, os
user, group = os.geteuid(), os.getegid()
if ctypes.CDLL(None).unshare(0x10000000) == 0:
    files = {
        "self/setgroups": "deny",
        "self/uid_map": f"{user} {user} 1",
        "self/gid_map": f"{group} {group} 1",
        "sys/user/max_mnt_namespaces": "0",
    }
    for name, text in files.items():
        open(f"/proc/{name}", "w").write(text)
"""

SOURCE = """
from kfp import dsl

@dsl.component(base_image="python:3.12", install_kfp_package=False)
def step(number: int) -> int:
    return number + 1

@dsl.component(base_image="python:3.12", install_kfp_package=False)
def pause(seconds: float):
    import time
    time.sleep(seconds)

@dsl.component(base_image="python:3.12", install_kfp_package=False)
def log_times(path: str):
    import time
    with open(path, "a") as file:
        file.write(f"{time.time()}\\n")
        file.flush()
        time.sleep(0.3)
        file.write(f"{time.time()}\\n")

@dsl.pipeline
def one():
    step(number=1).set_caching_options(False)

@dsl.pipeline
def chain(start: int = 0):
    number = start
    for _ in range(CHAIN):
        task = step(number=number).set_caching_options(False)
        number = task.output

@dsl.pipeline
def wide():
    for number in range(TASKS):
        step(number=number).set_caching_options(False)

@dsl.pipeline
def pair():
    pause(seconds=2.0).set_caching_options(False)
    pause(seconds=2.0).set_caching_options(False)

@dsl.pipeline
def loop(items: list):
    with dsl.ParallelFor(items) as item:
        step(number=item).set_caching_options(False)

@dsl.pipeline
def timed(path: str):
    log_times(path=path).set_caching_options(False)
"""

LOCAL = """
import logging, sys, time
logging.disable(logging.CRITICAL)
from kfp import local
import pipelines
local.init(runner=local.SubprocessRunner(use_venv=False), raise_on_error=True, pipeline_root="out")
started = time.perf_counter()
pipelines.{call}
sys.stderr.write(f"SECONDS {{time.perf_counter() - started}}\\n")
"""


def measure() -> list[Row]:
    """Measure the local runner, then our engine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packages = _compile_pipelines(folder)
        local = {
            "chain": _run_locally(folder, "chain()") / CHAIN,
            "pair": _run_locally(folder, "pair()"),
            "loop": _run_locally(folder, f"loop(items=list(range({LOCAL_ITEMS})))") / LOCAL_ITEMS,
        }
        with run_laptop() as server:
            bench = _Bench(server, packages)
            bench.run("one")
            bench.run("chain")  # warm
            rows = [*bench.measure_tasks(local), bench.measure_delay(server.folder / "times")]
            _, after = server.read_memory()
        with run_laptop() as server:
            _Bench(server, packages).run("one")
            time.sleep(2)
            _, idle = server.read_memory()
        own_tmp = _measure_own_tmp(packages)
    return [
        *rows,
        *own_tmp,
        Row("idle after a run, server and fork server", f"{idle:.0f} MiB", goal="≤ 60 MiB"),
        Row("the same after all runs above", f"{after:.0f} MiB"),
    ]


def _measure_own_tmp(packages: dict[str, Any]) -> list[Row]:
    """Compare tasks that have a /tmp of their own with tasks on a server that can make none."""
    if sys.platform != "linux":
        return []
    with run_laptop() as private, run_laptop(prelude=NO_MOUNTS) as shared:
        benches = [_Bench(server, packages) for server in (private, shared)]
        times: list[list[float]] = [[], []]
        for _ in range(1 + CHAINS):
            for bench, taken in zip(benches, times, strict=True):
                taken.append(_get_span(bench.run("chain")) / CHAIN)
    own, none = (statistics.median(taken[1:]) for taken in times)  # the first ones are to warm up
    other = f"shared by all {format_ms(none)} a task"
    ours = f"{format_ms(own)} a task, {format_ms(own - none)} more"
    return [Row("a /tmp of each task's own, in a chain", ours, other, format_ratio(none, own))]


class _Bench:
    """A server and the packages to run on it."""

    def __init__(self, server: Laptop, packages: dict[str, Any]) -> None:
        self._caller: Caller = server.connect()
        self._experiment = server.create_experiment("bench")
        self._packages = packages

    def submit(self, name: str, **parameters: object) -> str:
        """Start a run."""
        body = {
            "display_name": name,
            "experiment_id": self._experiment,
            "pipeline_spec": self._packages[name],
            "runtime_config": {"parameters": parameters},
        }
        return str(self._caller.post(f"{V2}/runs", body)["run_id"])

    def run(self, name: str, pause: float = 0.2, **parameters: object) -> list[dict[str, Any]]:
        """Run a pipeline to success and return its tasks."""
        run_id = self.submit(name, **parameters)
        self.finish(run_id, pause)
        return self.list_tasks(run_id)

    def finish(self, run_id: str, pause: float = 0.2) -> None:
        """Wait until a run has succeeded."""
        state = self._caller.wait(run_id, pause)
        if state != "SUCCEEDED":
            raise RuntimeError(f"the run ended {state}")

    def list_tasks(self, run_id: str) -> list[dict[str, Any]]:
        """Return the tasks of a run."""
        tasks: list[dict[str, Any]] = json.loads(self._caller.get(f"{V2}/runs/{run_id}/tasks"))["tasks"]
        return tasks

    def measure_tasks(self, local: dict[str, float]) -> list[Row]:
        """Measure how long tasks take."""
        seen = statistics.median(time_call(self._run_one) for _ in range(20))
        one = statistics.median(self._time_one() for _ in range(20))
        chain = statistics.median(_get_span(self.run("chain")) for _ in range(3))
        pair = _get_span([task for task in self.run("pair") if task["name"].startswith("pause")])
        loop = _get_span(self.run("loop", items=list(range(ITEMS))))
        many = self._measure_rate()
        each = local["chain"]
        return [
            Row("trivial task, from its submit to its stored end", format_ms(one), goal="≤ 20 ms"),
            Row("the same, until a client that polls every 2 ms sees it", format_ms(seen)),
            Row(
                f"chain of {CHAIN} trivial tasks",
                f"{chain:.2f} s, {format_ms(chain / CHAIN)} a task",
                f"kfp.local {each * CHAIN:.1f} s",
                format_ratio(each * CHAIN, chain),
                "≤ 4 s",
            ),
            Row(
                "two independent tasks of 2 s",
                f"{pair:.2f} s",
                f"kfp.local {local['pair']:.2f} s",
                format_ratio(local["pair"], pair),
                "≤ 2.2 s",
            ),
            Row(
                f"ParallelFor of {ITEMS:,} trivial items",
                f"{loop:.1f} s, {format_ms(loop / ITEMS)} an item",
                f"kfp.local {format_ms(local['loop'])} an item, of {LOCAL_ITEMS}",
                format_ratio(local["loop"], loop / ITEMS),
                "≤ 20 s, ≤ 15 ms",
            ),
            Row(
                f"{RUNS} runs of {TASKS} trivial tasks at once",
                f"{many:.0f} tasks/s",
                "kfp.local cannot",
                goal="≥ 100 tasks/s",
            ),
        ]

    def measure_delay(self, path: Path) -> Row:
        """Measure the time from a state change until the API shows it."""
        delays = []
        for _ in range(10):
            path.unlink(missing_ok=True)
            run_id, seen = self.submit("timed", path=str(path)), dict[str, float]()
            while "SUCCEEDED" not in seen:
                state = next((t["state"] for t in self.list_tasks(run_id) if t["name"] == "log-times"), "")
                seen.setdefault(state, time.time())
                time.sleep(0.005)
            started, ended = (float(line) for line in path.read_text().split())
            delays += [abs(seen["RUNNING"] - started), seen["SUCCEEDED"] - ended]
        return Row(
            "state change visible over the API",
            f"median {format_ms(statistics.median(delays))}, max {format_ms(max(delays))}",
            "kfp.local shows none",
            goal="≤ 100 ms",
        )

    def _run_one(self) -> None:
        self.finish(self.submit("one"), pause=0.002)

    def _time_one(self) -> float:
        """Return the seconds from the submit of a task to its stored end; nobody polls in between."""
        started = time.time()
        run_id = self.submit("one")
        time.sleep(0.1)
        self.finish(run_id)
        (task,) = (each for each in self.list_tasks(run_id) if each["type"] == "RUNTIME")
        return _parse_time(task["end_time"]).timestamp() - started

    def _measure_rate(self) -> float:
        started = time.perf_counter()
        run_ids = [self.submit("wide") for _ in range(RUNS)]
        for run_id in run_ids:
            self.finish(run_id, pause=0.05)
        return RUNS * TASKS / (time.perf_counter() - started)


def _get_span(tasks: list[dict[str, Any]]) -> float:
    """Return the seconds from the first start to the last end."""
    starts = [_parse_time(task["start_time"]) for task in tasks]
    ends = [_parse_time(task["end_time"]) for task in tasks]
    return (max(ends) - min(starts)).total_seconds()


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _compile_pipelines(folder: Path) -> dict[str, Any]:
    text = SOURCE.replace("CHAIN", str(CHAIN)).replace("TASKS", str(TASKS))
    (folder / "pipelines.py").write_text(text, encoding="utf-8")
    names = ("one", "chain", "wide", "pair", "loop", "timed")
    code = (
        "import sys; from kfp import compiler; sys.path.insert(0, '.'); import pipelines\n"
        f"for name in {names}: compiler.Compiler().compile(getattr(pipelines, name), name + '.yaml')"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=folder, check=True)
    return {name: yaml.load((folder / f"{name}.yaml").read_text(), yaml.CSafeLoader) for name in names}


def _run_locally(folder: Path, call: str) -> float:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOCAL.format(call=call)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stderr.rpartition("SECONDS ")[2].split()[0])
