"""The engine around tasks: stop, retry, cache, logs, environment, packages, fairness."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.embedded.engine.execution.packages import RUNTIME, Packages
from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine import pipelines, rows_control
from tests.engine.bench import Bench, find_fork_servers, is_alive

Compiled = Callable[[Any], Package]


def test_terminate_ends_the_whole_tree(bench: Bench, compiled: Compiled, place: Path) -> None:
    run_id = bench.submit(compiled(pipelines.stuck), {"folder": str(place)})
    bench.until(lambda: len(os.listdir(place)) == 2)

    bench.engine.terminate(run_id)
    bench.engine.terminate(run_id)
    run = bench.wait(run_id)

    assert not any(is_alive(pid) for pid in os.listdir(place))
    assert [entry.state for entry in run.history] == ["PENDING", "RUNNING", "CANCELING", "FAILED"]
    states = {name: bench.tasks(run_id)[name].state for name in ("stubborn", "mark")}
    assert states == {"stubborn": "CANCELED", "mark": "SKIPPED"}


def test_terminate_of_a_run_that_waits(
    make_bench: Callable[..., Bench], compiled: Compiled, place: Path
) -> None:
    bench = make_bench(tasks=1)
    first = bench.submit(compiled(pipelines.stuck), {"folder": str(place)})
    bench.until(lambda: len(os.listdir(place)) == 2)
    waiting = bench.submit(compiled(pipelines.uncached), {"folder": str(place)})

    bench.engine.terminate(waiting)

    assert bench.wait(waiting).state == "FAILED"
    bench.engine.terminate(first)
    bench.wait(first)
    assert len(os.listdir(place)) == 2


def test_terminate_while_the_fork_server_is_stopped(
    make_bench: Callable[..., Bench], compiled: Compiled, place: Path
) -> None:
    bench, fork_server = make_bench_with_fork_server(make_bench, compiled(pipelines.talks))
    sleeping = {"code": "import time; time.sleep(600)", "folder": str(place)}

    os.kill(fork_server, signal.SIGSTOP)
    run_id = bench.submit(compiled(pipelines.executes), sleeping)
    bench.until(lambda: bench.run(run_id).state == "RUNNING")
    bench.engine.terminate(run_id)

    assert bench.wait(run_id).state == "FAILED"
    assert bench.tasks(run_id)["execute"].state == "CANCELED"


def test_a_fork_server_that_a_task_has_stopped_is_continued(
    make_bench: Callable[..., Bench], compiled: Compiled
) -> None:
    bench, fork_server = make_bench_with_fork_server(make_bench, compiled(pipelines.talks))

    os.kill(fork_server, signal.SIGSTOP)

    assert bench.wait(bench.submit(compiled(pipelines.talks_again))).state == "SUCCEEDED"


def make_bench_with_fork_server(make_bench: Callable[..., Bench], package: Package) -> tuple[Bench, int]:
    """Make an engine that has run something, and return it with its fork server."""
    before = find_fork_servers(os.getpid())
    bench = make_bench()
    bench.wait(bench.submit(package))
    (fork_server,) = find_fork_servers(os.getpid()) - before
    return bench, fork_server


def test_retry_keeps_what_succeeded(bench: Bench, compiled: Compiled, tmp_path: Path) -> None:
    block = tmp_path / "block"
    block.touch()
    marks = tmp_path / "marks"
    marks.mkdir()
    run_id = bench.submit(compiled(pipelines.repairable), {"folder": str(marks), "path": str(block)})
    assert bench.wait(run_id).state == "FAILED"

    block.unlink()
    bench.engine.retry(run_id)
    bench.until(lambda: bench.run(run_id).state == "SUCCEEDED")

    assert sorted(name.split(".")[0] for name in os.listdir(marks)) == ["first", "last"]
    tasks = bench.tasks(run_id)
    assert [tasks[name].attempt for name in ("mark", "fail-while", "mark-2")] == [1, 2, 1]
    assert "not yet" in bench.log(run_id, "fail-while", attempt=1)


def test_retry_runs_the_exit_task_again(
    bench: Bench, compiled: Compiled, tmp_path: Path, place: Path
) -> None:
    block = tmp_path / "block"
    block.touch()
    parameters = {"folder": str(place), "path": str(block)}
    run_id = bench.submit(compiled(pipelines.repairable_with_exit), parameters)
    assert bench.wait(run_id).state == "FAILED"

    block.unlink()
    bench.engine.retry(run_id)

    assert bench.run(run_id).state == "RUNNING"
    assert bench.wait(run_id).state == "SUCCEEDED"
    assert sorted(os.listdir(place)) == ["COMPLETE", "FAILED"]


def test_retry_runs_tasks_again_that_saw_a_failure(
    bench: Bench, compiled: Compiled, tmp_path: Path, place: Path
) -> None:
    block = tmp_path / "block"
    block.touch()
    parameters = {"folder": str(place), "path": str(block)}
    run_id = bench.submit(compiled(pipelines.repairable_with_exit_pipeline), parameters)
    assert bench.wait(run_id).state == "FAILED"
    seen = sorted(name.split(".")[0] for name in os.listdir(place))
    assert seen == ["after-exit", "exit", "nothing", "nothing-too"]

    block.unlink()
    bench.engine.retry(run_id)

    assert bench.wait(run_id).state == "SUCCEEDED"
    made = [name.split(".")[0] for name in os.listdir(place)]
    assert sorted(made) == sorted([*seen, "after-exit", "exit", "made", "made", "made-too"])


def test_cache_by_the_content_of_a_task(bench: Bench, compiled: Compiled, place: Path) -> None:
    parameters = {"folder": str(place), "name": "x"}
    first = bench.submit(compiled(pipelines.marks), parameters)
    bench.wait(first)

    again = bench.submit(compiled(pipelines.marks_with_other_names), parameters)
    bench.wait(again)

    assert len(os.listdir(place)) == 1
    task = bench.tasks(again)["mark"]
    assert (task.state, task.cached_from_run_id, task.attempt) == ("SUCCEEDED", first, 0)
    assert task.outputs.parameters == {"Output": "x"}


@pytest.mark.parametrize("change", ["value", "namespace", "pipeline", "off"])
def test_a_changed_task_is_not_taken_from_the_cache(
    change: str, bench: Bench, compiled: Compiled, place: Path
) -> None:
    folder = str(place)
    bench.wait(bench.submit(compiled(pipelines.marks), {"folder": folder, "name": "x"}))

    pipeline = {"off": pipelines.uncached, "pipeline": pipelines.other_marks}.get(change, pipelines.marks)
    name = "y" if change == "value" else "x"
    namespace = "berta" if change == "namespace" else "ana"
    bench.wait(bench.submit(compiled(pipeline), {"folder": folder, "name": name}, namespace=namespace))

    assert len(os.listdir(place)) == 2


def test_outputs_of_groups_are_handed_on_as_they_are(bench: Bench, compiled: Compiled) -> None:
    run_id = bench.submit(compiled(pipelines.sums_in_a_condition))

    assert bench.wait(run_id).state == "SUCCEEDED"
    tasks = bench.tasks(run_id)
    values = [
        value for name in ("add", "condition-4", "") for value in tasks[name].outputs.parameters.values()
    ]
    assert values == [10, 10, 10]


def test_components_with_one_key_share_no_outputs(bench: Bench, compiled: Compiled, place: Path) -> None:
    first = bench.submit(compiled(pipelines.own_keys), {"folder": str(place), "name": "x"})
    bench.wait(first)
    again = bench.submit(compiled(pipelines.own_keys), {"folder": str(place), "name": "another"})
    bench.wait(again)

    assert len(os.listdir(place)) == 3
    for run_id in (first, again):
        tasks = bench.tasks(run_id)
        assert [tasks[name].outputs.parameters for name in ("mark", "mark-twice", "write-mark")] == [
            {"Output": "x"},
            {"Output": "xx"},
            {},
        ]
        (data,) = tasks["write-mark"].outputs.artifacts["data"]
        assert Path(data.uri).read_text() == "x"


def test_a_key_belongs_to_a_component_in_every_version(bench: Bench, compiled: Compiled, place: Path) -> None:
    one, other = compiled(pipelines.own_keys), compiled(pipelines.own_keys_of_another_version)
    first = bench.submit(one, {"folder": str(place), "name": "v"}, namespace="berta")
    bench.wait(first)
    second = bench.submit(other, {"folder": str(place), "name": "w"}, namespace="berta")
    bench.wait(second)

    tasks = bench.tasks(second)
    assert {
        name: task.cached_from_run_id for name, task in tasks.items() if "mark" in name or "write" in name
    } == {
        "mark": first,
        "mark-twice": first,
        "write-twice": "",
    }
    assert [tasks[name].outputs.parameters for name in ("mark", "mark-twice")] == [
        {"Output": "v"},
        {"Output": "vv"},
    ]
    (text,) = tasks["write-twice"].outputs.artifacts["text"]
    assert Path(text.uri).read_text() == "ww"


def test_a_reimported_artifact_is_another_input(bench: Bench, compiled: Compiled, place: Path) -> None:
    first = bench.submit(compiled(pipelines.imports_twice), {"folder": str(place)})
    bench.wait(first)

    again = bench.submit(compiled(pipelines.imports_twice), {"folder": str(place)})
    bench.wait(again)

    tasks = bench.tasks(again)
    assert (tasks["mark-for"].cached_from_run_id, tasks["mark-for-2"].cached_from_run_id) == (first, "")


def test_a_pipeline_in_any_form_that_protojson_accepts(bench: Bench, compiled: Compiled, place: Path) -> None:
    text = msgspec.json.encode(compiled(pipelines.marks).pipeline_spec).decode()
    for name in ("componentRef", "executorLabel", "componentInputParameter", "inputDefinitions"):
        text = text.replace(f'"{name}"', '"' + re.sub("([A-Z])", r"_\1", name).lower() + '"')
    text = text.replace('"parameterType":"STRING"', '"parameterType":3')

    run_id = bench.submit(Package(pipeline_spec=json.loads(text)), {"folder": str(place), "name": "any form"})

    assert bench.wait(run_id).state == "SUCCEEDED"
    assert bench.tasks(run_id)["mark"].outputs.parameters == {"Output": "any form"}


def test_cached_artifacts_outlive_their_run(bench: Bench, compiled: Compiled) -> None:
    package = compiled(pipelines.artifact_cache)
    first = bench.submit(package, {"content": "kept"})
    bench.wait(first)
    second = bench.submit(package, {"content": "kept"})
    bench.wait(second)

    bench.engine.forget(first)
    bench.until(lambda: not bench.tasks(first))

    artifact = bench.tasks(second)["write"].outputs.artifacts["data"][0]
    assert Path(artifact.uri).read_text() == "kept"
    bench.store.runs.remove(first)
    bench.engine.forget(second)
    bench.until(lambda: not (bench.folder / "runs" / first).exists())


def test_forget_removes_the_folder(bench: Bench, compiled: Compiled, place: Path) -> None:
    run_id = bench.submit(compiled(pipelines.stuck), {"folder": str(place)})
    bench.until(lambda: len(os.listdir(place)) == 2)

    bench.store.runs.remove(run_id)
    bench.engine.forget(run_id)
    bench.until(lambda: not (bench.folder / "runs" / run_id).exists())

    assert not any(is_alive(pid) for pid in os.listdir(place))


def test_a_run_that_is_made_again_while_it_is_deleted(bench: Bench, compiled: Compiled, place: Path) -> None:
    stuck = compiled(pipelines.stuck)
    run_id = bench.submit(stuck, {"folder": str(place)})
    bench.until(lambda: len(os.listdir(place)) == 2)

    bench.store.runs.remove(run_id)
    bench.engine.forget(run_id)
    bench.submit(compiled(pipelines.talks_again), run_id=run_id)

    assert bench.wait(run_id).state == "SUCCEEDED"


def test_log_has_every_source(bench: Bench, compiled: Compiled) -> None:
    run_id = bench.submit(compiled(pipelines.talks))
    bench.wait(run_id)

    part = bench.engine.read_log(run_id, "talk")

    assert part.data.decode().splitlines() == [
        "from Python",
        "to stderr",
        "from the descriptor",
        "from a child",
        "\x1b[31mthe end\x1b[0m",
    ]
    assert (part.attempt, part.complete) == (1, True)


def test_log_by_offset(bench: Bench, compiled: Compiled) -> None:
    run_id = bench.submit(compiled(pipelines.talks), {"lines": 1})
    bench.wait(run_id)

    first = bench.engine.read_log(run_id, "talk", limit=5)
    rest = bench.engine.read_log(run_id, "talk", offset=first.next_offset)

    assert (first.data, first.complete) == (b"from ", False)
    assert rest.data.startswith(b"Python")
    assert rest.complete


def test_huge_log_is_bounded(make_bench: Callable[..., Bench], compiled: Compiled) -> None:
    bench = make_bench(log_bytes=10_000)
    run_id = bench.submit(compiled(pipelines.talks), {"lines": 5_000})
    bench.wait(run_id)

    log = bench.log(run_id, "talk")

    assert len(log) < 80_000
    assert "The log has reached its limit of 10000 bytes." in log
    assert "bytes are left out here" in log
    assert "the end" in log[-40:]


def test_unknown_log(bench: Bench) -> None:
    with pytest.raises(LookupError):
        bench.engine.read_log("no-such-run", "task")


def test_environment_of_a_task(
    make_bench: Callable[..., Bench], compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_TOKEN", "t0p-s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "t0p-s3cret")
    bench = make_bench()
    run_id = bench.submit(compiled(pipelines.seen_environment))
    bench.wait(run_id)

    seen = bench.tasks(run_id)["show-environment"].outputs.parameters["Output"]

    assert "PATH" in seen
    assert "t0p-s3cret" not in str(seen)
    assert not [name for name in seen if name.startswith("JUPYTER")]


@pytest.mark.slow
def test_fair_between_tenants(make_bench: Callable[..., Bench], compiled: Compiled, place: Path) -> None:
    bench = make_bench(tasks=1)
    package = compiled(pipelines.many)
    numbers = list(range(40))
    long = bench.submit(package, {"folder": str(place), "numbers": numbers, "wanted": 780}, namespace="ana")
    bench.until(lambda: os.listdir(place))

    short = bench.submit(compiled(pipelines.uncached), {"folder": str(place)}, namespace="berta")

    bench.wait(short)
    assert bench.run(long).state == "RUNNING"
    assert bench.wait(long).state == "SUCCEEDED"


@pytest.mark.slow
def test_without_fork(make_bench: Callable[..., Bench], compiled: Compiled, place: Path) -> None:
    bench = make_bench(executor="subprocess")
    plain = bench.submit(compiled(rows_control.loop_sources))
    stuck = bench.submit(compiled(pipelines.stuck), {"folder": str(place)})
    bench.until(lambda: len(os.listdir(place)) == 2)

    bench.engine.terminate(stuck)

    assert bench.wait(plain).state == "SUCCEEDED"
    bench.wait(stuck)
    assert not any(is_alive(pid) for pid in os.listdir(place))


@pytest.mark.slow
def test_packages_once_and_elsewhere(
    make_bench: Callable[..., Bench], compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # of this process, which other tests share
    before = files_of(Path(sys.prefix))
    bench = make_bench()

    run = bench.wait(bench.submit(compiled(pipelines.packages)))

    assert run.state == "SUCCEEDED", run.error
    place = bench.tasks(run.run_id)["use-package"].outputs.parameters["Output"]
    assert Path(place).is_relative_to(bench.folder / "packages")
    assert len([path for path in (bench.folder / "packages").iterdir() if path.is_dir()]) == 1
    assert files_of(Path(sys.prefix)) == before


def test_packages_that_cannot_be_installed(
    make_bench: Callable[..., Bench], compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    bench = make_bench()

    run = bench.wait(bench.submit(compiled(pipelines.one_package)))

    assert run.state == "FAILED"
    reason = bench.tasks(run.run_id)["use-package"].reason
    assert "tiny-package==1.0: No matching distribution found" in reason
    assert "[packages-unavailable]" in reason
    log = bench.log(run.run_id, "use-package")
    assert "ERROR: No matching distribution found for tiny-package==1.0" in log


def test_packages_of_an_index_that_does_not_answer(
    make_bench: Callable[..., Bench], compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    bench = make_bench()

    run = bench.wait(bench.submit(compiled(pipelines.one_package)))

    reason = bench.tasks(run.run_id)["use-package"].reason
    assert "tiny-package==1.0: the package index 127.0.0.1 does not answer" in reason
    assert "after connection broken by" in bench.log(run.run_id, "use-package")


def test_terminate_while_packages_are_installed(
    make_bench: Callable[..., Bench], compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_RETRIES", "0")
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "5")
        bench = make_bench()
        run_id = bench.submit(compiled(pipelines.one_package))
        silent.accept()[0].close()

        bench.engine.terminate(run_id)

        assert bench.wait(run_id).state == "FAILED"
        assert bench.tasks(run_id)["use-package"].state == "CANCELED"


def test_runtime_is_fetched_where_kfp_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(tmp_path / "wheels", "kfp", "2.17.0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    packages = Packages(tmp_path / "packages", has_kfp=lambda: False)
    assert packages.find_runtime() is None

    packages.install(RUNTIME)

    assert packages.find_runtime() == [
        str(path) for path in (tmp_path / "packages").iterdir() if path.is_dir()
    ]


def make_wheel(folder: Path, name: str = "tiny_package", version: str = "1.0") -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        info = f"{name}-{version}.dist-info"
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def files_of(prefix: Path) -> dict[str, tuple[int, int, str]]:
    """Describe every file below, also bytecode: size, time, and the digest of every 200th file."""
    found = {}
    for number, path in enumerate(sorted(path for path in prefix.rglob("*") if path.is_file())):
        about = path.stat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if number % 200 == 0 else ""
        found[str(path)] = (about.st_size, about.st_mtime_ns, digest)
    return found


def test_an_output_that_cannot_be_read_fails_its_task_only(bench: Bench, compiled: Compiled) -> None:
    run = bench.wait(bench.submit(compiled(pipelines.nested_output)))

    assert run.state == "FAILED"
    assert bench.wait(bench.submit(compiled(pipelines.talks))).state == "SUCCEEDED"
