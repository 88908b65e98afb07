"""Submits through a network that loses, delays and doubles answers: one press, one run, one execution.

The server here is as unforgiving as a real one; the embedded one, restarted, is in `test_chaos_restarts.py`.
"""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.client import HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import Phase, SubmitRequest
from jupyter_kfp_mt.service import Journal, KfpService, Policies, Settling
from tests.fakes import HEALTH
from tests.service.stand_ins import TRAIN

PRESSES = int(os.environ.get("KFP_CHAOS_PRESSES", "60"))
EXPERIMENT = {
    "experiment_id": "11111111-1111-4111-8111-111111111111",
    "display_name": "Default",
    "namespace": "alice",
}
PATIENCE = Settling(timeout=0.3, first=0.05, longest=0.2, bound=1.5, sending=0.6)


class Kfp(ThreadingHTTPServer):
    """As a real server: a second POST of an id answers 500 and starts a second execution."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.chance = random.Random(56)  # brings each fault early
        self.runs: dict[str, str] = {}
        self.executions: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fault(self) -> str:
        kinds = ["none"] * 4 + ["reset", "drop", "late", "slow", "502", "503", "504-after"]
        with self.lock:
            kind = self.chance.choice(kinds)
            self.faults[kind] += 1
            return kind

    def start(self, body: dict[str, Any]) -> int:
        with self.lock:
            self.executions[body["run_id"]] += 1
            known = body["run_id"] in self.runs
            self.runs.setdefault(body["run_id"], body["display_name"])
            return 500 if known else 200


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
        fault = self.server.fault()
        if fault == "reset":
            self.hang_up()
        elif fault in ("502", "503"):
            self.answer(int(fault), {"no": "kfp"})
        elif fault == "late":  # the insert waits for the database; the caller is long gone
            threading.Timer(0.7, self.server.start, [body]).start()
            self.hang_up()
        else:
            status = self.server.start(body)
            time.sleep(0.5 if fault == "slow" else 0)
            if fault == "drop":
                self.hang_up()
            elif fault == "504-after":
                self.answer(504, {"code": 4, "message": "context deadline exceeded"})
            else:
                self.answer(status, {**body, "state": "PENDING"})

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def kfp() -> Iterator[Kfp]:
    with Kfp() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def press(service: KfpService, key: str) -> str:
    """Press Run, twice as quickly as a person can, and "Try again" where it is offered; return the id."""
    while True:
        try:
            run = service.start_run(
                SubmitRequest(source=TRAIN, parameters={"name": key}, display_name=key, submit_key=key),
                patient=False,
            )
        except KfpError:
            continue  # said to have come to nothing
        if run.phase is not Phase.UNCONFIRMED:
            return run.run_id
        while any(row.run_id == run.run_id for row in service.page_runs().runs):
            time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(120 + PRESSES)
def test_each_press_is_one_run_and_one_execution(kfp: Kfp, tmp_path: Path) -> None:
    context = Context(kfp.url, "alice", timeout=2.0)
    journals = [Journal(tmp_path / "journal.sqlite") for _ in range(2)]  # two processes, one file
    services = [
        KfpService(context, HttpTransport(context), journal=each, policies=Policies(settling=PATIENCE))
        for each in journals
    ]
    keys = [f"press-{number}" for number in range(PRESSES)]

    with ThreadPoolExecutor(16) as pool:
        both = [list(pool.map(press, services * PRESSES, [key for key in keys for _ in services]))]

    assert set(kfp.runs) == set(both[0])
    assert sorted(kfp.runs.values()) == sorted(keys)
    assert set(kfp.executions.values()) == {1}
    assert all(journal.list_unsettled(kfp.url, "alice") == [] for journal in journals)
    assert len(kfp.faults) == 8
    for each in [*services, *journals]:
        each.close()
