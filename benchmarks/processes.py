"""Cold processes: what they take, and what running ones hold."""

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
    """One run of a process."""

    seconds: float  # from its start to its end
    timed: float  # seconds from BEGIN() to the end of the code
    mebibytes: float  # most that was resident


@contextlib.contextmanager
def compiled() -> Iterator[None]:
    """Let modules be compiled once, as an installation does, whatever the settings around us say."""
    before = {name: os.environ.pop(name, None) for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield
    del os.environ["PYTHONPYCACHEPREFIX"]
    os.environ.update({name: value for name, value in before.items() if value is not None})


def cost(code: str, *arguments: str) -> Cost:
    """Run Python code in a new process that must succeed."""
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


def costs(codes: Sequence[str], *arguments: str, rounds: int, warm: bool = True) -> list[Cost]:
    """The medians of several processes that take turns, so that a busy minute hits all of them."""
    for code in codes if warm else ():
        cost(code, *arguments)  # not counted: compiles, fills the disk cache
    taken = [[cost(code, *arguments) for code in codes] for _ in range(rounds)]
    return [
        Cost(*(statistics.median(each) for each in zip(*column, strict=True)))
        for column in zip(*taken, strict=True)
    ]


def resident(pid: int) -> float:
    """MiB of a process that are in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Seconds that the threads of a process have been on a core: a busy machine changes them little."""
    found = 0.0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            found += int(path.read_text().split()[0]) / 1e9
    return found


def open_files(pid: int) -> int:
    """How many descriptors a process holds."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that live."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
        except OSError:
            continue
        if stat and int(stat.rpartition(")")[2].split()[1]) == pid:
            found.append(int(entry.name))
    return found
