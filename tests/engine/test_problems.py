"""Pipelines that must be refused before anything starts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_kfp_mt.embedded.engine.execution.problems import find_package_problems, find_problems
from jupyter_kfp_mt.pipeline_spec import Package, from_wire
from tests.engine.specs import CODE, pipeline, task


def find_reasons(tasks: dict[str, Any], components: dict[str, Any] | None = None) -> dict[str, str]:
    problems = find_problems(pipeline(tasks, components), which=lambda program: program)
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
    assert list(find_reasons(tasks)) == refused


def package_of(container: dict[str, Any], condition: str = "", platform: Any = None) -> Package:
    """Return a pipeline of one task, read as the server reads a request."""
    spec = {
        "pipelineInfo": {"name": "p"},
        "root": {"dag": {"tasks": {"one": task(triggerPolicy={"condition": condition})}}},
        "schemaVersion": "2.1.0",
        "components": {"code": CODE},
        "deploymentSpec": {"executors": {"exec": {"container": container}}},
    }
    platforms = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec": platform}}}}}
    return from_wire({"pipeline_spec": spec, "platform_spec": platforms if platform else {}})


MARK = 'printf "%s" "$0" > "$program_path/ephemeral_component.py"'
NAMED = ["--function_to_execute", "f"]


@pytest.mark.parametrize(
    ("pip_line", "reason"),
    [
        ("python3 -m pip install 'a' 'it's'", "can be read (no closing quotation): pip install 'a' 'it's'"),
        ("pip install a\\", "can be read (no escaped character)"),
        ('pip install "a', "no closing quotation"),
        ("pip install", ""),
        ("pip install && pip install", ""),
        ("# pip install is not asked for: it's here", "no closing quotation"),
        ("pip install 'a; python_version<\"4\"' --index-url https://x/", ""),
        ("pip install $(cat list)", ""),
        ("apt-get install 'x", ""),
        ("", ""),
    ],
)
def test_odd_pip_lines(pip_line: str, reason: str) -> None:
    command = ["sh", "-c", pip_line, "sh", "-ec", MARK, "def f(): pass"]

    problems = find_package_problems(package_of({"image": "i", "command": command, "args": NAMED}))

    assert [reason in problem.reason for problem in problems] == ([True] if reason else [])


def test_source_that_mentions_how_it_is_stored() -> None:
    command = ["sh", "-ec", MARK, "def f():\n    return 'ephemeral_component.py'\n"]

    assert find_package_problems(package_of({"image": "i", "command": command, "args": NAMED})) == []


@pytest.mark.parametrize(
    ("container", "platform"),
    [
        ({"image": "i", "command": "sh -c true"}, None),
        ({"image": "i", "command": [1, None]}, None),
        ({"image": 1, "command": ["sh"]}, None),
        ({"image": "i", "command": ["sh"], "env": [{"value": "x"}]}, None),
        ({"command": ["sh"], "args": {"a": 1}}, None),
        ([], None),
        ({"command": ["sh"]}, {"secretAsEnv": "database"}),
        ({"command": ["sh"]}, {"activeDeadlineSeconds": "soon"}),
        ({"command": ["sh"]}, {"secretAsVolume": [1]}),
        ({"command": ["sh"]}, {"settingOfALaterVersion": {}}),
    ],
)
def test_forms_that_no_compiler_writes_are_refused(container: Any, platform: Any) -> None:
    assert [problem.task for problem in find_package_problems(package_of(container, platform=platform))] == [
        "p"
    ]


words = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["sh", "-c", "pip install", MARK, *NAMED, '{"Concat": 1}', "{{$.inputs", "'", "kfp.dsl.executor_main"]
)


@given(st.lists(words), st.lists(words))
def test_no_command_raises(command: list[str], args: list[str]) -> None:
    assert len(find_package_problems(package_of({"image": "i", "command": command, "args": args}))) <= 1


@given(st.text("()!-<>=&|'\"\\x1.e ", max_size=40) | st.sampled_from(["(" * 9000, "1" * 9000, "!" * 9000]))
def test_no_condition_raises(condition: str) -> None:
    assert len(find_package_problems(package_of({"image": "i", "command": ["sh"]}, condition))) <= 1


def test_a_component_in_use_a_million_times() -> None:
    twice = {
        f"level-{level}": {"dag": {"tasks": {name: task(component=f"level-{level + 1}") for name in "ab"}}}
        for level in range(40)
    }

    assert find_reasons({"a": task(component="level-0")}, {**twice, "level-40": CODE}) == {}


def test_a_component_that_contains_itself() -> None:
    endless = {"dag": {"tasks": {"again": task(component="endless")}}}

    assert "contains itself" in find_reasons({"a": task(component="endless")}, {"endless": endless})["a"]


def test_a_program_is_looked_for_once_the_values_of_the_run_are_known() -> None:
    inputs = {"parameters": {"program": {"parameterType": "STRING"}}}
    passed = {"parameters": {"program": {"componentInputParameter": "program"}}}
    spec = {
        "pipelineInfo": {"name": "p"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": {"one": task(inputs=passed)}}, "inputDefinitions": inputs},
        "components": {"code": {"executorLabel": "exec", "inputDefinitions": inputs}},
        "deploymentSpec": {
            "executors": {
                "exec": {"container": {"image": "i", "command": ["{{$.inputs.parameters['program']}}"]}}
            }
        },
    }
    package = from_wire(spec)

    assert find_package_problems(package, {"program": "sh"}) == []
    [problem] = find_package_problems(package, {"program": "no-such-program"})
    assert problem.reason == "the program no-such-program of its image i"
