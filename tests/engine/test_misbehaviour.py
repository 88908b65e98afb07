"""Misbehaving tasks: each runs once, ends with a reason and leaves no process behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.pipeline_spec import Package, from_wire
from tests.engine import pipelines
from tests.engine.bench import Bench, find_fork_servers
from tests.engine.specs import task

Compiled = Callable[[Any], Package]
OUT = "../out/executor_output.json"
STORE = "../../../../../../store.sqlite"
CASES = {
    "removes its folder": ("import os, shutil; shutil.rmtree(os.path.dirname(os.getcwd()))", ""),
    "removes the folder and ends": (
        "import os, shutil; shutil.rmtree(os.path.dirname(os.getcwd())); os._exit(3)",
        "execute: It ended with exit code 3.",
    ),
    "removes the run": (
        "import os, shutil; shutil.rmtree(os.path.abspath('../../../..')); os._exit(4)",
        "execute: It ended with exit code 4.",
    ),
    "takes all rights": ("import os; os.chmod('..', 0); os._exit(5)", "execute: It ended with exit code 5."),
    "closes everything": (
        "import os; os.closerange(0, 1000); os._exit(6)",
        "execute: It ended with exit code 6.",
    ),
    "pipe as outputs": (
        f"import os; os.mkfifo('{OUT}'); os._exit(0)",
        "execute: Its outputs cannot be read: executor_output.json is not a file.",
    ),
    "endless outputs": (
        f"import os; os.symlink('/dev/zero', '{OUT}'); os._exit(0)",
        "execute: Its outputs cannot be read: executor_output.json is not a file.",
    ),
    "a file of the server as outputs": (
        f"import os; os.symlink(os.path.abspath('{STORE}'), '{OUT}'); os._exit(0)",
        "execute: Its outputs cannot be read: executor_output.json leads to a file of the server.",
    ),
    "kills who watches it and leaves children": (
        "import os, subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True);"
        "os.fork() and os.kill(os.getppid(), 9); os.setsid(); subprocess.run(['sleep', '600'])",
        "execute: The process that watched it is gone.",
    ),
    "kills who watches it": (
        "import os, time; os.kill(os.getppid(), 9); time.sleep(60)",
        "execute: The process that watched it is gone.",
    ),
}


@pytest.mark.parametrize(("code", "error"), CASES.values(), ids=CASES.keys())
def test_runs_once_and_says_why(code: str, error: str, bench: Bench, compiled: Compiled, place: Path) -> None:
    parameters = {"code": code, "folder": str(place)}

    run = bench.wait(bench.submit(compiled(pipelines.executes), parameters))

    assert (run.state, run.error) == ("FAILED" if error else "SUCCEEDED", error)
    assert len(os.listdir(place)) == 1
    bench.until(lambda: not working_in(bench.folder / "runs" / run.run_id))


@pytest.mark.parametrize("pid", ["os.getpid()", "os.getppid()"], ids=["itself", "who watches it"])
def test_terminate_of_a_task_that_stopped(pid: str, bench: Bench, compiled: Compiled, place: Path) -> None:
    code = f"import os, signal, time; os.kill({pid}, signal.SIGSTOP); time.sleep(60)"
    run_id = bench.submit(compiled(pipelines.executes), {"code": code, "folder": str(place)})
    bench.until(lambda: os.listdir(place))
    bench.until(lambda: any(map(is_stopped, list_processes(bench, run_id))))

    bench.engine.terminate(run_id)

    assert bench.wait(run_id).state == "FAILED"
    assert bench.tasks(run_id)["execute"].state == "CANCELED"
    assert list_processes(bench, run_id) == []


STOPS = "os.kill(os.getppid(), signal.SIGSTOP)"
STOPPERS = {
    "once, when it is asked to end": f"signal.signal(signal.SIGTERM, lambda *_: {STOPS}); signal.pause()",
    "all the time": f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: {STOPS}",
}


@pytest.mark.parametrize("code", STOPPERS.values(), ids=STOPPERS.keys())
def test_terminate_of_a_task_that_stops_who_watches_it_later(
    code: str, bench: Bench, compiled: Compiled, place: Path
) -> None:
    code = f"import os, signal\n{code}\nsignal.pause()"
    run_id = bench.submit(compiled(pipelines.executes), {"code": code, "folder": str(place)})
    bench.until(lambda: os.listdir(place) and any(map(catches_sigterm, list_processes(bench, run_id))))

    bench.engine.terminate(run_id)

    assert bench.wait(run_id).state == "FAILED"
    assert bench.tasks(run_id)["execute"].state == "CANCELED"
    bench.until(lambda: not list_processes(bench, run_id))


def test_a_task_that_ends_well_when_it_is_told_to_end_is_canceled(
    bench: Bench, compiled: Compiled, place: Path
) -> None:
    code = "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(0)); signal.pause()"
    run_id = bench.submit(compiled(pipelines.executes), {"code": code, "folder": str(place)})
    bench.until(lambda: os.listdir(place) and any(map(catches_sigterm, list_processes(bench, run_id))))

    bench.engine.terminate(run_id)

    assert bench.wait(run_id).state == "FAILED"
    assert bench.tasks(run_id)["execute"].state == "CANCELED"


@pytest.mark.parametrize(
    "put", ["os.mkdir('../log')", "os.mkfifo('../log')", f"os.symlink('{STORE[3:]}', '../log')", "pass"]
)
def test_a_log_that_is_not_a_file_is_empty(put: str, bench: Bench, compiled: Compiled, place: Path) -> None:
    code = f"import os; os.remove('../log'); {put}"
    run = bench.wait(bench.submit(compiled(pipelines.executes), {"code": code, "folder": str(place)}))

    part = bench.engine.read_log(run.run_id, "execute")

    assert (run.state, part.data, part.complete) == ("SUCCEEDED", b"", True)


def working_in(folder: Path) -> list[str]:
    """Return the processes whose working directory is below `folder`."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            where = (process / "cwd").readlink() if process.name.isdigit() else Path("/")
        except OSError:
            continue
        if where.is_relative_to(folder):
            found.append(process.name)
    return found


def list_processes(bench: Bench, run_id: str) -> list[str]:
    return working_in(bench.folder / "runs" / run_id)


def catches_sigterm(process: str) -> bool:
    """Whether a process has said what SIGTERM does (proc(5), `status`)."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    masks = [int(line.split()[1], 16) for line in status.splitlines() if line[:7] in {"SigIgn:", "SigCgt:"}]
    return any(mask & 1 << signal.SIGTERM - 1 for mask in masks)


def is_stopped(process: str) -> bool:
    """Whether a process, or its parent, is stopped."""
    try:
        state, parent = read_state(process)
        return "T" in (state, read_state(parent)[0])
    except OSError:
        return False


def read_state(process: str) -> tuple[str, str]:
    """Return the state of a process and its parent (proc(5), `stat`)."""
    state, parent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:2]
    return state, parent


def test_nobody_waits_for_a_large_job_that_is_not_taken(make_bench: Callable[..., Bench]) -> None:
    executors = {"exec": {"container": {"image": "i", "command": ["true"]}}}
    large = task(inputs={"parameters": {"a": {"runtimeValue": {"constant": "x" * 1_000_000}}}})
    spec = {
        "pipelineInfo": {"name": "p"},
        "schemaVersion": "2.1.0",
        "deploymentSpec": {"executors": executors},
    }
    code = {"executorLabel": "exec", "inputDefinitions": {"parameters": {"a": {"parameterType": "STRING"}}}}
    parts = {"root": {"dag": {"tasks": {"one": large}}}, "components": {"code": code}}
    nothing = {"root": {"dag": {"tasks": {}}}, "components": {}}

    before = find_fork_servers(os.getpid())
    bench = make_bench()
    package = from_wire({**spec, **parts})
    assert bench.wait(bench.submit(package)).state == "SUCCEEDED"
    (server,) = find_fork_servers(os.getpid()) - before
    os.kill(server, signal.SIGSTOP)
    run_id = bench.submit(package)
    bench.until(lambda: bench.tasks(run_id).get("one") and bench.tasks(run_id)["one"].state == "RUNNING")
    other = bench.wait(bench.submit(from_wire({**spec, **nothing}), namespace="berta"))
    os.kill(server, signal.SIGCONT)

    assert (other.state, bench.wait(run_id).state) == ("SUCCEEDED", "SUCCEEDED")
