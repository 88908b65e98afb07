"""What a task has for itself: /tmp, and the packages that it installs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.engine.execution.mount_probe import MountProbe
from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine import own
from tests.engine.bench import Bench, list_files

Compiled = Callable[[Any], Package]
ROOT = Path(__file__).parents[2]
RUNS = 12


@pytest.fixture
def mounts(tmp_path: Path) -> None:
    """Leave out what only a machine with mount namespaces does."""
    if MountProbe(tmp_path).find_fault(("/kfp-workspace",)):
        pytest.skip("this machine allows no mount namespace")


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("executor", ["fork", "subprocess"])
def test_runs_at_once_with_fixed_names(
    executor: str, make_bench: Callable[..., Bench], compiled: Compiled, place: Path
) -> None:
    bench, package = make_bench(tasks=RUNS, executor=executor), compiled(own.fixed_names)
    runs = [
        bench.submit(package, {"number": number, "folder": str(place), "wanted": RUNS})
        for number in range(RUNS)
    ]

    for run_id in runs:
        assert bench.wait(run_id).state == "SUCCEEDED", bench.log(run_id, "scratch")

    assert not os.path.exists("/tmp/scratch")
    bench.until(lambda: "own" not in list_folders(bench.folder / "runs"))


@pytest.mark.usefixtures("mounts")
def test_outputs_that_a_task_leaves_in_tmp(bench: Bench, compiled: Compiled) -> None:
    run_id = bench.submit(compiled(own.outputs_in_tmp))

    assert bench.wait(run_id).state == "SUCCEEDED", bench.log(run_id, "take-from-tmp")


@pytest.mark.usefixtures("mounts")
def test_a_file_in_the_tmp_of_the_machine_is_not_the_task_s(bench: Bench, compiled: Compiled) -> None:
    """By whatever path, link or mount a task names what it does not see, nobody gets it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        (Path(folder) / "secret").write_text("of the machine")
        run_id = bench.submit(compiled(own.names_what_it_does_not_see), {"folder": folder})

        run = bench.wait(run_id)

        assert run.state == "SUCCEEDED", (run.error, logs(bench, run_id))
        files = [path for path in list_files(bench.folder / "runs" / run_id) if not path.is_symlink()]
        texts = [path.read_text() for path in files]
    assert "of the task" in texts
    assert "of the machine" not in texts


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("path", ["/proc/self/environ", "/dev/shm/left", "/tmp/loop"])
def test_what_has_ended_with_the_task_is_no_output(path: str, bench: Bench, compiled: Compiled) -> None:
    run = bench.wait(bench.submit(compiled(own.output_at), {"path": path}))

    assert run.state == "FAILED"
    reason = f"{path} has too many links" if path == "/tmp/loop" else f"{path} has ended with the task"
    assert run.error == f"leave-at: Its artifact left cannot be read: {reason}."


@pytest.mark.usefixtures("mounts")
def test_an_output_in_a_volume_and_one_beside_the_code(bench: Bench, compiled: Compiled) -> None:
    run_id = bench.submit(compiled(own.outputs_in_a_volume))

    assert bench.wait(run_id).state == "SUCCEEDED", logs(bench, run_id)


@pytest.mark.usefixtures("mounts")
def test_a_data_folder_in_tmp_is_shown(compiled: Compiled) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, contextlib.closing(Bench(Path(folder))) as bench:
        run_id = bench.submit(compiled(own.outputs_in_tmp))

        assert bench.wait(run_id).state == "SUCCEEDED", bench.log(run_id, "take-from-tmp")


@pytest.mark.usefixtures("mounts")
def test_workspace_path(bench: Bench, compiled: Compiled) -> None:
    run_id = bench.submit(compiled(own.workspace_path))

    assert bench.wait(run_id).state == "SUCCEEDED", bench.log(run_id, "at-the-workspace")
    (kept,) = bench.tasks(run_id)["at-the-workspace"].outputs.artifacts["kept"]
    assert Path(kept.uri).read_text() == "seen"


@pytest.mark.usefixtures("mounts")
def test_a_volume_at_tmp(bench: Bench, compiled: Compiled) -> None:
    package = compiled(own.volume_at_tmp)
    assert bench.engine.find_problems(package, {}) == []

    run_id = bench.submit(package)

    assert bench.wait(run_id).state == "SUCCEEDED", bench.log(run_id, "fill-tmp")
    files = list_files(bench.folder / "runs" / run_id)
    assert [path.read_text() for path in files if path.name == "filled"] == ["seen"]


@pytest.mark.slow  # pip starts many times
@pytest.mark.parametrize("pipeline", [own.installs, own.installs_in_shell], ids=lambda each: each.name)
def test_packages_that_a_task_installs(pipeline: Any, bench: Bench, compiled: Compiled, wheels: Path) -> None:
    before = list_environment()
    run_id = bench.submit(compiled(pipeline), {"wheels": str(wheels)})

    run = bench.wait(run_id)

    assert run.state == "SUCCEEDED", logs(bench, run_id)
    assert list_environment() == before
    bench.until(lambda: "own" not in list_folders(bench.folder / "runs" / run_id))


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
@pytest.mark.usefixtures("mounts")
def test_packages_that_a_task_installs_with_uv(bench: Bench, compiled: Compiled, wheels: Path) -> None:
    before = list_environment()
    run_id = bench.submit(compiled(own.installs_with_uv), {"wheels": str(wheels)})

    run = bench.wait(run_id)

    assert run.state == "SUCCEEDED", logs(bench, run_id)
    assert list_environment() == before


def test_a_program_that_changes_the_machine(
    make_bench: Callable[..., Bench], compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conda = tmp_path / "bin" / "conda"
    conda.parent.mkdir()
    conda.write_text("#!/bin/sh\necho conda itself: $1\n")
    conda.chmod(0o755)
    monkeypatch.setenv("PATH", f"{conda.parent}:{os.environ['PATH']}")
    bench = make_bench()
    run_id = bench.submit(compiled(own.changes_the_machine), {"program": "conda"})

    assert bench.wait(run_id).state == "FAILED"
    assert "packages_to_install" in logs(bench, run_id)
    assert "conda itself" not in logs(bench, run_id)


@pytest.mark.usefixtures("mounts")
def test_the_environment_of_the_server_can_only_be_read(bench: Bench, compiled: Compiled) -> None:
    run_id = bench.submit(compiled(own.writes_to_the_server))

    assert bench.wait(run_id).state == "SUCCEEDED", logs(bench, run_id)


def test_a_temporary_folder_without_mounts(compiled: Compiled, tmp_path: Path, place: Path) -> None:
    """A name of its own, short enough for the path of a socket, which ends with the task."""
    end = run_without_mounts(tmp_path / "engine", compiled(own.temporary_folder), {"folder": str(place)})

    assert end["state"] == "SUCCEEDED", end
    told = (place / "told").read_text()
    assert told.startswith(f"{tempfile.gettempdir()}/kfp-")
    assert not os.path.lexists(told)


@pytest.mark.slow
def test_packages_without_mounts(compiled: Compiled, tmp_path: Path, wheels: Path) -> None:
    before = list_environment()

    end = run_without_mounts(tmp_path, compiled(own.installs_in_shell), {"wheels": str(wheels)})

    assert end["state"] == "SUCCEEDED", end
    assert list_environment() == before


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of wheels to install from."""
    folder = tmp_path_factory.mktemp("wheels")
    for name, version in (("tiny_tool", "1.0"), ("tiny_tool", "2.0"), ("other_tool", "1.0")):
        about = f"{name}-{version}.dist-info"
        code = f"VERSION = '{version}'\ndef main():\n    print(VERSION)\n"
        entry = f"[console_scripts]\n{name.replace('_', '-')} = {name}:main\n"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        files = {
            f"{name}.py": code,
            f"{about}/METADATA": metadata,
            f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/entry_points.txt": entry,
        }
        files[f"{about}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for path, text in files.items():
                wheel.writestr(path, text)
    return folder


def run_without_mounts(folder: Path, package: Package, parameters: dict[str, str]) -> dict[str, str]:
    """Run a package on an engine that may make no mount namespace."""
    command = [sys.executable, "-m", "tests.engine.without_mounts", str(folder)]
    command += [json.dumps(package.pipeline_spec), json.dumps(parameters)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True)
    end: dict[str, str] = json.loads(done.stdout)
    return end


def list_environment() -> list[str]:
    """Return what is in the server's folders of packages and programs."""
    folders = {
        *site.getsitepackages(),
        site.getusersitepackages(),
        f"{sys.prefix}/bin",
        f"{sys.base_prefix}/bin",
    }
    return sorted(entry.path for folder in folders if os.path.isdir(folder) for entry in os.scandir(folder))


def list_folders(top: Path) -> set[str]:
    """Return the names of all folders below `top`, while others are removed."""
    return {name for _, folders, _ in os.walk(top) for name in folders}


def logs(bench: Bench, run_id: str) -> str:
    """Return the logs of all tasks of a run."""
    rows = bench.store.tasks.list_of_run(run_id)
    return "".join(bench.log(run_id, row.task_id) for row in rows if row.attempt)
