"""Each notebook runs from top to bottom in a real kernel, in a copy, from a clean state."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS
from tests.replay.server import Pod, serve

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
STARTUP = """
from functools import partial
from pathlib import Path

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.magics.kfp import KfpMagics

shell = get_ipython()
shell.extension_manager.load_extension("jupyter_kfp_mt")
environment = Environment({variables!r}, root=Path({root!r}))
shell.register_magics(KfpMagics(shell, partial(connect, environment=environment), live=True))
"""


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_notebook_runs(
    name: str, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    execute(name, tmp_path)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_quickstart_runs_on_a_cluster(
    configuration: str, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = ReplayCluster(configuration, lambda: time.monotonic() * 20)
    with serve(cluster, tmp_path / "pod") as pod:
        settings = {f"JUPYTER_KFP_MT_{key.upper()}": value for key, value in pod.settings(tmp_path).items()}
        ipython = {"IPYTHONDIR": str(settle_in(pod, tmp_path))}
        for key, value in {**environ, **settings, **ipython}.items():
            monkeypatch.setenv(key, value)
        execute("01_quickstart.ipynb", tmp_path)


def settle_in(pod: Pod, folder: Path) -> Path:
    """Return the folder of an IPython whose kernels live in `pod`: its files are not at the root here."""
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    script = STARTUP.format(variables=pod.variables, root=str(pod.root))
    (startup / "pod.py").write_text(script, encoding="utf-8")
    return folder / "ipython"


def execute(name: str, folder: Path) -> None:
    """Run a copy of a notebook; none of its cells may fail."""
    shutil.copytree(NOTEBOOKS, folder / "notebooks")
    notebook = nbformat.read(folder / "notebooks" / name, as_version=4)

    place = {"metadata": {"path": folder / "notebooks"}}
    NotebookClient(notebook, timeout=300, iopub_timeout=60, resources=place).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
