"""Probes whether this machine can mount files for one task alone, in a separate process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ...environment import make_task_environment

_SCRIPT = Path(__file__).parents[1] / "worker" / "mounts.py"
_TIMEOUT = 20  # seconds
_MOST = 100  # sets of paths that one pipeline can have probed: each is a process
_REMEMBERED = 1000  # results


class MountProbe:
    """Probes sets of paths, and remembers the results."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # the data folder, which no mount may hide
        self._faults: dict[tuple[str, ...], str] = {}

    def limit(self) -> Callable[[tuple[str, ...]], str]:
        """Return `find_fault` for one pipeline: it refuses what would take too many probes."""
        asked: set[tuple[str, ...]] = set()

        def find_fault(places: tuple[str, ...]) -> str:
            asked.add(places)
            return self.find_fault(places) if len(asked) <= _MOST else f"after {_MOST} other sets of paths"

        return find_fault

    def find_fault(self, places: tuple[str, ...]) -> str:
        """Return why nothing can be mounted at these paths; empty when it can."""
        fault = self._faults.get(places)
        if fault is None:
            fault = self._probe(places)
            if len(self._faults) >= _REMEMBERED:
                self._faults.clear()
            self._faults[places] = fault
        return fault

    def _probe(self, places: tuple[str, ...]) -> str:
        if any("\0" in place for place in places):
            return "that is not a path"
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="mounts-") as own:
            command = [sys.executable, "-B", str(_SCRIPT), own, *places]
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    timeout=_TIMEOUT,
                    stdin=subprocess.DEVNULL,
                    env=make_task_environment(os.environ),
                    check=False,
                )
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                return str(error)
        message = done.stderr.decode(errors="replace").strip()
        return "" if done.returncode == 0 else message.rpartition("\n")[2] or "it failed"
