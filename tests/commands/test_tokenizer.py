from __future__ import annotations

from types import SimpleNamespace

import pytest

from jupyter_kfp_mt.commands import VariableWord, split_line
from jupyter_kfp_mt.errors import KfpUsageError


def test_words_are_split_as_in_a_shell() -> None:
    assert split_line("""submit a.yaml 'config={"a": 1}' name="two words" """, {}) == [
        "submit",
        "a.yaml",
        'config={"a": 1}',
        "name=two words",
    ]


def test_a_notebook_value_keeps_its_type() -> None:
    word = split_line("lr=$best", {"best": 0.5})[0]
    assert isinstance(word, VariableWord)
    assert word.value == 0.5


def test_a_value_alone_is_given_too() -> None:
    run = object()
    word = split_line("$run", {"run": run})[0]
    assert isinstance(word, VariableWord)
    assert word.value is run


def test_an_attribute_of_a_value_keeps_its_type() -> None:
    run = SimpleNamespace(run_id="3f9c", config=SimpleNamespace(lr=0.5))
    assert split_line("$run.run_id", {"run": run})[0].value == "3f9c"  # type: ignore[attr-defined]
    assert split_line("lr=$run.config.lr", {"run": run})[0].value == 0.5  # type: ignore[attr-defined]


def test_what_is_no_attribute_is_text() -> None:
    assert split_line("$name.yaml", {"name": "train"}) == ["train.yaml"]
    assert split_line("$name.index", {"name": "train"}) == ["train.index"]


@pytest.mark.parametrize("line", ["'price=$5'", r"price=\$5", "price=$5"])
def test_a_dollar_that_names_nothing_stays(line: str) -> None:
    assert split_line(line, {}) == ["price=$5"]


@pytest.mark.parametrize("line", ["'a=$name'", r"a=\$name"])
def test_a_quoted_dollar_is_a_dollar(line: str) -> None:
    assert split_line(line, {"name": 1}) == ["a=$name"]


def test_in_an_option_a_value_becomes_text() -> None:
    assert split_line("--name=run-$n-b", {"n": 3}) == ["--name=run-3-b"]


def test_braces_are_left_alone() -> None:
    assert split_line("config='{x}' y={z}", {"x": 1}) == ["config={x}", "y={z}"]


def test_a_name_that_is_not_there_is_said() -> None:
    with pytest.raises(KfpUsageError, match=r"“\$bset” is not defined here\. Did you mean “best”\?"):
        split_line("lr=$bset", {"best": 1})


def test_an_open_quote_is_said() -> None:
    with pytest.raises(KfpUsageError, match="quote is not closed"):
        split_line("name='a", {})
