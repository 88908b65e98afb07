"""An engine on a disk of 16 MB, which a task fills; prints in JSON how each run ended.

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
    """Mount the disk; one task fills it, another finds it full, the first run is deleted, another runs."""
    if ctypes.CDLL(None).mount(b"none", os.fsencode(folder), b"tmpfs", 0, b"size=16m") != 0:
        raise SystemExit("no small disk")
    ends: dict[str, Any] = {}
    specs = json.loads(packages.read_text())
    fills, talks, holds = (Package(pipeline_spec=specs[name]) for name in ("fills", "talks-again", "holds"))
    bench = Bench(folder / "engine", tasks=2)
    ends["before"] = end(bench, bench.submit(talks))
    filled = bench.submit(fills)
    ends["fills"] = end(bench, filled)
    ends["while it is full"] = end(bench, bench.submit(talks))
    delete(bench, filled)
    ends["after"] = end(bench, bench.submit(talks))
    held = bench.submit(holds)
    bench.until(lambda: room(folder) == 0)
    time.sleep(0.2)
    ends["while it is held full"] = end(bench, bench.submit(talks))
    bench.engine.terminate(held)
    ends["holds"] = end(bench, held)
    delete(bench, held)
    ends["at last"] = end(bench, bench.submit(talks))
    (check,) = bench.store.db.read.execute("PRAGMA integrity_check").fetchone()
    ends["unfinished"] = [check, *bench.store.runs.list_unfinished()]
    bench.close()
    sys.stdout.write(json.dumps(ends))


def end(bench: Bench, run_id: str) -> list[Any]:
    """Return the state, the error, and how often the only task was started."""
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
    """Return the free bytes."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
