"""Whether files can be shown to one task alone, at a given place: tried once in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

_SCRIPT = Path(__file__).parents[1] / "worker" / "mounts.py"
_LONGEST = 20  # seconds


class MountProbe:
    """Asks the machine, and remembers what it said."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # of our data: no place may hide it
        self._answers: dict[tuple[str, ...], str] = {}

    def find_fault(self, places: tuple[str, ...]) -> str:
        """Return why files cannot be shown at these places; empty when they can."""
        if places not in self._answers:
            self._answers[places] = self._probe(places)
        return self._answers[places]

    def _probe(self, places: tuple[str, ...]) -> str:
        if any("\0" in place for place in places):
            return "that is no path"
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="mounts-") as own:
            command = [sys.executable, "-B", str(_SCRIPT), own, *places]
            try:
                done = subprocess.run(
                    command, capture_output=True, timeout=_LONGEST, stdin=subprocess.DEVNULL, check=False
                )
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                return str(error)
        said = done.stderr.decode(errors="replace").strip()
        return "" if done.returncode == 0 else said.rpartition("\n")[2] or "it failed"
