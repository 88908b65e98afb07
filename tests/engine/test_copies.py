"""Files that tasks name are copied by a process that can be stopped, and only files and folders are."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.bounds import RunBounds
from jupyter_kfp_mt.pipeline_spec import Package, from_wire
from tests.engine.bench import Bench
from tests.engine.specs import task

ARTIFACT = {"artifactType": {"schemaTitle": "system.Model", "schemaVersion": "0.0.1"}}
WORKSPACE = {"platforms": {"kubernetes": {"pipelineConfig": {"workspace": {"size": "1Gi"}}}}}
MakeBench = Callable[..., Bench]


def package(component: dict[str, Any], executor: dict[str, Any]) -> Package:
    spec = {
        "pipelineInfo": {"name": "p"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": {"one": task()}}},
        "components": {"code": {"executorLabel": "exec", **component}},
        "deploymentSpec": {"executors": {"exec": executor}},
    }
    return from_wire({"pipeline_spec": spec, "platform_spec": WORKSPACE})


def saves(custom_path: Path | str, setup: str = "true") -> Package:
    """A component whose output is at a path of its own choice."""
    written = json.dumps({"artifacts": {"model": {"artifacts": [{"custom_path": str(custom_path)}]}}})
    script = f'{setup}; printf %s "$1" | sed "s|HERE|$PWD|" > "$0"'
    command = ["sh", "-c", script, "{{$.outputs.output_file}}", written]
    outputs = {"outputDefinitions": {"artifacts": {"model": ARTIFACT}}}
    return package(outputs, {"container": {"image": "i", "command": command}})


def imports(uri: Path | str) -> Package:
    """An importer that copies to the workspace."""
    importer = {"artifactUri": {"constant": str(uri)}, "downloadToWorkspace": True}
    return package({"outputDefinitions": {"artifacts": {"model": ARTIFACT}}}, {"importer": importer})


def uri_of(bench: Bench, run_id: str) -> Path:
    (artifact,) = bench.tasks(run_id)["one"].outputs.artifacts["model"]
    return Path(artifact.uri)


def make_maze(folder: Path) -> Path:
    """Make a folder with 2⁴⁰ ways through it, by links inside of it: looking at all would never end."""
    folder.mkdir()
    for number in range(40):
        level = folder / f"level-{number}"
        level.mkdir()
        for name in ("left", "right"):
            (level / name).symlink_to(folder / f"level-{number + 1}")
    (folder / "level-40").mkdir()
    return folder


def find_copiers() -> list[int]:
    """Return the process ids of the copies that engines of this process have started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1] if command else ""
        except OSError:
            continue
        if b"copier.py" in command and parent == str(os.getpid()):
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize("make", [saves, imports])
def test_a_folder_is_copied_whole(
    make_bench: MakeBench, tmp_path: Path, make: Callable[[Path], Package]
) -> None:
    source = tmp_path / "model"
    (source / "deep" / "deeper").mkdir(parents=True)
    (source / "deep" / "deeper" / "weights").write_bytes(b"w" * 3_000_000)
    (source / "run.sh").write_text("true")
    (source / "run.sh").chmod(0o755)
    (source / "latest").symlink_to("deep")

    bench = make_bench()
    run = bench.wait(bench.submit(make(source)))

    assert run.state == "SUCCEEDED", run.error
    copied = uri_of(bench, run.run_id)
    assert (copied / "deep" / "deeper" / "weights").read_bytes() == b"w" * 3_000_000
    assert (copied / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (copied / "latest" / "deeper" / "weights").stat().st_size == 3_000_000


def test_a_file_and_what_links_to_the_folder_of_the_task(make_bench: MakeBench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    setup = "mkdir -p blobs model; echo big > blobs/b; ln -s ../blobs/b model/weights"

    bench = make_bench()
    file = bench.wait(bench.submit(saves(tmp_path / "file")))
    linked = bench.wait(bench.submit(saves("HERE/model", setup), namespace="berta"))
    none = bench.wait(bench.submit(saves(tmp_path / "nothing"), namespace="carol"))

    assert uri_of(bench, file.run_id).read_text() == "text"
    assert (uri_of(bench, linked.run_id) / "weights").read_text() == "big\n"
    assert none.state == "SUCCEEDED"


def make_special(kind: str, path: Path) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    else:
        path.symlink_to(kind)


@pytest.mark.parametrize("make", [saves, imports])
@pytest.mark.parametrize("kind", ["pipe", "socket", "/dev/zero", "/dev/ptmx", "/etc/hostname"])
def test_what_is_no_file_is_not_copied_at_any_depth(
    make_bench: MakeBench,
    tmp_path: Path,
    make: Callable[[Path], Package],
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = tmp_path / "model"
    (source / "deep").mkdir(parents=True)
    monkeypatch.chdir(source / "deep")  # the name of a socket is limited
    make_special(kind, Path("odd"))

    bench = make_bench()
    bad = bench.submit(make(source))
    good = bench.wait(bench.submit(saves(tmp_path / "none"), namespace="berta"))

    run = bench.wait(bad)
    assert (run.state, good.state) == ("FAILED", "SUCCEEDED")
    reason = "leads out of it" if kind.startswith("/") else "is neither a file nor a folder"
    assert run.error == f"one: {source} cannot be copied: {source}/deep/odd {reason}."


def test_a_device_is_not_copied(make_bench: MakeBench) -> None:
    bench = make_bench()
    saved = bench.wait(bench.submit(saves("/dev/zero")))
    imported = bench.wait(bench.submit(imports("/dev/zero"), namespace="berta"))

    assert saved.error == "one: Its output at /dev/zero is not a file or folder."
    assert imported.error.startswith("one: /dev/zero is not a file or folder on this machine")


def test_the_size_of_a_copy_is_bounded(make_bench: MakeBench, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(2 * 1024**2)
    maze = make_maze(tmp_path / "maze")

    bench = make_bench(bounds=RunBounds(max_copy_mib=1))
    runs = [bench.wait(bench.submit(saves(path))) for path in (large, maze)]

    bound = "it takes more than 1 MiB, the bound here (`jupyter kfp serve --max-copy-mib`)."
    assert [run.error for run in runs] == [
        f"one: {large} cannot be copied: {bound}",
        f"one: {maze} cannot be copied: {bound}",
    ]
    assert not list((bench.folder / "runs" / runs[0].run_id).glob("artifacts/*/*/*"))


@pytest.mark.parametrize("make", [saves, imports])
def test_a_copy_can_be_stopped(
    make_bench: MakeBench, tmp_path: Path, make: Callable[[Path], Package]
) -> None:
    bench = make_bench(bounds=RunBounds(max_copy_mib=1 << 30))
    endless = bench.submit(make(make_maze(tmp_path / "maze")))
    bench.until(find_copiers)

    good = bench.wait(bench.submit(saves(tmp_path / "none"), namespace="berta"))
    bench.engine.terminate(endless)

    assert (good.state, bench.wait(endless).state) == ("SUCCEEDED", "FAILED")
    assert bench.tasks(endless)["one"].state == "CANCELED"
    assert not find_copiers()


@pytest.mark.parametrize("make", [saves, imports])
def test_a_server_stops_during_a_copy_and_the_next_one_makes_it(
    make_bench: MakeBench, tmp_path: Path, make: Callable[[Path], Package]
) -> None:
    source = make_maze(tmp_path / "model")
    first = make_bench(bounds=RunBounds(max_copy_mib=1 << 30))
    run_id = first.submit(make(source))
    first.until(find_copiers)
    first.engine.stop()
    assert not find_copiers()

    (source / "level-0" / "left").unlink()
    (source / "level-0" / "right").unlink()
    source.joinpath("weights").write_text("text")
    for number in range(1, 41):
        for path in (source / f"level-{number}").iterdir():
            path.unlink()
    second = make_bench()

    assert second.wait(run_id).state == "SUCCEEDED"
    assert (uri_of(second, run_id) / "weights").read_text() == "text"


def test_files_of_the_server_and_of_others_are_not_copied(make_bench: MakeBench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    bench = make_bench()
    of_ana = uri_of(bench, bench.wait(bench.submit(saves(tmp_path / "file"))).run_id)

    store = bench.wait(bench.submit(imports(bench.folder / "store.sqlite")))
    by_link = tmp_path / "link"
    by_link.symlink_to(bench.folder)
    linked = bench.wait(bench.submit(saves(by_link / "store.sqlite")))
    others = bench.wait(bench.submit(imports(of_ana), namespace="berta"))
    own = bench.wait(bench.submit(imports(of_ana)))

    assert [run.state for run in (store, linked, others, own)] == ["FAILED", "FAILED", "FAILED", "SUCCEEDED"]
    assert store.error.endswith("store.sqlite is a file of the server.")
    assert uri_of(bench, own.run_id).read_text() == "text"
