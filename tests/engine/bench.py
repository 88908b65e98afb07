"""An engine for tests: a store and a folder, no HTTP."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from jupyter_kfp_mt.bounds import RunBounds
from jupyter_kfp_mt.embedded.engine import Engine, Limits
from jupyter_kfp_mt.embedded.engine.execution.packages import Packages
from jupyter_kfp_mt.embedded.store import RunRow, Store
from jupyter_kfp_mt.models import Task
from jupyter_kfp_mt.pipeline_spec import Package
from jupyter_kfp_mt.run_rules import FINAL_STATES

PATIENCE = 60.0  # seconds after which a test gives up; nothing is measured with it


def allow_all(*_asked: str) -> bool:
    """Allow everything, as for a single user."""
    return True


class Bench:
    """Submits packages to an engine and waits for their runs."""

    def __init__(
        self,
        folder: Path,
        *,
        tasks: int = 4,
        executor: str = "",
        log_bytes: int = 1 << 20,
        bounds: RunBounds = RunBounds(),  # noqa: B008 - frozen
        turn: float = 60.0,
        clock: Callable[[], float] = time.time,
        packages: Packages | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.store = Store(folder / "store.sqlite")
        limits = Limits(tasks=tasks, executor=executor, log_bytes=log_bytes, run=bounds, turn=turn)
        self.engine = Engine(self.store, folder, limits, clock, packages, is_allowed=allow_all)
        self.engine.start()

    def submit(
        self,
        package: Package | dict[str, Any],
        parameters: dict[str, Any] | None = None,
        *,
        namespace: str = "ana",
        run_id: str = "",
    ) -> str:
        """Start a run of a package, or of a Workflow or spec as it may be sent; return its id."""
        sent = package.wire() if isinstance(package, Package) else package
        row = RunRow(
            run_id=run_id or str(uuid.uuid4()),
            namespace=namespace,
            experiment_id="experiment",
            display_name="a run",
            service_account="default-editor",
            created_at=int(time.time()),
            spec=msgspec.json.encode(sent),
            runtime_config=msgspec.json.encode({"parameters": parameters or {}}),
        )
        self.store.runs.add(row)
        self.engine.submit(row.run_id)
        return row.run_id

    def wait(self, run_id: str) -> RunRow:
        self.until(lambda: self.run(run_id).state in FINAL_STATES)
        return self.run(run_id)

    def until(self, happened: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.005)

    def run(self, run_id: str) -> RunRow:
        row = self.store.runs.get(run_id)
        assert row is not None
        return row

    def tasks(self, run_id: str) -> dict[str, Task]:
        """Return the tasks by path and by name."""
        rows = self.store.tasks.list_of_run(run_id)
        return {**{row.name: row.to_task() for row in rows}, **{row.path: row.to_task() for row in rows}}

    def log(self, run_id: str, task: str, *, attempt: int = 0) -> str:
        return self.engine.read_log(run_id, task, attempt=attempt).data.decode()

    def close(self) -> None:
        self.engine.stop()
        self.store.close()

    def store_secrets(self, namespace: str, password: str) -> None:
        """Give a tenant the secret and the config map of the rows."""
        rows = [
            (namespace, "secret", "database", json.dumps({"password": password})),
            (namespace, "configmap", "settings", json.dumps({"level": "debug"})),
        ]
        with self.store.db.write() as sql:
            sql.executemany("INSERT INTO secrets VALUES (?, ?, ?, ?)", rows)


def is_alive(pid: str) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def find_fork_servers(parent: int) -> set[int]:
    """Return the process ids of the fork servers that a process has started."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            parents = (entry / "stat").read_text().rpartition(")")[2].split()[1] if command else ""
        except OSError:
            continue
        if b"forkserver.py" in command and parents == str(parent):
            found.add(int(entry.name))
    return found


def list_files(top: Path) -> list[Path]:
    """Return all files below `top`; folders may be removed meanwhile, as those of ended attempts are."""
    return [Path(folder) / name for folder, _, names in os.walk(top) for name in names]
