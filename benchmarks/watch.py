"""A Jupyter server with many open pages: their load on KFP, and the effect of a dead KFP on Jupyter."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from .stub import run_stub
from .table import Row, format_ms, time_call

PAGES, HANGING, INTERVAL, INTERVALS = 50, 100, 1.0, 10
EVENTS, RUNS = "namespaces/team-a/events", "namespaces/team-a/runs"


class Jupyter:
    """A running Jupyter server with the extension."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token

    def get(self, path: str) -> bytes:
        """Return the body of the response to `GET path`."""
        request = urllib.request.Request(self._url + path, headers={"Authorization": f"token {self._token}"})
        with urllib.request.urlopen(request, timeout=30) as response:
            body: bytes = response.read()
        return body

    def open_request(self, path: str) -> socket.socket:
        """Send a request to one of our routes, and do not wait for the response."""
        where = urlsplit(self._url)
        connection = socket.create_connection((where.hostname or "", where.port or 80))
        head = f"GET /jupyter-kfp-mt/{path} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        connection.sendall(f"{head}Authorization: token {self._token}\r\n\r\n".encode())
        return connection


def measure() -> list[Row]:
    """Count upstream requests with many listeners; time Jupyter's own routes beside hanging requests."""
    return [_count_upstream_requests(), _time_jupyter_beside_a_dead_kfp()]


def _count_upstream_requests() -> Row:
    with run_stub(1000) as kfp, run_jupyter(kfp) as server:
        pages = [server.open_request(EVENTS) for _ in range(PAGES)]
        time.sleep(3 * INTERVAL)  # connecting and the first poll
        before = _count_requests(kfp)
        time.sleep(INTERVALS * INTERVAL)
        each = (_count_requests(kfp) - before) / INTERVALS
        for page in pages:
            page.close()
    return Row(
        f"upstream requests per interval, {PAGES} pages open",
        f"{each:.1f}",
        f"one poll per page {PAGES}",
        f"{PAGES / each:.0f} ×",
        "1",
    )


def _time_jupyter_beside_a_dead_kfp() -> Row:
    with run_stub(-1) as kfp, run_jupyter(kfp) as server:
        hanging = [server.open_request(RUNS) for _ in range(HANGING)]
        while not _count_requests(kfp):
            time.sleep(0.05)
        taken = [time_call(lambda: server.get("api/status")) for _ in range(50)]
        for connection in hanging:
            connection.close()
    return Row(
        f"/api/status of Jupyter, {HANGING} requests hanging on KFP",
        f"p50 {format_ms(statistics.median(taken))}, max {format_ms(max(taken))}",
        goal="responds",
    )


def _count_requests(kfp: str) -> int:
    with urllib.request.urlopen(kfp + "/requests", timeout=10) as response:
        return int(response.read())


@contextlib.contextmanager
def run_jupyter(kfp: str) -> Iterator[Jupyter]:
    """Run a Jupyter server that polls `kfp` once per interval."""
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as name:
        folders = {f"JUPYTER_{kind}_DIR": f"{name}/{kind}" for kind in ("CONFIG", "DATA", "RUNTIME")}
        settings = {
            "JUPYTER_KFP_MT_ENDPOINT": kfp,
            "JUPYTER_KFP_MT_NAMESPACE": "team-a",
            "JUPYTER_KFP_MT_POLL_ACTIVE_S": str(INTERVAL),
            "JUPYTER_KFP_MT_POLL_IDLE_S": str(INTERVAL),
        }
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0"]
        command += ["--ServerApp.jpserver_extensions={'jupyter_kfp_mt': True}", f"--notebook-dir={name}"]
        environment = {**os.environ, **folders, **settings, "HOME": name, "JUPYTER_TOKEN": token}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield Jupyter(_wait_for_address(Path(folders["JUPYTER_RUNTIME_DIR"])), token)
            finally:
                process.terminate()


def _wait_for_address(runtime: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):
                return str(json.loads(path.read_text())["url"])
        time.sleep(0.1)
    raise RuntimeError("the Jupyter server did not start")
