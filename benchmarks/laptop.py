"""An embedded server of our own, in a temporary folder, and a plain connection to it."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.embedded.store import RunRow, StateEntry, Store
from jupyter_kfp_mt.embedded.store.tasks import TaskRow, TaskState
from jupyter_kfp_mt.models import RuntimeFile

from .processes import children, resident

V2 = "/apis/v2beta1"
ENDED = {"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"}

# A task that starts nothing long: a command that is on every machine.
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
    """One kept connection with one token; answers are bytes, so that only the server is measured."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str, **query: object) -> bytes:
        """Return the body of a good answer."""
        asked = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
        return self._good("GET", f"{path}?{asked}")

    def post(self, path: str, body: object) -> Any:
        """Send JSON, return what comes back."""
        return json.loads(self._good("POST", path, body))

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send one request; returns status and body."""
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _good(self, method: str, path: str, body: object = None) -> bytes:
        status, data = self.ask(method, path, body)
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
        return data

    def wait(self, run_id: str, pause: float = 0.05) -> str:
        """Return the state that the run ends in; asks every `pause` seconds."""
        while True:
            state = str(json.loads(self.get(f"{V2}/runs/{run_id}")).get("state", ""))
            if state in ENDED:
                return state
            time.sleep(pause)


class Laptop:
    """A running embedded server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime: RuntimeFile = embedded.ensure_running(folder, namespace="ana")

    def caller(self, namespace: str = "ana") -> Caller:
        """A new connection as a tenant."""
        return Caller(self.runtime.url, (self.folder / f"token-{namespace}").read_text())

    def memory(self) -> tuple[float, float]:
        """MiB of the server, and of it with the processes it keeps."""
        server = resident(self.runtime.pid)
        return server, server + sum(resident(pid) for pid in children(self.runtime.pid))

    def experiment(self, name: str) -> str:
        """Make an experiment."""
        body = {"display_name": name, "namespace": "ana"}
        return str(self.caller().post(f"{V2}/experiments", body)["experiment_id"])

    def add_profile(self, namespace: str) -> None:
        """Make a tenant."""
        body = json.dumps({"namespace": namespace, "owner": f"{namespace}@example.com"}).encode()
        headers = {"X-Kfp-Owner-Key": self.runtime.owner_key, "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.runtime.url}/embedded/profiles", body, headers)
        urllib.request.urlopen(asked, timeout=10).close()

    def start_again(self) -> None:
        """Start the server again after its death."""
        self.runtime = embedded.ensure_running(self.folder, namespace="ana")

    def restart(self) -> float:
        """Stop and start; returns the seconds from the start of the process to its runtime file."""
        embedded.stop(self.folder)
        began = time.perf_counter()
        self.start_again()
        return time.perf_counter() - began


@contextlib.contextmanager
def laptop() -> Iterator[Laptop]:
    """A server that is stopped at the end."""
    with tempfile.TemporaryDirectory() as name:
        made = Laptop(Path(name) / "kfp")
        try:
            yield made
        finally:
            embedded.stop(made.folder)


def store_runs(folder: Path, experiment_id: str, numbers: range) -> list[str]:
    """Put finished runs of two tasks each into the store of a server; returns their ids."""
    store, made, spec = Store(folder / "store.sqlite"), [], json.dumps(TRIVIAL).encode()
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
            store.tasks.save(_tasks(run_id, at))
            made.append(run_id)
    store.close()
    return made


def _tasks(run_id: str, at: int) -> list[TaskRow]:
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
