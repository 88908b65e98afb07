from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from jupyter_kfp_mt.commands import COMMANDS
from jupyter_kfp_mt.lists import ExperimentList, PipelineList, RecurringRunList, RunList, TaskList
from jupyter_kfp_mt.magics.completion import complete_line
from jupyter_kfp_mt.magics.known import KnownNames
from jupyter_kfp_mt.models import Experiment, Pipeline, RecurringRun, Run, Task
from tests.laptop import HELLO, Laptop

RUNS = [
    Run(run_id="3f9c1a7e-1", display_name="train", metrics={"accuracy": 0.9, "loss": 0.1}),
    Run(run_id="91b0c2d4-1", display_name="two words"),
]


@pytest.fixture
def known() -> KnownNames:
    names = KnownNames()
    names.remember(RunList(RUNS))
    names.remember(ExperimentList([Experiment(experiment_id="e", display_name="churn")]))
    names.remember(PipelineList([Pipeline(pipeline_id="p", display_name="digits")]))
    names.remember(RecurringRunList([RecurringRun(recurring_run_id="r", display_name="nightly")]))
    names.remember(TaskList([Task(run_id="3f9c1a7e-1", name="load"), Task(run_id="3f9c1a7e-1", name="fit")]))
    names.namespaces = ["ana", "team-b"]
    return names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("su", ["submit"]),
        ("pipeline ", ["delete"]),
        ("help sub", ["submit"]),
        ("help recurring d", ["delete"]),
        ("runs --st", ["--state"]),
        ("runs --state fa", ["failed"]),
        ("runs --state failed,su", ["failed,succeeded"]),
        ("runs --metrics accuracy,l", ["accuracy,loss"]),
        ("runs -e ch", ["churn"]),
        ("runs --pipeline d", ["digits"]),
        ("runs --recurring n", ["nightly"]),
        ("runs --sort finished", ["finished_at"]),
        ("submit a.yaml --cache o", ["on", "off"]),
        ("submit a.yaml --timezone Europe/Berl", ["Europe/Berlin"]),
        ("show 3f", ["3f9c1a7e-1"]),
        ("show tw", ["'two words'"]),
        ("show 'two w", ["'two words'"]),
        ("logs @", ["@last"]),
        ("logs train f", ["fit"]),
        ("logs @last l", ["load"]),
        ("wait train 91", ["91b0c2d4-1"]),
        ("diff pipeline:", ["pipeline:digits"]),
        ("versions di", ["digits"]),
        ("pipeline delete di", ["digits"]),
        ("experiment archive ", ["churn"]),
        ("experiment create ch", []),
        ("recurring off n", ["nightly"]),
        ("use te", ["team-b"]),
        ("submit pipe", ["pipeline:digits", "pipeline:"]),
        ("submit example:d", ["example:digits"]),
        ("submit example:digits st", ["steps="]),
        (f"submit {HELLO} n", ["name="]),
        (f"submit {HELLO} name=x n", []),
        ("runs nothing", []),
        ("no-such-verb ", []),
    ],
)
def test_words_are_offered(known: KnownNames, text: str, words: list[str]) -> None:
    assert complete_line(text, COMMANDS, known) == words


def test_after_the_magic_all_verbs_are_offered(known: KnownNames) -> None:
    assert {"runs", "submit", "help", "experiment"} <= set(complete_line("", COMMANDS, known))


def test_options_follow_where_nothing_else_does(known: KnownNames) -> None:
    assert complete_line("namespaces ", COMMANDS, known) == []
    assert "--df" in complete_line("runs ", COMMANDS, known)


def test_files_at_any_level_and_functions_are_sources(
    known: KnownNames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "day").mkdir()
    for name in ("train.yaml", "notes.txt", "day/fit.py", ".hidden.yaml"):
        (tmp_path / name).touch()

    def mine() -> None: ...

    mine.pipeline_spec = object()  # type: ignore[attr-defined]  # as the SDK marks a pipeline
    known.variables = {"mine": mine, "other": 1}
    found = complete_line("submit ", COMMANDS, known)
    assert found[:5] == ["mine", "train.yaml", "day/", "example:hello", "example:digits"]
    assert complete_line("submit day/", COMMANDS, known) == ["day/fit.py"]
    assert complete_line("submit no/such/folder/", COMMANDS, known) == []
    assert complete_line("submit broken.yaml x", COMMANDS, known) == []


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.run_line_magic("load_ext", "jupyter_kfp_mt")
    yield made
    made.history_manager.end_session()


def complete(shell: InteractiveShell, text: str) -> list[str]:
    """Return the whole line as each completion would make it."""
    with provisionalcompleter():
        return [text[: each.start] + each.text for each in shell.Completer.completions(text, len(text))]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("%kfp ru", ["%kfp runs"]),
        ("runs = %kfp ru", ["runs = %kfp runs"]),
        ("%kfp runs --st", ["%kfp runs --state"]),
        ("%kfp show @la", ["%kfp show @last"]),
        ("%kfp runs zzz", ["%kfp runs zzz"]),
        ("%kfp submit no-such-folder/ab", ["%kfp submit no-such-folder/ab"]),
        ("%%kfp --pac", ["%%kfp --packages"]),
        ("%%kfp --in va", ["%%kfp --in value"]),
    ],
)
def test_tab_offers_our_words_and_no_others(shell: InteractiveShell, text: str, lines: list[str]) -> None:
    shell.user_ns["value"] = 1
    assert complete(shell, text) == lines


def test_other_lines_are_completed_as_ever(shell: InteractiveShell) -> None:
    shell.user_ns["a_name_of_mine"] = 1
    assert "a_name_of_mine" in complete(shell, "a_name_of_m")


def test_names_are_read_in_the_background_once(laptop: Laptop) -> None:
    service = laptop.connect()
    service.create_experiment("for-completion")
    names = KnownNames()
    names.look(lambda: None)
    assert names.experiments == []
    names.look(lambda: service)
    names.look(lambda: service)
    for thread in [each for each in threading.enumerate() if each.name == "kfp-names"]:
        thread.join(60)
    assert "for-completion" in names.experiments
    assert names.namespaces == ["ana"]
    service.close()
