from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from jupyter_kfp_mt.commands import Connect
from jupyter_kfp_mt.errors import KfpConnectionError, KfpError, KfpInputError, RunFailed, kfp_error
from jupyter_kfp_mt.lists import RunList
from jupyter_kfp_mt.magics.kfp import KfpMagics
from jupyter_kfp_mt.models import Run, Status
from jupyter_kfp_mt.notebooks.names import CellNames
from jupyter_kfp_mt.service import KfpService
from tests.laptop import BROKEN, HELLO, Laptop

ROOT = Path(__file__).parents[2]


class Notebook:
    """A fresh shell whose cells are run one by one; outputs can be updated as in a kernel."""

    def __init__(self, laptop: Laptop, connect: Connect | None = None) -> None:
        self.shell = InteractiveShell()
        self.shell.display_pub = CapturingDisplayPublisher()
        self.laptop = laptop
        self.magics = KfpMagics(self.shell, connect or laptop.connect, live=True)
        self.shell.register_magics(self.magics)
        self.magics.cards.register()
        self.outputs: list[dict[str, Any]] = []
        self.printed = ""

    def run(self, cell: str) -> Any:
        """Run a cell and return the value of its last line; raises what the cell raised."""
        self.shell.display_pub.outputs = []
        with capture_output(display=False) as captured:
            result = self.shell.run_cell(cell.replace("QUICK", self.laptop.quick), store_history=True)
        self.outputs = self.shell.display_pub.outputs
        self.printed = captured.stdout
        result.raise_error()
        return result.result

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def close(self) -> None:
        self.magics.cards.close()
        self.shell.history_manager.end_session()


@pytest.fixture
def notebook(laptop: Laptop) -> Iterator[Notebook]:
    made = Notebook(laptop)
    yield made
    made.close()


def test_load_ext_registers_both_magics() -> None:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "jupyter_kfp_mt")
    assert {"kfp"} <= set(shell.magics_manager.magics["line"]) & set(shell.magics_manager.magics["cell"])
    shell.history_manager.end_session()


def test_status_is_a_model_of_four_lines(notebook: Notebook) -> None:
    assert isinstance(notebook.run("%kfp"), Status)
    assert notebook.printed.count("\n") >= 4
    assert "ana as default-editor (may run)" in notebook.printed


def test_the_doctor_s_checks_are_shown_one_by_one_until_the_report_is_there(notebook: Notebook) -> None:
    report = notebook.run("%kfp doctor")
    shown = [output["data"]["text/plain"] for output in notebook.outputs]
    assert [text.count("\n") + 1 for text in shown[:-1]] == list(range(1, len(report.checks) + 1))
    assert shown[0].startswith("✓ Configuration ")
    assert shown[-1] == ""
    assert "Configuration" in notebook.printed


def test_a_list_is_a_list_with_a_table(notebook: Notebook) -> None:
    notebook.run("%kfp submit QUICK --name listed --wait")
    runs = notebook.run("runs = %kfp runs -n 1\nruns")
    assert isinstance(runs, RunList)
    assert runs[0].display_name == "listed"
    assert re.search(r"✓ Succeeded +listed +Default +just now", notebook.printed)


def test_an_empty_list_is_said_and_is_a_list(notebook: Notebook) -> None:
    assert notebook.run("%kfp runs --search nothing-like-this") == []
    assert "No runs match." in notebook.printed


def test_a_frame_is_a_frame(notebook: Notebook) -> None:
    assert "run_id" in notebook.run("%kfp runs --df").columns


def test_submit_shows_one_card_and_returns_the_run(notebook: Notebook) -> None:
    notebook.run(f"run = %kfp submit {HELLO} name=Ada --wait")
    assert isinstance(notebook["run"], Run)
    cards = [output for output in notebook.outputs if "text/html" in output["data"]]
    assert len({output["transient"]["display_id"] for output in cards}) == 1
    assert cards[-1]["update"]
    assert "✓ Succeeded" in cards[-1]["data"]["text/plain"]
    assert "jp-kfp-Card" in cards[-1]["data"]["text/html"]


def test_a_run_that_is_returned_too_is_shown_once(notebook: Notebook) -> None:
    notebook.run("run = %kfp submit QUICK seconds=30\nrun")
    first = [output for output in notebook.outputs if not output["update"]]
    assert len(first) == 1
    notebook.run("run")
    assert len([output for output in notebook.outputs if not output["update"]]) == 1
    notebook.run("%kfp terminate $run")


def test_a_card_follows_its_run_and_leaves_no_thread(notebook: Notebook) -> None:
    notebook.run("run = %kfp submit QUICK seconds=30")
    ticker = notebook.magics.cards.ticker
    assert len(ticker) == 1
    notebook.run("_ = %kfp terminate $run")
    notebook.laptop.connect().terminate(notebook["run"])
    with pytest.raises(RunFailed):
        notebook.laptop.connect().wait(notebook["run"])
    while len(ticker) or any(thread.name == "kfp-ticker" for thread in threading.enumerate()):
        time.sleep(0.05)


def test_a_value_keeps_its_type_and_braces_are_left_alone(notebook: Notebook) -> None:
    notebook.run("n = 7; name = 'not used'")
    sent = notebook.run("""sent = %kfp submit QUICK epochs=$n 'config={"a": {"b": 1}}' --dry-run\nsent""")
    assert sent["runtime_config"]["parameters"] == {"epochs": 7, "config": {"a": {"b": 1}}}


def test_a_function_of_the_notebook_is_a_source(notebook: Notebook) -> None:
    notebook.run("""
from kfp import dsl

@dsl.pipeline(name="from-a-function")
def mine(count: int = 2):
    dsl.importer(artifact_uri="file:///x", artifact_class=dsl.Artifact)
""")
    sent = notebook.run("sent = %kfp submit mine count=5 --dry-run\nsent")
    assert sent["pipeline_spec"]["pipelineInfo"]["name"] == "from-a-function"


ERRORS = [
    ("%kfp rnus", "Unknown command “rnus”. Did you mean “runs”?"),
    ("%kfp submit QUICK epochs=three", "epochs: “three” is not an integer."),
    ("%kfp submit QUICK epochs=$nothing", "“$nothing” is not defined here."),
    ("%kfp show no-such-run", "No such run."),
    ("%kfp submit setup.cfg", "This file is not a compiled pipeline."),
    (f"%kfp submit {BROKEN} --wait", "failed"),
]


@pytest.mark.parametrize(("cell", "message"), ERRORS)
def test_an_error_ends_the_cell_in_four_short_lines(notebook: Notebook, cell: str, message: str) -> None:
    with pytest.raises(KfpError) as caught:
        notebook.run(f"{cell}\nafter = True")
    assert message in caught.value.message
    assert "after" not in notebook.shell.user_ns
    shown = notebook.printed[notebook.printed.index(type(caught.value).__name__) :].strip().splitlines()
    assert len(shown) <= 4
    assert "Traceback" not in notebook.printed


@pytest.mark.parametrize(
    "code", ["no-kubeflow", "no-token-no-option", "forbidden", "kfp-timeout", "login-page"]
)
def test_every_code_is_short(laptop: Laptop, code: str) -> None:
    def fail(**_where: object) -> KfpService:
        raise kfp_error(code, ns="ana", host="ml-pipeline", s=10)

    notebook = Notebook(laptop)
    notebook.magics = KfpMagics(notebook.shell, fail, live=True)
    notebook.shell.register_magics(notebook.magics)
    with pytest.raises(KfpError):
        notebook.run("%kfp runs")
    assert len(notebook.printed.strip().splitlines()) <= 4
    notebook.shell.history_manager.end_session()


def test_a_lost_server_is_looked_for_again(laptop: Laptop) -> None:
    calls: list[dict[str, Any]] = []

    def connect(**where: Any) -> KfpService:
        calls.append(where)
        if len(calls) == 1:
            raise kfp_error("kfp-unavailable", host="x")
        return laptop.connect(**where)

    notebook = Notebook(laptop, connect)
    with pytest.raises(KfpConnectionError):
        notebook.run("%kfp runs")
    assert isinstance(notebook.run("%kfp runs"), RunList)
    notebook.close()


def test_text_comes_back_as_text(notebook: Notebook) -> None:
    notebook.run("run = %kfp submit QUICK --wait --cache off")
    log = notebook.run("log = %kfp logs @last\nlog")
    assert isinstance(log, str)
    assert log.splitlines() == ["line 1", "line 2", "line 3", "end"]
    assert "line 1\nline 2" in notebook.printed
    assert "name: quick" in notebook.run("%kfp spec @last")


def test_a_log_that_is_followed_is_shown_once(notebook: Notebook) -> None:
    notebook.run("run = %kfp submit QUICK --wait --cache off")
    log = notebook.run("%kfp logs @last --follow")
    assert log.splitlines() == ["line 1", "line 2", "line 3", "end"]
    assert notebook.printed.count("line 1") == 1


def test_help_teaches_the_grammar(notebook: Notebook) -> None:
    assert "%kfp submit" in notebook.run("%kfp help")
    assert "KEY=VALUE" in notebook.run("%kfp help submit")
    assert notebook.run("%kfp submit --help") == notebook.run("%kfp help submit")


def test_a_cell_is_a_run_of_one_task(notebook: Notebook) -> None:
    notebook.run("rate = 0.25; words = ['a', 'b']")
    notebook.run(
        "%%kfp fit --in rate,words -o score --wait\nimport math\n"
        "score = {'x': math.sqrt(rate), 'n': len(words)}\nprint('done')"
    )
    assert notebook["score"] == {"x": 0.5, "n": 2}
    assert notebook.run("%kfp logs @last").strip() == "done"
    assert [task.display_name for task in notebook.run("%kfp tasks @last")] == ["fit"]


def test_a_cell_that_fails_says_its_line(notebook: Notebook) -> None:
    with pytest.raises(RunFailed):
        notebook.run("%%kfp --wait\nx = 1\nraise ValueError('no such data')")
    assert "no such data" in notebook.run("%kfp why @last")
    assert 'File "<cell>", line 2' in notebook.run("%kfp logs @last")


CELLS = [
    ("%%kfp\nprint(load_demo())", "The cell uses “load_demo”, which it does not define."),
    ("%%kfp --in nothing\npass", "“nothing” is not defined here."),
    ("%%kfp --in table\nprint(table)", "“table” cannot be sent."),
    ("%%kfp -o score\nx = 1", "The cell does not define “score”."),
    ("%%kfp\n!pip list", "The cell is not plain Python."),
    ("%%kfp --in big\nprint(big)", "“big” is too large."),
    ("%%kfp --packages 'a; rm -rf /'\npass", "“a; rm -rf /” is not a package."),
    ("%%kfp --image\npass", "--image needs a value."),
]


@pytest.mark.parametrize(("cell", "message"), CELLS)
def test_a_cell_that_cannot_run_is_refused_before_it_is_sent(
    notebook: Notebook, cell: str, message: str
) -> None:
    notebook.run("table = object(); big = 'x' * 70_000")
    before = notebook.run("runs = %kfp runs\nruns").total_size
    with pytest.raises(KfpInputError) as caught:
        notebook.run(cell)
    assert caught.value.message == message
    assert notebook.run("runs = %kfp runs\nruns").total_size == before


@pytest.mark.parametrize(
    ("code", "cure"),
    [("x = 1\n!pip list", "leave out magics and !commands"), ("def f(:", "correct that line")],
)
def test_a_cell_that_is_not_python_is_cured_by_what_is_wrong(code: str, cure: str) -> None:
    with pytest.raises(KfpInputError) as caught:
        CellNames(code)
    assert caught.value.next_step == cure


def test_packages_that_python_lacks_are_warned_about(notebook: Notebook) -> None:
    notebook.run("%%kfp --dry-run --packages msgspec\nimport sklearn.svm, msgspec, json")
    assert "scikit-learn is not part of Python." in notebook.printed
    assert "msgspec is not" not in notebook.printed


def test_a_cell_needs_no_sdk(laptop: Laptop) -> None:
    code = (
        "import sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\nshell.run_line_magic('load_ext', 'jupyter_kfp_mt')\n"
        "shell.run_cell_magic('kfp', 'fit --dry-run', 'x = 1')\n"
        "print(sorted({'kfp', 'ipywidgets', 'pandas', 'kubernetes'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_KFP_MT_DATA_DIR": str(laptop.folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
