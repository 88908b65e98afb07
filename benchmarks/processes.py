"""Measures cold processes, and the resources of running ones."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_HEAD = """
import time as _time
_from = _time.perf_counter()
def BEGIN():
    global _from
    _from = _time.perf_counter()
"""
_TAIL = """
_taken = _time.perf_counter() - _from
import sys as _sys
with open("/proc/self/status") as _status:
    _high = next(line for line in _status if line.startswith("VmHWM")).split()[1]
_sys.stderr.write(f"COST {_taken} {_high}")
"""


class Cost(NamedTuple):
    """The cost of one process."""

    seconds: float  # from its start to its end
    timed: float  # seconds from BEGIN() to the end of the code
    mebibytes: float  # largest resident size


@contextlib.contextmanager
def compiling_modules() -> Iterator[None]:
    """Have modules compiled once, as pip does when it installs, whatever the environment says."""
    before = {name: os.environ.pop(name, None) for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield
    del os.environ["PYTHONPYCACHEPREFIX"]
    os.environ.update({name: value for name, value in before.items() if value is not None})


def measure_cost(code: str, *arguments: str) -> Cost:
    """Run Python code in a new process, which must succeed."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _HEAD + code + _TAIL, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "JUPYTER_KFP_MT_DATA_DIR": folder},
        )
        whole = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(done.stderr)
    timed, high = done.stderr.rpartition("COST ")[2].split()
    return Cost(whole, float(timed), float(high) / 1024)


def measure_costs(codes: Sequence[str], *arguments: str, rounds: int, warm: bool = True) -> list[Cost]:
    """Return the medians of several processes, which take turns so that a busy minute affects all."""
    for code in codes if warm else ():
        measure_cost(code, *arguments)  # not counted: it compiles and fills the disk cache
    rounds_of_costs = [[measure_cost(code, *arguments) for code in codes] for _ in range(rounds)]
    return [
        Cost(*(statistics.median(each) for each in zip(*column, strict=True)))
        for column in zip(*rounds_of_costs, strict=True)
    ]


def read_resident(pid: int) -> float:
    """Return the resident size of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1]) / 1024
    return 0.0


def read_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of the threads of a process, which depend little on the load."""
    total = 0.0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(path.read_text().split()[0]) / 1e9
    return total


def count_open_files(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def list_children(pid: int) -> list[int]:
    """Return the living child processes of `pid`."""
    pids = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
        except OSError:
            continue
        if stat and int(stat.rpartition(")")[2].split()[1]) == pid:
            pids.append(int(entry.name))
    return pids
