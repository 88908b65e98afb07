"""Errors: made once from a row of the catalogue, never changed, and with the program's name when rendered."""

from __future__ import annotations

import string

import pytest

from jupyter_kfp_mt.errors import (
    CATALOGUE,
    ErrorBody,
    KfpError,
    KfpNotFoundError,
    body_for_program,
    error_from_body,
    kfp_error,
)

FIELDS = (
    "body",
    "code",
    "message",
    "why",
    "next_step",
    "command",
    "details",
    "request_id",
    "status",
    "unclear",
)


@pytest.mark.parametrize("field", FIELDS)
def test_an_error_cannot_be_changed(field: str) -> None:
    error = kfp_error("not-found", thing="run", ref="x", ns="team-a", list="runs")
    with pytest.raises(AttributeError):
        setattr(error, field, "other")


def test_replace_returns_another_error_of_the_same_class() -> None:
    error = kfp_error("not-found", thing="run")
    other = error.replace(why="It was deleted.", unclear=True)
    assert (type(other), other.message, other.why, other.unclear) == (
        KfpNotFoundError,
        "No such run.",
        "It was deleted.",
        True,
    )
    assert (error.why, error.unclear) == ("“” does not exist in  or is not yours to see.", False)


def test_a_replaced_error_keeps_its_cause() -> None:
    cause = OSError("gone")
    with pytest.raises(KfpError) as caught:
        raise kfp_error("kfp-error") from cause
    assert caught.value.replace(request_id="7").__cause__ is cause


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_row_has_a_code_of_the_catalogue(key: str) -> None:
    error = kfp_error(key)
    assert error.code in CATALOGUE
    assert error.code == key.partition("/")[0]
    assert (error.status, type(error)) == (CATALOGUE[key].status, CATALOGUE[key].kind)


@pytest.mark.parametrize("key", [key for key in CATALOGUE if "/" in key])
def test_a_variant_says_something_else_than_its_code(key: str) -> None:
    entry, base = CATALOGUE[key], CATALOGUE[key.partition("/")[0]]
    assert entry[2:] != base[2:]


@pytest.mark.parametrize("key", CATALOGUE)
def test_no_row_has_a_value_of_a_name_that_kfp_error_takes_itself(key: str) -> None:
    names = {name for text in CATALOGUE[key][2:] for _, name, _, _ in string.Formatter().parse(str(text))}
    assert not names & {"key", "details", "request_id"}


def test_a_body_becomes_the_error_of_its_code() -> None:
    body = kfp_error("not-found", thing="run").body
    error = error_from_body(body)
    assert (type(error), error.status, error.body) == (KfpNotFoundError, 404, body)
    assert type(error_from_body(ErrorBody(code="of-tomorrow", message="?"))) is KfpError


def test_another_program_puts_its_name_into_the_next_step_and_the_command() -> None:
    body = ErrorBody(code="c", message="%kfp", next="%kfp help", command="%kfp runs")
    assert body_for_program(body, "jupyter kfp") == ErrorBody(
        code="c", message="%kfp", next="jupyter kfp help", command="jupyter kfp runs"
    )


def test_a_script_that_catches_nothing_leaves_the_whole_error() -> None:
    error = kfp_error("no-kubeflow", kfp="kubeflow")
    assert str(error).splitlines() == [f"{error.message} [no-kubeflow]", *error.lines()[1:]]
    assert len(str(error).splitlines()) == 4
