"""Marked credentials go to a server that repeats them, and are looked for in all that people get to see."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from jupyter_kfp_mt import cli, embedded
from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.server.routes import ROUTES
from tests.engine.bench import list_files

CREDENTIALS = {
    "token": "opaque-canary-4711-token-value",
    "jwt": "eyJhbGciOi.eyJjYW5hcnkifQ0815jwtvalue.c2lnbmF0dXJlLWNhbmFyeQ",
    "cookie": "oauth2_proxy_kubeflow=canary-cookie-0815-value; other=canary-cookie-4712",
}
PASSWORD, SECRET = "canary-password-1234", "canary-tenant-secret-5678"
INHERITED = "canary-of-the-jupyter-server-9012"
LINES = ("", "runs", "runs --state failed", "show 3f9c1a7e", "logs 3f9c1a7e", "why 3f9c1a7e", "experiments",
         "pipelines", "doctor", "submit pipeline:train", "terminate 3f9c1a7e", "wait 3f9c1a7e")  # fmt: skip


class Parrot(ThreadingHTTPServer):
    """A KFP, or what stands in front of it, that repeats the credential in every kind of answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Beak)
        self.lock = threading.Lock()
        self.turns = cycle(range(9))
        self.heard: set[str] = set()


class Beak(BaseHTTPRequestHandler):
    server: Parrot

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        said = self.headers.get("Authorization") or self.headers.get("Cookie") or ""
        with self.server.lock:
            turn = next(self.server.turns)
            self.server.heard.add(said)
        if self.path.endswith("/healthz"):
            self.answer(200, {"multi_user": True, "tag_name": f"2.15 {said}" if turn == 0 else "2.15"})
            return
        refused = f"User '{said}' is not authorized with reason: {{Namespace:{said},Verb:list,Resource:runs}}"
        answers: list[tuple[int, Any]] = [
            (401, self.error(16, f"Authentication failure: Review.Status {said}")),
            (403, self.error(7, f"PermissionDenied: {refused}")),
            (500, self.error(13, f"Internal error: {'x' * 300} {said}")),
            (400, self.error(3, f"Invalid input {said}")),
            (404, self.error(5, f"Run {said} not found")),
            (200, f"<!doctype html><title>{said}</title>"),
            (302, ""),
            (200, {"runs": [{"run_id": {"a": said}}], "experiments": said}),
            (503, f"upstream connect error {said}"),
        ]
        self.answer(*answers[turn], location=f"https://login.example/?token={quote(said)}")

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that http.server looks for

    def error(self, code: int, text: str) -> dict[str, Any]:
        return {"code": code, "message": text, "error": text, "details": [{"message": text}]}

    def answer(self, status: int, body: Any, location: str = "") -> None:
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        if status == 302:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        return


class Shown:
    """Everything that was shown, and where."""

    def __init__(self, secrets: list[str]) -> None:
        forms = {form for secret in secrets for form in (secret, quote(secret), secret[-14:])}
        self.forms = forms | {base64.b64encode(secret.encode()).decode() for secret in secrets}
        self.texts: list[tuple[str, str]] = []

    def add(self, where: str, text: object) -> None:
        self.texts.append((where, str(text)))

    @property
    def hits(self) -> list[str]:
        return [where for where, text in self.texts if any(form in text for form in self.forms)]

    def tell(self, capsys: pytest.CaptureFixture[str], what: str) -> None:
        size = sum(len(text) for _, text in self.texts)
        with capsys.disabled():
            sys.stdout.write(
                f"\ncanary, {what}: {len(self.texts)} texts, {size:,} characters, {len(self.hits)} hits\n"
            )


@pytest.fixture(params=CREDENTIALS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def parrot(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parrot]:
    (tmp_path / "credential").write_text(CREDENTIALS[kind] + "\n")
    with Parrot() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        path = "COOKIE_PATH" if kind == "cookie" else "TOKEN_PATH"
        for name, value in {
            "ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "NAMESPACE": "team-a",
            path: str(tmp_path / "credential"),
            "DATA_DIR": str(tmp_path / "data"),
        }.items():
            monkeypatch.setenv(f"JUPYTER_KFP_MT_{name}", value)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def jp_server_config(parrot: Parrot) -> Config:
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}}})


def in_a_terminal(shown: Shown, capsys: pytest.CaptureFixture[str], *more: str) -> None:
    for line in LINES:
        for form in ([], ["--json"]):
            cli.main([*line.split(), *form, *more])
            output = capsys.readouterr()
            shown.add(f"jupyter kfp {line} {form}", output.out + output.err)


def in_a_notebook(shown: Shown) -> None:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "jupyter_kfp_mt")
    for line in LINES:
        with capture_output() as output:
            result = shell.run_cell(f"%kfp {line}")
        error = result.error_in_exec
        stack = "".join(traceback.format_exception(error)) if error else ""
        outputs = [each._repr_mimebundle_() for each in output.outputs]
        shown.add(
            f"%kfp {line}",
            f"{output.stdout}{output.stderr}{outputs}{stack}{error!r}{vars(error) if error else 0}",
        )
    shell.history_manager.end_session()


@pytest.mark.timeout(240)
@pytest.mark.slow
async def test_a_credential_is_shown_nowhere(
    jp_fetch: Any,
    parrot: Parrot,
    kind: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = Shown([CREDENTIALS[kind], *CREDENTIALS[kind].removeprefix("oauth2_proxy_kubeflow=").split("; ")])
    for route in [route for route in ROUTES if "event" not in route.path and route.path != "embedded"] * 2:
        path = re.sub(r"{\w+}", "some-id", route.path.replace("{namespace}", "team-a"))
        body = None if route.method in ("GET", "DELETE") else '{"source": {"kind": "example"}}'
        answer = await jp_fetch(
            "jupyter-kfp-mt", *path.split("/"), method=route.method, body=body, raise_error=False
        )
        shown.add(f"{route.method} {path}", f"{answer.code} {answer.headers} {answer.body.decode()}")
    in_a_terminal(shown, capsys)
    in_a_notebook(shown)
    service = connect()
    shown.add("repr", f"{service!r} {service.context!r} {vars(service)!r}")
    service.close()
    shown.add("log", caplog.text)
    shown.tell(capsys, kind)
    assert any(CREDENTIALS[kind] in said for said in parrot.heard)
    assert shown.hits == []


def test_a_password_in_an_address_is_refused_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Shown([PASSWORD])
    address = f"http://ana:{PASSWORD}@127.0.0.1:9"
    in_a_terminal(shown, capsys, "--endpoint", address)
    with pytest.raises(KfpError) as caught:
        connect(endpoint=address)
    shown.add("error", "".join(traceback.format_exception(caught.value)[-1:]) + str(caught.value.lines()))
    shown.tell(capsys, "password")
    assert shown.hits == []


def test_a_secret_of_a_tenant_is_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTER_KFP_MT_DATA_DIR", str(tmp_path / "kfp"))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    shown = Shown([SECRET])
    embedded.ensure_running(tmp_path / "kfp", namespace="ana")
    try:
        assert cli.main(["secrets", "set", "db", "password=-"]) == 0
        assert cli.main(["submit", str(Path(__file__).parent / "data/secret.yaml"), "--wait"]) == 0
        for line in ("secrets list", "profiles list", "show @last", "logs @last", "outputs @last"):
            cli.main([*line.split(), "--json"])
        output = capsys.readouterr()
        shown.add("jupyter kfp secrets", output.out + output.err)
        in_a_terminal(shown, capsys)
    finally:
        embedded.stop(tmp_path / "kfp")
    for path in list_files(tmp_path / "kfp"):
        if path.is_file() and not path.name.startswith("store.sqlite"):
            shown.add(path.name, path.read_bytes().decode(errors="replace"))
    shown.tell(capsys, "secret of a tenant")
    assert f"{len(SECRET)} characters" in "".join(text for _, text in shown.texts)
    assert shown.hits == []


@pytest.mark.parametrize("executor", ["fork", "subprocess"])
def test_the_environment_of_jupyter_reaches_no_process_below(
    executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTER_KFP_MT_DATA_DIR", str(tmp_path / "kfp"))
    monkeypatch.setenv("JUPYTER_KFP_MT_EXECUTOR", executor)
    for name in ("JUPYTERHUB_API_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONCANARY"):
        monkeypatch.setenv(name, INHERITED)
    shown = Shown([INHERITED])
    server = embedded.ensure_running(tmp_path / "kfp", namespace="ana")
    try:
        shown.add("the server", Path(f"/proc/{server.pid}/environ").read_text())
        assert cli.main(["submit", str(Path(__file__).parent / "data/environment.yaml"), "--wait"]) == 0
        for task in ("look", "look-from-a-shell"):
            cli.main(["logs", "@last", task])
        logs = capsys.readouterr().out
        shown.add("the tasks", logs)
    finally:
        embedded.stop(tmp_path / "kfp")
    shown.tell(capsys, f"environment, {executor}")
    assert logs.count("PYTHONUNBUFFERED=1") >= 4
    assert "core files: (0, 0)" in logs
    assert shown.hits == []
