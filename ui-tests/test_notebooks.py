"""Each notebook runs from top to bottom in a real kernel, in a copy, from a clean state."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_notebook_runs(
    name: str, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    notebook = nbformat.read(tmp_path / "notebooks" / name, as_version=4)

    place = {"metadata": {"path": tmp_path / "notebooks"}}
    NotebookClient(notebook, timeout=300, iopub_timeout=60, resources=place).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
