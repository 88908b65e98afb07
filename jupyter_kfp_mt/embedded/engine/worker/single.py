"""A supervisor without a fork server: `python single.py` reads one job and supervises it.

The task's process is a new interpreter, so nothing is forked from a process that runs Python code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def spawn_task(data: bytes) -> tuple[int, int]:
    """Start the process of the task as a new interpreter, which reads the job from its standard input."""
    output, written = os.pipe()
    process = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "task.py")],
        stdin=subprocess.PIPE,
        stdout=written,
        stderr=written,
    )
    os.close(written)
    if process.stdin is not None:
        with process.stdin:
            process.stdin.write(data)
    process.returncode = 0  # the supervisor reaps it, not this object
    return process.pid, output


if __name__ == "__main__":
    import supervisor  # type: ignore[import-not-found] # run by path

    data = sys.stdin.buffer.read()
    os.setsid()
    supervisor.supervise(json.loads(data), lambda: spawn_task(data), lambda text: os.write(1, text))
