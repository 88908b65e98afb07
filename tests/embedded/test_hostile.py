"""What a client that means harm, or is broken, gets: an answer below 500, soon, and nothing else changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from jupyter_kfp_mt.embedded.api.app import MOST_BUFFERED
from jupyter_kfp_mt.embedded.store import RunRow
from tests.embedded.running import Running, running

HEALTHZ, EXPERIMENTS = "/apis/v2beta1/healthz", "/apis/v2beta1/experiments"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("hostile")) as made:
        yield made


def connect(server: Running) -> socket.socket:
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)


def raw(server: Running, sent: str) -> bytes:
    """Send bytes as they are; returns all that comes back until the server closes or has answered once."""
    with connect(server) as peer:
        peer.sendall(sent.replace("\n", "\r\n").encode("latin-1"))
        answer = peer.recv(65536)
        while b"\r\n\r\n" not in answer and (part := peer.recv(65536)):
            answer += part
    return answer


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"http://127.0.0.1:1{HEALTHZ}", 200),
        (f"HTTP://LocalHost{HEALTHZ}?x=http://evil.example", 200),
        (f"http://evil.example{HEALTHZ}", 403),
        (f"http://127.0.0.1@evil.example{HEALTHZ}", 403),
        ("http://[::1/apis", 403),
        ("http://[", 403),
        ("http://localhost", 404),
        (f"//evil.example{HEALTHZ}", 301),
        ("//[::1/apis", 301),
        ("/\\evil.example//x", 301),
        ("*", 404),
        ("apis/v2beta1/healthz", 404),
        (f"{HEALTHZ}#part", 200),
        (f"{EXPERIMENTS}?" + "a=b&" * 50_000, 400),
    ],
)
def test_a_request_line_names_a_path_of_ours_or_none(server: Running, target: str, status: int) -> None:
    answer = raw(server, f"GET {target} HTTP/1.1\nHost: localhost\n\n")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Location: //" not in answer
    assert b"Location: http" not in answer


OURS = ("127.0.0.1", "127.0.0.1:", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8")
NOT_OURS = ("localhost.", "::1", "[0:0:0:0:0:0:0:1]", "127.1", "0.0.0.0", "2130706433", "", "127.0.0.1.")
NOT_OURS += ("127.0.0.1:80:90", "localhost:abc", "localhost.evil.example")
NO_NAMES = ("127.0.0.1@evil.example", "evil.example#127.0.0.1", "127.0.0.1, evil.example")
NO_NAMES += ("localhost\nHost: evil.example", "localhost\nHost: localhost")


@pytest.mark.parametrize(
    ("host", "status"),
    [(host, status) for status, hosts in ((200, OURS), (403, NOT_OURS), (400, NO_NAMES)) for host in hosts],
)
def test_only_names_of_this_machine_are_served(server: Running, host: str, status: int) -> None:
    answer = raw(server, f"GET {HEALTHZ} HTTP/1.1\nHost: {host}\n\n")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "QUERY", "get"])
def test_a_method_nobody_knows_is_told_in_kfps_words(server: Running, method: str) -> None:
    answer = raw(server, f"{method} {HEALTHZ} HTTP/1.1\nHost: localhost\n\n")
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert answer.endswith(b'{"code":12,"message":"Method Not Allowed"}')


@pytest.mark.parametrize(
    "head",
    [
        "Transfer-Encoding: chunked\nContent-Length: 5",
        "Content-Length: 500\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: gzip, chunked",
        "Content-Length: 5\nContent-Length: 6",
        "Content-Length: 2, 2",
        "Content-Length: +5",
        "Content-Length: 0x5",
        "Content-Length: 1_0",
        "Content-Length: 99999999999999999999999",
        "Content-Length: 2000000000",
        "Expect: 100-continue\nContent-Length: 9000000",
        "Origin: http://evil.example\nContent-Length: 200",
    ],
)
def test_what_follows_a_body_of_unclear_length_is_no_request(server: Running, head: str) -> None:
    hidden = f"GET {HEALTHZ} HTTP/1.1\nHost: localhost\n\n"
    sent = f"POST {EXPERIMENTS} HTTP/1.1\nHost: localhost\n{head}\n\n0\n\n{hidden}"
    with connect(server) as peer:
        peer.sendall(sent.replace("\n", "\r\n").encode())
        peer.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: _part(peer), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer[9:12] in (b"400", b"403", b"413")


def _part(peer: socket.socket) -> bytes:
    try:
        return peer.recv(65536)
    except ConnectionError:  # closed with our words unread
        return b""


def test_requests_in_a_row_are_answered_in_a_row(server: Running) -> None:
    good = f"GET {HEALTHZ} HTTP/1.1\nHost: localhost\n\n"
    wrong = f"POST {EXPERIMENTS} HTTP/1.1\nHost: localhost\nContent-Length: 1\n\n{{"
    last = f"GET {HEALTHZ} HTTP/1.1\nHost: localhost\nConnection: close\n\n"
    with connect(server) as peer:
        peer.sendall((good * 40 + wrong + last).replace("\n", "\r\n").encode())
        answer = b"".join(iter(lambda: _part(peer), b""))
    assert (answer.count(b"HTTP/1.1 200 "), answer.count(b"HTTP/1.1 400 ")) == (41, 1)


def token(server: Running, head: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of alice with other claims, signed with the server's own key."""
    key = bytes.fromhex(server.manager.store.tenants.ensure_setting("token-key", ""))
    _, body, _ = server.token("alice").split(".")
    known = json.loads(base64.urlsafe_b64decode(body + "=="))
    parts = [json.dumps(each, separators=(",", ":")).encode() for each in (head or HEAD, {**known, **claims})]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    digest = hmac.digest(key, signed, hashlib.sha256)
    return f"{signed.decode()}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


HEAD = {"alg": "HS256", "typ": "JWT"}
NOW = int(time.time())


def asks(server: Running, *bearers: str) -> int:
    headers = [("Authorization", each) for each in bearers]
    return server.call("GET", f"{EXPERIMENTS}?namespace=alice", headers=headers).status


def test_the_tokens_made_here_are_as_the_servers_own(server: Running) -> None:
    assert asks(server, f"Bearer {token(server)}") == 200
    assert asks(server, f"Bearer {token(server, more={'admin': True})}") == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 1},
        {"exp": -1},
        {"exp": str(NOW + 99)},
        {"exp": None},
        {"aud": []},
        {"aud": "pipelines.kubeflow.org"},
        {"aud": ["api"]},
        {"iss": "https://kubernetes.default.svc"},
        {"sub": "root"},
        {"sub": "alice"},
        {"sub": "system:serviceaccount"},
        {"sub": "system:serviceaccount:"},
        {"sub": "system:serviceaccount:bob:default-editor"},
        {"sub": "system:serviceaccount:kubeflow:default-editor"},
        {"sub": "system:serviceaccount:alice\0:default-editor"},
        {"head": {"alg": "none", "typ": "JWT"}},
        {"head": {"alg": "HS512", "typ": "JWT"}},
    ],
    ids="-".join,  # the same in each process: no times
)
def test_a_token_with_other_claims_is_none(server: Running, claims: dict[str, Any]) -> None:
    assert asks(server, f"Bearer {token(server, **claims)}") == 401


def test_a_token_is_taken_only_as_it_was_made(server: Running) -> None:
    made = token(server)
    head, body, signature = made.split(".")
    others = [f"{made}==", f"{made[:-2]}!{made[-2:]}", f"{head}.{body}.", f"{head}.{body}", f"{made}.x"]
    others += [f"{body}.{head}.{signature}", "...", "", "\xe9", "a" * 100_000, made[:-1]]
    assert {asks(server, f"Bearer {each}") for each in others} == {401}
    schemes = ["bearer {}", "BEARER {}", "Bearer\t{}", "Basic {}", "{}", "Bearer {0}, Bearer {0}"]
    assert {asks(server, each.format(made)) for each in schemes} == {401}
    assert asks(server, f"Bearer {made}", f"Bearer {made}") == 401


def test_large_bodies_that_never_end_leave_room_for_others(server: Running) -> None:
    """The bound on all bodies together holds, small calls go on, and what was taken is given back."""
    large = b"x" * (MOST_BUFFERED // 20)
    head = f"POST {EXPERIMENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(large) + 1}\r\n\r\n"
    alice = server.token("alice")
    with ExitStack() as stack:
        peers = [stack.enter_context(connect(server)) for _ in range(24)]
        for peer in peers:
            peer.sendall(head.encode() + large)
        while (reply := server.call("POST", EXPERIMENTS, large + b"  ", token=alice)).status != 429:
            assert reply.status == 400  # the others are still on their way
        assert reply.json == {"code": 8, "message": "too many large requests at once"}
        assert server.call("GET", f"{EXPERIMENTS}?namespace=alice", token=alice).status == 200
    assert server.call("POST", EXPERIMENTS, large, token=alice).status == 400  # it was read


def test_a_page_of_large_runs_ends_before_it_takes_all_memory(server: Running) -> None:
    alice, where = server.token("alice"), {"display_name": "large", "namespace": "alice"}
    experiment = server.call("POST", EXPERIMENTS, where, token=alice).json["experiment_id"]
    named = {"namespace": "alice", "experiment_id": experiment, "display_name": "large"}
    for number in range(8):
        spec = json.dumps({"a": str(number) + "x" * (4 << 20)}).encode()
        row = RunRow(run_id=f"large-{number}", created_at=number, spec=spec, **named)
        server.manager.store.runs.add(row)
    seen, path = [], f"/apis/v2beta1/runs?experiment_id={experiment}&page_size=200"
    page: dict[str, Any] = {"next_page_token": ""}
    while "next_page_token" in page:
        reply = server.call("GET", f"{path}&page_token={quote(page['next_page_token'])}", token=alice)
        page = reply.json
        assert (len(reply.body) < 24 << 20, page["total_size"]) == (True, 8)
        seen += [run["run_id"] for run in page["runs"]]
    assert seen == [f"large-{number}" for number in range(8)]


@pytest.mark.parametrize(("size", "status"), [(200_000, 200), (300_000, 431)])
def test_a_header_that_is_too_large_is_told_so(server: Running, size: int, status: int) -> None:
    healthz = "/apis/v2beta1/healthz"
    assert server.call("GET", healthz, headers=[("X-Large", "x" * size)]).status == status
    assert server.call("GET", f"{healthz}?large={'x' * size}").status == status
