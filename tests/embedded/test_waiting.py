"""Calls that wait, for another host or for the disk, keep nobody else waiting; a sick engine says so."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.embedded.log import LARGEST, rotate
from tests.embedded.running import Reply, Running, running, send

V2 = "/apis/v2beta1"


class Gate:
    """Holds the threads that pass until it is opened; `closed` says whether it holds at all."""

    def __init__(self) -> None:
        self.closed = False
        self.waiting = threading.Semaphore(0)
        self._open = threading.Event()

    def open(self) -> None:
        self.closed = False
        self._open.set()

    def wait(self) -> None:
        if self.closed:
            self.waiting.release()
            assert self._open.wait(60)


@pytest.fixture
def host() -> Gate:
    """What downloads wait for."""
    return Gate()


@pytest.fixture
def disk() -> Gate:
    """What the first change waits for; the others are fast."""
    return Gate()


@pytest.fixture
def server(tmp_path: Path, host: Gate, disk: Gate) -> Iterator[Running]:
    def fetch(_url: str) -> bytes:
        host.wait()
        return b""

    first = threading.Lock()

    def flush(_log: int) -> None:
        if first.acquire(blocking=False):
            disk.wait()
            first.release()

    with running(tmp_path, fetch=fetch, flush=flush) as made:
        yield made
        host.open()
        disk.open()


def create_experiment(server: Running, namespace: str, name: str = "e") -> Reply:
    body = {"display_name": name, "namespace": namespace}
    return server.call("POST", f"{V2}/experiments", body, token=server.token(namespace))


def test_uploads_of_one_caller_leave_room_for_the_changes_of_others(server: Running, host: Gate) -> None:
    token = server.token("alice")

    def upload(number: int) -> int:
        pipeline = {"display_name": f"p{number}", "namespace": "alice"}
        version = {"package_url": {"pipeline_url": "https://github.com/p"}}
        body = {"pipeline": pipeline, "pipeline_version": version}
        return server.call("POST", f"{V2}/pipelines/create", body, token=token).status

    host.closed = True
    with ThreadPoolExecutor(20) as pool:
        uploads = [pool.submit(upload, number) for number in range(20)]
        assert host.waiting.acquire(timeout=60)

        assert create_experiment(server, "bob").status == 200

        assert not any(each.done() for each in uploads)
        host.open()


def test_a_change_on_a_slow_disk_keeps_nobody_waiting(server: Running, disk: Gate) -> None:
    bob = server.token("bob")
    disk.closed = True
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(create_experiment, server, "alice")
        assert disk.waiting.acquire(timeout=60)

        assert server.call("GET", f"{V2}/runs?namespace=bob", token=bob).status == 200
        assert create_experiment(server, "bob").status == 200

        assert not slow.done()
        disk.open()
        assert slow.result().status == 200


def test_an_engine_that_cannot_start_tasks_shows_in_healthz(server: Running) -> None:
    server.runner.sick = "The store cannot be written: disk I/O error."
    for version in ("v1beta1", "v2beta1"):
        reply = server.call("GET", f"/apis/{version}/healthz")
        assert (reply.status, reply.json["message"]) == (503, server.runner.sick)
    assert server.call("GET", f"{V2}/runs?namespace=bob", token=server.token("bob")).status == 200
    server.runner.sick = ""
    assert server.call("GET", f"{V2}/healthz").status == 200


def test_the_log_quotes_nothing_of_a_malformed_header(tmp_path: Path) -> None:
    folder = tmp_path / "kfp"
    runtime = embedded.ensure_running(folder)
    try:
        head = "GET /apis/v2beta1/healthz HTTP/1.1\r\nHost: localhost\r\n"
        for value in ("Bearer eyJhbGciOi\x01", "\x01" * 200_000):
            request = f"{head}Authorization: {value}\r\n\r\n".encode()
            answer_to(runtime.url, request)
        assert send(runtime.url, "GET", f"{V2}/healthz", None, []).status == 200
    finally:
        embedded.stop(folder)
    log = (folder / "server.log").read_text()
    assert "Malformed HTTP message" in log
    assert "eyJhbGciOi" not in log
    assert len(log) < 20_000


def answer_to(url: str, request: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as peer:
        peer.sendall(request)
        return peer.recv(4096)


def test_a_large_log_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_bytes(b"x" * LARGEST)
    rotate(tmp_path)
    assert path.stat().st_size == LARGEST
    with path.open("ab") as log:
        log.write(b"y")
        log.flush()
        rotate(tmp_path)
        log.write(b"z")
    assert path.read_bytes() == b"z"
    assert (tmp_path / "server.log.1").stat().st_size == LARGEST + 1
    rotate(tmp_path / "absent")
