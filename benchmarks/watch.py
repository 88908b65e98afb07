"""A Jupyter server with many pages: what they cost the KFP server, and what a dead KFP costs Jupyter."""

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

from .stub import serving
from .table import Row, milliseconds, seconds

PAGES, HANGING, INTERVAL, INTERVALS = 50, 100, 1.0, 10
EVENTS, RUNS = "namespaces/team-a/events", "namespaces/team-a/runs"


class Jupyter:
    """A running Jupyter server with the extension."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token

    def get(self, path: str) -> bytes:
        """Return what `path` answers."""
        asked = urllib.request.Request(self._url + path, headers={"Authorization": f"token {self._token}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            body: bytes = answer.read()
        return body

    def leave_open(self, path: str) -> socket.socket:
        """Ask below our own routes, and do not wait for an answer."""
        where = urlsplit(self._url)
        connection = socket.create_connection((where.hostname or "", where.port or 80))
        head = f"GET /jupyter-kfp-mt/{path} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        connection.sendall(f"{head}Authorization: token {self._token}\r\n\r\n".encode())
        return connection


def rows() -> list[Row]:
    """Count upstream requests with many listeners; time Jupyter's own answers beside hanging ones."""
    return [_listeners(), _beside_a_dead_kfp()]


def _listeners() -> Row:
    with serving(1000) as kfp, jupyter(kfp) as server:
        pages = [server.leave_open(EVENTS) for _ in range(PAGES)]
        time.sleep(3 * INTERVAL)  # connection and first look
        before = _asked(kfp)
        time.sleep(INTERVALS * INTERVAL)
        each = (_asked(kfp) - before) / INTERVALS
        for page in pages:
            page.close()
    return Row(
        f"upstream requests an interval, {PAGES} pages open",
        f"{each:.1f}",
        f"a poll of each page {PAGES}",
        f"{PAGES / each:.0f} ×",
        "1",
    )


def _beside_a_dead_kfp() -> Row:
    with serving(-1) as kfp, jupyter(kfp) as server:
        hanging = [server.leave_open(RUNS) for _ in range(HANGING)]
        while not _asked(kfp):
            time.sleep(0.05)
        taken = [seconds(lambda: server.get("api/status")) for _ in range(50)]
        for connection in hanging:
            connection.close()
    return Row(
        f"/api/status of Jupyter, {HANGING} requests hanging on KFP",
        f"p50 {milliseconds(statistics.median(taken))}, most {milliseconds(max(taken))}",
        goal="answers",
    )


def _asked(kfp: str) -> int:
    with urllib.request.urlopen(kfp + "/asked", timeout=10) as answer:
        return int(answer.read())


@contextlib.contextmanager
def jupyter(kfp: str) -> Iterator[Jupyter]:
    """Run a Jupyter server that looks at `kfp` once an interval."""
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
                yield Jupyter(_address(Path(folders["JUPYTER_RUNTIME_DIR"])), token)
            finally:
                process.terminate()


def _address(runtime: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):
                return str(json.loads(path.read_text())["url"])
        time.sleep(0.1)
    raise RuntimeError("the Jupyter server did not start")
