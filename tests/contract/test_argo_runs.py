"""Argo Workflows by hand, run by the real engine: nested DAGs, values, files, variables, schedules."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.contract.conftest import Served
from tests.contract.tenant import FINAL, Tenant


@pytest.fixture
def alice(served: Served) -> Tenant:
    return Tenant(served, "alice")


def sh(name: str, script: str, **fields: Any) -> dict[str, Any]:
    """A template that runs a script; its input parameter is `a` where the script says so."""
    inputs = {"inputs": {"parameters": [{"name": "a"}]}} if "inputs.parameters.a" in script else {}
    container = {"image": "busybox", "command": ["sh", "-c", script], **fields.pop("container", {})}
    return {"name": name, "container": container, **inputs, **fields}


def gives(name: str, value: str) -> dict[str, Any]:
    return {"parameters": [{"name": name, "value": value}]}


def workflow(*templates: dict[str, Any], **spec: Any) -> dict[str, Any]:
    body = {"entrypoint": templates[0]["name"], "templates": list(templates), **spec}
    metadata = {"generateName": "by-hand-"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": metadata,
        "spec": body,
    }


OUT = {"outputs": {"parameters": [{"name": "o", "valueFrom": {"path": "/tmp/o"}}]}}


def tasks(alice: Tenant, run_id: str, *states: str) -> dict[str, Any]:
    """The tasks of a run that has ended, by name."""
    run = alice.until(run_id, *(states or ("SUCCEEDED",)))
    found = alice.call("GET", f"v2beta1/runs/{run['run_id']}/tasks").json["tasks"]
    return {task["name"]: task for task in found}


def test_values_go_into_a_nested_dag_and_out_of_it(alice: Tenant) -> None:
    both = "echo '{{inputs.parameters.a}} {{workflow.parameters.p}}' > /tmp/o"
    inner = {"name": "t", "template": "say", "arguments": gives("a", "{{inputs.parameters.b}}!")}
    out = {"name": "r", "valueFrom": {"parameter": "{{tasks.t.outputs.parameters.o}}"}}
    nested = {"name": "nested", "inputs": gives("b", ""), "dag": {"tasks": [inner]}}
    outer = [
        {"name": "n", "template": "nested", "arguments": gives("b", "x")},
        {"name": "last", "template": "say", "arguments": gives("a", "{{tasks.n.outputs.parameters.r}}")},
    ]
    spec = workflow(
        {"name": "main", "dag": {"tasks": outer}},
        {**nested, "outputs": {"parameters": [out]}},
        sh("say", both, **OUT),
        arguments=gives("p", "{{$.odd}}"),
    )
    found = tasks(alice, alice.start(spec))
    assert found["last"]["outputs"]["parameters"] == {"o": "x! {{$.odd}} {{$.odd}}"}


def test_texts_become_files_and_files_are_handed_over(alice: Tenant) -> None:
    made = {"artifacts": [{"name": "f", "path": "/tmp/f"}]}
    taken = {"artifacts": [{"name": "f", "path": "/tmp/in"}, {"name": "r", "path": "/tmp/raw"}]}
    text = {"name": "r", "raw": {"data": "raw {{workflow.parameters.p}} "}}
    arguments = {"artifacts": [{"name": "f", "from": "{{tasks.w.outputs.artifacts.f}}"}, text]}
    dag = [{"name": "w", "template": "write"}, {"name": "r", "template": "read", "arguments": arguments}]
    spec = workflow(
        {"name": "main", "dag": {"tasks": dag}},
        sh("write", "printf made > /tmp/f", outputs=made),
        sh("read", "cat /tmp/raw /tmp/in > /tmp/o", inputs=taken, **OUT),
        arguments=gives("p", "P"),
    )
    assert tasks(alice, alice.start(spec))["r"]["outputs"]["parameters"]["o"] == "raw P made"


def test_variables_come_from_the_secrets_of_the_namespace(alice: Tenant, served: Served) -> None:
    served.owner("PUT", "/embedded/profiles/alice/secrets/s", {"data": {"k": "hidden"}})
    secret = {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    space = {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    spec = workflow(sh("work", 'echo "$S of $N" > /tmp/o', container={"env": [secret, space]}, **OUT))
    assert tasks(alice, alice.start(spec))["work"]["outputs"]["parameters"]["o"] == "hidden of alice"


def test_a_failure_is_tried_again_and_ends_the_run_with_its_exit_code(alice: Tenant) -> None:
    spec = workflow(sh("work", "exit 7", retryStrategy={"limit": 1}))
    work = tasks(alice, alice.start(spec), *FINAL)["work"]
    assert (work["state"], work["attempt"], work["exit_code"]) == ("FAILED", 2, 7)


def test_a_schedule_of_a_workflow_fires_with_its_parameters(alice: Tenant) -> None:
    made = {"display_name": "argo often", "namespace": "alice"}
    experiment = alice.call("POST", "v2beta1/experiments", made).json["experiment_id"]
    spec = workflow(sh("work", "echo {{workflow.parameters.p}} > /tmp/o", **OUT), arguments=gives("p", "d"))
    body = {
        "name": "once",
        "resource_references": [{"key": {"type": "EXPERIMENT", "id": experiment}, "relationship": "OWNER"}],
        "pipeline_spec": {"workflow_manifest": json.dumps(spec), **gives("p", "mine")},
        "max_concurrency": "1",
        "enabled": True,
    }
    job = alice.call("POST", "v1beta1/jobs", body).json
    assert job["pipeline_spec"] == body["pipeline_spec"]
    run_id = first_run(alice, experiment)
    assert tasks(alice, run_id)["work"]["outputs"]["parameters"]["o"] == "mine"
    shown = alice.call("GET", f"v1beta1/runs/{run_id}").json["run"]["pipeline_spec"]
    assert shown["parameters"] == [{"name": "p", "value": "mine"}]


def first_run(alice: Tenant, experiment: str) -> str:
    for _ in range(200):
        runs = alice.call("GET", f"v2beta1/runs?experiment_id={experiment}").json.get("runs", [])
        if runs:
            return str(runs[0]["run_id"])
        time.sleep(0.05)
    raise AssertionError("the schedule did not fire")
