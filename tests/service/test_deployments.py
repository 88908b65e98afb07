"""The four deployments of the KFP documentation, each from settings to a run, on a real KFP API.

The embedded server is dressed up as each: as KFP's own service in a cluster, behind a gateway with a log-in
page and a path, and without namespaces.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.errors import CATALOGUE, KfpError
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings
from tests.context.pods import Folder
from tests.embedded.running import Running, running
from tests.service.smoke import smoke

COOKIE = "oauth2_proxy_kubeflow=signed-in"
MACHINE = "Bearer header.of-a-machine.signature"
PAGES = Path(__file__).parents[2] / "docs/deployments"


class Gateway(ThreadingHTTPServer):
    """Istio with oauth2-proxy: a cookie or a token opens `/pipeline`, else there is the log-in page."""

    daemon_threads = True

    def __init__(self, kfp: Running) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.kfp = kfp
        self.refusal: tuple[int, str, str] = (200, "text/html", "<!doctype html><title>Log in</title>")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Door(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        known = self.headers.get("Cookie") == COOKIE or self.headers.get("Authorization") == MACHINE
        if not self.path.startswith("/pipeline/") or not known:
            self.answer(*self.server.refusal)
            return
        inside = urlsplit(self.server.kfp.url)
        connection = HTTPConnection(inside.hostname or "", inside.port, timeout=10)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {
            "Authorization": f"Bearer {self.server.kfp.token('alice')}",  # what the mesh knows of the cookie
            "Content-Type": self.headers.get("Content-Type", ""),
        }
        connection.request(self.command, self.path.removeprefix("/pipeline"), body, headers)
        answer = connection.getresponse()
        self.answer(answer.status, answer.headers.get("Content-Type", ""), answer.read().decode())
        connection.close()

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def answer(self, status: int, kind: str, body: str) -> None:
        raw = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "full").mkdir()
    with running(tmp_path / "full") as kfp:
        yield kfp


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "standalone").mkdir()
    with running(tmp_path / "standalone", multi_user=False) as kfp:
        yield kfp


@pytest.fixture
def gateway(full: Running) -> Iterator[Gateway]:
    with Gateway(full) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def opened(folder: Path, environment: Environment, **settings: str) -> KfpService:
    return connect(settings=KfpSettings(data_dir=str(folder / "none"), **settings), environment=environment)


def test_full_kubeflow_from_a_notebook(full: Running, tmp_path: Path) -> None:
    pod = Folder(tmp_path / "pod").notebook("alice").write("/kfp/token", full.token("alice"))
    environment = pod.environment(
        NB_PREFIX="/notebook/alice/lab",
        KF_PIPELINES_ENDPOINT=full.url,
        KF_PIPELINES_SA_TOKEN_PATH="/kfp/token",
    )._replace(clock=Environment({}).clock)

    smoke(opened(tmp_path, environment), "alice")


def test_full_kubeflow_from_outside_with_a_cookie(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "cookie").write_text(COOKIE + "\n")

    kfp = opened(
        tmp_path,
        Folder(tmp_path).environment(),
        endpoint=f"{gateway.url}/pipeline/",
        namespace="alice",
        cookie_path=str(tmp_path / "cookie"),
    )

    smoke(kfp, "alice")


def test_full_kubeflow_from_outside_with_a_token_at_the_gateway(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(MACHINE.removeprefix("Bearer "))

    kfp = opened(
        tmp_path,
        Folder(tmp_path).environment(),
        endpoint=f"{gateway.url}/pipeline",
        namespace="alice",
        token_path=str(tmp_path / "token"),
    )

    smoke(kfp, "alice")


def test_full_kubeflow_from_outside_with_a_token_through_a_port(full: Running, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(full.token("alice"))

    kfp = opened(
        tmp_path,
        Folder(tmp_path).environment(),
        endpoint=full.url,
        namespace="alice",
        token_path=str(tmp_path / "token"),
    )

    smoke(kfp, "alice")


def test_standalone_from_inside(standalone: Running, tmp_path: Path) -> None:
    pod = Folder(tmp_path / "pod").notebook("team-a")

    smoke(opened(tmp_path, pod.environment(KF_PIPELINES_ENDPOINT=standalone.url)), "")


def test_standalone_from_outside_through_a_port(standalone: Running, tmp_path: Path) -> None:
    smoke(opened(tmp_path, Folder(tmp_path).environment(), endpoint=standalone.url), "")


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ((200, "text/html", "<!doctype html><title>Log in</title>"), "login-page"),
        ((403, "text/html", "<html>Sign in</html>"), "login-page"),
        ((403, "text/plain", "RBAC: access denied"), "istio-denied"),
        ((401, "text/plain", "Jwt issuer is not configured"), "gateway-jwt"),
        ((404, "text/plain", ""), "kfp-path"),
        ((503, "text/plain", "no healthy upstream"), "kfp-unavailable"),
    ],
)
def test_a_gateway_that_lets_nobody_in_is_reported_as_one(
    gateway: Gateway, tmp_path: Path, refusal: tuple[int, str, str], code: str
) -> None:
    gateway.refusal = refusal
    kfp = opened(
        tmp_path, Folder(tmp_path).environment(), endpoint=f"{gateway.url}/pipeline", namespace="alice"
    )

    status = kfp.status()

    assert status.error is not None
    assert (status.connected, status.error.code) == (False, code)
    kfp.close()


def test_a_token_that_changes_every_moment_fails_no_call(full: Running, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(full.token("alice"))
    kfp = opened(
        tmp_path, Folder(tmp_path).environment(), endpoint=full.url, namespace="alice", token_path=str(path)
    )
    ended = threading.Event()

    def rotate() -> None:
        while not ended.wait(0.01):
            (tmp_path / "new").write_text(full.token("alice"))
            (tmp_path / "new").replace(path)

    with_rotation = threading.Thread(target=rotate)
    with_rotation.start()
    try:
        for _ in range(100):
            kfp.page_runs()
    finally:
        ended.set()
        with_rotation.join()
    kfp.close()


def test_no_secret_is_in_any_error(full: Running, tmp_path: Path) -> None:
    secret = full.token("alice")
    (tmp_path / "token").write_text(secret)
    kfp = opened(
        tmp_path,
        Folder(tmp_path).environment(),
        endpoint=full.url,
        namespace="bob",
        token_path=str(tmp_path / "token"),
    )

    with pytest.raises(KfpError) as caught:
        kfp.list_runs()

    shown = "".join([*caught.value.lines(), caught.value.details, repr(kfp), repr(kfp.context)])
    assert caught.value.code == "forbidden"
    assert secret not in shown
    kfp.close()


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_names_only_settings_and_codes_that_there_are(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {*re.findall(r"c\.KfpSettings\.(\w+)", text)}
    named |= {name.lower() for name in re.findall(r"JUPYTER_KFP_MT_(\w+)", text)}
    codes = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    assert named <= set(KfpSettings.class_trait_names(config=True))
    assert {code.strip("`") for cell in codes for code in cell.split(", ")} <= set(CATALOGUE)


def test_there_is_a_page_for_each_deployment() -> None:
    assert len(list(PAGES.glob("*.md"))) == 4
