"""Starts, stops and deaths that meet: each ends with a server that answers, or with a reason."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.embedded.options import Options
from jupyter_kfp_mt.embedded.server import ServerProcess
from jupyter_kfp_mt.errors import KfpConnectionError
from jupyter_kfp_mt.models import RuntimeFile
from tests.embedded.running import StandIn, send

pytestmark = pytest.mark.slow  # many processes at once

DEATHS = 12


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kfp"
    embedded.stop(tmp_path / "kfp")


def answers(runtime: RuntimeFile) -> bool:
    sent = [("Authorization", f"Bearer {Path(runtime.token_path).read_text()}")]
    path = f"/apis/v2beta1/runs?namespace={runtime.namespace}"
    return send(runtime.url, "GET", path, None, sent).status == 200


def failure(folder: Path, **options: int) -> KfpConnectionError:
    with pytest.raises(KfpConnectionError) as error:
        embedded.ensure_running(folder, **options)  # type: ignore[arg-type]
    assert error.value.code == "embedded-failed"
    return error.value


def test_whoever_comes_right_after_a_kill_gets_a_server_that_answers(folder: Path) -> None:
    runtime = embedded.ensure_running(folder)
    seen = {runtime.pid}
    for _ in range(DEATHS):
        os.kill(runtime.pid, signal.SIGKILL)
        runtime = embedded.ensure_running(folder)
        seen.add(runtime.pid)
        assert answers(runtime)
    assert len(seen) == DEATHS + 1


def test_processes_that_start_together_after_a_kill_get_one_server(folder: Path) -> None:
    os.kill(embedded.ensure_running(folder).pid, signal.SIGKILL)
    code = "import pathlib, sys; from jupyter_kfp_mt import embedded;"
    code += "print(embedded.ensure_running(pathlib.Path(sys.argv[1])).pid)"
    environment = {**os.environ, "PYTHONPATH": str(Path(embedded.__file__).parents[2])}
    starts = [
        subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=-1, text=True, env=environment)
        for _ in range(4)
    ]
    printed = {each.communicate()[0].strip() for each in starts}
    found = embedded.find(folder)
    assert found is not None
    assert printed == {str(found.pid)}


def test_stops_between_starts_leave_nothing_half_done(folder: Path) -> None:
    over = threading.Event()

    def stop() -> None:
        for pause in (0, 0.05, 0.1, 0.2, 0.3, 0.5):
            time.sleep(pause)
            embedded.stop(folder)
        over.set()

    with ThreadPoolExecutor(1) as pool:
        stops = pool.submit(stop)
        while not over.is_set():
            embedded.ensure_running(folder)
        stops.result()
    assert answers(embedded.ensure_running(folder))


def test_a_start_waits_for_one_that_is_going(folder: Path) -> None:
    folder.mkdir()
    with (folder / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a server does that has removed its file and ends its tasks
        leave = threading.Timer(1.0, fcntl.flock, (lock, fcntl.LOCK_UN))
        leave.start()
        assert answers(embedded.ensure_running(folder))
        leave.join()


def test_a_file_that_names_a_process_of_somebody_else_ends_nobody(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as other:
        runtime = embedded.ensure_running(folder)
        os.kill(runtime.pid, signal.SIGKILL)
        stale = msgspec.structs.replace(runtime, pid=other.pid)
        (folder / "runtime.json").write_bytes(msgspec.json.encode(stale))
        assert answers(embedded.ensure_running(folder))
        assert embedded.stop(folder)
        assert other.poll() is None
        other.communicate(b"\n")


def test_one_that_holds_the_folder_and_says_nothing_is_named(folder: Path) -> None:
    runtime = embedded.ensure_running(folder)
    os.kill(runtime.pid, signal.SIGSTOP)
    try:
        with pytest.raises(KfpConnectionError) as error:
            embedded.find(folder, patience=0.2)
    finally:
        os.kill(runtime.pid, signal.SIGCONT)
    assert error.value.why == f"Process {runtime.pid} serves {folder} and does not answer."
    assert embedded.find(folder) == runtime


def test_a_folder_may_be_named_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    runtime = embedded.ensure_running(Path("kfp"))
    assert embedded.find(folder) == embedded.find(Path("kfp")) == runtime


def test_a_port_that_is_taken_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        why = failure(folder, port=port).why
    assert why == f"cannot start: port {port}: Address already in use"
    assert embedded.find(folder) is None


def test_more_connections_than_files_stop_nobody(folder: Path) -> None:
    code = "import pathlib, resource, sys; from jupyter_kfp_mt import embedded\n"
    code += "resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))\n"
    code += "embedded.ensure_running(pathlib.Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": str(Path(embedded.__file__).parents[2])}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(folder)], env=environment, check=True)
    runtime = embedded.find(folder)
    assert runtime is not None
    address = ("127.0.0.1", int(runtime.url.rpartition(":")[2]))
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(socket.create_connection(address))
        assert answers(runtime)
    assert "Too many open files" not in (folder / "server.log").read_text()


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert failure(tmp_path / "file" / "kfp").why == f"{tmp_path}/file/kfp: Not a directory."


@pytest.mark.parametrize(
    ("room", "why"), [(2000, "cannot start: store.sqlite: "), (0, "{folder}/server.log: File too large.")]
)
def test_a_disk_without_room_is_told(tmp_path: Path, room: int, why: str) -> None:
    # no file may grow beyond some bytes: what a full disk does, without one
    code = "import pathlib, resource, sys; from jupyter_kfp_mt import embedded, errors\n"
    code += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
    code += "try: embedded.ensure_running(pathlib.Path(sys.argv[1]))\n"
    code += "except errors.KfpError as error: print(error.code, error.why)"
    environment = {**os.environ, "PYTHONPATH": str(Path(embedded.__file__).parents[2])}
    words = [sys.executable, "-c", code, str(tmp_path / "kfp")]
    printed = subprocess.run(words, stdout=-1, text=True, env=environment, check=True).stdout
    assert printed.startswith("embedded-failed " + why.format(folder=tmp_path / "kfp"))


@pytest.mark.parametrize(("kills", "found"), [(2, True), (9, False)])
def test_a_start_that_is_killed_is_made_again_but_not_for_ever(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int, found: bool
) -> None:
    code = f"""if "jupyter_kfp_mt.embedded" in __import__("sys").orig_argv:
        import os, pathlib
        left = pathlib.Path({str(tmp_path / "left")!r})
        left.write_text(str(int(left.read_text()) - 1))
        int(left.read_text()) < 0 or os.kill(os.getpid(), 9)"""
    (tmp_path / "sitecustomize.py").write_text(code.replace("\n    ", "\n"))
    (tmp_path / "left").write_text(str(kills))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if found:
        assert answers(embedded.ensure_running(folder))
    else:
        assert failure(folder).why == "It was ended by signal 9 each time it was started."


@pytest.fixture
def process(tmp_path: Path) -> Iterator[ServerProcess]:
    with (tmp_path / "lock").open("wb") as lock:
        yield ServerProcess(Options(data=tmp_path), lambda store, *_: StandIn(store), lock)


def test_a_server_whose_folder_was_replaced_lets_the_new_one_be(
    process: ServerProcess, tmp_path: Path
) -> None:
    assert process.holds_folder()
    (tmp_path / "lock").unlink()
    assert not process.holds_folder()
    for name in ("lock", "runtime.json", "token-ana"):
        (tmp_path / name).touch()
    assert not process.holds_folder()
    process.remove_traces()
    assert (tmp_path / "runtime.json").exists()


def test_a_runtime_file_that_was_tidied_up_comes_back(process: ServerProcess, tmp_path: Path) -> None:
    process.keep_files(time.monotonic())
    assert (tmp_path / "runtime.json").exists()
    process.remove_traces()
    assert not (tmp_path / "runtime.json").exists()
