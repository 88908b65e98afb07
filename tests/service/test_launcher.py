"""The launcher's lines in logs of a real cluster: outputs, exit codes, and what is not the task's own."""

from __future__ import annotations

import pytest

from jupyter_kfp_mt.service.tasks.launcher import exit_code_of, is_launcher_line, outputs_of
from tests.replay.recordings import CONFIGURATIONS, load_run


def logs_of(configuration: str, run: str, container: str = "-impl-") -> list[str]:
    """The logs of the pods that ran the tasks of a run, by when they started."""
    moment = load_run(configuration, run)
    pods = sorted(moment.pods.values(), key=lambda pod: pod["metadata"]["creationTimestamp"])
    names = [pod["metadata"]["name"] for pod in pods if container in pod["metadata"]["name"]]
    return [moment.logs[f"{name}/main"].body for name in names]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_outputs_of_a_task_are_in_its_log(configuration: str) -> None:
    *_, evaluate = logs_of(configuration, "digits")
    outputs = outputs_of(evaluate, {"metrics": "system.Metrics"})
    assert outputs is not None
    assert outputs.parameters == {"Output": 0.9688888888888889}
    (metric,) = outputs.artifacts["metrics"]
    assert (metric.type, metric.metadata["accuracy"]) == ("system.Metrics", pytest.approx(0.9688888888888889))
    assert metric.uri.startswith("minio://mlpipeline/private-artifacts/alice/")
    assert "executor-logs" not in outputs.artifacts


def test_a_task_that_failed_has_no_outputs() -> None:
    assert outputs_of(logs_of("shipped", "exit-three")[0], {}) is None


def test_the_last_outputs_count_and_a_broken_text_is_none() -> None:
    line = "I1130 08:05:08.115467      16 launcher_v2.go:1230] ExecutorOutput: "
    twice = f'{line}{{"parameterValues": {{"a": 1}}}}\n{line}{{"parameterValues": {{"a": 2}}}}\nmore\n'
    assert (outputs_of(twice, {}) or pytest.fail("none")).parameters == {"a": 2}
    assert outputs_of(f"{line}{{", {}) is None
    assert outputs_of(line + '{"a":' * 100_000, {}) is None
    assert outputs_of('print("ExecutorOutput: {}")', {}) is None


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
    assert [line for line in own if line and not is_launcher_line(line)] == [
        "before",
        "err",
        "Error: exit status 1",
    ]
