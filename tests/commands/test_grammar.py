from __future__ import annotations

import pytest

from jupyter_kfp_mt.commands import COMMANDS, Command, find_command, grammar, render_manual
from jupyter_kfp_mt.commands.argument_types import (
    duration_parser,
    parse_parameters,
    parse_row_count,
    parse_sorting,
    parse_states,
)
from jupyter_kfp_mt.errors import KfpError, KfpInputError, KfpUsageError


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rnus", "Unknown command “rnus”. Did you mean “runs”?"),
        ("sbumit a.yaml", "Unknown command “sbumit”. Did you mean “submit”?"),
        ("terminat x", "Unknown command “terminat”. Did you mean “terminate”?"),
        ("xyzzy", "Unknown command “xyzzy”."),
        ("--stat", "Unknown option “--stat”."),
        ("pipeline", "“pipeline” needs one more word: pipeline delete."),
    ],
)
def test_a_wrong_word_is_taught(line: str, message: str) -> None:
    with pytest.raises(KfpUsageError) as caught:
        find_command(line.split())
    assert caught.value.message == message
    assert caught.value.next_step == "%kfp help"


@pytest.mark.parametrize(
    ("word", "ours"), [("list", "runs"), ("cancel", "terminate"), ("rerun", "clone"), ("run", "submit")]
)
def test_a_word_of_another_tool_points_to_ours(word: str, ours: str) -> None:
    with pytest.raises(KfpUsageError) as caught:
        find_command([word, "train.yaml"])
    assert caught.value.message == f"Unknown command “{word}”. Here it is “{ours}”."
    assert caught.value.next_step == f"%kfp help {ours}"


def test_runs_are_sorted_by_fields_that_kfp_knows() -> None:
    assert parse_sorting("finished_at  desc") == "finished_at desc"
    assert parse_sorting("metric:auc") == "metric:auc"
    for wrong in ("finishedat", "desc", "name up"):
        with pytest.raises(KfpInputError, match="is not a field to sort by") as caught:
            parse_sorting(wrong)
        assert "created_at, finished_at, scheduled_at" in caught.value.why


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("runs --stat failed", "Unknown option “--stat”. Did you mean “--state”?"),
        ("runs --state", "--state needs a value."),
        ("runs extra", "Unknown word “extra”."),
        ("show", "Missing: RUN."),
        ("show --df", "Unknown option “--df”."),
        ("show a b", "Unknown word “b”."),
        ("runs --archived=yes", "--archived needs no value."),
        ("runs -n", "-n needs a value."),
        ("runs -e", "--experiment/-e needs a value."),
        ("terminate", "Missing: RUN."),
        ("submit", "Missing: SOURCE."),
        ("submit a.yaml --xyzzy=1", "Unknown option “--xyzzy”."),
        ("submit a.yaml --cache maybe", "--cache: “maybe” is not one of compiled, on, off."),
    ],
)
def test_wrong_arguments_say_what_and_where_to_look(line: str, message: str) -> None:
    command, rest = find_command(line.split())
    with pytest.raises(KfpUsageError) as caught:
        command.parse(rest)
    assert caught.value.message == message
    assert caught.value.next_step == f"%kfp help {command.name}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("share", "Missing: NAME, OTHER, --role."),
        ("share a --role edit", "Missing: OTHER."),
        ("share a b", "Missing: --role."),
        ("share a b --role owner", "--role: “owner” is not one of view, edit."),
        ("share a b c --role edit", "Unknown word “c”."),
        ("share a b --role", "--role needs a value."),
    ],
)
def test_what_is_required_is_asked_for(line: str, message: str) -> None:
    @grammar.command(
        "share",
        grammar.argument("name", metavar="NAME"),
        grammar.argument("other", metavar="OTHER"),
        grammar.argument("--role", choices=("view", "edit"), required=True),
    )
    def share(**_values: object) -> None:
        """Share."""

    with pytest.raises(KfpUsageError) as caught:
        share.parse(line.split()[1:])
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("logs r", ("r", "", 0)),
        ("logs r t", ("r", "t", 0)),
        ("logs r --tail 3 t", ("r", "t", 3)),
        ("logs --tail=3 r t", ("r", "t", 3)),
        ("logs r -- --odd", ("r", "--odd", 0)),
    ],
)
def test_words_and_options_in_any_order(line: str, values: tuple[object, ...]) -> None:
    command, rest = find_command(line.split())
    found = command.parse(rest)
    assert (found["run"], found["task"], found["tail"]) == values


def test_options_may_stand_between_parameters() -> None:
    command, rest = find_command(["submit", "a.yaml", "x=1", "-e", "churn", "y=2", "--wait", "z=3"])
    found = command.parse(rest)
    assert found["parameters"] == ["x=1", "y=2", "z=3"]
    assert (found["source"], found["experiment"], found["wait"]) == ("a.yaml", "churn", True)


@pytest.mark.parametrize("each", COMMANDS, ids=lambda each: each.name or "status")
def test_every_command_explains_itself(each: Command) -> None:
    assert each.summary.endswith((".", ":"))
    assert each.summary in render_manual("%kfp")
    for argument in each.arguments:
        assert argument.settings["help"], f"{each.name} {argument.flags}"
        assert argument.flags[0].lstrip("-") in each.render_manual("%kfp") or not argument.is_option


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("90s", 90), ("10m", 600), ("10min", 600), ("2h", 7200), ("1h30m", 5400), ("0.5h", 1800)],
)
def test_durations(text: str, value: float) -> None:
    assert duration_parser("--timeout")(text) == value


@pytest.mark.parametrize("text", ["", "h", "2 weeks", "-3", "1e3", "2h!"])
def test_what_is_no_duration_is_said(text: str) -> None:
    with pytest.raises(KfpInputError, match="is not a duration"):
        duration_parser("--timeout")(text)


@pytest.mark.parametrize("text", ["0", "-1", "x", "10001", "1.5", ""])
def test_what_is_no_count_is_said(text: str) -> None:
    with pytest.raises(KfpInputError, match="is not a number from 1"):
        parse_row_count(text)


def test_states_are_the_words_of_kfp() -> None:
    assert parse_states("failed, running,") == ("FAILED", "RUNNING")
    with pytest.raises(KfpInputError) as caught:
        parse_states("faild")
    assert caught.value.next_step == "Did you mean “failed”?"


@pytest.mark.parametrize("words", [["epochs"], ["=3"], ["a=1", "a=2"]])
def test_what_is_no_parameter_is_said(words: list[str]) -> None:
    with pytest.raises(KfpError):
        parse_parameters(words)


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_parameters(["query=a=b"]) == {"query": "a=b"}
