"""What an import costs: a cold process each."""

from __future__ import annotations

import subprocess
import sys

from .table import Row, median_seconds, milliseconds


def rows() -> list[Row]:
    """Compare the import of this package with that of the SDK."""
    ours = median_seconds(lambda: _python("import jupyter_kfp_mt"))
    sdk = median_seconds(lambda: _python("import kfp"))
    return [
        Row("import, whole process", milliseconds(ours), f"kfp {milliseconds(sdk)}", f"{sdk / ours:.1f} ×")
    ]


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)
