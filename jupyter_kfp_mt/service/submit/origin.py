"""The notebook and the cell that this code is run from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import KfpError
from ...models import Origin
from ...notebooks.reading import read_notebook
from .gathering import make_path_below_root

_SESSION = "JPY_SESSION_NAME"  # set by jupyter_server: the path of the notebook of a kernel


def find_origin(environment: Mapping[str, str] = os.environ) -> Origin | None:
    """Return the notebook of this kernel, and the cell that is running, as far as its saved file has it.

    None outside of the kernel of a notebook.
    """
    path = environment.get(_SESSION, "")
    if not path.endswith(".ipynb"):
        return None
    place = Path(path)
    origin = Origin(path=make_path_below_root(place))
    try:
        notebook = read_notebook(place.read_bytes(), place.name)
    except (OSError, KfpError):
        return origin
    running = _read_cell_id()
    cell = next((cell for cell in notebook.cells if running and cell.cell_id == running), None)
    number = cell.number if cell is not None else 0
    return Origin(path=origin.path, notebook_id=notebook.notebook_id, cell=number)


def _read_cell_id() -> str:
    """Return the id of the cell that JupyterLab runs; empty in other shells."""
    get_shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", None)
    kernel = getattr(get_shell(), "kernel", None) if get_shell is not None else None
    get_parent = getattr(kernel, "get_parent", None)
    parent = get_parent("shell") if callable(get_parent) else None
    metadata = parent.get("metadata", {}) if isinstance(parent, dict) else {}
    return str(metadata.get("cellId", ""))
