"""Pipelines that must be refused before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_kfp_mt.embedded.engine.problems import find_problems

from .test_plan import pipeline, task


def found(tasks: dict[str, Any], components: dict[str, Any] | None = None) -> dict[str, str]:
    problems = find_problems(pipeline(tasks, components), lambda program: program)
    return {problem.task: problem.reason for problem in problems}


@pytest.mark.parametrize(
    ("tasks", "refused"),
    [
        ({"a": task("b"), "b": task("a")}, ["a", "b"]),
        ({"a": task("not-there")}, ["a"]),
        ({"a": task(component="not-there")}, ["a"]),
        ({"a": task(triggerPolicy={"condition": "size(x"})}, ["a"]),
        ({"a": task(), "b": task("a")}, []),
    ],
)
def test_order_components_conditions(tasks: dict[str, Any], refused: list[str]) -> None:
    assert list(found(tasks)) == refused


def test_a_component_that_contains_itself() -> None:
    endless = {"dag": {"tasks": {"again": task(component="endless")}}}

    assert "contains itself" in found({"a": task(component="endless")}, {"endless": endless})["a"]
