"""The 1.8 SDK and its API client, unchanged, where `KFP_1_8_PYTHON` names the Python that has them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import jupyter_kfp_mt
from tests.contract.conftest import Served

PYTHON = os.environ.get("KFP_1_8_PYTHON", "")
SCRIPT = Path(__file__).parent / "scripts" / "kfp_1_8.py"
HELLO = Path(jupyter_kfp_mt.__file__).parent / "example" / "hello.yaml"


@pytest.mark.skipif(not PYTHON, reason="KFP_1_8_PYTHON is not set")
def test_scripts_of_1_8_run_as_written(served: Served, tmp_path: Path) -> None:
    command = [PYTHON, str(SCRIPT), served.url, str(served.token_file("alice")), str(HELLO)]
    done = subprocess.run(
        command, env={"HOME": str(tmp_path), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert "all of it worked" in done.stdout, done.stdout + done.stderr
