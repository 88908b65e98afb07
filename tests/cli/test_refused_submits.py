"""A KFP that lists and takes no new run: the command says why at once, and what to do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_kfp_mt import cli
from tests.laptop import HELLO

EXPERIMENT = {"experiment_id": "e1", "display_name": "Default", "namespace": "team-a"}
CHAIN = "Failed to create a new run: InternalServerError: Failed to create a workflow for (): "


class Kfp(ThreadingHTTPServer):
    """Lists, and answers each new run with `refusal`."""

    daemon_threads = True
    refusal: tuple[int, str, str] = (500, "text/plain", "")


class Handler(BaseHTTPRequestHandler):
    server: Kfp

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if "/runs/" in path:
            self.answer(404, "application/json", json.dumps({"code": 5, "message": "Run x not found."}))
        else:
            known = {
                "healthz": {"tag_name": "2.15.0", "multi_user": True},
                "experiments": {"experiments": [EXPERIMENT]},
                "e1": EXPERIMENT,
            }
            self.answer(200, "application/json", json.dumps(known.get(path.rpartition("/")[2], {})))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(*self.server.refusal)

    def answer(self, status: int, kind: str, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def kfp() -> Iterator[Kfp]:
    with Kfp(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def by_kubernetes(text: str) -> tuple[int, str, str]:
    return 500, "application/json", json.dumps({"code": 13, "message": CHAIN + text, "details": []})


@pytest.mark.parametrize(
    "case",
    [
        (
            by_kubernetes("etcdserver: request is too large"),
            2,
            ("[cluster-refused]  The cluster refused the run.", "Put long code and constants into images"),
        ),
        (
            by_kubernetes('admission webhook "policies.example.com" denied the request: blocked'),
            2,
            (
                'Why   admission webhook "policies.example.com" denied the request: blocked.',
                "the policy names",
            ),
        ),
        (
            by_kubernetes('namespaces "team-a" not found'),
            2,
            ("Next  Use another namespace.", "jupyter kfp namespaces"),
        ),
        (
            (403, "text/html", "<html><title>403 Forbidden</title><h1>403 Forbidden</h1></html>"),
            3,
            ("[gateway-refused]", "takes lists but refuses this call with a web page (403 Forbidden)."),
        ),
        (
            (503, "text/plain", "no healthy upstream"),
            6,
            ("[not-started]", "did not start.", "answers 503: no healthy upstream.", "Next  Submit again."),
        ),
    ],
)
def test_a_refused_submit_says_why_at_once(
    kfp: Kfp,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    case: tuple[tuple[int, str, str], int, tuple[str, ...]],
) -> None:
    kfp.refusal, code, words = case
    started = time.monotonic()
    where = ["--endpoint", f"http://127.0.0.1:{kfp.server_port}", "--namespace", "team-a"]

    exit_code = cli.main(["submit", str(HELLO), *where, "--data", str(tmp_path)])

    shown = capsys.readouterr().err
    assert exit_code == code
    assert time.monotonic() - started < 5
    assert [each for each in words if each not in shown] == []
    assert "We try again" not in shown
