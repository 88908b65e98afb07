"""A KFP server that responds with prebuilt bytes, so that only the client is measured.

`python -m benchmarks.stub RUNS` prints its address and serves until its input is closed. With -1 runs it
accepts every request and responds to none, except healthz and the count.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

PAGE = 100
EXPERIMENT = "a0915860-a767-4a3e-8020-f30afb1a33cd"
TIME = "2026-03-12T14:02:07Z"


def make_run(number: int) -> dict[str, object]:
    """Return a run as a real server lists it: about 2.7 kB, with 26 parameters, history and tasks."""
    run_id = f"{number:08x}-0000-4000-8000-000000000000"
    history = [{"update_time": TIME, "state": state} for state in ("PENDING", "RUNNING", "SUCCEEDED")]
    return {
        "experiment_id": EXPERIMENT,
        "run_id": run_id,
        "display_name": f"train-{number}",
        "storage_state": "AVAILABLE",
        "pipeline_version_reference": {"pipeline_id": "p" * 36, "pipeline_version_id": "v" * 36},
        "runtime_config": {
            "parameters": {f"parameter-{letter}": number * 1.5 for letter in "abcdefghijklmnopqrstuvwxyz"}
        },
        "service_account": "default-editor",
        "created_at": TIME,
        "scheduled_at": TIME,
        "finished_at": TIME,
        "state": "SUCCEEDED",
        "run_details": {
            "task_details": [
                {
                    "run_id": run_id,
                    "task_id": f"{number:08x}-0000-4000-8000-00000000000{task}",
                    "display_name": f"task-{task}",
                    "create_time": TIME,
                    "start_time": TIME,
                    "end_time": TIME,
                    "state": "SUCCEEDED",
                    "state_history": history[-2:],
                }
                for task in range(4)
            ]
        },
        "state_history": history,
    }


def make_pages(total: int) -> dict[str, bytes]:
    """Return the encoded pages of `total` runs by their page token."""
    pages = {}
    for start in range(0, total, PAGE):
        page: dict[str, object] = {
            "runs": [make_run(number) for number in range(start, min(start + PAGE, total))],
            "total_size": total,
        }
        if start + PAGE < total:
            page["next_page_token"] = str(start + PAGE)
        pages[str(start) if start else ""] = json.dumps(page, separators=(",", ":")).encode()
    return pages


def make_response(body: bytes) -> bytes:
    """Return a response as it goes over the wire."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Responses:
    """The responses by path, and the number of requests."""

    def __init__(self, total: int) -> None:
        experiment = {"experiment_id": EXPERIMENT, "display_name": "Default", "namespace": "team-a"}
        self._pages = {token: make_response(body) for token, body in make_pages(total).items()}
        self._healthz = make_response(json.dumps({"multi_user": True, "tag_name": "2.17.0"}).encode())
        self._experiment = make_response(json.dumps(experiment).encode())
        self._experiments = make_response(json.dumps({"experiments": [experiment], "total_size": 1}).encode())
        self._requests = 0

    def respond(self, target: str) -> bytes:
        """Return the response to `GET target`."""
        url = urlsplit(target)
        if url.path == "/requests":
            return make_response(str(self._requests).encode())
        self._requests += 1
        if url.path.endswith("/healthz"):
            return self._healthz
        if not self._pages:
            time.sleep(3600)
        if "/experiments/" in url.path:
            return self._experiment
        if url.path.endswith("/experiments"):
            return self._experiments
        return self._pages[parse_qs(url.query).get("page_token", [""])[0]]


def handle_connection(connection: socket.socket, responses: Responses) -> None:
    """Respond to the requests of one connection, none of which has a body."""
    with connection, connection.makefile("rb") as lines:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while line := lines.readline():
            while lines.readline() not in (b"\r\n", b""):
                pass
            connection.sendall(responses.respond(line.split()[1].decode()))


def serve(total: int) -> None:
    """Serve `total` runs on a free port of the loopback interface until standard input ends."""
    responses = Responses(total)
    listener = socket.create_server(("127.0.0.1", 0), backlog=200)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=handle_connection, args=(connection, responses), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


@contextlib.contextmanager
def run_stub(runs: int) -> Iterator[str]:
    """Run a stub with so many runs in a new process; yield its address."""
    command = [sys.executable, "-m", "benchmarks.stub", str(runs)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        assert server.stdin is not None
        server.stdin.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
