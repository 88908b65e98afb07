"""A hostile tenant beside three honest ones: `make soak`, `make soak ARGS=5m`.

The honest tenants run the pipelines of `soak.py`; nothing of theirs may be lost, doubled, stuck or wrong. The
hostile one runs what is below, three runs at a time, and sends odd requests. At the end it deletes its runs:
no process, no folder, no memory and no open file of theirs may stay.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_kfp_mt import embedded

from .laptop import FINAL_STATES, TRIVIAL, V2, Laptop
from .soak import TENANTS, Tenant, Usage, compile_pipelines, count_leftovers, evaluate
from .table import describe_machine, format_ms

AT_ONCE = 3  # hostile runs
LONGEST = 20.0  # seconds before one is stopped
SETTLED = 32.0  # seconds until processes that stand by have ended
MOST_MEMORY = 64  # MiB by which the server may have grown
ATTACKS = {
    "endless loop": "while :; do :; done",
    "ignores SIGTERM": "trap '' TERM; while :; do sleep 1; done",
    "two hundred orphans": "for i in $(seq 200); do setsid sleep 900 & done; sleep 1",
    "orphans that hide": "for i in $(seq 20); do (cd /; trap '' TERM HUP; setsid sleep 900) & done",
    "log of 3 GB": "head -c 3000000000 /dev/zero | tr '\\0' 'a'",
    "one line for a regular expression": "printf 'a%.0s' $(seq 300000); printf 'Error: %0300000d' 1; exit 1",
    "output of 3 GB": 'truncate -s 3000000000 "$1"',
    "artifact of 3 GB": 'truncate -s 3000000000 "$2"',
    "device as output": 'ln -s /dev/zero "$1"',
    "pipe as output": 'mkfifo "$1"',
    "store as output": 'ln -s ../../../../../../../store.sqlite "$1"',
    "device as artifact": 'ln -s /dev/zero "$2"',
    "no folder": 'rm -rf "$(dirname "$PWD")"',
    "an end of its own": 'echo "{\\"code\\": 0}" > ../exit.json; sleep 900',
    "stopped supervisor": "kill -STOP $PPID; sleep 900",
    "killed supervisor": "kill -KILL $PPID; sleep 900",
    "no packages": "pip uninstall -y kfp tornado; python3 -m pip uninstall -y pip; pip install none",
    "full /tmp": "head -c 200000000 /dev/zero > /tmp/full; mkdir -p /tmp/$(printf 'a/%.0s' $(seq 500))",
    "many files": 'mkdir -p "$2"; for i in $(seq 3000); do : > "$2/$i"; done',
}


def make_attack(script: str) -> dict[str, Any]:
    """Return a pipeline that runs a script with the paths of an output and of an artifact."""
    artifact = {"artifactType": {"schemaTitle": "system.Model", "schemaVersion": "0.0.1"}}
    outputs = {"parameters": {"text": {"parameterType": "STRING"}}, "artifacts": {"model": artifact}}
    paths = ["{{$.outputs.parameters['text'].output_file}}", "{{$.outputs.artifacts['model'].path}}"]
    container = {"image": "i", "command": ["bash", "-c", script, "attack", *paths]}
    return {
        **TRIVIAL,
        "components": {"comp-step": {"executorLabel": "exec-step", "outputDefinitions": outputs}},
        "deploymentSpec": {"executors": {"exec-step": {"container": container}}},
    }


def make_bomb() -> dict[str, Any]:
    """Return a pipeline of loops in loops."""
    loops: dict[str, Any] = {}
    for depth in range(4):
        inner = {"componentRef": {"name": f"comp-{depth + 1}" if depth < 3 else "comp-step"}}
        items = {"items": {"raw": json.dumps(list(range(99)))}, "itemInput": "item"}
        inner |= {"taskInfo": {"name": "loop"}} | ({"parameterIterator": items} if depth < 3 else {})
        loops[f"comp-{depth}"] = {"dag": {"tasks": {"loop": inner}}}
    root = {"dag": {"tasks": {"loop": {"componentRef": {"name": "comp-0"}, "taskInfo": {"name": "loop"}}}}}
    return {**TRIVIAL, "components": {**TRIVIAL["components"], **loops}, "root": root}


class Honest(Tenant):
    """Times what it notices."""

    def __init__(self, *arguments: Any) -> None:
        self.gets: list[float] = []
        self.starts: list[float] = []
        self._submits: dict[str, float] = {}
        super().__init__(*arguments)

    def _send(self, method: str, path: str, body: object = None, allowed: tuple[int, ...] = (200,)) -> Any:
        if method == "POST" and path == "runs" and isinstance(body, dict):
            self._submits[body["run_id"]] = time.time()
        began = time.perf_counter()
        answer = super()._send(method, path, body, allowed)
        if method == "GET":
            self.gets.append(time.perf_counter() - began)
        run_id = path.removeprefix("runs/")
        if run_id in self._submits and method == "GET" and answer.get("state") in FINAL_STATES:
            self._time_start(run_id)
        return answer

    def _time_start(self, run_id: str) -> None:
        submitted = self._submits.pop(run_id)
        tasks = super()._send("GET", f"runs/{run_id}/tasks")["tasks"]
        starts = [
            task["start_time"] for task in tasks if task["type"] == "RUNTIME" and task.get("start_time")
        ]
        if starts:
            first = datetime.fromisoformat(min(starts).replace("Z", "+00:00")).timestamp()
            self.starts.append(max(0.0, first - submitted))


class Hostile:
    """Does its worst."""

    def __init__(self, laptop: Laptop, name: str) -> None:
        self._laptop = laptop
        self._name = name
        self._chance = random.Random(name)
        self._runs: dict[str, float] = {}
        self.done: Counter[str] = Counter()
        self.refused = 0
        self.faults: list[str] = []  # answers that say that the server has failed
        body = {"display_name": "hostile", "namespace": name}
        self._experiment = json.loads(self._send("POST", "experiments", body)[1])["experiment_id"]

    def run(self, until: float) -> None:
        """Keep some runs going, each for a while, and delete them."""
        attacks = {**{name: make_attack(script) for name, script in ATTACKS.items()}, "loops": make_bomb()}
        names: list[str] = []
        while time.monotonic() < until or self._runs:
            while time.monotonic() < until and len(self._runs) < AT_ONCE:
                names = names or self._chance.sample(sorted(attacks), len(attacks))
                self._start(names.pop(), attacks)
            for run_id, began in list(self._runs.items()):
                self._tend(run_id, began)
            time.sleep(0.2)

    def send_odd_requests(self, until: float) -> None:
        """Send requests that are large, deep, forged or never end."""
        values = "# YAML\n" + json.dumps({**TRIVIAL, "root": [0] * 900_000}).replace(", ", ",\n")
        laughs = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
        )
        predicate = {"key": "name", "operation": "IS_SUBSTRING", "string_value": "%a" * 500}
        predicates = quote(json.dumps({"predicates": [predicate] * 150}))
        listed = f"runs?namespace={self._name}"
        odd: list[Callable[[], object]] = [
            lambda: self._upload(values),
            lambda: self._upload(laughs),
            lambda: self._upload("[" * 1_000_000),
            lambda: self._send("POST", "runs", {"a": "b" * 7_000_000}),
            lambda: self._send("POST", "runs", {"runtime_config": {"parameters": {"a": [0] * 2_000_000}}}),
            lambda: self._send("GET", f"{listed}&page_size=1000000000"),
            lambda: self._send("GET", f"{listed}&page_token={'A' * 50_000}"),
            lambda: self._send("GET", f"{listed}&filter={predicates}"),
        ]
        while time.monotonic() < until:
            with contextlib.suppress(OSError, HTTPException):
                self._chance.choice(odd)()
            time.sleep(0.1)

    def _start(self, name: str, attacks: dict[str, Any]) -> None:
        body = {"display_name": name, "experiment_id": self._experiment, "pipeline_spec": attacks[name]}
        status, data = self._send("POST", "runs", body)
        if status == 200:
            self._runs[json.loads(data)["run_id"]] = time.monotonic()
            self.done[name] += 1
        else:
            self.refused += 1

    def _tend(self, run_id: str, began: float) -> None:
        state = json.loads(self._send("GET", f"runs/{run_id}")[1]).get("state")
        if state in FINAL_STATES:
            self._send("GET", f"runs/{run_id}/tasks")
            self._send("DELETE", f"runs/{run_id}")
            del self._runs[run_id]
        elif time.monotonic() - began > LONGEST:
            self._send("POST", f"runs/{run_id}:terminate", {})

    def _upload(self, text: str) -> None:
        name = f"large-{time.time_ns()}"
        self._laptop.connect(self._name).upload(
            f"{V2}/pipelines/upload?namespace={self._name}&name={name}", text
        )

    def _send(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        status, data = self._laptop.connect(self._name).send(method, f"{V2}/{path}", body)
        if status >= 500:
            self.faults.append(f"{method} {path[:100]}: {status} {data[:200]!r}")
        return status, data


def soak(laptop: Laptop, folder: Path, minutes: float) -> bool:
    """Run all tenants, and print the result; returns whether it is good."""
    for tenant in (*TENANTS[1:], "mallory"):
        laptop.add_profile(tenant)
    packages = compile_pipelines(folder)
    honest = [Honest(tenant, laptop, packages, laptop.folder / "marks") for tenant in TENANTS]
    hostile = Hostile(laptop, "mallory")
    honest[0].work(time.monotonic() + 2)  # warm
    initial, most = Usage.read(laptop), Usage(0, 0)
    started, until = time.monotonic(), time.monotonic() + minutes * 60
    work = [*(each.work for each in honest), hostile.run, hostile.send_odd_requests]
    with ThreadPoolExecutor(len(work)) as pool:
        futures = [pool.submit(each, until) for each in work]
        while not all(future.done() for future in futures):
            time.sleep(1)
            with contextlib.suppress(OSError):
                most = max(most, Usage.read(laptop))
        for future in futures:
            future.result()  # a bug of this script ends everything
    result = evaluate(list(honest))
    known = {run.run_id for tenant in honest for run in tenant.submitted}
    folders = _wait_for_folders(laptop.folder, known)
    time.sleep(SETTLED)
    final = Usage.read(laptop)
    gets = [taken for tenant in honest for taken in tenant.gets]
    starts = [taken for tenant in honest for taken in tenant.starts]
    lines = {
        "lasted": f"{(time.monotonic() - started) / 60:.1f} minutes",
        "hostile runs": f"{hostile.done.total()} of {len(hostile.done)} kinds, {hostile.refused} refused",
        "answers of 5xx": f"{len(hostile.faults)} {hostile.faults[:3] or ''}",
        "honest runs": f"{result.runs}, {result.tasks} tasks",
        "lost": f"{result.lost_runs} runs, {result.lost_tasks} tasks",
        "doubled": f"{result.doubled_runs} runs, {result.doubled_tasks} tasks",
        "stuck": f"{result.stuck} runs",
        "ended wrongly": f"{result.wrong} runs",
        "GET": f"{_describe(gets)} (goal: p95 ≤ 50 ms)",
        "start of a run": f"{_describe(starts)} (goal: ≤ 1 s)",
        "folders left behind": str(folders),
        "in use at the start": str(initial),
        "in use at most": str(most),
        "in use at the end": str(final),
    }
    for what, value in lines.items():
        sys.stdout.write(f"{what:22} {value}\n")
    for reason in (reason for tenant in honest for reason in tenant.explain_failures()):
        sys.stdout.write(f"{'':22} {reason}\n")
    flat = final.mebibytes <= initial.mebibytes + MOST_MEMORY and final.files <= initial.files + 10
    return result.good and flat and not folders and not hostile.faults


def _describe(taken: list[float]) -> str:
    p95 = statistics.quantiles(taken, n=20)[-1]
    return f"p50 {format_ms(statistics.median(taken))}, p95 {format_ms(p95)}, max {format_ms(max(taken))}"


def _wait_for_folders(folder: Path, known: set[str]) -> int:
    """Return how many folders of deleted runs are still there after a while."""
    left = 0
    for _ in range(100):
        left = len({path.name for path in (folder / "runs").iterdir()} - known)
        left += sum(1 for _ in (folder / "removed").iterdir())
        if not left:
            break
        time.sleep(0.2)
    return left


def parse_minutes(text: str) -> float:
    """Read a time: `30m`, `60s`, `1h`."""
    match = re.fullmatch(r"([0-9.]+)([smh])", text)
    if match is None:
        raise argparse.ArgumentTypeError("write 30m, 60s or 1h")
    return float(match[1]) * {"s": 1 / 60, "m": 1, "h": 60}[match[2]]


def main() -> int:
    """Soak for a while; return 1 if an honest run suffered or anything was left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("time", nargs="?", type=parse_minutes, default=30.0, help="30m, 60s, 1h")
    minutes = parser.parse_args().time
    sys.stdout.write(f"{describe_machine()}\n")
    with tempfile.TemporaryDirectory() as name:
        laptop = Laptop(Path(name) / "kfp")
        try:
            good = soak(laptop, Path(name), minutes)
        finally:
            embedded.stop(laptop.folder)
            left = count_leftovers(laptop.folder)
            sys.stdout.write(f"processes left behind  {left}\n")
    return 0 if good and not left else 1


if __name__ == "__main__":
    sys.exit(main())
