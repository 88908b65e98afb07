"""A KFP server that answers with prebuilt bytes, so that only the client is measured.

`python -m benchmarks.stub RUNS` prints its address and serves until its input is closed.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 100
TIME = "2026-03-12T14:02:07Z"


def run(number: int) -> dict[str, object]:
    """Return a run as a real server lists it: about 2.7 kB, with 26 parameters, history and tasks."""
    run_id = f"{number:08x}-0000-4000-8000-000000000000"
    history = [{"update_time": TIME, "state": state} for state in ("PENDING", "RUNNING", "SUCCEEDED")]
    return {
        "experiment_id": "a0915860-a767-4a3e-8020-f30afb1a33cd",
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


def pages(total: int) -> dict[str, bytes]:
    """Return the encoded pages of `total` runs by their page token."""
    made = {}
    for start in range(0, total, PAGE):
        page: dict[str, object] = {
            "runs": [run(number) for number in range(start, min(start + PAGE, total))],
            "total_size": total,
        }
        if start + PAGE < total:
            page["next_page_token"] = str(start + PAGE)
        made[str(start) if start else ""] = json.dumps(page, separators=(",", ":")).encode()
    return made


def serve(total: int) -> None:
    """Serve `total` runs on a free port of the loopback until standard input ends."""
    answers = pages(total)
    healthz = json.dumps({"multi_user": True, "tag_name": "2.17.0"}).encode()
    experiment = json.dumps(
        {
            "experiment_id": "a0915860-a767-4a3e-8020-f30afb1a33cd",
            "display_name": "Default",
            "namespace": "team-a",
        }
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path.endswith("/healthz"):
                body = healthz
            elif "/experiments/" in url.path:
                body = experiment
            elif url.path.endswith("/experiments"):
                body = b'{"experiments":[' + experiment + b'],"total_size":1}'
            else:
                body = answers[parse_qs(url.query).get("page_token", [""])[0]]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
