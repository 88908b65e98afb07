"""A client sends nothing to a port before the server there has proved that it is the embedded one."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import RuntimeFile
from jupyter_kfp_mt.owner import OwnerClient
from jupyter_kfp_mt.proof import UnprovenError, make_proof, require_proof

KEY = "owner-key-of-a-test"


class Stranger:
    """Listens on a port, keeps what it hears, and answers it as told."""

    def __init__(self, port: int, answer: Callable[[bytes], bytes]) -> None:
        self.heard = b""
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(30)
                while part := connection.recv(65536):
                    self.heard += part
                    connection.sendall(self._answer(part))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(30)


def say(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("JUPYTER_KFP_MT_DATA_DIR", str(tmp_path / "kfp"))
    yield tmp_path / "kfp"
    embedded.stop(tmp_path / "kfp")


def describe(port: int) -> RuntimeFile:
    return RuntimeFile(
        url=f"http://127.0.0.1:{port}", pid=1, namespace="ana", token_path="t", owner_key=KEY, version="0"
    )


@pytest.mark.parametrize("guess", [b"{}", b"0" * 64], ids=["any JSON", "a guess"])
def test_a_stranger_on_the_freed_port_hears_no_secret(folder: Path, guess: bytes) -> None:
    runtime = embedded.ensure_running(folder, namespace="ana")
    token = Path(runtime.token_path).read_bytes()
    service = connect()
    assert service.page_runs().runs == []
    os.kill(runtime.pid, signal.SIGKILL)
    while not is_free(runtime):
        time.sleep(0.01)
    stranger = Stranger(urlsplit(runtime.url).port or 0, lambda _: say(guess))
    try:
        with pytest.raises(KfpError) as error:
            service.page_runs()
        with pytest.raises(ConnectionError):
            OwnerClient(runtime, 5).send("GET", "profiles")
    finally:
        stranger.close()
        service.close()

    assert error.value.code == "embedded-stopped"
    assert stranger.heard.count(b"GET /embedded/proof/") == stranger.heard.count(b"HTTP/1.1") >= 2
    for secret in (token, runtime.owner_key.encode(), b"Authorization", b"X-Kfp-Owner-Key"):
        assert secret not in stranger.heard


def is_free(runtime: RuntimeFile) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", urlsplit(runtime.url).port or 0)):
            return False
    except ConnectionRefusedError:
        return True


def test_a_challenge_that_is_passed_on_to_the_server_proves_nothing(folder: Path) -> None:
    runtime = embedded.ensure_running(folder)
    real = urlsplit(runtime.url).netloc

    def pass_on(heard: bytes) -> bytes:
        connection = HTTPConnection(real)
        connection.request("GET", heard.split()[1].decode())
        with contextlib.closing(connection):
            return say(connection.getresponse().read())

    stranger = Stranger(0, pass_on)
    try:
        with socket.create_connection(("127.0.0.1", stranger.port)) as opened, pytest.raises(UnprovenError):
            require_proof(opened, runtime, 30)
    finally:
        stranger.close()
    with socket.create_connection(("127.0.0.1", urlsplit(runtime.url).port or 0)) as opened:
        require_proof(opened, runtime, 30)


def test_more_than_a_proof_is_none() -> None:
    def answer(heard: bytes) -> bytes:
        challenge = heard.split(b"/")[3].split()[0].decode()
        return say(f"{make_proof(KEY, stranger.port, challenge)} ".encode())

    stranger = Stranger(0, answer)
    try:
        with socket.create_connection(("127.0.0.1", stranger.port)) as opened, pytest.raises(UnprovenError):
            require_proof(opened, describe(stranger.port), 30)
    finally:
        stranger.close()


def test_a_stranger_that_sends_a_byte_now_and_then_holds_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as opened, listener.accept()[0] as stranger:
            over = threading.Event()

            def drip() -> None:
                while not over.wait(0.01):
                    stranger.sendall(b"x")

            dripping = threading.Thread(target=drip)
            dripping.start()
            try:
                with pytest.raises(TimeoutError):
                    require_proof(opened, describe(port), 0.2)
            finally:
                over.set()
                dripping.join()


def test_what_is_no_challenge_is_not_signed() -> None:
    assert make_proof(KEY, 1, "0" * 64) is not None
    for text in ("", "0" * 63, "0" * 65, "G" * 64, "0" * 63 + "\n"):
        assert make_proof(KEY, 1, text) is None
