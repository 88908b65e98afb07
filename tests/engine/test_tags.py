"""Argo's tags in compiled pipelines of both versions: what a task sees in their place."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.argo import translate
from jupyter_kfp_mt.embedded.engine.execution.problems import find_package_problems
from tests.engine.bench import Bench

TAGS = (
    "{{workflow.uid}}",
    "{{workflow.name}}",
    "{{ workflow.namespace }}",
    "{{workflow.labels.pipeline/runid}}",
    "{{workflow.annotations.pipelines.kubeflow.org/run_name}}",
    "{{workflow.serviceAccountName}}",
    "{{workflow.creationTimestamp}}",
    "{{workflow.creationTimestamp.Y}}",
    "{{workflow.creationTimestamp.s}}",
    "{{workflow.status}}",
    "{{retries}}",
)
SCRIPT = f"echo '{'|'.join(TAGS)}' \"$U\" '{{{{workflow.nothing}}}}'; test {{{{retries}}}} = 1"


def ir() -> dict[str, Any]:
    container = {
        "image": "alpine",
        "command": ["sh", "-c"],
        "args": [SCRIPT],
        "env": [{"name": "U", "value": "{{workflow.uid}}.{{retries}}"}],
    }
    task = {
        "componentRef": {"name": "comp-t"},
        "taskInfo": {"name": "t"},
        "retryPolicy": {"maxRetryCount": 1},
        "inputs": {
            "parameters": {
                "constant": {"runtimeValue": {"constant": "{{workflow.name}}"}},
                "given": {"componentInputParameter": "given"},
            }
        },
    }
    text = {"parameterType": "STRING"}
    return {
        "pipelineInfo": {"name": "tags"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": {"t": task}}, "inputDefinitions": {"parameters": {"given": text}}},
        "components": {
            "comp-t": {
                "executorLabel": "exec-t",
                "inputDefinitions": {"parameters": {"constant": text, "given": text}},
            }
        },
        "deploymentSpec": {"executors": {"exec-t": {"container": container}}},
    }


def workflow() -> dict[str, Any]:
    # a tag without a value is refused before such a run starts
    script = SCRIPT.replace(" '{{workflow.nothing}}'", " '{{workflow.labels.own}}'")
    container = {
        "image": "alpine",
        "command": ["sh", "-c", script],
        "env": [{"name": "U", "value": "{{workflow.uid}}.{{retries}}"}],
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "tags-", "labels": {"own": "label"}},
        "spec": {
            "entrypoint": "t",
            "templates": [{"name": "t", "container": container, "retryStrategy": {"limit": 1}}],
        },
    }


@pytest.mark.parametrize(
    ("spec", "last"), [(ir(), "{{workflow.nothing}}"), (workflow(), "label")], ids=["ir", "workflow"]
)
def test_a_task_sees_what_argo_would_put_in_place_of_its_tags(
    spec: dict[str, Any], last: str, bench: Bench
) -> None:
    arguments = {"given": "{{workflow.uid}}"} if "root" in spec else {}
    run = bench.wait(bench.submit(spec, arguments))

    assert run.state == "SUCCEEDED", run.error
    task = bench.tasks(run.run_id)["t"]
    moment = datetime.fromtimestamp(run.created_at, timezone.utc)
    seen = [
        run.run_id,
        f"tags-{run.run_id[:8]}",
        "ana",
        run.run_id,
        "a run",
        "default-editor",
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        str(moment.year),
        str(run.created_at),
        "Running",
    ]
    for attempt, retries in ((1, "0"), (2, "1")):
        log = bench.log(run.run_id, task.task_id, attempt=attempt)
        assert log == f"{'|'.join([*seen, retries])} {run.run_id}.{retries} {last}\n"
    if arguments:
        assert task.inputs.parameters == {"constant": f"tags-{run.run_id[:8]}", "given": run.run_id}


def test_a_workflow_without_a_value_fails_when_it_starts(bench: Bench) -> None:
    manifest = workflow()
    manifest["spec"]["arguments"] = {"parameters": [{"name": "p"}]}

    run = bench.wait(bench.submit(manifest))

    assert (run.state, run.error) == ("FAILED", "There is no value for the parameter p.")


def test_the_program_of_a_workflow_may_be_a_parameter(bench: Bench) -> None:
    manifest = workflow()
    manifest["spec"]["arguments"] = {"parameters": [{"name": "p", "value": "echo"}]}
    container = {"image": "alpine", "command": ["{{workflow.parameters.p}}", "said"]}
    manifest["spec"]["templates"] = [{"name": "t", "container": container}]

    package, unfit = translate(manifest)
    assert (unfit, find_package_problems(package)) == ([], [])
    [problem] = find_package_problems(package, {"p": "no-such-program"})
    assert problem.reason == "the program no-such-program of its image alpine"

    run = bench.wait(bench.submit(manifest))
    assert run.state == "SUCCEEDED", run.error
    assert bench.log(run.run_id, bench.tasks(run.run_id)["t"].task_id) == "said\n"
