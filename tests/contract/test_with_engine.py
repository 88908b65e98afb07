"""API and engine together: what a run goes through, its log and artifacts, and who may see them."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Served
from tests.contract.tenant import FINAL, Tenant


def shell(name: str, script: str, *, outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """A pipeline of one task that runs a shell script."""
    component: dict[str, Any] = {"executorLabel": "exec"}
    if outputs:
        component["outputDefinitions"] = outputs
    return {
        "pipelineInfo": {"name": name},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "root": {
            "dag": {"tasks": {"work": {"componentRef": {"name": "comp"}, "taskInfo": {"name": "work"}}}}
        },
        "components": {"comp": component},
        "deploymentSpec": {
            "executors": {"exec": {"container": {"image": "x", "command": ["sh", "-c"], "args": [script]}}}
        },
    }


@pytest.fixture
def alice(served: Served) -> Tenant:
    return Tenant(served, "alice")


@pytest.fixture
def bob(served: Served) -> Tenant:
    return Tenant(served, "bob")


def states(run: Any) -> list[str]:
    return [entry["state"] for entry in run["state_history"]]


def test_a_terminated_run_goes_canceling_and_ends_failed(alice: Tenant) -> None:
    run_id = alice.start(shell("sleeper", "echo started; sleep 60"))
    alice.until(run_id, "RUNNING")
    assert alice.call("POST", f"v2beta1/runs/{run_id}:terminate").json == {}
    ended = alice.until(run_id, *FINAL)
    assert states(ended) == ["PENDING", "RUNNING", "CANCELING", "FAILED"]
    assert alice.call("POST", f"v2beta1/runs/{run_id}:terminate").status == 400


def test_a_failed_run_is_retried_under_its_id(alice: Tenant, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    run_id = alice.start(shell("flaky", f"test -e {flag} || {{ touch {flag}; exit 3; }}; rm {flag}"))
    failed = alice.until(run_id, *FINAL)
    assert (failed["state"], alice.work(run_id)["exit_code"]) == ("FAILED", 3)
    assert alice.call("POST", f"v2beta1/runs/{run_id}:retry").json == {}
    again = alice.until(run_id, "SUCCEEDED")
    assert states(again)[-2:] == ["RUNNING", "SUCCEEDED"]
    assert alice.call("POST", f"v2beta1/runs/{run_id}:retry").status == 409
    v1 = alice.call("GET", f"v1beta1/runs/{run_id}").json
    assert (v1["run"]["status"], "workflow_manifest" in v1["pipeline_runtime"]) == ("Succeeded", True)


def test_a_log_is_read_from_any_byte_by_its_tenant_only(alice: Tenant, bob: Tenant) -> None:
    run_id = alice.start(shell("talker", "printf 'one two three'"))
    alice.until(run_id, *FINAL)
    path = f"v1alpha1/runs/{run_id}/nodes/{alice.work(run_id)['task_id']}/log"
    whole = alice.call("GET", path)
    assert (whole.status, whole.body, whole.headers["x-log-complete"]) == (200, b"one two three", "true")
    part = alice.call("GET", f"{path}?offset=4&limit=3")
    assert (part.body, part.headers["x-log-next-offset"]) == (b"two", "7")
    foreign, unknown = bob.call("GET", path), bob.call("GET", path.replace(run_id, "nope"))
    assert (foreign.status, unknown.status) == (404, 404)
    assert foreign.body.replace(run_id.encode(), b"nope") == unknown.body
    assert alice.call("GET", path.replace("/nodes/", "/nodes/x")).status == 404


def test_an_artifact_is_read_by_its_tenant_only(alice: Tenant, bob: Tenant) -> None:
    outputs = {
        "artifacts": {"data": {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}}
    }
    script = "f={{$.outputs.artifacts['data'].path}}; mkdir -p $(dirname $f); printf 'the bytes' > $f"
    run_id = alice.start(shell("maker", script, outputs=outputs))
    assert alice.until(run_id, *FINAL)["state"] == "SUCCEEDED"
    task_id = alice.work(run_id)["task_id"]
    for version in ("v1beta1", "v2beta1"):
        path = f"{version}/runs/{run_id}/nodes/{task_id}/artifacts/data:read"
        assert base64.b64decode(alice.call("GET", path).json["data"]) == b"the bytes"
        assert bob.call("GET", path).status == 404
    assert alice.call("GET", f"v2beta1/runs/{run_id}/nodes/{task_id}/artifacts/other:read").status == 404


@pytest.mark.parametrize("address", ["/etc/passwd", "/a\0b"], ids=["file", "nul"])
def test_an_artifact_that_points_elsewhere_is_not_served(address: str, alice: Tenant) -> None:
    written = json.dumps({"artifacts": {"data": {"artifacts": [{"name": "data", "uri": address}]}}})
    outputs = {
        "artifacts": {"data": {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}}
    }
    script = "f={{$.outputs.output_file}}; mkdir -p $(dirname $f); printf %s '" + written + "' > $f"
    run_id = alice.start(shell("thief", script, outputs=outputs))
    assert alice.until(run_id, *FINAL)["state"] == "SUCCEEDED"
    path = f"v2beta1/runs/{run_id}/nodes/{alice.work(run_id)['task_id']}/artifacts/data:read"
    assert alice.call("GET", path).status == 404


def test_what_cannot_run_here_is_refused_by_name_and_nothing_is_kept(alice: Tenant) -> None:
    spec = shell("exotic", "true")
    spec["deploymentSpec"]["executors"]["exec"]["container"]["command"] = ["no-such-program-here"]
    made = {"display_name": "exotic", "namespace": "alice"}
    experiment = alice.call("POST", "v2beta1/experiments", made).json["experiment_id"]
    body = {"display_name": "r", "experiment_id": experiment, "pipeline_spec": spec}
    reply = alice.call("POST", "v2beta1/runs", body)
    assert (reply.status, reply.json["code"]) == (400, 9)
    assert reply.text.startswith("cannot-run-here: work needs")
    assert alice.call("GET", f"v2beta1/runs?experiment_id={experiment}").json == {}


def test_a_deleted_run_is_gone_with_its_files(alice: Tenant, served: Served) -> None:
    run_id = alice.start(shell("leaver", "sleep 60"))
    alice.until(run_id, "RUNNING")
    assert alice.call("DELETE", f"v2beta1/runs/{run_id}").json == {}
    assert alice.call("GET", f"v2beta1/runs/{run_id}").status == 404
    folder = served.folder / "kfp" / "runs" / run_id
    for _ in range(200):
        if not folder.exists():
            break
        time.sleep(0.05)
    assert not folder.exists()


def test_a_recurring_run_fires_and_its_runs_stay(alice: Tenant, bob: Tenant) -> None:
    made = {"display_name": f"e {time.monotonic_ns()}", "namespace": "alice"}
    experiment = alice.call("POST", "v2beta1/experiments", made).json["experiment_id"]
    body = {
        "display_name": "often",
        "experiment_id": experiment,
        "pipeline_spec": shell("tick", "true"),
        "max_concurrency": "1",
        "mode": "ENABLE",
        "trigger": {"periodic_schedule": {"interval_second": "1"}},
    }
    recurring = alice.call("POST", "v2beta1/recurringruns", body).json["recurring_run_id"]
    for _ in range(200):
        runs = alice.call("GET", f"v2beta1/runs?experiment_id={experiment}").json.get("runs", [])
        if any(run["state"] == "SUCCEEDED" for run in runs):
            break
        time.sleep(0.05)
    assert runs[0]["recurring_run_id"] == recurring
    assert bob.call("POST", f"v2beta1/recurringruns/{recurring}:disable").status == 404
    assert alice.call("POST", f"v2beta1/recurringruns/{recurring}:disable").json == {}
    assert alice.call("DELETE", f"v2beta1/recurringruns/{recurring}").json == {}
    assert alice.run(runs[0]["run_id"])["recurring_run_id"] == recurring


def test_a_job_without_trigger_fires_once_at_once(alice: Tenant) -> None:
    made = {"display_name": f"e {time.monotonic_ns()}", "namespace": "alice"}
    experiment = alice.call("POST", "v2beta1/experiments", made).json["experiment_id"]
    v1 = {
        "name": "job of v1",
        "resource_references": [{"key": {"type": "EXPERIMENT", "id": experiment}, "relationship": "OWNER"}],
        "pipeline_spec": {"pipeline_manifest": json.dumps(shell("once", "true"))},
        "max_concurrency": "1",
        "enabled": True,
    }
    job = alice.call("POST", "v1beta1/jobs", v1).json
    for _ in range(200):
        runs = alice.call("GET", f"v2beta1/runs?experiment_id={experiment}").json.get("runs", [])
        if runs:
            break
        time.sleep(0.05)
    assert [run["recurring_run_id"] for run in runs] == [job["id"]]  # without trigger: once, at once
