"""`open`: where a run is found in JupyterLab."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlencode

from jupyter_core.paths import jupyter_runtime_dir

from ..results import RunLink
from .grammar import argument, command
from .session import Session


@command(
    "open",
    argument("run", metavar="RUN", nargs="?", default="", help="the run to open (default: the panel)"),
)
def open_run(session: Session, *, run: str) -> RunLink:
    """Show the link that opens a run, or the panel, in JupyterLab."""
    base = _find_jupyterlab()
    if not run:
        return RunLink(url=f"{base}lab" if base else "")
    found = session.find_run(run)
    query = urlencode({"kfp-run": found.run_id, "kfp-ns": found.namespace})
    return RunLink(
        url=f"{base}lab?{query}" if base else "",
        run_id=found.run_id,
        display_name=found.display_name,
        namespace=found.namespace,
    )


def _find_jupyterlab() -> str:
    """Return the address of a JupyterLab of this user that runs here, the newest; empty without one.

    Jupyter's runtime files name it (`jpserver-*.json`); the token in them stays there.
    """
    files = Path(jupyter_runtime_dir()).glob("jpserver-*.json")
    for file in sorted(files, key=lambda each: each.stat().st_mtime, reverse=True):
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
            os.kill(int(known["pid"]), 0)
            return str(known["url"])
        except (OSError, ValueError, KeyError, TypeError):  # of a server that has ended, or half written
            continue
    return ""
