"""What `import jupyter_kfp_mt` gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_kfp_mt


@pytest.mark.parametrize(
    "code",
    [
        "from jupyter_kfp_mt import connect; assert callable(connect)",
        "import jupyter_kfp_mt.connection, jupyter_kfp_mt; assert callable(jupyter_kfp_mt.connect)",
        "import jupyter_kfp_mt; assert all(hasattr(jupyter_kfp_mt, name) for name in jupyter_kfp_mt.__all__)",
    ],
)
def test_public_names_are_what_they_say(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("heavy", ["kfp", "kubernetes", "pandas", "ipywidgets", "IPython", "requests"])
def test_the_import_is_light(heavy: str) -> None:
    subprocess.run(
        [sys.executable, "-c", f"import sys, jupyter_kfp_mt; assert {heavy!r} not in sys.modules"], check=True
    )


def test_page_and_server_are_of_one_version() -> None:
    """The page tells a mismatch by comparing them."""
    project = Path(__file__).parent.parent
    page = json.loads((project / "labextension" / "package.json").read_text(encoding="utf-8"))
    declared = re.search(
        r'^version = "(.+)"$', (project / "pyproject.toml").read_text(encoding="utf-8"), re.M
    )
    assert declared is not None
    assert page["version"] == declared[1] == jupyter_kfp_mt.__version__
