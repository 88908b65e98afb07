"""The 1.8 SDK and its API client, unchanged, where `KFP_1_8_PYTHON` names the Python that has them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import jupyter_kfp_mt
from tests.contract.conftest import Served

pytestmark = pytest.mark.slow

PYTHON = os.environ.get("KFP_1_8_PYTHON", "")
SCRIPTS = Path(__file__).parent / "scripts"
HELLO = Path(jupyter_kfp_mt.__file__).parent / "example" / "hello.yaml"


@pytest.mark.skipif(not PYTHON, reason="KFP_1_8_PYTHON is not set")
@pytest.mark.parametrize("name", ["kfp_1_8.py", "argo_1_8.py"])
def test_scripts_of_1_8_run_as_written(name: str, served: Served, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(served.token_file("alice").read_text())
    command = [PYTHON, "-W", "ignore", str(SCRIPTS / name), served.url, str(token), str(HELLO)]
    done = subprocess.run(
        command, env={"HOME": str(tmp_path), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert "all of it worked" in done.stdout, done.stdout + done.stderr
