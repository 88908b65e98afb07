"""What a pipeline can grow to is bounded: its steps, its texts, and the values of all steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.bounds import MAX_TEXT, RunBounds, TextRoom, TextTooLongError
from jupyter_kfp_mt.embedded.argo import make_workflow_tags
from jupyter_kfp_mt.embedded.engine.execution.mount_probe import MountProbe
from jupyter_kfp_mt.embedded.engine.execution.problems import find_package_problems
from jupyter_kfp_mt.embedded.engine.plan.components import expand_variables
from jupyter_kfp_mt.embedded.engine.plan.expressions import ExpressionError, compile_condition
from jupyter_kfp_mt.embedded.engine.plan.nodes import State
from jupyter_kfp_mt.embedded.engine.plan.plan import Plan
from jupyter_kfp_mt.embedded.engine.plan.values import fill
from jupyter_kfp_mt.models import TaskValues
from jupyter_kfp_mt.pipeline_spec import Package, from_wire
from tests.embedded.running import send
from tests.engine.bench import Bench
from tests.engine.specs import pipeline, task

SPEC = {
    "pipelineInfo": {"name": "p"},
    "schemaVersion": "2.1.0",
    "deploymentSpec": {"executors": {"exec": {"container": {"image": "i", "command": ["true"]}}}},
}
STEPS = "more than 10,000 steps, the bound here (`jupyter kfp serve --max-steps`)"
PLAIN = {"executorLabel": "exec"}
ECHO = {"root": {"dag": {"tasks": {"one": task()}}}, "components": {"code": PLAIN}}


def package(parts: dict[str, Any]) -> Package:
    return from_wire({**SPEC, **parts})


def nested(condition: str = "") -> dict[str, Any]:
    """24 components, each of which uses the next one twice."""
    twice = {
        f"level-{level}": {
            "dag": {
                "tasks": {
                    name: task(component=f"level-{level + 1}", triggerPolicy={"condition": condition})
                    for name in ("left", "right")
                }
            }
        }
        for level in range(24)
    }
    last = {"level-24": {"dag": {"tasks": {"one": task()}}}}
    root = {"dag": {"tasks": {"first": task(component="level-0")}}}
    return {"root": root, "components": {"code": PLAIN, **twice, **last}}


def loop(items: dict[str, Any], inner: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A loop around one task, or around another loop."""
    around = task(
        component="body",
        parameterIterator={"items": items, "itemInput": "item"},
        inputs={"parameters": {"numbers": {"componentInputParameter": "numbers"}}},
    )
    listed = {"numbers": {"parameterType": "LIST", "isOptional": True}}
    body: dict[str, Any] = {"dag": {"tasks": {"one": task()}}, "inputDefinitions": {"parameters": listed}}
    components = {"code": PLAIN, "body": body}
    if inner is not None:
        iterator = {"items": inner, "itemInput": "inner"}
        components["body"] = {"dag": {"tasks": {"again": task(component="leaf", parameterIterator=iterator)}}}
        components["leaf"] = body
    root = {"dag": {"tasks": {"around": around}}, "inputDefinitions": {"parameters": listed}}
    return {"root": root, "components": components, **more}


def raw(count: int) -> dict[str, Any]:
    return {"raw": str([0] * count)}


@pytest.mark.parametrize(
    ("parts", "arguments", "allowed"),
    [
        (nested(), {}, False),
        (loop(raw(20_000)), {}, False),
        (loop(raw(300), raw(300)), {}, False),
        (loop({"inputParameter": "numbers"}), {"numbers": [0] * 20_000}, False),
        (loop({"inputParameter": "numbers"}), {"numbers": [0] * 4_000}, True),
        (loop(raw(4_999)), {}, True),  # with the root and the loop, exactly 10,000
        (loop(raw(5_000)), {}, False),
        (loop(raw(50), raw(50)), {}, True),
        (loop(raw(20_000), raw(0)), {}, False),
        (loop(raw(0), raw(20_000)), {}, True),
    ],
)
def test_steps_are_counted_before_a_run_is_taken(
    parts: dict[str, Any], arguments: dict[str, Any], allowed: bool
) -> None:
    problems = find_package_problems(package(parts), arguments, which=str)
    assert [(one.task, one.reason) for one in problems] == ([] if allowed else [("p", STEPS)])


def test_a_run_that_grows_too_far_fails_and_no_other_does(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(bounds=RunBounds(max_steps=1_000))
    bomb = bench.submit(package(nested("true")))

    other = bench.wait(bench.submit(package(ECHO), namespace="berta"))

    assert other.state == "SUCCEEDED"
    run = bench.wait(bomb)
    assert run.state == "FAILED"
    assert run.error.endswith(f"The run would have {STEPS.replace('10,000', '1,000')}.")
    assert len(bench.store.tasks.list_of_run(bomb)) <= 1_000


def test_a_loop_over_what_a_task_made_is_counted_before_it_is_made() -> None:
    source = {"taskOutputParameter": {"producerTask": "first", "outputParameterKey": "o"}}
    iterator = {"items": {"inputParameter": "numbers"}, "itemInput": "item"}
    around = task("first", component="body", parameterIterator=iterator)
    around["inputs"] = {"parameters": {"numbers": source}}
    body = {"dag": {"tasks": {"one": task()}}}
    plan = Plan(pipeline({"first": task(), "around": around}, {"body": body}))
    plan.start({}, 1)
    plan.record_success(plan.ready.popleft(), TaskValues(parameters={"o": [0] * 5_000}), 2)

    assert (plan.over, len(plan.nodes)) == (True, 3)
    assert plan.nodes["around"].state is State.FAILED
    assert plan.nodes["around"].reason == f"The run would have {STEPS}."


@pytest.mark.parametrize(
    "constant",
    [
        "{{$.inputs.parameters['a']}}" * 1000,
        ["{{$.inputs.parameters['a']}}"] * 1000,
        {f"{number}{{{{$.inputs.parameters['a']}}}}": 1 for number in range(1000)},
        "{{$.inputs.parameters['many']}} " * 1000,
        "{{$.pipeline_job_name}} " * 1000,
    ],
)
def test_placeholders_become_no_more_than_4_mib(constant: Any) -> None:
    long = "x" * (MAX_TEXT // 500)
    with pytest.raises(TextTooLongError, match=r"Its placeholders would become more than 4 MiB of text\."):
        fill(constant, {"a": long, "many": [long]}, {".pipeline_job_name": long})
    assert fill("{{$.inputs.parameters['a']}}", {"a": long * 1000}, {}) == long * 1000


def test_variables_and_tags_of_a_workflow_become_no_more_than_4_mib() -> None:
    room = TextRoom()
    once = expand_variables("$(V)" * 3, {"V": "x" * (MAX_TEXT // 4)}, room)
    with pytest.raises(TextTooLongError):
        expand_variables("$(V)", {"V": once}, room)

    tags = make_workflow_tags({"annotations": {"a": "x" * 10_000}})
    with pytest.raises(TextTooLongError):
        tags.replace({"word": ["{{workflow.annotations.a}}"] * 1000})


def test_a_task_whose_text_would_be_too_long_fails(make_bench: Callable[..., Bench]) -> None:
    word = "{{$.inputs.parameters['a']}}" * 1000
    executors = {"exec": {"container": {"image": "i", "command": ["echo"], "args": [word]}}}
    definitions = {"parameters": {"a": {"parameterType": "STRING"}}}
    code = {**PLAIN, "inputDefinitions": definitions}
    one = task(inputs={"parameters": {"a": {"componentInputParameter": "a"}}})
    root = {"dag": {"tasks": {"one": one}}, "inputDefinitions": definitions}
    bomb = {"root": root, "components": {"code": code}, "deploymentSpec": {"executors": executors}}

    bench = make_bench()
    run = bench.wait(bench.submit(package(bomb), {"a": "x" * 1_000_000}))

    assert run.state == "FAILED"
    assert run.error == "one: Its placeholders would become more than 4 MiB of text."


def test_values_of_all_steps_are_bounded(make_bench: Callable[..., Bench]) -> None:
    parts = loop(raw(2_000))
    parts["components"]["body"]["dag"]["tasks"]["one"] = task(
        inputs={"parameters": {"a": {"componentInputParameter": "a"}}}
    )
    around = parts["root"]["dag"]["tasks"]["around"]
    around["inputs"]["parameters"]["a"] = {"runtimeValue": {"constant": "x" * 100_000}}

    bench = make_bench(bounds=RunBounds(max_values_mib=16))
    run = bench.wait(bench.submit(package(parts)))

    assert run.state == "FAILED"
    reason = "The inputs and outputs of the run would take more than 16 MiB, the bound here"
    assert run.error.endswith(f"{reason} (`jupyter kfp serve --max-values-mib`).")
    sizes = [len(row.inputs) + len(row.outputs) for row in bench.store.tasks.list_of_run(run.run_id)]
    assert sum(sizes) < 32 * 1024**2


def test_iterations_are_stored_without_the_list_of_items() -> None:
    parts = loop({"inputParameter": "numbers"})
    plan = Plan(pipeline(parts["root"]["dag"]["tasks"], {"body": parts["components"]["body"]}))
    plan.root.component.input_definitions.parameters.clear()
    plan.start({"numbers": [1, 2]}, 1)

    assert plan.nodes["around"].inputs.parameters == {"numbers": [1, 2]}
    assert plan.nodes["around/iteration-1"].inputs.parameters == {"item": 2}


def test_the_bounds_of_a_server_are_settings(tmp_path: Path) -> None:
    folder = tmp_path / "kfp"
    runtime = embedded.ensure_running(folder, namespace="ana", bounds=RunBounds(max_steps=2))
    try:
        headers = [("Authorization", f"Bearer {Path(runtime.token_path).read_text()}")]
        made = {"display_name": "e", "namespace": "ana"}
        experiment = send(runtime.url, "POST", "/apis/v2beta1/experiments", made, headers).json
        two = {"root": {"dag": {"tasks": {"one": task(), "two": task()}}}, "components": {"code": PLAIN}}
        replies = [
            send(
                runtime.url,
                "POST",
                "/apis/v2beta1/runs",
                {
                    "display_name": "r",
                    "experiment_id": experiment["experiment_id"],
                    "pipeline_spec": {**SPEC, **parts},
                },
                headers,
            )
            for parts in (ECHO, two)
        ]
    finally:
        embedded.stop(folder)
    assert [reply.status for reply in replies] == [200, 400]
    assert "p needs more than 2 steps, the bound here (`jupyter kfp serve --max-steps`)" in str(
        replies[1].body
    )


def test_the_outputs_of_an_attempt_are_bounded_together(make_bench: Callable[..., Bench]) -> None:
    script = 'for file; do truncate -s 40000000 "$file"; done'
    words = ["{{$.outputs.parameters['a'].output_file}}", "{{$.outputs.parameters['b'].output_file}}"]
    executors = {"exec": {"container": {"image": "i", "command": ["sh", "-c", script, "sh", *words]}}}
    outputs = {"parameters": {name: {"parameterType": "STRING"} for name in ("a", "b")}}
    root = {"dag": {"tasks": {"one": task()}}}
    code = {**PLAIN, "outputDefinitions": outputs}

    bench = make_bench()
    parts = {"root": root, "components": {"code": code}, "deploymentSpec": {"executors": executors}}
    run = bench.wait(bench.submit(package(parts)))

    assert run.error.startswith("one: Its output b cannot be read: all together take more than 64 MiB.")


def test_a_condition_is_no_longer_than_64_kib() -> None:
    compile_condition(f"'{'x' * 65_000}' == 'y'")
    with pytest.raises(ExpressionError, match="longer than 65536 characters"):
        compile_condition(f"'{'x' * 66_000}' == 'y'")


def test_one_pipeline_has_no_more_than_100_sets_of_paths_probed(tmp_path: Path) -> None:
    find_fault = MountProbe(tmp_path).limit()
    refused = [find_fault((f"\0{number}",)) for number in range(150)]

    assert refused == ["that is not a path"] * 100 + ["after 100 other sets of paths"] * 50
