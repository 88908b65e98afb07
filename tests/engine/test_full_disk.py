"""A task fills the disk of the data folder: it fails and says why, everything else goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine import pipelines

ROOT = Path(__file__).parents[2]
NAMESPACES = ["unshare", "--user", "--map-root-user", "--mount"]
FULL = "No space left on device"


def can_mount() -> bool:
    """Whether this machine lets us mount a disk."""
    try:
        done = subprocess.run([*NAMESPACES, "mount", "-t", "tmpfs", "none", "/mnt"], check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.mark.skipif(not can_mount(), reason="this machine allows no mount namespace")
def test_a_task_that_fills_the_disk(compiled: Callable[[Any], Package], tmp_path: Path) -> None:
    packages, disk = tmp_path / "packages.json", tmp_path / "disk"
    disk.mkdir()
    used = (pipelines.fills, pipelines.talks_again, pipelines.holds)
    specs = {each.name: compiled(each).pipeline_spec for each in used}
    packages.write_text(json.dumps(specs))

    command = [*NAMESPACES, sys.executable, "-m", "tests.engine.small_disk", str(disk), str(packages)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)

    lost = f"Its log could not be written ({FULL}); it ended with: OSError: [Errno 28] {FULL}"
    ends = json.loads(done.stdout)
    for moment in ("while it is full", "while it is held full"):
        state, error, attempts = ends.pop(moment)
        assert (state, FULL in error, attempts) == ("FAILED", True, 1), error
    assert ends == {
        "before": ["SUCCEEDED", "", 1],
        "fills": ["FAILED", f"fill: {lost}", 1],
        "after": ["SUCCEEDED", "", 1],
        "holds": ["FAILED", "The run was terminated.", 1],
        "at last": ["SUCCEEDED", "", 1],
        "unfinished": ["ok"],
    }
