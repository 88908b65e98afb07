"""Every verb in a table: the same words in both fronts, and the fields of its `--json` document."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_kfp_mt import cli
from jupyter_kfp_mt.cli.entry_point import COMMANDS as TERMINAL_ONLY
from jupyter_kfp_mt.commands import COMMANDS
from jupyter_kfp_mt.magics.serve import serve
from tests.cli.outcome import Outcome
from tests.laptop import HELLO, Laptop

RUN = {"run_id", "display_name", "state", "experiment_id", "created_at"}
PAGE = {"total_size"}
# the words, in order (RUN is the run of the first line), and the fields that each document has at least
TABLE: list[tuple[str, set[str]]] = [
    (f"submit {HELLO} --name first -e documents --wait", RUN | {"finished_at"}),
    ("", {"connected", "namespace", "identity", "endpoint", "multi_user", "running", "failed_today"}),
    ("whoami", {"status", "access"}),
    ("doctor", {"checks", "cause", "text"}),
    ("doctor --report", {"text"}),
    ("namespaces", set()),
    ("runs -n 1", {"runs"} | PAGE),
    ("show RUN", RUN),
    ("wait RUN", RUN),
    ("tasks RUN", {"tasks"} | PAGE),
    ("why RUN", set()),
    ("logs RUN say-hello", {"run_id", "task", "source", "truncated", "lines"}),
    ("outputs RUN", {"say-hello", "count-letters", "pick-greeting"}),
    ("outputs RUN --inputs", {"count-letters"}),
    ("metrics RUN", {"metrics"} | PAGE),
    ("clone RUN name=Ada --name second --wait", RUN),
    ("diff first second", {"differences", "subjects"} | PAGE),
    ("spec RUN", {"text"}),
    ("open RUN", {"url", "run_id", "display_name", "namespace"}),
    (f"submit {HELLO} --dry-run", {"display_name", "runtime_config", "pipeline_spec"}),
    ("archive RUN", RUN),
    ("restore RUN", RUN),
    ("terminate RUN", RUN),
    ("experiments", {"experiments"} | PAGE),
    ("experiment create documented", {"experiment_id", "display_name", "namespace"}),
    ("experiment archive documented", {"experiment_id", "storage_state"}),
    ("experiment restore documented", {"experiment_id", "storage_state"}),
    ("experiment delete documented --yes", {"done"}),
    (f"upload {HELLO} --name documented --version one", {"pipeline_id", "pipeline_version_id"}),
    ("pipelines", {"pipelines"} | PAGE),
    ("versions documented", {"pipeline_versions"} | PAGE),
    ("pipeline delete documented --yes", {"done"}),
    (
        f"submit {HELLO} --name daily --every 1d",
        {"recurring_run_id", "display_name", "trigger", "next_starts"},
    ),
    ("recurring", {"recurringRuns"} | PAGE),
    ("recurring off daily", {"recurring_run_id", "status"}),
    ("recurring on daily", {"recurring_run_id", "status"}),
    ("recurring edit daily --every 2d", {"recurring_run_id", "trigger"}),
    ("recurring run daily", RUN),
    ("recurring delete daily --yes", {"done"}),
    ("delete second --yes", {"done"}),
    ("help", {"text"}),
]
ELSEWHERE = {  # tested where what they need is: a failed run, a pod, a notebook
    "retry",
    "events",
    "use",
    "executed",
}


@pytest.mark.slow  # performs every verb once
def test_each_verb_prints_one_document(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = ""
    for line, fields in TABLE:
        capsys.readouterr()
        words = [run_id if word == "RUN" else word for word in line.split()]
        code = cli.main([*words, "--json", "--data", str(laptop.folder)])
        outcome = Outcome(code, *capsys.readouterr())
        assert code in (0, 1) if line.startswith("doctor") else code == 0, (line, outcome.err)
        document: Any = outcome.document
        run_id = run_id or document["run_id"]
        assert fields <= set(document if isinstance(document, dict) else ()), line


def test_the_table_has_every_verb() -> None:
    listed = {" ".join(line.split()[:length]) for line, _ in TABLE for length in (0, 1, 2)}
    assert {each.name for each in COMMANDS} - listed <= ELSEWHERE


def test_both_fronts_have_the_same_words() -> None:
    terminal = {each.name: each for each in (*COMMANDS, *TERMINAL_ONLY)}
    notebook = {each.name: each for each in (*COMMANDS, serve)}
    assert notebook.keys() <= terminal.keys()
    for name, command in notebook.items():
        theirs = {flag for each in terminal[name].arguments for flag in each.flags}
        assert {flag for each in command.arguments for flag in each.flags} <= theirs
