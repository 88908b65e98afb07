"""Nothing that a client sends makes the server fail: every answer is below 500, but for 501."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_kfp_mt.embedded.api.app import all_routes
from jupyter_kfp_mt.embedded.api.shared.routing import ApiRoute
from tests.contract.packages import specs
from tests.embedded.running import OWNER_KEY, Running, running

pytestmark = pytest.mark.slow  # thousands of odd requests

EXAMPLES = int(os.environ.get("KFP_FUZZ_EXAMPLES", "150"))
LEFT_OUT = {("POST", "/embedded/stop"), ("DELETE", "/embedded/profiles/{namespace}")}  # what we stand on
ROUTES = [route for route in all_routes("0", lambda: None) if (route.method, route.path) not in LEFT_OUT]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("robust"), identity_header="kubeflow-userid") as made:
        yield made


odd_text = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "\0", "a" * 5000, "🚀", "%", "\\", "'; drop table runs", "..", "-", "alice", "1"]),
)
odd_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), odd_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(odd_text, inner, max_size=3)),
    max_leaves=8,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[ApiRoute, str, bytes, list[tuple[str, str]]]:
    """A route with odd values wherever it takes any."""
    route = draw(st.sampled_from(ROUTES))
    path = re.sub(r"\{\w+\}", lambda _: quote(draw(odd_text), safe=""), route.path)
    names = (
        draw(st.lists(st.sampled_from([*route.query, "namespace", "x"]), max_size=4)) if route.query else []
    )
    values = st.one_of(
        odd_text, st.sampled_from(["NAMESPACE", "EXPERIMENT", "5", "true", "-1", '{"predicates":[{}]}'])
    )
    query = "&".join(f"{quote(name)}={quote(draw(values), safe='')}" for name in names)
    body = b""
    if route.body is not None:
        fields = st.dictionaries(st.sampled_from(sorted(route.body.fields)), odd_values, max_size=5)
        sent = draw(fields)
        if draw(st.booleans()) and "pipeline_spec" in route.body.fields:
            sent["pipeline_spec"] = specs()["plain"]
        body = json.dumps(sent).encode("utf-8", "surrogatepass")
    body = draw(st.sampled_from([body, body[:-1], body + b" x", b"\xff" + body])) if body else body
    headers = draw(st.sampled_from([[], [("kubeflow-userid", "")], [("Authorization", "Bearer \xe9")]]))
    return route, f"{path}?{query}", body, headers


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(call=calls())
def test_no_request_is_a_server_error(
    server: Running, call: tuple[ApiRoute, str, bytes, list[tuple[str, str]]]
) -> None:
    route, path, body, headers = call
    method = "POST" if route.method == "*" else route.method
    owner = [("X-Kfp-Owner-Key", OWNER_KEY)]
    reply = server.call(method, path, body, token=server.token("alice"), headers=[*headers, *owner])
    assert reply.status < 500 or (reply.status, reply.json["code"]) == (501, 12), (method, path, body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/apis/v2beta1/runs?namespace=alice&page_token=%FF%FE", 400),
        ("/apis/v2beta1/runs?namespace=alice&filter=%00", 400),
        ("/apis/v2beta1/runs?namespace=alice&filter=" + quote('{"predicates":' + "[" * 5000), 400),
        ("/apis/v2beta1/runs?namespace=alice&page_size=" + "9" * 200, 400),
        ("/apis/v2beta1/runs/%00", 404),
        ("/apis/v2beta1/runs/" + "x" * 9000, 404),
        ("/apis/v2beta1//runs", 301),
        ("/apis/v2beta1/../v2beta1/runs", 301),
        ("/apis", 404),
        ("/", 404),
        ("/apis/v2beta1/runs/%2e%2e", 301),
        ("/apis/v1alpha1/runs/x/nodes/y/log?offset=-1", 404),
        ("/apis/v1alpha1/runs/x/nodes/y/log?offset=99999999999999999999", 400),
    ],
)
def test_odd_addresses(server: Running, path: str, status: int) -> None:
    assert server.call("GET", path, token=server.token("alice")).status == status


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("[" + "0," * 1_000_001 + "0]", "the body has more than 1,000,000 values"),
        (json.dumps(',\\"' * 1_000_001), "Experiment id can not be empty"),
    ],
    ids=["values", "a text with commas"],
)
def test_the_values_of_a_body_are_bounded_before_they_are_read(
    server: Running, values: str, words: str
) -> None:
    body = f'{{"display_name": "r", "runtime_config": {{"parameters": {{"a": {values}}}}}}}'.encode()
    reply = server.call("POST", "/apis/v2beta1/runs", body, token=server.token("alice"))
    assert reply.status == 400
    assert words in reply.json["message"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_a_wrong_method_is_501(server: Running, method: str) -> None:
    assert server.call(method, "/apis/v2beta1/runs", token=server.token("alice")).status == 501


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "evil.example")],
        [("Host", "127.0.0.1.evil.example:80")],
        [("Host", "localhost"), ("Origin", "https://evil.example")],
        [("Host", "localhost"), ("Origin", "null")],
        [("Host", "localhost"), ("Sec-Fetch-Site", "cross-site")],
    ],
)
def test_web_pages_and_rebound_names_are_kept_out(server: Running, headers: list[tuple[str, str]]) -> None:
    assert server.call("GET", "/apis/v2beta1/healthz", headers=headers).status == 403


@pytest.mark.parametrize(
    ("timeout", "status"),
    [("30S", 200), ("0S", 200), ("1n", 504), ("S", 400), ("5x", 400), ("123456789S", 400)],
)
def test_a_call_that_cannot_begin_in_time_is_not_begun(server: Running, timeout: str, status: int) -> None:
    token, body = server.token("alice"), {"display_name": f"in {timeout}", "namespace": "alice"}
    sent = server.call(
        "POST", "/apis/v2beta1/experiments", body, token=token, headers=[("Grpc-Timeout", timeout)]
    )
    assert sent.status == status
    rows = server.call("GET", "/apis/v2beta1/experiments?namespace=alice&page_size=200", token=token).json
    made = [row["display_name"] for row in rows.get("experiments", [])]
    assert (f"in {timeout}" in made) == (status == 200)


@pytest.mark.parametrize(
    "path",
    [
        "/apis/v1beta1/workflows",
        "/apis/v2beta1/workflows",
        "/apis/v1beta1/scheduledworkflows",
        "/apis/v2beta1/scheduledworkflows",
        "/apis/v1beta1/visualizations/alice",
        "/apis/v1alpha1/tasks",
    ],
)
@pytest.mark.parametrize("who", ["", "alice"])
def test_nobody_reports_states_from_outside(server: Running, path: str, who: str) -> None:
    token = server.token(who) if who else ""
    assert server.call("POST", path, {"kind": "Workflow"}, token=token).status == 404


def test_a_deep_spec_and_many_parameters_are_bounded(server: Running) -> None:
    token = server.token("alice")
    made = {"display_name": "bounds", "namespace": "alice"}
    experiment = server.call("POST", "/apis/v2beta1/experiments", made, token=token).json["experiment_id"]
    body = {"display_name": "r", "experiment_id": experiment}
    deep = b'{"pipeline_spec":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001
    assert server.call("POST", "/apis/v2beta1/runs", deep, token=token).status == 400
    large = {
        **body,
        "pipeline_spec": specs()["plain"],
        "runtime_config": {"parameters": {"msg": "x" * (5 << 20)}},
    }
    reply = server.call("POST", "/apis/v2beta1/runs", large, token=token)
    assert (reply.status, "more than 4194304 bytes" in reply.text) == (400, True)
    assert server.call("GET", f"/apis/v2beta1/runs?experiment_id={experiment}", token=token).json == {}


def test_two_hundred_connections_that_say_nothing_stop_nobody(server: Running) -> None:
    parts = urlsplit(server.url)
    idle = [socket.create_connection((parts.hostname or "", parts.port or 0)) for _ in range(200)]
    for each in idle[:100]:
        each.sendall(b"GET /apis/v2beta1/runs HTTP/1.1\r\nHost: local")
    try:
        assert server.call("GET", "/apis/v2beta1/healthz").status == 200
    finally:
        for each in idle:
            each.close()


def test_one_connection_serves_many_requests(server: Running) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc)
    for _ in range(20):
        connection.request("GET", "/apis/v2beta1/healthz")
        assert connection.getresponse().read()
    connection.close()


RAW = [
    b"\x00\x01\x02\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /apis/v2beta1/healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"POST /apis/v2beta1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"POST /apis/v2beta1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    b"POST /apis/v2beta1/runs HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /apis/v2beta1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /apis/v2beta1/runs HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    b"GET http://evil.example/apis/v2beta1/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /apis/v2beta1/healthz HTTP/1.1\r\n\r\n",
    b"GET /apis/v2beta1/healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
    b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("sent", RAW, ids=range(len(RAW)))
def test_bytes_that_are_no_request_of_anybody(server: Running, sent: bytes) -> None:
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            answer = peer.recv(4096)
            assert (
                not answer.startswith((b"HTTP/1.1 50", b"HTTP/1.1 2"))
                or b" 501 " in answer[:20]
                or sent[:4] == b"GET "
            )
    assert server.call("GET", "/apis/v2beta1/healthz").status == 200


def test_a_body_in_chunks_is_bounded_too(server: Running) -> None:
    parts = urlsplit(server.url)
    head = b"POST /apis/v2beta1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as peer:
        peer.sendall(head + chunk * 9 + b"0\r\n\r\n")
        assert peer.recv(4096).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b""),
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n--x--"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.yaml"\r\n\r\na\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=" + "y" * 5000, b"--x--"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_an_upload_without_a_file_says_so(
    server: Running, method: str, content_type: str, body: bytes
) -> None:
    headers = [("Content-Type", content_type)]
    path = "/apis/v2beta1/pipelines/upload?namespace=alice"
    reply = server.call(method, path, body, token=server.token("alice"), headers=headers)
    assert (reply.status, reply.json["error_message"]) == (400, "Failed to read pipeline from file")
