"""How a tenant fares while another one keeps the embedded server busy: its GETs, and the starts of its runs.

Each load runs beside the same measurement: a list of runs every 20 ms, and one trivial run after the other.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_kfp_mt.bounds import RunBounds

from .laptop import TRIVIAL, V2, Caller, Laptop, run_laptop
from .table import Row, format_ms

ITEMS, QUEUED, VALUES, UPLOADS = 90_000, 10_000, 990_000, 6
CALLERS = 4  # that submit runs
ARTIFACT = 3 << 30  # bytes
SLOW = 0.3  # seconds that a flush of the disk takes longer
SECONDS, RUNS = 15.0, 8  # the least that a measurement has to last
_GET, _START = 0.05, 1.0  # seconds, the goals
_GOAL = f"GET p95 ≤ {_GET * 1000:.0f} ms, start ≤ {_START:.0f} s"

# A flush that takes longer, for a process that is started with LD_PRELOAD.
_SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int late(const char *name, int fd) {
    usleep(%d);
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}
int fsync(int fd) { return late("fsync", fd); }
int fdatasync(int fd) { return late("fdatasync", fd); }
"""

Load = Callable[[Laptop, threading.Event], None]


def do_nothing(_laptop: Laptop, _stopped: threading.Event) -> None:
    """Be no load."""


def measure() -> list[Row]:
    """Measure without a load, then beside each."""
    rows = [
        *measure_beside({"nobody else": do_nothing}),
        *measure_beside({f"a loop of {ITEMS:,} items": do_nothing}, prepare=run_loop),
        *measure_beside(
            {
                "somebody who submits runs": queue_runs,
                f"{QUEUED:,} queued runs": do_nothing,
                f"{QUEUED:,} queued runs, after kill -9": kill,
            },
            between=queue_runs,
        ),
        *measure_beside({f"{UPLOADS} uploads of {VALUES:,} values at once": upload_values}),
        *measure_beside({f"an artifact of {ARTIFACT >> 30} GiB": copy_artifact}),
    ]
    if shutil.which("gcc"):
        with tempfile.TemporaryDirectory() as folder:
            slow = f"runs on a disk whose flush takes {SLOW * 1000:.0f} ms longer"
            rows += measure_beside({slow: submit_runs}, variables=slow_disk(Path(folder)))
    return rows


def measure_beside(
    loads: Mapping[str, Load],
    prepare: Load = do_nothing,
    between: Load = do_nothing,
    variables: Mapping[str, str] = {},
) -> list[Row]:
    """Measure beside each load, on one server with these variables; `between` comes after the first one."""
    rows = []
    with run_laptop(RunBounds(max_steps=10 * ITEMS), variables) as laptop, ThreadPoolExecutor(1) as pool:
        laptop.add_profile("bob")
        _start_run(laptop.connect("bob"), "bob")  # warm
        prepare(laptop, threading.Event())
        for what, load in loads.items():
            if rows:
                between(laptop, threading.Event())
                between = do_nothing
            stopped = threading.Event()
            if load is kill:
                kill(laptop, stopped)
                load = do_nothing  # noqa: PLW2901 - it has been done
            sys.stderr.write(f"  beside {what} …\n")
            work = pool.submit(load, laptop, stopped)
            try:
                gets, starts = _probe(laptop, stopped)
            finally:
                stopped.set()
            work.result()
            rows.append(_describe(what, gets, starts))
    return rows


def _describe(what: str, gets: list[float], starts: list[float]) -> Row:
    p95 = statistics.quantiles(gets, n=20)[-1]
    ours = (
        f"GET p50 {format_ms(statistics.median(gets))}, p95 {format_ms(p95)};"
        f" start p50 {statistics.median(starts):.2f} s, max {max(starts):.2f} s"
    )
    verdict = "met" if p95 <= _GET and max(starts) <= _START else "missed"
    return Row(f"beside {what}", ours, ratio=verdict, goal=_GOAL)


def _probe(laptop: Laptop, stopped: threading.Event) -> tuple[list[float], list[float]]:
    """Measure GETs and starts of `bob` for a while."""
    gets: list[float] = []

    def list_runs() -> None:
        caller = laptop.connect("bob")
        while not stopped.is_set():
            began = time.perf_counter()
            caller.get(f"{V2}/runs", namespace="bob", page_size=20)
            gets.append(time.perf_counter() - began)
            time.sleep(0.02)

    reader = threading.Thread(target=list_runs)
    reader.start()
    starts, until = [], time.monotonic() + SECONDS
    while time.monotonic() < until or len(starts) < RUNS:
        starts.append(_start_run(laptop.connect("bob"), "bob"))
        time.sleep(0.5)
    stopped.set()
    reader.join()
    return gets, starts


def _start_run(caller: Caller, namespace: str) -> float:
    """Submit a trivial run; return the seconds from before the call until its task started."""
    before = time.time()
    run_id = _submit(caller, namespace, TRIVIAL)
    caller.wait(run_id, pause=0.02)
    tasks = json.loads(caller.get(f"{V2}/runs/{run_id}/tasks"))["tasks"]
    (started,) = [task["start_time"] for task in tasks if task["name"] == "step"]
    return max(0.0, datetime.fromisoformat(started.replace("Z", "+00:00")).timestamp() - before)


def _submit(
    caller: Caller, namespace: str, spec: dict[str, Any], experiment: str = "", **parameters: Any
) -> str:
    body = {
        "display_name": "bench",
        "experiment_id": experiment or _find_experiment(caller, namespace),
        "pipeline_spec": spec,
        "runtime_config": {"parameters": parameters},
    }
    return str(caller.post(f"{V2}/runs", body)["run_id"])


def _find_experiment(caller: Caller, namespace: str) -> str:
    listed = json.loads(caller.get(f"{V2}/experiments", namespace=namespace)).get("experiments")
    if listed:
        return str(listed[0]["experiment_id"])
    body = {"display_name": "bench", "namespace": namespace}
    return str(caller.post(f"{V2}/experiments", body)["experiment_id"])


def run_loop(laptop: Laptop, _stopped: threading.Event) -> None:
    """Run a loop over many items."""
    _submit(laptop.connect(), "ana", make_loop(), items=list(range(ITEMS)))


def queue_runs(laptop: Laptop, stopped: threading.Event) -> None:
    """Submit many runs whose task sleeps."""
    spec = make_container(["sleep", "600"])
    experiment = _find_experiment(laptop.connect(), "ana")

    def submit(_number: int) -> None:
        caller = laptop.connect()
        for _ in range(QUEUED // CALLERS):
            if stopped.is_set():
                return
            _submit(caller, "ana", spec, experiment)

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(submit, range(CALLERS)))


def kill(laptop: Laptop, _stopped: threading.Event) -> None:
    """Kill the server, and start it again."""
    os.kill(laptop.runtime.pid, signal.SIGKILL)
    laptop.start_again()


def submit_runs(laptop: Laptop, stopped: threading.Event) -> None:
    """Submit one run after the other."""
    caller = laptop.connect()
    while not stopped.is_set():
        _submit(caller, "ana", TRIVIAL)


def upload_values(laptop: Laptop, stopped: threading.Event) -> None:
    """Upload pipelines with many values, again and again."""
    values = {"parameterType": "LIST", "defaultValue": [0] * VALUES}
    spec = dict(TRIVIAL, root={**TRIVIAL["root"], "inputDefinitions": {"parameters": {"values": values}}})
    text = "# YAML, which takes longer than JSON\n" + json.dumps(spec).replace(", ", ",\n")

    def upload(number: int) -> None:
        caller = laptop.connect()
        while not stopped.is_set():
            caller.upload(f"{V2}/pipelines/upload?namespace=ana&name=large-{number}-{time.time_ns()}", text)

    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(upload, range(UPLOADS)))


def copy_artifact(laptop: Laptop, stopped: threading.Event) -> None:
    """Run importers that copy a large file into the workspace of their run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        with path.open("wb") as file:
            piece = os.urandom(1 << 20)
            for _ in range(ARTIFACT >> 20):
                file.write(piece)
        while not stopped.is_set():
            run_id = _submit(laptop.connect(), "ana", make_importer(str(path)))
            laptop.connect().wait(run_id)


def slow_disk(folder: Path) -> dict[str, str]:
    """Return the variables of a process whose flushes take longer."""
    source, library = folder / "late.c", folder / "late.so"
    source.write_text(_SHIM % int(SLOW * 1e6))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}


def make_container(command: list[str]) -> dict[str, Any]:
    """Return a pipeline of one command."""
    executors = {"exec-step": {"container": {"image": "python", "command": command}}}
    return {**TRIVIAL, "deploymentSpec": {"executors": executors}}


def make_loop() -> dict[str, Any]:
    """Return a pipeline that runs a trivial task for each item of its input."""
    number = {"parameterType": "NUMBER_INTEGER"}
    task = {
        "componentRef": {"name": "comp-step"},
        "taskInfo": {"name": "step"},
        "cachingOptions": {"enableCache": False},
    }
    loop = {
        "componentRef": {"name": "comp-loop"},
        "taskInfo": {"name": "loop"},
        "inputs": {"parameters": {"items": {"componentInputParameter": "items"}}},
        "parameterIterator": {"itemInput": "item", "items": {"inputParameter": "items"}},
    }
    body = {
        "dag": {"tasks": {"step": task}},
        "inputDefinitions": {"parameters": {"items": {"parameterType": "LIST"}, "item": number}},
    }
    return {
        **TRIVIAL,
        "components": {**TRIVIAL["components"], "comp-loop": body},
        "root": {
            "dag": {"tasks": {"loop": loop}},
            "inputDefinitions": {"parameters": {"items": {"parameterType": "LIST"}}},
        },
    }


def make_importer(uri: str) -> dict[str, Any]:
    """Return a pipeline that copies a file into the workspace of the run."""
    artifact = {"artifactType": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}}
    importer = {
        "artifactUri": {"constant": uri},
        "typeSchema": artifact["artifactType"],
        "downloadToWorkspace": True,
    }
    component = {
        "executorLabel": "exec-step",
        "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
        "outputDefinitions": {"artifacts": {"artifact": artifact}},
    }
    return {
        **TRIVIAL,
        "components": {"comp-step": component},
        "deploymentSpec": {"executors": {"exec-step": {"importer": importer}}},
    }
