"""Notebooks as sources of `%kfp submit`, and runs of the notebook that a kernel belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.magics.kfp import KfpMagics
from jupyter_kfp_mt.service import KfpService
from tests.laptop import Laptop
from tests.notebooks.making import make_notebook


class Kernel:
    """A fresh shell."""

    def __init__(self, laptop: Laptop) -> None:
        self.shell = InteractiveShell()
        self.magics = KfpMagics(self.shell, laptop.connect, live=False)
        self.shell.register_magics(self.magics)
        self.printed = ""

    def run(self, cell: str) -> Any:
        """Run a cell and return the value of its last line; raises what the cell raised."""
        with capture_output(display=False) as captured:
            result = self.shell.run_cell(cell)
        self.printed = captured.stdout
        result.raise_error()
        return result.result

    def close(self) -> None:
        self.magics.cards.close()
        self.shell.history_manager.end_session()


@pytest.fixture
def kernel(laptop: Laptop) -> Iterator[Kernel]:
    made = Kernel(laptop)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook in the current folder, with a module beside it."""
    monkeypatch.chdir(tmp_path)
    made = make_notebook("lr = 0.1", "import helper", tagged=1, notebook_id="n-1")
    (tmp_path / "analysis.ipynb").write_text(json.dumps(made))
    (tmp_path / "helper.py").write_text("")
    return tmp_path / "analysis.ipynb"


def sent_variables(body: dict[str, Any]) -> list[str]:
    (executor,) = body["pipeline_spec"]["deploymentSpec"]["executors"].values()
    return [variable["name"] for variable in executor["container"]["env"]]


def test_a_notebook_is_checked_and_sent_with_its_files(kernel: Kernel, path: Path) -> None:
    body = kernel.run("%kfp submit analysis.ipynb lr=0.5 --files helper.py --packages numpy --dry-run")

    assert body["runtime_config"] == {"parameters": {"lr": 0.5}}
    assert sent_variables(body) == ["KFP_NOTEBOOK_1"]
    assert "'numpy'" in json.dumps(body)
    assert "does not go along" not in kernel.printed


def test_a_module_that_does_not_go_along_is_said(kernel: Kernel, path: Path) -> None:
    kernel.run("%kfp submit analysis.ipynb --dry-run")
    assert "helper is imported, and does not go along. Add: --files helper.py" in kernel.printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("analysis.ipynb lr=fast", "lr: “fast” is not a number."),
        ("analysis.ipynb rate=1", "rate: the pipeline has no such parameter."),
        ("analysis.ipynb --files none.csv", "No such file."),
        ("none.ipynb", "No such file."),
        ("example:hello --files helper.py", "files: this is for notebooks and cells."),
    ],
)
def test_what_cannot_be_sent_is_said(kernel: Kernel, path: Path, words: str, said: str) -> None:
    with pytest.raises(KfpError) as caught:
        kernel.run(f"%kfp submit {words} --dry-run")
    assert caught.value.message == said


def test_runs_of_this_notebook_are_found_also_under_another_name(
    kernel: Kernel, path: Path, service: KfpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KfpError, match="This is not in a notebook"):
        kernel.run("%kfp runs --this-notebook")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    run = kernel.run("run = %kfp submit example:hello\nrun")
    other = service.submit("example:hello")
    moved = path.rename(path.with_name("moved.ipynb"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(moved))

    listed = {each.run_id for each in kernel.run("%kfp runs --this-notebook")}

    assert listed == {run.run_id, other.run_id}
    assert service.get_run(run).origin.path.endswith("analysis.ipynb")


def test_python_sends_a_notebook_with_its_files(service: KfpService, path: Path) -> None:
    run = service.submit("analysis.ipynb", {"lr": 2}, files=["helper.py"])
    assert run.display_name.startswith("analysis 20")
    assert service.view_run(run).parameters[0].value == 2
    service.terminate(run)
