"""Inputs that nobody can give: found before a run is sent, with what to write instead."""

# ruff: noqa: B006 - written as people write for the SDK
import warnings
from pathlib import Path
from typing import Any

import pytest
from kfp import compiler, dsl

from jupyter_kfp_mt.embedded.engine.execution.problems import find_package_problems
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.pipeline_spec import Package, check_links, parse

component = dsl.component(base_image="python:3.11", install_kfp_package=False)


@component
def show(x: str, y: str = ""):
    pass


@component
def evaluate(data: dsl.Input[dsl.Dataset]):
    pass


@component
def may_have(data: dsl.Input[dsl.Dataset] = None):
    pass


@dsl.pipeline
def grid(xs: list = ["a"], ys: list = ["1"]):
    with dsl.ParallelFor(xs) as x, dsl.ParallelFor(ys) as y:
        show(x=f"{x}{y}")


@dsl.pipeline
def grid_of_inputs(xs: list = ["a"], ys: list = ["1"]):
    with dsl.ParallelFor(xs) as x, dsl.ParallelFor(ys) as y:
        show(x=x, y=y)


@dsl.pipeline
def loop_in_exit_handler(ys: list = ["1"]):
    with dsl.ExitHandler(show(x="end")), dsl.ParallelFor(ys) as y:
        show(x=f"{y}")


@dsl.pipeline
def loop_over_output_in_condition(mode: str = "x"):
    with dsl.If(mode == "x"), dsl.ParallelFor(["a", "b"]) as item:
        show(x=f"{item}")


@component
def name(x: str) -> str:
    return x


@dsl.pipeline
def condition_on_choice(flag: bool = True):
    with dsl.If(flag == True):  # noqa: E712 - a comparison of the SDK
        one = name(x="one")
    with dsl.Else():
        two = name(x="two")
    with dsl.If(dsl.OneOf(one.output, two.output) == "one"):
        show(x="one")


@dsl.pipeline
def needs_dataset(data: dsl.Input[dsl.Dataset]):
    evaluate(data=data)


@dsl.pipeline
def needs_nothing(data: dsl.Input[dsl.Dataset] = None):
    may_have(data=data)


def compiled(pipeline: Any, folder: Path) -> Package:
    path = folder / "pipeline.yaml"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's advice about images
        compiler.Compiler().compile(pipeline, str(path))
    return parse(path.read_text())


@pytest.mark.parametrize(
    ("pipeline", "message", "next_step"),
    [
        (grid, "for-loop-2: it takes ys of for-loop-1, which has none.", "an input of its own"),
        (loop_in_exit_handler, "for-loop-2: it takes ys of exit-handler-1, which has none.", "of its own"),
        (
            condition_on_choice,
            "condition-4: it takes condition-branches-1-oneof-1 of condition-branches-1, which has none.",
            "Give it to a task",
        ),
        (needs_dataset, "data: a Dataset is needed, and a run can only be given values.", "dsl.importer"),
        (evaluate, "data: a Dataset is needed, and a run can only be given values.", "This is a component"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_no_run_can_be_given_is_refused(
    pipeline: Any, message: str, next_step: str, tmp_path: Path
) -> None:
    package = compiled(pipeline, tmp_path)

    with pytest.raises(KfpError) as caught:
        check_links(package)
    assert (caught.value.code, caught.value.message) == ("bad-input", message)
    assert next_step in caught.value.next_step
    assert find_package_problems(package) != []


@pytest.mark.parametrize(
    "pipeline",
    [grid_of_inputs, loop_over_output_in_condition, needs_nothing, may_have],
    ids=lambda pipeline: pipeline.name,
)
def test_other_pipelines_are_sent(pipeline: Any, tmp_path: Path) -> None:
    package = compiled(pipeline, tmp_path)

    check_links(package)
    assert find_package_problems(package) == []
