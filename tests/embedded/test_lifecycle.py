"""One server for one folder: started on demand, found by its file, stopped on request."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import msgspec
import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.bounds import RunBounds
from jupyter_kfp_mt.embedded.options import Options, parse_options
from jupyter_kfp_mt.embedded.server import ServerProcess
from jupyter_kfp_mt.embedded.store import Store
from jupyter_kfp_mt.errors import KfpConnectionError
from jupyter_kfp_mt.models import RuntimeFile
from jupyter_kfp_mt.owner import read_runtime
from tests.embedded.running import StandIn, send
from tests.engine.bench import is_alive

pytestmark = pytest.mark.slow  # a server process for nearly every test


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kfp"
    embedded.stop(tmp_path / "kfp")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_start_finds_the_first(folder: Path) -> None:
    found: list[RuntimeFile] = []
    starts = [
        threading.Thread(target=lambda: found.append(embedded.ensure_running(folder))) for _ in range(3)
    ]
    for each in starts:
        each.start()
    for each in starts:
        each.join()
    assert len({(each.url, each.pid) for each in found}) == 1
    assert embedded.find(folder) == found[0]
    embedded.stop(folder)
    time.sleep(0.5)  # a start that lost must not come back as a server of its own
    assert embedded.find(folder) is None


def test_it_says_that_it_is_embedded_and_listens_here_only(folder: Path) -> None:
    runtime = embedded.ensure_running(folder, namespace="ana")
    healthz = send(runtime.url, "GET", "/apis/v2beta1/healthz", None, []).json
    assert (healthz["embedded"], healthz["multi_user"]) == (True, True)
    assert runtime.url.startswith("http://127.0.0.1:")
    assert (mode(folder), mode(folder / "runtime.json"), mode(folder / "token-ana")) == (0o700, 0o600, 0o600)


def test_the_token_of_the_file_works_and_nothing_secret_is_logged(folder: Path) -> None:
    runtime = embedded.ensure_running(folder, namespace="ana")
    token = Path(runtime.token_path).read_text()
    sent = [("Authorization", f"Bearer {token}")]
    body = {"display_name": "e", "namespace": "ana"}
    assert send(runtime.url, "POST", "/apis/v2beta1/experiments", body, sent).status == 200
    log = (folder / "server.log").read_text()
    assert "POST /apis/v2beta1/experiments by system:serviceaccount:ana:default-editor in ana: 200" in log
    assert token not in log
    assert runtime.owner_key not in log + repr(runtime)


def test_the_address_and_the_data_outlive_a_restart(folder: Path) -> None:
    first = embedded.ensure_running(folder, namespace="ana")
    sent = [("Authorization", f"Bearer {Path(first.token_path).read_text()}")]
    send(first.url, "POST", "/apis/v2beta1/experiments", {"display_name": "e", "namespace": "ana"}, sent)
    assert embedded.stop(folder)
    assert embedded.find(folder) is None
    second = embedded.ensure_running(folder, namespace="ana")
    assert (second.url, second.owner_key != first.owner_key) == (first.url, True)
    listed = send(second.url, "GET", "/apis/v2beta1/experiments?namespace=ana", None, sent).json
    assert listed["total_size"] == 1


def test_a_server_of_another_version_is_restarted_when_it_is_idle(folder: Path) -> None:
    runtime = embedded.ensure_running(folder)
    old = msgspec.structs.replace(runtime, version="0.0.0")
    (folder / "runtime.json").write_bytes(msgspec.json.encode(old))
    assert embedded.ensure_running(folder).pid != runtime.pid


OPTIONS = {
    "tenants": ["--namespace", "ana", "--shared-pipelines", "owner", "--max-steps", "20"],
    "single user": ["--single-user", "--open", "--allowed-hosts", "a.example,b.example", "--max-steps", "3"],
    "front": ["--identity-header", "Remote-User", "--allowed-origins", "http://front:3000"],
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_options_become_arguments_again(options: list[str]) -> None:
    parsed = parse_options(["--data", "d", *options], "")
    assert parse_options(["--data", "d", *parsed.to_arguments()], "") == parsed


def test_a_server_that_takes_the_place_of_another_has_its_options(folder: Path) -> None:
    first = embedded.ensure_running(folder, options=OPTIONS["single user"])
    old = msgspec.structs.replace(first, version="0.0.0")
    (folder / "runtime.json").write_bytes(msgspec.json.encode(old))

    upgraded = embedded.ensure_running(folder)
    os.kill(upgraded.pid, signal.SIGKILL)
    after_a_crash = embedded.ensure_running(folder, bounds=RunBounds(max_values_mib=7))
    embedded.stop(folder)
    after_a_stop = embedded.ensure_running(folder)

    assert upgraded.pid != first.pid
    assert upgraded.options == first.options
    assert (upgraded.multi_user, upgraded.access) == (first.multi_user, first.access)
    assert after_a_crash.options == [*first.options, "--max-values-mib", "7"]
    assert after_a_stop.options == []


def test_a_server_stops_during_a_large_upload(folder: Path) -> None:
    runtime = embedded.ensure_running(folder, namespace="ana")
    head = b'--x\r\nContent-Disposition: form-data; name="uploadfile"; filename="p.yaml"\r\n\r\n'
    body = head + b"a: [\n" + b"1,\n" * 900_000 + b"1]\r\n--x--\r\n"
    token = Path(runtime.token_path).read_text()
    headers = [("Authorization", f"Bearer {token}"), ("Content-Type", "multipart/form-data; boundary=x")]
    path = "/apis/v2beta1/pipelines/upload?namespace=ana&name=large"

    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(send, runtime.url, "POST", path, body, headers)
        while not find_readers(runtime.pid):
            assert not upload.done(), upload.result()
            time.sleep(0.01)
        assert embedded.stop(folder)

        assert not find_readers(runtime.pid)
        with contextlib.suppress(OSError, HTTPException):  # answered before it stopped, or not at all
            assert upload.result().status == 503


def find_readers(server: int) -> list[int]:
    """Return the processes in which a server reads pipelines."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            if b"core.reader" in command and is_alive(entry.name):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found += [int(entry.name)] if parent == server else []
    return found


def test_a_failed_start_shows_the_last_line_of_the_log(tmp_path: Path) -> None:
    (tmp_path / "kfp").mkdir()
    (tmp_path / "kfp" / "store.sqlite").write_bytes(b"this is not a database" * 100)
    with pytest.raises(KfpConnectionError) as error:
        embedded.ensure_running(tmp_path / "kfp")
    assert error.value.code == "embedded-failed"
    assert "not a database" in error.value.why


def put_text(path: Path) -> None:
    path.write_text("99999")


ODD = {"text": put_text, "pipe": os.mkfifo, "folder": os.mkdir}


@pytest.mark.parametrize("put", ODD.values(), ids=ODD.keys())
def test_odd_files_in_the_folder_are_cleaned_or_named(put: Callable[[Path], None], folder: Path) -> None:
    folder.mkdir()
    for name in ("port", "token-gone", "runtime.json"):
        put(folder / name)

    if put is os.mkdir:
        with pytest.raises(KfpConnectionError) as caught:
            embedded.ensure_running(folder)
        assert f"{folder}/runtime.json: Is a directory" in caught.value.why
        (folder / "runtime.json").rmdir()
    runtime = embedded.ensure_running(folder)

    assert embedded.find(folder) == runtime
    assert (folder / "port").is_dir() or (folder / "port").read_text() == runtime.url.rpartition(":")[2]


def test_a_runtime_file_that_somebody_damaged_is_written_again(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a+b") as lock:
        server = ServerProcess(Options(data=tmp_path), lambda store, *_parts: StandIn(store), lock)
        for damage in (b"{}", b"\0" * 100, b""):
            (tmp_path / "runtime.json").write_bytes(damage)
            server.keep_files(time.monotonic())
            assert read_runtime(tmp_path) is not None


def test_a_folder_without_a_name_is_none(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jupyter_kfp_mt.embedded", "--data", ""]
    environment = {**os.environ, "PYTHONPATH": str(Path(embedded.__file__).parents[2])}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "--data: a folder needs a name" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_server_started_by_hand_keeps_no_variable_it_does_not_need(folder: Path) -> None:
    given = {**os.environ, "PYTHONPATH": str(Path(embedded.__file__).parents[2]), "API_TOKEN": "s3cret"}
    command = [sys.executable, "-m", "jupyter_kfp_mt.embedded", "--data", str(folder)]
    with subprocess.Popen(command, env=given) as process:
        while (found := embedded.find(folder)) is None:
            assert process.poll() is None
        kept = Path(f"/proc/{found.pid}/environ").read_text()
        limits = Path(f"/proc/{found.pid}/limits").read_text()
        embedded.stop(folder)
    assert found.pid == process.pid
    assert "PATH=" in kept
    assert "s3cret" not in kept
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_it_stops_by_itself_when_nothing_is_to_do(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("wb") as lock:
        options = Options(data=tmp_path, namespace="ana", idle_seconds=60)
        process = ServerProcess(options, lambda store, *_: StandIn(store), lock)
        assert not process.is_idle(59)
        assert process.is_idle(61)
    Store(tmp_path / "store.sqlite").close()


def test_the_server_imports_nothing_heavy() -> None:
    code = "import sys, jupyter_kfp_mt.embedded.server, jupyter_kfp_mt.embedded.engine;print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(embedded.__file__).parents[2])}
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout.split()
    assert not {"kfp", "jupyter_server", "requests", "kubernetes", "pandas", "IPython"} & set(loaded)


def test_runtime_files_of_other_versions_are_read(tmp_path: Path) -> None:
    data = {
        "url": "u",
        "pid": 1,
        "namespace": "n",
        "token_path": "t",
        "owner_key": "k",
        "version": "9",
        "new": 1,
    }
    (tmp_path / "runtime.json").write_bytes(msgspec.json.encode(data))
    assert embedded.find(tmp_path) is None  # nobody holds the lock
