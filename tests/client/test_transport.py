"""The real transport against real sockets."""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from jupyter_kfp_mt.auth import CookieFile, TokenFile
from jupyter_kfp_mt.client import HttpTransport, Response, runs
from jupyter_kfp_mt.client.gateway_errors import unavailable_error
from jupyter_kfp_mt.client.scrub import scrub
from jupyter_kfp_mt.client.system import get_healthz
from jupyter_kfp_mt.client.transport import MAX_UNPACKED
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError


class Server(ThreadingHTTPServer):
    """Says what it was sent; `away` sends everybody to another address, `mute` hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, str]] = []
        self.away = ""
        self.mute = False
        self.text = b"{}"
        self.encoding = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        if self.server.mute:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(302 if self.server.away else 200)
        if self.server.away:
            self.send_header("Location", self.server.away)
        self.send_header("Set-Cookie", "session=1")
        if self.server.encoding:
            self.send_header("Content-Encoding", self.server.encoding)
        self.send_header("Content-Length", str(len(self.server.text)))
        self.end_headers()
        self.wfile.write(self.server.text)

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def to(url: str, path: Path, kind: type[TokenFile] | type[CookieFile] = TokenFile) -> HttpTransport:
    return HttpTransport(Context(url, "alice", credential=kind(path, url)))


def test_a_token_is_read_for_each_request(server: Server, tmp_path: Path) -> None:
    transport = to(server.url, tmp_path / "token")

    for token in ("first\n", "second"):
        (tmp_path / "token").write_text(token)
        transport.send(get_healthz())

    assert [each["authorization"] for each in server.seen] == ["Bearer first", "Bearer second"]
    assert not any("cookie" in each or "kubeflow-userid" in each for each in server.seen)
    transport.close()


def test_cookies_are_those_of_the_file_only(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cookie").write_text("oauth2_proxy_kubeflow=abc")
    transport = to(server.url, tmp_path / "cookie", CookieFile)

    transport.send(get_healthz())
    transport.send(get_healthz())

    assert [each["cookie"] for each in server.seen] == ["oauth2_proxy_kubeflow=abc"] * 2
    transport.close()


def test_a_mesh_is_told_not_to_repeat_what_must_not_be_sent_twice(server: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    transport = to(server.url, tmp_path / "token")

    for request in (get_healthz(), runs.create_run({}), runs.change_run("x", "retry"), runs.delete_run("x")):
        transport.send(request)

    assert [each.get("x-envoy-max-retries") for each in server.seen] == [None, "0", "0", None]
    transport.close()


def test_a_token_does_not_follow_to_another_address(server: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    with Server() as other:
        server.away = other.url
        transport = to(server.url, tmp_path / "token")

        assert transport.send(get_healthz()).status == 302
        assert other.seen == []
        transport.close()


def test_a_token_is_for_one_origin(server: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    context = Context(server.url, credential=TokenFile(tmp_path / "token", "http://127.0.0.1:1"))
    transport = HttpTransport(context)

    transport.send(get_healthz())

    assert "authorization" not in server.seen[0]
    transport.close()


@pytest.mark.parametrize(("content", "reason"), [(None, "missing"), ("", "empty"), ("a\nb", "not a token")])
def test_a_token_file_that_cannot_be_used_is_named(
    server: Server, tmp_path: Path, content: str | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    transport = to(server.url, tmp_path / "token")

    with pytest.raises(KfpError) as caught:
        transport.send(get_healthz())

    assert (caught.value.code, caught.value.why) == ("token-unreadable", f"{tmp_path / 'token'} is {reason}.")
    assert server.seen == []
    transport.close()


def test_an_embedded_server_that_is_gone_is_started_not_looked_for_in_a_cluster() -> None:
    error = unavailable_error(Context("http://127.0.0.1:1", namespace="ana", embedded=True))

    assert error.code == "kfp-unavailable"
    assert (error.next_step, error.command) == ("Start it again. History is kept.", "jupyter kfp serve")


def test_nothing_there_is_down_and_never_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(KfpError) as caught:
            HttpTransport(Context(url)).send(runs.create_run({}))

    assert (caught.value.code, caught.value.unclear) == ("kfp-unavailable", False)


def test_an_unknown_name_is_told_with_its_install_namespace() -> None:
    context = Context("http://ml-pipeline.nowhere.invalid:8888", install_namespace="nowhere")

    with pytest.raises(KfpError) as caught:
        HttpTransport(context).send(runs.create_run({}))

    assert (caught.value.code, caught.value.unclear) == ("kfp-dns", False)
    assert "another namespace than “nowhere”" in caught.value.why


def test_silence_after_sending_is_unclear_for_what_makes_something() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        transport = HttpTransport(Context(url, timeout=0.2))
        for request, unclear in ((runs.change_run("x", "retry"), True), (get_healthz(), False)):
            with pytest.raises(KfpError) as caught:
                transport.send(request)
            assert (caught.value.code, caught.value.unclear) == ("kfp-timeout", unclear)
        transport.close()


def test_a_connection_that_breaks_is_unclear(server: Server) -> None:
    server.mute = True
    transport = HttpTransport(Context(server.url, timeout=60))

    with pytest.raises(KfpError) as caught:
        transport.send(runs.create_run({}))

    assert (caught.value.code, caught.value.unclear) == ("kfp-unavailable", True)
    transport.close()


def test_a_server_without_tls_is_named(server: Server) -> None:
    transport = HttpTransport(Context(server.url.replace("http", "https"), timeout=60))

    with pytest.raises(KfpError) as caught:
        transport.send(get_healthz())

    assert caught.value.code == "kfp-tls"
    transport.close()


def test_a_ca_file_that_is_not_there_is_named() -> None:
    with pytest.raises(KfpError) as caught:
        HttpTransport(Context("https://127.0.0.1:1", ca_file="/no/ca.crt")).send(get_healthz())

    assert (caught.value.code, caught.value.why) == ("kfp-tls", "The CA file /no/ca.crt is not there.")


def test_nothing_that_is_shown_holds_a_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("marked-secret")
    context = Context("http://h", credential=TokenFile(tmp_path / "token", "http://h"))

    assert "marked-secret" not in repr(context) + repr(HttpTransport(context))


@pytest.mark.parametrize(("ca_file", "code"), [("ca.crt", "kfp-dns"), ("", "kfp-tls")])
def test_the_ca_file_of_the_settings_wins_over_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ca_file: str, code: str
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))  # OpenShift AI sets it
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    context = Context("https://kfp.invalid", ca_file=str(tmp_path / ca_file) if ca_file else "")

    with pytest.raises(KfpError) as caught:
        HttpTransport(context).send(get_healthz())

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("sent", "body", "left"),
    [
        ({"Authorization": "Bearer abc.def-123"}, b"no abc.def-123!", b"no (secret)!"),
        (
            {"Cookie": 'a="x y z"; b=short'},
            b'{"t": "\\"x y z\\""} %22x%20y%20z%22',
            b'{"t": "(secret)"} (secret)',
        ),
        ({"Cookie": "a=1; b=2"}, b"1 and 2", b"1 and 2"),
        ({}, b"Bearer abc", b"Bearer abc"),
    ],
)
def test_what_repeats_the_credential_is_cleaned(sent: dict[str, str], body: bytes, left: bytes) -> None:
    found = scrub(Response(status=200, headers={"location": body.decode()}, body=body), sent)
    assert (found.body, found.headers["location"].encode()) == (left, left)


@pytest.mark.parametrize(("last", "kept"), [(0, b"0123456789"), (4, b"6789"), (10, b"0123456789")])
def test_of_a_long_answer_only_the_end_is_kept(
    server: Server, tmp_path: Path, last: int, kept: bytes
) -> None:
    (tmp_path / "token").write_text("secret")
    server.text = b"0123456789"
    transport = to(server.url, tmp_path / "token")
    found = transport.send(runs.read_archived_log("r", "n", last=last))
    assert (found.body, found.dropped) == (kept, len(kept) < 10)
    transport.close()


def test_a_few_bytes_that_unpack_to_many_are_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    server.encoding = "gzip"
    with contextlib.closing(to(server.url, tmp_path / "token")) as transport:
        server.text = gzip.compress(b"0" * (MAX_UNPACKED - 1))
        assert len(transport.send(get_healthz()).body) == MAX_UNPACKED - 1

        chance = random.Random(1)
        lines = [chance.randbytes(1000).hex().encode() + b"0" * 20_000 for _ in range(1000)]
        server.text = gzip.compress(b"".join(lines), 1)
        assert len(transport.send(get_healthz()).body) > MAX_UNPACKED

        server.text = gzip.compress(b"0" * (10 * MAX_UNPACKED))
        with pytest.raises(KfpError) as refused:
            transport.send(get_healthz())
    assert "An answer of more than 16 MiB, unpacked from" in refused.value.message + refused.value.why
