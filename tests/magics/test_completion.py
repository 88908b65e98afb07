from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_kfp_mt.magics.completion import complete_line
from jupyter_kfp_mt.models import Run

RUNS = [Run(run_id="3f9c1a7e-1", display_name="train"), Run(run_id="91b0c2d4-1", display_name="two words")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%kfp su", ["submit"]),
        ("%kfp pipeline ", ["delete"]),
        ("%kfp help sub", ["submit"]),
        ("%kfp runs --st", ["--state"]),
        ("%kfp runs --state fa", ["failed"]),
        ("%kfp submit a.yaml --cache o", ["on", "off"]),
        ("%kfp show 3f", ["3f9c1a7e-1"]),
        ("%kfp logs @", ["@last"]),
        ("%kfp wait t", ["train"]),
        ("%kfp submit pipe", ["pipeline:"]),
        ("%kfp runs nothing", []),
        ("%kfp no-such-verb ", []),
    ],
)
def test_words_are_offered(text: str, words: list[str]) -> None:
    assert complete_line(text, RUNS, {}) == words


def test_after_the_magic_all_verbs_are_offered() -> None:
    assert {"runs", "submit", "help", "experiment"} <= set(complete_line("%kfp ", RUNS, {}))


def test_files_and_pipeline_functions_are_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.yaml").touch()
    (tmp_path / "notes.txt").touch()

    def mine() -> None: ...

    mine.pipeline_spec = object()  # type: ignore[attr-defined]  # as the SDK marks a pipeline
    assert complete_line("%kfp submit ", RUNS, {"mine": mine, "other": 1}) == [
        "mine",
        "train.yaml",
        "pipeline:",
    ]
    assert complete_line("%kfp submit no/such/folder/", RUNS, {}) == []


def test_tab_offers_them_in_a_shell() -> None:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "jupyter_kfp_mt")
    _, words = shell.complete(None, "%kfp ru", 7)
    assert "runs" in words
    _, words = shell.complete(None, "%kfp show @la", 13)
    assert "last" in words
    shell.history_manager.end_session()
