"""An engine that may make no mount namespace; prints in JSON how the run ended and its logs.

`python -m tests.engine.without_mounts FOLDER PACKAGE PARAMETERS`
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine.bench import Bench

NEWUSER = 0x10000000


def forbid_mounts() -> None:
    """Enter a user namespace in which there can be no mount namespace; does nothing where there is none."""
    user, group = os.geteuid(), os.getegid()
    if sys.platform != "linux" or ctypes.CDLL(None).unshare(NEWUSER) != 0:
        return
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    Path("/proc/sys/user/max_mnt_namespaces").write_text("0")


def main(folder: Path, package: str, parameters: str) -> None:
    """Run a package."""
    forbid_mounts()
    bench = Bench(folder)
    run = bench.wait(bench.submit(Package(pipeline_spec=json.loads(package)), json.loads(parameters)))
    tasks = bench.store.tasks.list_of_run(run.run_id)
    log = "".join(bench.log(run.run_id, task.task_id) for task in tasks if task.attempt)
    bench.close()
    sys.stdout.write(json.dumps({"state": run.state, "error": run.error, "log": log}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
