"""Conditions: those that the compiler writes, and text that must not be accepted as one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_kfp_mt.embedded.engine.plan.expressions import ExpressionError, evaluate

X = "inputs.parameter_values['x']"


@pytest.mark.parametrize(
    ("condition", "x", "expected"),
    [
        (f"{X} == 'a'", "a", True),
        (f"{X} != 'a'", "a", False),
        (f"int({X}) >= 3", 3, True),
        (f"double(int({X})) < 3.5", 3, True),
        (f"{X} >= 0.9", 0.95, True),
        (f"{X} == true", True, True),
        (f"!({X} == true) && 1 == 1", True, False),
        (f"!({X} > 1) && !({X} > 2) || {X} == 5", 5, True),
        (f"{X} == '3'", 3, False),
        (f"{X} == 1", True, False),
        (f"{X} > -2", -1, True),
        (f"{X} == 'it's'", "it's", True),
        (f"{X} == 'it's' && {X} != 'a'", "it's", True),
        (f"{X} == 'line\nbreak'", "line\nbreak", True),
        (f"{X} == 'a\\'b\\n'", "a'b\n", True),
        (f"{X} == 'C:\\dir'", "C:\\dir", True),
        (f"{X} == 'C:\\'", "C:\\", True),
        (f"{X} == 'C:\\' || {X} == 'b'", "a", False),
        (f"{X} == ''", "", True),
        (f"'a' in {X}", ["a", "b"], True),
    ],
)
def test_conditions(condition: str, x: Any, expected: bool) -> None:
    assert evaluate(condition, {"x": x}) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "x == 1",
        "1 ==",
        "(1 == 1",
        "1",
        f"{X} < 'a'",
        "__import__('os')",
        "inputs.parameter_values['y'] == 1",
    ],
)
def test_invalid_conditions(condition: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(condition, {"x": 1})


@given(st.text())
def test_values_are_never_code(value: str) -> None:
    assert evaluate(f"{X} == 'secret'", {"x": value}) is (value == "secret")


@given(st.text(st.characters(blacklist_characters="'\\\"", blacklist_categories=["Cs"])))
def test_any_text_can_be_compared(text: str) -> None:
    assert evaluate(f"{X} == '{text}'", {"x": text})
