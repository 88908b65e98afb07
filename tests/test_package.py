"""What `import jupyter_kfp_mt` gives."""

from __future__ import annotations

import subprocess
import sys

import pytest


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
