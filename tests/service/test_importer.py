"""The artifact of an importer on a cluster, in both configurations of Argo.

The recordings have no importer, so one is put into a recorded run as KFP's compiler and launcher make it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.models import Artifact, Task
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.service.tasks.importer import read_import
from jupyter_kfp_mt.service.tasks.workflow import ImporterSpecs
from jupyter_kfp_mt.settings import KfpSettings
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS, Moment, Reply, load_run
from tests.replay.server import Pod, serve

COMPONENT = {
    "executorLabel": "exec-importer",
    "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
    "outputDefinitions": {"artifacts": {"artifact": {"artifactType": {"schemaTitle": "system.Dataset"}}}},
}
LOG = (
    "I1130 08:05:26.120943      16 main.go:139] Setting log level to: '1'\n"
    "I1130 08:05:26.220943      16 importer_launcher.go:191] Artifact URI from runtime parameter: gs://b/k\n"
)


def specs_of(address: dict[str, Any], given: dict[str, Any], **more: Any) -> dict[str, str]:
    """The inputs of an importer's node."""
    importer = {"artifactUri": address, "typeSchema": {"schemaTitle": "system.Dataset"}, **more}
    task = {"componentRef": {"name": "comp-importer"}, "inputs": {"parameters": {"uri": given}}}
    specs = {"task": task, "component": COMPONENT, "importer": importer}
    return {name: json.dumps(spec) for name, spec in specs.items()}


CONSTANT = specs_of(
    {"constant": "gs://b/constant"},
    {"runtimeValue": {"constant": "gs://b/constant"}},
    metadata={"rows": 3},
)
PARAMETER = specs_of({"runtimeParameter": "uri"}, {"componentInputParameter": "data"})


def with_importer(
    name: str, specs: dict[str, str], *, log: str = "", inside: str = "root", parameters: object = None
) -> Moment:
    """Return a recorded run with an importer in one of its graphs."""
    configuration, _, name = name.partition("/")
    moment = load_run(configuration, name)
    workflow = json.loads(moment.v1["pipeline_runtime"]["workflow_manifest"])
    nodes, called = workflow["status"]["nodes"], workflow["metadata"]["name"]
    names = (inside, f"{inside}(0)")
    (around,) = (node for node in nodes.values() if node["displayName"] in names and node["type"] == "DAG")
    common = {key: around[key] for key in ("phase", "startedAt", "finishedAt")}
    common |= {"templateName": "system-importer", "boundaryID": around["id"]}
    imported = {
        **common,
        "id": f"{called}-900001",
        "name": f"{around['name']}.importer",
        "displayName": "importer",
        "type": "Pod",
        "inputs": {"parameters": [{"name": key, "value": value} for key, value in specs.items()]},
    }
    if configuration == "shipped":
        wrapper = {**imported, "id": f"{called}-900002", "type": "Retry", "children": [imported["id"]]}
        imported |= {"name": f"{around['name']}.importer(0)", "displayName": "importer(0)"}
        nodes[wrapper["id"]] = wrapper
    nodes[imported["id"]] = imported
    for node in nodes.values():
        for given in node.get("inputs", {}).get("parameters", []):
            if given["name"] == "runtime-config" and parameters is not None:
                given["value"] = json.dumps({"parameterValues": parameters})
    moment.v1["pipeline_runtime"]["workflow_manifest"] = json.dumps(workflow)
    pod = f"{called}-system-importer-900001"
    moment.pods[pod] = {"metadata": {"name": pod, "creationTimestamp": around["startedAt"]}, "status": {}}
    moment.logs[f"{pod}/main"] = Reply(200, log)
    return moment


@pytest.fixture(params=CONFIGURATIONS)
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster(request.param), tmp_path) as served:
        yield served


def service_of(pod: Pod) -> KfpService:
    settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
    return connect(settings=settings, environment=Environment(pod.variables, root=pod.root))


def importer_of(pod: Pod, name: str, specs: dict[str, str], **more: Any) -> Task:
    """The importer that is put into a recorded run, as the view of the run shows it."""
    run_id = pod.cluster.put(with_importer(f"{pod.cluster.configuration}/{name}", specs, **more))
    (task,) = (task for task in service_of(pod).view_run(run_id).tasks if task.type == "IMPORTER")
    return task


def log_reads(pod: Pod) -> list[str]:
    return [each.path for each in pod.cluster.requests if "importer" in each.path]


def test_a_constant_address_is_in_the_workflow(pod: Pod) -> None:
    task = importer_of(pod, "hello", CONSTANT)
    assert task.outputs.artifacts == {
        "artifact": [
            Artifact(name="artifact", type="system.Dataset", uri="gs://b/constant", metadata={"rows": 3})
        ]
    }
    assert (task.inputs.parameters, task.outputs_unread) == ({"uri": "gs://b/constant"}, "")
    assert not log_reads(pod)


def test_a_parameter_of_the_run_gives_the_address(pod: Pod) -> None:
    task = importer_of(pod, "hello", PARAMETER, parameters={"data": "s3://b/run"})
    assert [each.uri for each in task.outputs.artifacts["artifact"]] == ["s3://b/run"]
    assert task.inputs.parameters == {"uri": "s3://b/run"}
    assert not log_reads(pod)


def test_the_launcher_knows_an_address_from_inside_of_a_group(pod: Pod) -> None:
    more = {"inside": "exit-handler-1", "parameters": {"data": "s3://of/another/component"}}
    task = importer_of(pod, "flow", PARAMETER, log=LOG, **more)
    assert [each.uri for each in task.outputs.artifacts["artifact"]] == ["gs://b/k"]


def test_an_address_that_nobody_wrote_down_is_not_known(pod: Pod) -> None:
    task = importer_of(pod, "hello", PARAMETER, log="")
    assert (task.outputs.artifacts, task.outputs_unread) == (
        {},
        "KFP's launcher has not written them into the log of the task.",
    )


def test_imported_metrics_are_metrics(pod: Pod) -> None:
    metrics = specs_of(
        {"constant": "gs://b/m"}, {}, typeSchema={"schemaTitle": "system.Metrics"}, metadata={"accuracy": 0.5}
    )
    run_id = pod.cluster.put(with_importer(f"{pod.cluster.configuration}/hello", metrics))
    (found,) = service_of(pod).metrics([run_id])
    assert (found.metrics, found.unread) == ({"accuracy": 0.5}, "")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"artifactUri": 3}', '{"artifactUri": {"constant": {}}}'])
def test_specs_of_another_form_give_no_address(text: str) -> None:
    made = read_import(ImporterSpecs(text, text, text))
    assert (made.output, made.artifact.uri) == ("artifact", "")


def test_early_releases_wrap_a_constant_in_its_type() -> None:
    address = {"constantValue": {"stringValue": "gs://b/early"}}
    specs = specs_of(address, {"runtimeValue": address})
    made = read_import(ImporterSpecs(specs["importer"], specs["component"], specs["task"]))
    assert (made.artifact.uri, made.given) == ("gs://b/early", {"uri": "gs://b/early"})
