"""An embedded server in a temporary folder, and a plain connection to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.bounds import RunBounds
from jupyter_kfp_mt.embedded.engine.execution.folders import RunFolder
from jupyter_kfp_mt.embedded.store import RunRow, StateEntry, Store
from jupyter_kfp_mt.embedded.store.tasks import TaskRow, TaskState
from jupyter_kfp_mt.models import RuntimeFile

from .processes import list_children, read_resident

V2 = "/apis/v2beta1"
FINAL_STATES = {"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"}

# The cheapest task: a program that every machine has.
TRIVIAL: dict[str, Any] = {
    "pipelineInfo": {"name": "trivial"},
    "schemaVersion": "2.1.0",
    "sdkVersion": "kfp-2.17.0",
    "components": {"comp-step": {"executorLabel": "exec-step"}},
    "deploymentSpec": {"executors": {"exec-step": {"container": {"image": "python", "command": ["true"]}}}},
    "root": {
        "dag": {"tasks": {"step": {"componentRef": {"name": "comp-step"}, "taskInfo": {"name": "step"}}}}
    },
}


class Caller:
    """A keep-alive connection; responses stay bytes, so that only the server is measured."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=600)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str, **query: object) -> bytes:
        """Send a GET request and return the body of a 200."""
        encoded = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
        return self._send_checked("GET", f"{path}?{encoded}")

    def post(self, path: str, body: object) -> Any:
        """POST JSON and return the decoded response."""
        return json.loads(self._send_checked("POST", path, body))

    def upload(self, path: str, text: str) -> None:
        """Upload a pipeline package as a file."""
        edge = "bench-bench-bench"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="uploadfile"; filename="p.yaml"\r\n\r\n'
        headers = {**self._headers, "Content-Type": f"multipart/form-data; boundary={edge}"}
        self._connection.request("POST", path, f"{head}{text}\r\n--{edge}--\r\n", headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status >= 500:
            raise RuntimeError(f"{path}: {response.status} {body[:300]!r}")

    def send(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send a request; return status and body."""
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def _send_checked(self, method: str, path: str, body: object = None) -> bytes:
        status, data = self.send(method, path, body)
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
        return data

    def wait(self, run_id: str, pause: float = 0.05) -> str:
        """Poll a run every `pause` seconds; return its final state."""
        while True:
            state = str(json.loads(self.get(f"{V2}/runs/{run_id}")).get("state", ""))
            if state in FINAL_STATES:
                return state
            time.sleep(pause)


class Laptop:
    """A running embedded server."""

    def __init__(self, folder: Path, bounds: RunBounds = RunBounds()) -> None:  # noqa: B008 - immutable
        self.folder = folder
        self._bounds = bounds
        self.runtime: RuntimeFile
        self.start_again()

    def connect(self, namespace: str = "ana") -> Caller:
        """Open a connection as a tenant."""
        return Caller(self.runtime.url, (self.folder / f"token-{namespace}").read_text())

    def read_memory(self) -> tuple[float, float]:
        """Return the MiB of the server alone, and with its child processes."""
        server = read_resident(self.runtime.pid)
        return server, server + sum(read_resident(pid) for pid in list_children(self.runtime.pid))

    def create_experiment(self, name: str) -> str:
        """Create an experiment and return its id."""
        body = {"display_name": name, "namespace": "ana"}
        return str(self.connect().post(f"{V2}/experiments", body)["experiment_id"])

    def add_profile(self, namespace: str) -> None:
        """Create a tenant."""
        body = json.dumps({"namespace": namespace, "owner": f"{namespace}@example.com"}).encode()
        headers = {"X-Kfp-Owner-Key": self.runtime.owner_key, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.runtime.url}/embedded/profiles", body, headers)
        urllib.request.urlopen(request, timeout=10).close()

    def start_again(self) -> None:
        """Start the server again after it was killed."""
        self.runtime = embedded.ensure_running(self.folder, namespace="ana", bounds=self._bounds)

    def restart(self) -> float:
        """Restart the server; return the seconds from its start to its runtime file."""
        embedded.stop(self.folder)
        started = time.perf_counter()
        self.start_again()
        return time.perf_counter() - started


@contextlib.contextmanager
def run_laptop(
    bounds: RunBounds = RunBounds(),  # noqa: B008 - immutable
    variables: Mapping[str, str] = {},
    prelude: str = "",
) -> Iterator[Laptop]:
    """Run a server until the end of the block, with `variables` of its own, after Python code `prelude`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kfp"
        if variables or prelude:
            # Started as a program, the server would make an environment of its own.
            code = f"{prelude}\nfrom jupyter_kfp_mt.embedded.__main__ import main; main()"
            command = [sys.executable, "-c", code, "--data", str(folder), "--namespace", "ana"]
            process = subprocess.Popen(command, env={**os.environ, **variables}, stderr=subprocess.DEVNULL)
            while embedded.find(folder) is None:
                if process.poll() is not None:
                    raise RuntimeError("the server does not start")
                time.sleep(0.02)
        laptop = Laptop(folder, bounds)
        try:
            yield laptop
        finally:
            embedded.stop(laptop.folder)
            _end_tasks(folder / "runs")


def _end_tasks(runs: Path) -> None:
    """End the tasks that go on without the server, each with its supervisor."""
    for run in runs.iterdir() if runs.is_dir() else ():
        for pid in RunFolder(runs, run.name).find_supervisors():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def store_runs(folder: Path, experiment_id: str, numbers: range) -> list[str]:
    """Store finished runs of two tasks each in the store of a server; return their ids."""
    store, run_ids, spec = Store(folder / "store.sqlite"), [], json.dumps(TRIVIAL).encode()
    with store.db.write():
        for number in numbers:
            at = 1_700_000_000 + number
            run_id = str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % (1 << 128)))
            states = [StateEntry(at=at, state=state) for state in ("PENDING", "RUNNING")]
            row = RunRow(
                run_id=run_id,
                namespace="ana",
                experiment_id=experiment_id,
                display_name=f"train-{number}",
                service_account="default-editor",
                state="SUCCEEDED",
                created_at=at,
                scheduled_at=at,
                finished_at=at + 9,
                state_history=msgspec.json.encode(states),
                runtime_config=json.dumps({"parameters": {"rate": 0.1, "epochs": number}}).encode(),
                spec=spec,
            )
            store.runs.add(row)
            store.tasks.save(_make_tasks(run_id, at))
            run_ids.append(run_id)
    store.close()
    return run_ids


def _make_tasks(run_id: str, at: int) -> list[TaskRow]:
    history = msgspec.json.encode(
        [TaskState(at, "PENDING"), TaskState(at + 1, "RUNNING"), TaskState(at + 8, "SUCCEEDED")]
    )
    return [
        TaskRow(
            run_id=run_id,
            task_id=f"{run_id[:30]}{number:06}",
            path="step" * number,
            name=("root", "step")[number],
            state="SUCCEEDED",
            created_at=at,
            started_at=at + 1,
            ended_at=at + 8,
            state_history=history,
        )
        for number in range(2)
    ]
