"""A KFP behind a network that loses, delays and replaces what it carries; as unforgiving as a real server."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes import HEALTH

EXPERIMENT = {
    "experiment_id": "11111111-1111-4111-8111-111111111111",
    "display_name": "Default",
    "namespace": "alice",
}
CHAIN = "Failed to create a new run: InternalServerError: Failed to create a workflow for (): "
UPSTREAM = "upstream connect error or disconnect/reset before headers. reset reason: connection failure"

NOT_SENT = ("no upstream", "no connection")  # what says so itself
LOST = ("reset", "502", "503")  # does not arrive, and nobody says so
ARRIVED = ("drop", "slow", "504 after")
LATE = "late"
KINDS = (*NOT_SENT, *LOST, *ARRIVED, LATE)


class Kfp(ThreadingHTTPServer):
    """A second POST of an id answers 500 and starts a second execution."""

    daemon_threads = True
    request_queue_size = 64
    delay = 0.5  # of a slow answer
    late = 0.7  # after which a late request arrives; its caller is long gone

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.chance = random.Random(7)
        self.coming: list[str] = []
        self.runs: dict[str, str] = {}
        self.executions: Counter[str] = Counter()
        self.faults: defaultdict[str, list[str]] = defaultdict(list)  # of each display name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """The caller has gone away: no news here."""

    def choose_fault(self, name: str) -> str:
        with self.lock:
            if not self.coming:  # each kind as often as any other, in any order
                self.coming = ["none"] * 4 + [*KINDS]
                self.chance.shuffle(self.coming)
            self.faults[name].append(self.coming.pop())
            return self.faults[name][-1]

    def start(self, body: dict[str, Any]) -> int:
        with self.lock:
            self.executions[body["run_id"]] += 1
            known = body["run_id"] in self.runs
            self.runs.setdefault(body["run_id"], body["display_name"])
            return 500 if known else 200


@contextlib.contextmanager
def serving(server: Kfp) -> Iterator[Kfp]:
    """Serve until the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Kfp

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        run_id = path.rpartition("/")[2]
        if path.endswith("/healthz"):
            self.answer(200, HEALTH)
        elif "/experiments" in path:
            self.answer(200, {"experiments": [EXPERIMENT]} if path.endswith("s") else EXPERIMENT)
        elif path.endswith("/runs"):
            self.answer(200, {})
        elif run_id in self.server.runs:
            self.answer(200, {"run_id": run_id, "experiment_id": EXPERIMENT["experiment_id"]})
        else:
            self.answer(404, {"code": 5, "message": "x", "details": [{"message": f"Run {run_id} not found"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self.server.choose_fault(body["display_name"])
        if fault == "reset":
            self.hang_up()
        elif fault in ("502", "503"):
            self.answer(int(fault), {"no": "kfp"})
        elif fault == "no upstream":
            self.answer(503, "no healthy upstream")
        elif fault == "no connection":
            self.answer(503, UPSTREAM)
        elif fault == "page":
            self.answer(403, "<html><title>403 Forbidden</title></html>")
        elif fault == "too large":
            self.answer(500, {"code": 13, "message": f"{CHAIN}etcdserver: request is too large"})
        elif fault == "silent":
            time.sleep(90)
            self.hang_up()
        elif fault == LATE:
            threading.Timer(self.server.late, self.server.start, [body]).start()
            self.hang_up()
        else:
            status = self.server.start(body)
            time.sleep(self.server.delay if fault == "slow" else 0)
            if fault == "drop":
                self.hang_up()
            elif fault == "504 after":
                self.answer(504, {"code": 4, "message": "context deadline exceeded"})
            else:
                self.answer(status, {**body, "state": "PENDING"})

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status: int, body: object) -> None:
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "application/json"
        if isinstance(body, str):
            kind = "text/html" if body.startswith("<") else "text/plain"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        return
