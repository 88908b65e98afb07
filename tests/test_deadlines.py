"""No server holds a thread for ever: whole responses have a deadline, and whoever leaves frees the thread."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from socket import socket

import pytest
import trustme

from jupyter_kfp_mt.callers import Caller, CallerLeftError, carry, find_caller, wait_for
from jupyter_kfp_mt.client.http import get
from jupyter_kfp_mt.client.transport import HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.deadlines import BoundedConnection
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.kube import Access, Cluster, Kubernetes, KubernetesApi, Timeouts
from tests.client.wire import Talk, dribbling, head, listening

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"
HEAD, BODY = dribbling(b"HTTP/1.1 200 OK\r\nX: "), dribbling(OK + b"\r\n")


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def pod(tmp_path: Path, authority: trustme.CA) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "token").write_text("token")
    return tmp_path


@pytest.mark.parametrize("talk", [HEAD, BODY], ids=["head", "body"])
def test_a_byte_now_and_then_extends_no_deadline(talk: Talk) -> None:
    with listening(talk) as port:
        connection = BoundedConnection("127.0.0.1", port, timeout=0.1)
        connection.request("GET", "/")
        with pytest.raises(TimeoutError):
            connection.getresponse().read()
        connection.close()


@pytest.mark.parametrize("talk", [HEAD, BODY], ids=["head", "body"])
def test_nor_that_of_kubernetes(talk: Talk, tls: ssl.SSLContext, pod: Path) -> None:
    with listening(talk, tls) as port:
        api = KubernetesApi(Cluster(pod, "localhost", str(port)), Timeouts(read=0.1))
        with pytest.raises(KfpError) as caught:
            Kubernetes(api).may(Access("create", "runs"), "alice")
    assert caught.value.code == "kubernetes-unavailable"


def in_a_thread(caller: Caller, call: Callable[[], object]) -> Future[object]:
    result: Future[object] = Future()

    def work() -> None:
        try:
            result.set_result(caller.serve(call))
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return result


@pytest.fixture(params=["http", "https"])
def ask(
    request: pytest.FixtureRequest, tls: ssl.SSLContext, pod: Path
) -> Iterator[Callable[[Talk], Callable[[], bytes]]]:
    """Make what asks a server for bytes, and waits long for them."""
    secure, opened = request.param == "https", []

    def make(talk: Talk) -> Callable[[], bytes]:
        server = listening(talk, tls if secure else None)
        opened.append(server)
        url = f"{request.param}://localhost:{server.__enter__()}"
        context = Context(url, timeout=600.0, ca_file=str(pod / "ca.crt") if secure else "")
        transport = HttpTransport(context)
        return lambda: transport.send(get("/", bytes)).body

    yield make
    for server in opened:
        server.__exit__(None, None, None)


def test_whoever_leaves_frees_the_thread(ask: Callable[[Talk], Callable[[], bytes]]) -> None:
    asked, caller = threading.Event(), Caller()

    def talk(connection: socket) -> None:
        head(connection)
        asked.set()
        connection.recv(1)

    result = in_a_thread(caller, ask(talk))
    assert asked.wait(60)
    caller.leave()
    with pytest.raises(CallerLeftError):
        result.result(60)


def test_looking_after_the_caller_loses_no_byte(ask: Callable[[Talk], Callable[[], bytes]]) -> None:
    body = bytes(range(256)) * 400

    def talk(connection: socket) -> None:
        head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in (0, 1, 70_000):
            time.sleep(0.4)  # longer than between two looks
            connection.sendall(body[start : {0: 1, 1: 70_000}.get(start)])

    assert in_a_thread(Caller(), ask(talk)).result(60) == body


def test_no_request_is_sent_for_whoever_has_left() -> None:
    caller = Caller()
    caller.leave()
    with pytest.raises(CallerLeftError):
        caller.serve(HttpTransport(Context("http://127.0.0.1:1")).send, get("/", bytes))


def test_threads_that_help_work_for_the_same_caller() -> None:
    caller = Caller()
    with ThreadPoolExecutor(1) as pool:
        assert caller.serve(lambda: pool.submit(carry(find_caller)).result()) is caller
        assert pool.submit(carry(find_caller)).result() is None
    assert find_caller() is None


def test_waiting_for_others_ends_with_them_or_when_the_caller_leaves() -> None:
    caller, other = Caller(), Future[int]()
    waiting = in_a_thread(caller, lambda: wait_for(other))
    caller.leave()
    with pytest.raises(CallerLeftError):
        waiting.result(60)
    waiting = in_a_thread(Caller(), lambda: wait_for(other))
    other.set_result(7)
    assert waiting.result(60) == wait_for(other) == 7
