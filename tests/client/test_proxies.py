"""Proxies that the environment names: used where they can help, and reported when they are in the way."""

from __future__ import annotations

import socket

import pytest

from jupyter_kfp_mt.client import runs
from tests.client.asking import HEALTH, OK, ask, trouble
from tests.client.wire import answering, head, listening


def test_a_proxy_is_used_with_its_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def proxy(connection: socket.socket) -> None:
        seen.append(head(connection).decode().lower())
        connection.sendall(OK + f"Content-Length: {len(HEALTH)}\r\n\r\n".encode() + HEALTH)

    with listening(proxy) as port:
        monkeypatch.setenv("http_proxy", f"ana:p%40ss@127.0.0.1:{port}")  # also without a scheme
        assert ask("http://kfp.example").multi_user

    assert seen[0].startswith("get http://kfp.example/apis/v2beta1/healthz")
    assert "proxy-authorization: basic yw5honbac3m=" in seen[0]  # ana:p@ss


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("http://kfp.example", ".example"),
        ("http://127.0.0.1:1", ""),
        ("http://ml-pipeline.kubeflow.svc.cluster.local:8888", ""),
        ("http://ml-pipeline.kubeflow.svc:8888", ""),
        ("http://ml-pipeline.kubeflow:8888", ""),
    ],
)
def test_no_proxy_comes_between_us_and_what_is_near(
    monkeypatch: pytest.MonkeyPatch, url: str, direct: str
) -> None:
    with listening(answering(HEALTH)) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", direct)
        assert trouble(url).code in ("kfp-dns", "kfp-unavailable")


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:1", "http://proxy.invalid", "socks5://127.0.0.1:1", "http://u:pass@x:y"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_work_is_named_as_the_cause(
    monkeypatch: pytest.MonkeyPatch, proxy: str, scheme: str
) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", proxy)

    error = trouble(f"{scheme}://kfp.example", runs.create_run({}))

    assert (error.code, error.message, error.unclear) == (
        "kfp-unavailable",
        "The proxy is in the way.",
        False,
    )
    assert error.command == "export NO_PROXY=$NO_PROXY,kfp.example"
    assert "pass@" not in str(error.body)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_log_in_is_no_kfp(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    page = answering(b"<html>Who are you?</html>", "Content-Type: text/html", status=407)
    with listening(page) as port:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{port}")
        error = trouble(f"{scheme}://kfp.example", runs.create_run({}))

    assert (error.message, error.unclear) == ("The proxy is in the way.", False)
