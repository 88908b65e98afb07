"""Three tenants, mixed pipelines, `kill -9` at random moments: `make soak`, `make soak ARGS="--minutes 5"`.

Every task leaves a file of its own for each time that it runs. At the end the files are counted: nothing may
be lost, doubled or stuck.
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

from .laptop import ENDED, V2, Laptop
from .processes import children, open_files, resident
from .table import machine

TENANTS = ("ana", "berta", "carl")
AT_ONCE = 3  # runs of one tenant
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
    asked = fresh(folder=folder, name="yes")
    with dsl.If(asked.output == "yes"):
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


class Kind(NamedTuple):
    """One pipeline, and what must be left of it."""

    name: str
    state: str
    marks: dict[str, int]
    parameters: dict[str, Any] = {}  # noqa: RUF012 - never changed
    stopped_after: float = 0.0  # seconds; 0: not


KINDS = (
    Kind("chain", "SUCCEEDED", {"one": 1, "two": 1, "three": 1}),
    Kind("loop", "SUCCEEDED", dict.fromkeys([*NAMES, "check"], 1), {"names": NAMES}),
    Kind("branch", "SUCCEEDED", {"yes": 1, "then": 1}),
    Kind("again", "SUCCEEDED", {"again": 3}),
    Kind("broken", "FAILED", {"bad": 1, "exit": 1}),
    Kind("long", "FAILED", {"begin": 1}, stopped_after=4.0),
)


class Submitted(NamedTuple):
    """One press of Run."""

    run_id: str
    kind: Kind
    folder: Path
    at: float


class Tenant:
    """Submits, stops and looks, whatever happens to the server: each call is repeated until answered."""

    def __init__(self, name: str, laptop: Laptop, packages: dict[str, Any], marks: Path) -> None:
        self.name = name
        self.made: list[Submitted] = []
        self.states: dict[str, str] = {}
        self._laptop = laptop
        self._marks = marks
        self._packages = packages
        self._chance = random.Random(name)
        self._stopped: set[str] = set()
        body = {"display_name": "soak", "namespace": name}
        self._experiment = str(self._call("POST", "experiments", body)["experiment_id"])

    def work(self, until: float) -> None:
        """Keep some runs going, then wait for the last."""
        while time.monotonic() < until or self.open:
            while time.monotonic() < until and len(self.open) < AT_ONCE:
                self._submit(self._chance.choice(KINDS))
            for run in self.open:
                self._look(run)
            time.sleep(0.2)

    @property
    def open(self) -> list[Submitted]:
        """The runs whose end has not been seen and still may come."""
        now = time.monotonic()
        return [each for each in self.made if each.run_id not in self.states and now - each.at < PATIENCE]

    def reasons(self) -> Iterator[str]:
        """What the server says of the runs that did not end as they should."""
        for run in self.made:
            state = self.states.get(run.run_id)
            if state != run.kind.state:
                tasks = self._call("GET", f"runs/{run.run_id}/tasks")["tasks"]
                said = [
                    f"{task['name']} {task['state']}: {task['reason']}" for task in tasks if task["reason"]
                ]
                yield f"{run.kind.name} {state}: {'; '.join(said)}"

    def listed(self) -> list[str]:
        """The ids of all runs that the server has for this tenant."""
        found, token = [], ""
        while True:
            page = self._call("GET", f"runs?namespace={self.name}&page_size=200&page_token={quote(token)}")
            found += [run["run_id"] for run in page.get("runs", [])]
            token = page.get("next_page_token", "")
            if not token:
                return found

    def _submit(self, kind: Kind) -> None:
        run_id = str(uuid.uuid4())
        folder = self._marks / run_id
        folder.mkdir(parents=True)
        body = {
            "run_id": run_id,
            "display_name": kind.name,
            "experiment_id": self._experiment,
            "pipeline_spec": self._packages[kind.name],
            "runtime_config": {"parameters": {"folder": str(folder), **kind.parameters}},
        }
        self._call("POST", "runs", body)
        self.made.append(Submitted(run_id, kind, folder, time.monotonic()))

    def _look(self, run: Submitted) -> None:
        state = self._call("GET", f"runs/{run.run_id}").get("state", "")
        if state in ENDED:
            self.states[run.run_id] = state
        elif self._to_be_stopped(run):
            self._call("POST", f"runs/{run.run_id}:terminate", {}, taken=(200, 400))
            self._stopped.add(run.run_id)

    def _to_be_stopped(self, run: Submitted) -> bool:
        """Whether it is time, and its task has begun."""
        due = run.kind.stopped_after and time.monotonic() - run.at > run.kind.stopped_after
        return bool(due) and run.run_id not in self._stopped and any(run.folder.iterdir())

    def _call(self, method: str, path: str, body: object = None, taken: tuple[int, ...] = (200,)) -> Any:
        while True:
            try:
                status, answer = self._laptop.caller(self.name).ask(method, f"{V2}/{path}", body)
            except (OSError, HTTPException):
                time.sleep(0.05)  # it has just been killed
                continue
            if status == 409 and path == "experiments":  # made by a call whose answer was lost
                return self._call("GET", f"experiments?namespace={self.name}")["experiments"][0]
            if status not in taken:
                raise RuntimeError(f"{method} {path}: {status} {answer[:300]!r}")
            return json.loads(answer)


class Held(NamedTuple):
    """What the server and the processes it keeps hold."""

    mebibytes: float
    files: int

    @classmethod
    def by(cls, laptop: Laptop) -> Held:
        """Look now."""
        pids = [laptop.runtime.pid, *children(laptop.runtime.pid)]
        return cls(sum(map(resident, pids)), sum(map(open_files, pids)))

    def __str__(self) -> str:
        return f"{self.mebibytes:.0f} MiB, {self.files} open files"


class Killer:
    """Ends server and fork server at random moments, and starts the server again."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._chance = random.Random(7)
        self.servers = self.fork_servers = 0
        self.most = Held(0, 0)

    def work(self, until: float) -> None:
        """Kill, and kill again."""
        while time.monotonic() < until:
            time.sleep(self._chance.uniform(*KILL_PAUSE))
            forked = children(self._laptop.runtime.pid)
            with contextlib.suppress(OSError):
                self.most = max(self.most, Held.by(self._laptop))
            if forked and self._chance.random() < 0.3:
                os.kill(forked[0], signal.SIGKILL)
                self.fork_servers += 1
            else:
                os.kill(self._laptop.runtime.pid, signal.SIGKILL)
                self.servers += 1
                self._laptop.start_again()


class Count(NamedTuple):
    """What came of all runs."""

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
        """Nothing lost, doubled, stuck or wrong."""
        return not any(self[2:])


def count(tenants: list[Tenant]) -> Count:
    """Compare what was asked for with what the server has and with what the tasks left behind."""
    wanted, left, lost, doubled, stuck, wrong = Counter[str](), Counter[str](), 0, 0, 0, 0
    for tenant in tenants:
        listed, asked = Counter(tenant.listed()), {run.run_id for run in tenant.made}
        lost += len(asked - listed.keys())
        doubled += sum(listed.values()) - len(asked & listed.keys())
        for run in tenant.made:
            state = tenant.states.get(run.run_id)
            stuck += state is None
            wrong += state not in (None, run.kind.state)
            wanted.update({f"{run.run_id}/{name}": number for name, number in run.kind.marks.items()})
            left.update(f"{run.run_id}/{path.name.partition('.')[0]}" for path in run.folder.iterdir())
    return Count(
        runs=sum(len(tenant.made) for tenant in tenants),
        tasks=left.total(),
        lost_runs=lost,
        doubled_runs=doubled,
        lost_tasks=(wanted - left).total(),
        doubled_tasks=(left - wanted).total(),
        stuck=stuck,
        wrong=wrong,
    )


def main() -> int:
    """Soak for some minutes; 1 if anything was lost, doubled, stuck or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    sys.stdout.write(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        laptop = Laptop(folder / "kfp")
        try:
            return report(laptop, folder, minutes)
        finally:
            embedded.stop(laptop.folder)
            sys.stdout.write(f"processes left behind  {left_behind(laptop.folder)}\n")


def report(laptop: Laptop, folder: Path, minutes: float) -> int:
    """Do it and print what came of it."""
    for tenant in TENANTS[1:]:
        laptop.add_profile(tenant)
    packages = compiled(folder)
    tenants = [Tenant(tenant, laptop, packages, folder / "marks") for tenant in TENANTS]
    tenants[0].work(time.monotonic() + 2)  # warm
    start, killer = Held.by(laptop), Killer(laptop)
    until, began = time.monotonic() + minutes * 60, time.monotonic()
    with ThreadPoolExecutor(len(tenants) + 1) as pool:
        work = [pool.submit(each.work, until) for each in (killer, *tenants)]
        for done in as_completed(work):
            done.result()  # a fault of ours ends it all
    counted, lasted = count(tenants), time.monotonic() - began
    time.sleep(2)
    end = Held.by(laptop)
    kinds = Counter(
        f"{run.kind.name} {tenant.states.get(run.run_id)}" for tenant in tenants for run in tenant.made
    )
    lines = {
        "lasted": f"{lasted / 60:.1f} minutes",
        "killed": f"{killer.servers} times the server, {killer.fork_servers} times the fork server",
        "runs": f"{counted.runs}: {', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))}",
        "tasks run": str(counted.tasks),
        "lost": f"{counted.lost_runs} runs, {counted.lost_tasks} tasks",
        "doubled": f"{counted.doubled_runs} runs, {counted.doubled_tasks} tasks",
        "stuck": f"{counted.stuck} runs",
        "ended wrongly": f"{counted.wrong} runs",
        "held at the start": str(start),
        "held at most": str(killer.most),
        "held at the end": str(end),
    }
    for what, value in lines.items():
        sys.stdout.write(f"{what:22} {value}\n")
    for reason in (reason for tenant in tenants for reason in tenant.reasons()):
        sys.stdout.write(f"{'':22} {reason}\n")
    return 0 if counted.good else 1


def left_behind(folder: Path) -> int:
    """Processes that still work in `folder` some seconds after the server has stopped."""
    found = 0
    for _ in range(25):
        found = sum(_works_in(folder, entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        if not found:
            break
        time.sleep(0.2)
    return found


def _works_in(folder: Path, process: Path) -> bool:
    with contextlib.suppress(OSError):
        return (process / "cwd").readlink().is_relative_to(folder)
    return False


def compiled(folder: Path) -> dict[str, Any]:
    """The pipelines by name, compiled by the official compiler."""
    (folder / "pipelines.py").write_text(SOURCE, encoding="utf-8")
    names = [kind.name for kind in KINDS]
    code = (
        "import sys; from kfp import compiler; sys.path.insert(0, '.'); import pipelines\n"
        f"for name in {names}: compiler.Compiler().compile(getattr(pipelines, name), name + '.yaml')"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=folder, check=True)
    return {name: yaml.load((folder / f"{name}.yaml").read_text(), yaml.CSafeLoader) for name in names}


if __name__ == "__main__":
    sys.exit(main())
