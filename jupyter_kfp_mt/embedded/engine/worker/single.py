"""The way without fork server: `python single.py` reads one job and is its supervisor.

The task's process is a new interpreter, so nothing is forked from a process that runs Python code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


def spawn_task(job: dict[str, Any], output: int) -> int:
    """Make the task's process as a new interpreter, which reads the job from its standard input."""
    environment = {**os.environ, "_KFP_RUNTIME": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "task.py")],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=environment,
    )
    if process.stdin is not None:
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
    process.returncode = 0  # the supervisor collects it, not this object
    return process.pid


if __name__ == "__main__":
    import supervisor  # type: ignore[import-not-found] # run by path

    job = json.load(sys.stdin)
    os.setsid()
    supervisor.supervise(job, spawn_task)
