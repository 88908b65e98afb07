"""The way to KFP is broken, in each way that is known: the code, words to act on, and no long wait."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
from datetime import datetime, timezone
from pathlib import Path

import pytest
import trustme

from jupyter_kfp_mt.client import HttpTransport, runs
from jupyter_kfp_mt.client.system import get_healthz
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.models import Healthz
from tests.client.asking import HEALTH, OK, ask, trouble
from tests.client.wire import Talk, answering, break_off, dribbling, head, listening, resetting, saying, whole


@pytest.mark.parametrize(
    ("talk", "code", "why"),
    [
        (resetting(b""), "kfp-unavailable", "broke the connection off"),
        (resetting(OK + b"Content-Length: 99\r\n\r\n{"), "kfp-unavailable", "broke the connection off"),
        (saying(OK + b"Content-Length: 99\r\n\r\n{"), "kfp-unavailable", "broke the connection off"),
        (saying(OK + b"Transfer-Encoding: chunked\r\n\r\n20\r\n{"), "kfp-unavailable", "broke the"),
        (saying(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{"), "kfp-unavailable", "broke the"),
        (saying(b""), "kfp-unavailable", "broke the connection off"),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "kfp-path", "does not speak HTTP"),
        (saying(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000), "kfp-path", "does not speak HTTP"),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 500), "kfp-path", "does not speak HTTP"),
        (answering(b"no gzip", "Content-Encoding: gzip"), "kfp-error", "cannot be unpacked"),
        (dribbling(b"HTTP/1.1 200 OK\r\nX: "), "kfp-timeout", "in 0.2 s"),
        (dribbling(OK + b"\r\n"), "kfp-timeout", "in 0.2 s"),
    ],
)
def test_a_broken_answer_has_its_code_and_is_unclear_to_who_makes_something(
    talk: Talk, code: str, why: str
) -> None:
    patience = 0.2 if code == "kfp-timeout" else 30.0
    with listening(talk) as port:
        looking = trouble(f"http://127.0.0.1:{port}", timeout=patience)
        making = trouble(f"http://127.0.0.1:{port}", runs.create_run({}, timeout=patience))

    assert (looking.code, looking.unclear) == (code, False)
    assert why in looking.why
    assert (making.code, making.unclear) == (code, True)


def test_a_request_that_was_cut_off_on_its_way_out_is_clear() -> None:
    large = {"text": "x" * 16_000_000}  # more than the system takes while nobody reads

    def talk(connection: socket.socket) -> None:
        head(connection)
        break_off(connection)

    with listening(talk) as port:
        error = trouble(f"http://127.0.0.1:{port}", runs.create_run(large))

    assert (error.code, error.unclear) == ("kfp-unavailable", False)


def test_a_handshake_that_is_cut_off_is_clear() -> None:
    with listening(lambda connection: connection.close()) as port:
        error = trouble(f"https://127.0.0.1:{port}", runs.create_run({}))

    assert error.unclear is False


def test_tls_that_breaks_after_the_request_is_unclear(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    def talk(connection: socket.socket) -> None:
        whole(connection)
        os.write(connection.fileno(), b"HTTP/1.1 200 OK\r\n\r\n")  # no record of TLS

    with listening(talk, tls) as port:
        error = trouble(f"https://127.0.0.1:{port}", runs.create_run({}), ca_file=str(tmp_path / "ca.pem"))

    assert (error.code, error.unclear) == ("kfp-tls", True)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://nowhere.invalid", "kfp-dns"),
        ("https://b\u00fccher.invalid", "kfp-dns"),
        (f"http://{'a' * 70}.invalid", "kfp-path"),
        ("http://a..b", "kfp-path"),
        ("http://kfp:99999", "kfp-path"),
        ("http://[::1]:1", "kfp-unavailable"),
    ],
)
def test_an_address_that_leads_nowhere_was_sent_nothing(url: str, code: str) -> None:
    error = trouble(url, runs.create_run({}))

    assert (error.code, error.unclear) == (code, False)


def test_an_answer_that_is_packed_is_unpacked() -> None:
    with listening(answering(gzip.compress(HEALTH), "Content-Encoding: gzip")) as port:
        assert ask(f"http://127.0.0.1:{port}") == Healthz(multi_user=True)


def test_what_must_not_be_sent_twice_has_a_connection_of_its_own() -> None:
    from_where = []

    def talk(connection: socket.socket) -> None:
        while asked := head(connection):
            from_where.append((asked[:4], connection.getpeername()))
            connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")

    with listening(talk) as port:
        transport = HttpTransport(Context(f"http://127.0.0.1:{port}"))
        for request in (get_healthz(), get_healthz(), runs.create_run({}), get_healthz()):
            transport.send(request)
        transport.close()

    looks = [address for verb, address in from_where if verb == b"GET "]
    posts = [address for verb, address in from_where if verb == b"POST"]
    assert (len(looks), len(set(looks)), len(posts)) == (3, 1, 1)
    assert posts[0] not in looks


PAST, NOW, LATER = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (2020, 2021, 2090))


@pytest.mark.parametrize(
    ("names", "times", "why", "next_step"),
    [
        (("127.0.0.1",), {"not_before": PAST, "not_after": NOW}, "certificate has expired.", "renew it"),
        (("127.0.0.1",), {"not_before": LATER, "not_after": LATER}, "is not yet valid.", "clock"),
        (("kfp.example",), {}, "not valid for '127.0.0.1'.", "an address that it is made for"),
    ],
)
def test_a_certificate_that_is_not_good_says_why(
    tmp_path: Path, names: tuple[str, ...], times: dict[str, datetime], why: str, next_step: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **times).configure_cert(tls)

    with listening(answering(HEALTH), tls) as port:
        error = trouble(f"https://127.0.0.1:{port}", runs.create_run({}), ca_file=str(tmp_path / "ca.pem"))

    assert (error.code, error.unclear, why in error.why, next_step in error.next_step) == (
        "kfp-tls",
        False,
        True,
        True,
    )


def test_a_certificate_of_an_unknown_authority_asks_for_the_ca_file(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    with listening(answering(HEALTH), tls) as port:
        error = trouble(f"https://127.0.0.1:{port}")
        known = ask(f"https://127.0.0.1:{port}", ca_file=str(tmp_path / "ca.pem"))

    assert (error.code, error.next_step, known.multi_user) == ("kfp-tls", "Set the CA file.", True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "The CA file {path} is not there."),
        ("", "The CA file holds no certificate."),
        (
            "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n",
            "The CA file holds no certificate that can be read.",
        ),
    ],
)
def test_a_ca_file_that_is_none_is_told_before_anything_is_sent(
    tmp_path: Path, content: str | None, why: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    error = trouble("https://127.0.0.1:1", runs.create_run({}), ca_file=str(path))

    assert (error.code, error.why, error.unclear) == ("kfp-tls", why.format(path=path), False)


def test_plain_http_where_tls_was_meant() -> None:
    with listening(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        error = trouble(f"https://127.0.0.1:{port}")

    assert (error.code, error.why) == ("kfp-tls", "It does not speak TLS.")
    assert error.next_step == "Write `http://` in the address."
