"""An engine on a disk of 16 MB, which a task fills; says in JSON what became of each run.

`unshare -Urm python -m tests.engine.small_disk FOLDER PACKAGES`
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_kfp_mt.pipeline_spec import Package
from jupyter_kfp_mt.run_rules import FINAL_STATES
from tests.engine.bench import Bench


def main(folder: Path, packages: Path) -> None:
    """Mount the disk, then: a task fills it, another finds it full, the first is deleted, another runs."""
    if ctypes.CDLL(None).mount(b"none", os.fsencode(folder), b"tmpfs", 0, b"size=16m") != 0:
        raise SystemExit("no small disk")
    told: dict[str, Any] = {}
    specs = json.loads(packages.read_text())
    fills, talks, holds = (Package(pipeline_spec=specs[name]) for name in ("fills", "talks-again", "holds"))
    bench = Bench(folder / "engine", tasks=2)
    told["before"] = end(bench, bench.submit(talks))
    filled = bench.submit(fills)
    told["fills"] = end(bench, filled)
    told["while it is full"] = end(bench, bench.submit(talks))
    delete(bench, filled)
    told["after"] = end(bench, bench.submit(talks))
    held = bench.submit(holds)
    bench.until(lambda: room(folder) == 0)
    time.sleep(0.2)
    told["while it is held full"] = end(bench, bench.submit(talks))
    bench.engine.terminate(held)
    told["holds"] = end(bench, held)
    delete(bench, held)
    told["at last"] = end(bench, bench.submit(talks))
    (check,) = bench.store.db.read.execute("PRAGMA integrity_check").fetchone()
    told["unfinished"] = [check, *bench.store.runs.list_unfinished()]
    bench.close()
    sys.stdout.write(json.dumps(told))


def end(bench: Bench, run_id: str) -> list[Any]:
    """State, error, and how often its one task was begun."""
    run = bench.wait(run_id)
    (task,) = [task for task in bench.store.tasks.list_of_run(run_id) if task.path]
    assert task.state in FINAL_STATES
    return [run.state, run.error, task.attempt]


def delete(bench: Bench, run_id: str) -> None:
    """Delete a run as the API does."""
    bench.store.runs.remove(run_id)
    bench.engine.forget(run_id)
    bench.until(lambda: room(bench.folder) > 1 << 20)


def room(folder: Path) -> int:
    """Bytes that are free."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
