"""Test with kills: `make kills`, `make kills ARGS="--minutes 5"`.

Three tenants run mixed pipelines while the server gets `kill -9` at random moments. Every task leaves a file
each time it runs. At the end the files are counted: nothing may be lost, doubled or stuck.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import yaml

from jupyter_kfp_mt import embedded

from .laptop import FINAL_STATES, V2, Laptop
from .processes import count_open_files, list_children, read_resident
from .table import describe_machine

TENANTS = ("ana", "berta", "carl")
AT_ONCE = 3  # runs per tenant
KILL_PAUSE = (3.0, 12.0)  # seconds between kills
PATIENCE = 300.0  # seconds after which a run counts as stuck

SOURCE = """
from kfp import dsl

@dsl.component(base_image="python:3.12", install_kfp_package=False)
def mark(folder: str, name: str, seconds: float = 0.0, failures: int = 0) -> str:
    import os, time, uuid
    open(os.path.join(folder, f"{name}.{uuid.uuid4().hex}"), "w").close()
    time.sleep(seconds)
    if sum(each.startswith(name + ".") for each in os.listdir(folder)) <= failures:
        raise SystemExit("not yet")
    return name

@dsl.component(base_image="python:3.12", install_kfp_package=False)
def check(folder: str, names: list, wanted: list):
    import os, uuid
    assert names == wanted, names
    open(os.path.join(folder, f"check.{uuid.uuid4().hex}"), "w").close()

def fresh(**arguments):
    return mark(**arguments).set_caching_options(False)

@dsl.pipeline
def chain(folder: str):
    first = fresh(folder=folder, name="one", seconds=0.2)
    second = fresh(folder=folder, name="two").after(first)
    fresh(folder=folder, name="three", seconds=0.1).after(second)

@dsl.pipeline
def loop(folder: str, names: list):
    with dsl.ParallelFor(names) as name:
        task = fresh(folder=folder, name=name, seconds=0.05)
    check(folder=folder, names=dsl.Collected(task.output), wanted=names).set_caching_options(False)

@dsl.pipeline
def branch(folder: str):
    decision = fresh(folder=folder, name="yes")
    with dsl.If(decision.output == "yes"):
        fresh(folder=folder, name="then")
    with dsl.Else():
        fresh(folder=folder, name="else")

@dsl.pipeline
def again(folder: str):
    fresh(folder=folder, name="again", failures=2).set_retry(num_retries=3, backoff_duration="0s")

@dsl.pipeline
def broken(folder: str):
    with dsl.ExitHandler(fresh(folder=folder, name="exit")):
        fresh(folder=folder, name="bad", failures=9)

@dsl.pipeline
def long(folder: str):
    first = fresh(folder=folder, name="begin", seconds=120.0)
    fresh(folder=folder, name="never").after(first)
"""
NAMES = [f"n{number}" for number in range(12)]


class Scenario(NamedTuple):
    """A pipeline with the state and the marks that its run must leave."""

    name: str
    state: str
    marks: dict[str, int]
    parameters: dict[str, Any] = {}  # noqa: RUF012 - never changed
    stopped_after: float = 0.0  # seconds; 0: never


SCENARIOS = (
    Scenario("chain", "SUCCEEDED", {"one": 1, "two": 1, "three": 1}),
    Scenario("loop", "SUCCEEDED", dict.fromkeys([*NAMES, "check"], 1), {"names": NAMES}),
    Scenario("branch", "SUCCEEDED", {"yes": 1, "then": 1}),
    Scenario("again", "SUCCEEDED", {"again": 3}),
    Scenario("broken", "FAILED", {"bad": 1, "exit": 1}),
    Scenario("long", "FAILED", {"begin": 1}, stopped_after=4.0),
)


class Submitted(NamedTuple):
    """A submitted run."""

    run_id: str
    scenario: Scenario
    folder: Path
    at: float


class Tenant:
    """Submits, stops and polls runs; repeats each request until the server responds."""

    def __init__(self, name: str, laptop: Laptop, packages: dict[str, Any], marks: Path) -> None:
        self.name = name
        self.submitted: list[Submitted] = []
        self.states: dict[str, str] = {}
        self._laptop = laptop
        self._marks = marks
        self._packages = packages
        self._chance = random.Random(name)
        self._stopped: set[str] = set()
        body = {"display_name": "soak", "namespace": name}
        self._experiment = str(self._send("POST", "experiments", body)["experiment_id"])

    def work(self, until: float) -> None:
        """Keep some runs going, then wait for the last ones."""
        while time.monotonic() < until or self.open:
            while time.monotonic() < until and len(self.open) < AT_ONCE:
                self._submit(self._chance.choice(SCENARIOS))
            for run in self.open:
                self._poll(run)
            time.sleep(0.2)

    @property
    def open(self) -> list[Submitted]:
        """The runs that have not ended and are not stuck yet."""
        now = time.monotonic()
        return [
            each for each in self.submitted if each.run_id not in self.states and now - each.at < PATIENCE
        ]

    def explain_failures(self) -> Iterator[str]:
        """Generate the server's reasons for the runs that ended wrongly."""
        for run in self.submitted:
            state = self.states.get(run.run_id)
            if state != run.scenario.state:
                tasks = self._send("GET", f"runs/{run.run_id}/tasks")["tasks"]
                reasons = [
                    f"{task['name']} {task['state']}: {task['reason']}" for task in tasks if task["reason"]
                ]
                yield f"{run.scenario.name} {state}: {'; '.join(reasons)}"

    def list_runs(self) -> list[str]:
        """Return the ids of all runs of this tenant on the server."""
        run_ids, token = [], ""
        while True:
            page = self._send("GET", f"runs?namespace={self.name}&page_size=200&page_token={quote(token)}")
            run_ids += [run["run_id"] for run in page.get("runs", [])]
            token = page.get("next_page_token", "")
            if not token:
                return run_ids

    def _submit(self, scenario: Scenario) -> None:
        run_id = str(uuid.uuid4())
        folder = self._marks / run_id
        folder.mkdir(parents=True)
        body = {
            "run_id": run_id,
            "display_name": scenario.name,
            "experiment_id": self._experiment,
            "pipeline_spec": self._packages[scenario.name],
            "runtime_config": {"parameters": {"folder": str(folder), **scenario.parameters}},
        }
        self._send("POST", "runs", body)
        self.submitted.append(Submitted(run_id, scenario, folder, time.monotonic()))

    def _poll(self, run: Submitted) -> None:
        state = self._send("GET", f"runs/{run.run_id}").get("state", "")
        if state in FINAL_STATES:
            self.states[run.run_id] = state
        elif self._must_stop(run):
            self._send("POST", f"runs/{run.run_id}:terminate", {}, allowed=(200, 400))
            self._stopped.add(run.run_id)

    def _must_stop(self, run: Submitted) -> bool:
        """Whether a run must be stopped now: its time is over, and its task has started."""
        due = run.scenario.stopped_after and time.monotonic() - run.at > run.scenario.stopped_after
        return bool(due) and run.run_id not in self._stopped and any(run.folder.iterdir())

    def _send(self, method: str, path: str, body: object = None, allowed: tuple[int, ...] = (200,)) -> Any:
        while True:
            try:
                status, data = self._laptop.connect(self.name).send(method, f"{V2}/{path}", body)
            except (OSError, HTTPException):
                time.sleep(0.05)  # the server has just been killed
                continue
            if status == 409 and path == "experiments":  # created by a request whose response was lost
                return self._send("GET", f"experiments?namespace={self.name}")["experiments"][0]
            if status not in allowed:
                raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
            return json.loads(data)


class Usage(NamedTuple):
    """The resources of the server and its child processes."""

    mebibytes: float
    files: int

    @classmethod
    def read(cls, laptop: Laptop) -> Usage:
        """Read the present usage."""
        pids = [laptop.runtime.pid, *list_children(laptop.runtime.pid)]
        return cls(sum(map(read_resident, pids)), sum(map(count_open_files, pids)))

    def __str__(self) -> str:
        return f"{self.mebibytes:.0f} MiB, {self.files} open files"


class Killer:
    """Kills the server and the fork server at random moments, and restarts the server."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._chance = random.Random(7)
        self.servers = self.fork_servers = 0
        self.most = Usage(0, 0)

    def work(self, until: float) -> None:
        """Kill until the time is over."""
        while time.monotonic() < until:
            time.sleep(self._chance.uniform(*KILL_PAUSE))
            forked = list_children(self._laptop.runtime.pid)
            with contextlib.suppress(OSError):
                self.most = max(self.most, Usage.read(self._laptop))
            if forked and self._chance.random() < 0.3:
                os.kill(forked[0], signal.SIGKILL)
                self.fork_servers += 1
            else:
                os.kill(self._laptop.runtime.pid, signal.SIGKILL)
                self.servers += 1
                self._laptop.start_again()


class Result(NamedTuple):
    """What became of all runs."""

    runs: int
    tasks: int
    lost_runs: int
    doubled_runs: int
    lost_tasks: int
    doubled_tasks: int
    stuck: int
    wrong: int

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled, stuck or wrong."""
        return not any(self[2:])


def evaluate(tenants: list[Tenant]) -> Result:
    """Compare the submitted runs with those on the server and with the marks of the tasks."""
    wanted, left, lost, doubled, stuck, wrong = Counter[str](), Counter[str](), 0, 0, 0, 0
    for tenant in tenants:
        listed, submitted = Counter(tenant.list_runs()), {run.run_id for run in tenant.submitted}
        lost += len(submitted - listed.keys())
        doubled += sum(listed.values()) - len(submitted & listed.keys())
        for run in tenant.submitted:
            state = tenant.states.get(run.run_id)
            stuck += state is None
            wrong += state not in (None, run.scenario.state)
            wanted.update({f"{run.run_id}/{name}": number for name, number in run.scenario.marks.items()})
            left.update(f"{run.run_id}/{path.name.partition('.')[0]}" for path in run.folder.iterdir())
    return Result(
        runs=sum(len(tenant.submitted) for tenant in tenants),
        tasks=left.total(),
        lost_runs=lost,
        doubled_runs=doubled,
        lost_tasks=(wanted - left).total(),
        doubled_tasks=(left - wanted).total(),
        stuck=stuck,
        wrong=wrong,
    )


def main() -> int:
    """Soak for some minutes; return 1 if anything was lost, doubled, stuck or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    sys.stdout.write(f"{describe_machine()}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        laptop = Laptop(folder / "kfp")
        try:
            return soak(laptop, folder, minutes)
        finally:
            embedded.stop(laptop.folder)
            sys.stdout.write(f"processes left behind  {count_leftovers(laptop.folder)}\n")


def soak(laptop: Laptop, folder: Path, minutes: float) -> int:
    """Run the tenants and the killer, and print the result."""
    for tenant in TENANTS[1:]:
        laptop.add_profile(tenant)
    packages = compile_pipelines(folder)
    tenants = [Tenant(tenant, laptop, packages, laptop.folder / "marks") for tenant in TENANTS]
    tenants[0].work(time.monotonic() + 2)  # warm
    initial, killer = Usage.read(laptop), Killer(laptop)
    until, started = time.monotonic() + minutes * 60, time.monotonic()
    with ThreadPoolExecutor(len(tenants) + 1) as pool:
        work = [pool.submit(each.work, until) for each in (killer, *tenants)]
        for done in as_completed(work):
            done.result()  # a bug of this script ends everything
    result, lasted = evaluate(tenants), time.monotonic() - started
    time.sleep(2)
    final = Usage.read(laptop)
    endings = Counter(
        f"{run.scenario.name} {tenant.states.get(run.run_id)}"
        for tenant in tenants
        for run in tenant.submitted
    )
    lines = {
        "lasted": f"{lasted / 60:.1f} minutes",
        "killed": f"{killer.servers} times the server, {killer.fork_servers} times the fork server",
        "runs": f"{result.runs}: {', '.join(f'{n} {scenario}' for scenario, n in sorted(endings.items()))}",
        "tasks run": str(result.tasks),
        "lost": f"{result.lost_runs} runs, {result.lost_tasks} tasks",
        "doubled": f"{result.doubled_runs} runs, {result.doubled_tasks} tasks",
        "stuck": f"{result.stuck} runs",
        "ended wrongly": f"{result.wrong} runs",
        "in use at the start": str(initial),
        "in use at most": str(killer.most),
        "in use at the end": str(final),
    }
    for what, value in lines.items():
        sys.stdout.write(f"{what:22} {value}\n")
    for reason in (reason for tenant in tenants for reason in tenant.explain_failures()):
        sys.stdout.write(f"{'':22} {reason}\n")
    return 0 if result.good else 1


def count_leftovers(folder: Path) -> int:
    """Return how many processes still work in `folder` some seconds after the server has stopped."""
    count = 0
    for _ in range(25):
        count = sum(_works_in(folder, entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        if not count:
            break
        time.sleep(0.2)
    return count


def _works_in(folder: Path, process: Path) -> bool:
    """Whether a process is in `folder`, or was started by a task that is."""
    with contextlib.suppress(OSError):
        started_there = str(folder).encode() in (process / "environ").read_bytes()
        return started_there or (process / "cwd").readlink().is_relative_to(folder)
    return False


def compile_pipelines(folder: Path) -> dict[str, Any]:
    """Compile the pipelines with the official compiler; return them by name."""
    (folder / "pipelines.py").write_text(SOURCE, encoding="utf-8")
    names = [scenario.name for scenario in SCENARIOS]
    code = (
        "import sys; from kfp import compiler; sys.path.insert(0, '.'); import pipelines\n"
        f"for name in {names}: compiler.Compiler().compile(getattr(pipelines, name), name + '.yaml')"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=folder, check=True)
    return {name: yaml.load((folder / f"{name}.yaml").read_text(), yaml.CSafeLoader) for name in names}


if __name__ == "__main__":
    sys.exit(main())
