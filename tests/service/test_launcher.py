"""The launcher's lines in logs of a real cluster: outputs, exit codes, and what is not the task's own."""

from __future__ import annotations

import pytest

from jupyter_kfp_mt.models import Artifact, TaskValues
from jupyter_kfp_mt.service.tasks.launcher import (
    Launch,
    exit_code_of,
    is_launcher_line,
    launch_of,
    outputs_of,
)
from tests.replay.recordings import CONFIGURATIONS, load_run


def logs_of(configuration: str, run: str, container: str = "-impl-") -> list[str]:
    """The logs of the pods that ran the tasks of a run, by when they started."""
    moment = load_run(configuration, run)
    pods = sorted(moment.pods.values(), key=lambda pod: pod["metadata"]["creationTimestamp"])
    names = [pod["metadata"]["name"] for pod in pods if container in pod["metadata"]["name"]]
    return [moment.logs[f"{name}/main"].body for name in names]


def planned(**types: str) -> TaskValues:
    """The artifacts that the driver planned, by their types."""
    return TaskValues(artifacts={name: [Artifact(name=name, type=kind)] for name, kind in types.items()})


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_outputs_of_a_task_are_in_its_log(configuration: str) -> None:
    *_, evaluate = logs_of(configuration, "digits")
    outputs = outputs_of(evaluate, planned(metrics="system.Metrics"))
    assert outputs is not None
    assert outputs.parameters == {"Output": 0.9688888888888889}
    (metric,) = outputs.artifacts["metrics"]
    assert (metric.type, metric.metadata["accuracy"]) == ("system.Metrics", pytest.approx(0.9688888888888889))
    assert metric.uri.startswith("minio://mlpipeline/private-artifacts/alice/")
    assert "executor-logs" not in outputs.artifacts


def test_a_task_that_failed_has_no_outputs() -> None:
    assert outputs_of(logs_of("shipped", "exit-three")[0]) is None


LINE = "I1130 08:05:08.115467      16 launcher_v2.go:1230] ExecutorOutput: "


def test_the_last_outputs_count() -> None:
    log = f'{LINE}{{"parameterValues": {{"a": 1}}}}\n{LINE}{{"parameterValues": {{"a": 2}}}}\nmore\n'
    assert outputs_of(log) == TaskValues(parameters={"a": 2})


def test_outputs_may_follow_what_the_task_printed_without_a_newline() -> None:
    assert outputs_of(f'done{LINE}{{"parameterValues": {{"a": 1}}}}') == TaskValues(parameters={"a": 1})


@pytest.mark.parametrize(
    "log",
    [
        "",
        f"{LINE}{{",
        LINE + '{"a":' * 100_000,
        LINE + '{"parameterValues": {"a": 1',  # cut off
        'print("ExecutorOutput: {}")',
    ],
)
def test_broken_outputs_are_none(log: str) -> None:
    assert outputs_of(log) is None


@pytest.mark.parametrize(
    "artifacts", ["[]", '{"m": 1}', '{"m": {"artifacts": {}}}', '{"m": {"artifacts": [1, null]}}']
)
def test_artifacts_of_another_form_are_left_out(artifacts: str) -> None:
    outputs = outputs_of(f'{LINE}{{"artifacts": {artifacts}}}', planned(m="system.Model"))
    assert outputs == planned(m="system.Model")


def test_an_artifact_that_the_program_does_not_mention_is_where_it_was_planned() -> None:
    outputs = outputs_of(f'{LINE}{{"parameterValues": {{"a": 1}}}}', planned(data="system.Dataset"))
    assert outputs == TaskValues(parameters={"a": 1}, artifacts=planned(data="system.Dataset").artifacts)


@pytest.mark.parametrize(
    "patch",
    [
        "",
        "[]",
        "{",
        '{"containers": [{"command": ["--executor_input"]}]}',
        '{"containers": [{"command": 1}]}',
    ],
)
def test_an_unreadable_launch_is_empty(patch: str) -> None:
    assert launch_of(patch) == Launch()


@pytest.mark.parametrize(
    ("configuration", "run", "code"),
    [
        ("plain", "exit-three", 3),
        ("shipped", "oom", 137),
        ("plain", "oom", None),  # the launcher was killed, too
        ("plain", "shell-unknown-command", 127),
        ("plain", "broken", 1),
        ("plain", "no-such-program", None),
    ],
)
def test_the_exit_code_is_that_of_the_program(configuration: str, run: str, code: int | None) -> None:
    assert exit_code_of(tuple(logs_of(configuration, run)[-1].splitlines())) == code


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_own_lines_of_a_task_are_left(configuration: str) -> None:
    own = [line for log in logs_of(configuration, "exit-three") for line in log.splitlines()]
    assert [line for line in own if line and not is_launcher_line(line)] == ["before", "err"]
