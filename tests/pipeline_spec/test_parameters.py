from __future__ import annotations

from typing import Any

import pytest

from jupyter_kfp_mt.errors import KfpInputError
from jupyter_kfp_mt.pipeline_spec import check_parameters, parse
from tests.pipeline_spec.pipelines import SIMPLE

PACKAGE = parse(SIMPLE, name="train.yaml")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {}),
        ({"epochs": 3}, {"epochs": 3}),
        ({"epochs": 3.0}, {"epochs": 3}),
        ({"lr": 1}, {"lr": 1}),
        ({"flag": False}, {"flag": False}),
        ({"names": ("a", 1)}, {"names": ["a", 1]}),
        ({"options": {"a": [None]}}, {"options": {"a": [None]}}),
        ({"epochs": None}, {}),
        ({"mode": "slow"}, {"mode": "slow"}),
    ],
)
def test_values_that_fit_are_sent(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert check_parameters(PACKAGE, {"name": "x", **given}) == {"name": "x", **sent}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lr": float("inf")}, "lr: “inf” is not a number that JSON knows."),
        ({"name": "\ud800"}, "name: the text holds half a character."),
        ({"names": [{1}]}, "names: a set is not JSON data."),
        ({"options": {1: 2}}, "options: a key is not text."),
        ({"epcohs": 3}, "epcohs: the pipeline has no such parameter."),
    ],
)
def test_values_that_only_python_has_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(KfpInputError) as caught:
        check_parameters(PACKAGE, {"name": "x", **given})

    assert (caught.value.code, caught.value.message) == ("bad-input", message)


def test_the_error_says_what_is_wanted_and_how_to_write_it() -> None:
    with pytest.raises(KfpInputError) as caught:
        check_parameters(PACKAGE, {"name": "x", "epochs": "three"})

    assert caught.value.lines() == [
        "KfpInputError [bad-input]  epochs: “three” is not an integer.",
        "  Why   train.yaml wants epochs: integer (default 10).",
        "  Next  write epochs=3",
    ]


def test_a_missing_value_is_asked_for() -> None:
    with pytest.raises(KfpInputError, match="name: a value is needed"):
        check_parameters(PACKAGE, {})


def test_a_wrong_name_gets_a_proposal() -> None:
    with pytest.raises(KfpInputError) as caught:
        check_parameters(PACKAGE, {"name": "x", "epcohs": 3})

    assert caught.value.next_step == "Did you mean “epochs”?"


def test_too_much_is_too_large() -> None:
    with pytest.raises(KfpInputError) as caught:
        check_parameters(PACKAGE, {"name": "x" * (1024 * 1024)})

    assert caught.value.code == "too-large"
