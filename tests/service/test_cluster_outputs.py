"""Outputs, metrics and artifacts of recorded runs, through the service, in both configurations of Argo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS, Moment, Reply, load_run
from tests.replay.refusals import DENIED
from tests.replay.server import Pod, serve


@pytest.fixture(params=CONFIGURATIONS)
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster(request.param), tmp_path) as served:
        yield served


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster("shipped"), tmp_path) as served:
        yield served


def service_of(pod: Pod) -> KfpService:
    settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
    return connect(settings=settings, environment=Environment(pod.variables, root=pod.root))


def archived(name: str) -> Moment:
    """A recorded run whose pods have been deleted since."""
    moment = load_run("shipped", name)
    moment.archived = {key.partition("/")[0]: log for key, log in moment.logs.items() if "/main" in key}
    moment.pods, moment.logs = {}, {}
    return moment


def log_reads(pod: Pod) -> list[str]:
    return [request.path for request in pod.cluster.requests if request.path.endswith("/log")]


def test_outputs_are_values_and_addresses(pod: Pod) -> None:
    outputs = service_of(pod).outputs(pod.cluster.add("digits"))
    assert outputs.unread == {}
    assert {task: list(values) for task, values in outputs.items()} == {
        "load": ["testing", "training"],
        "train": ["model"],
        "evaluate": ["Output", "confusion", "metrics"],
    }
    assert outputs["evaluate"]["Output"] == pytest.approx(0.9689, abs=1e-4)
    assert re.fullmatch(r"minio://mlpipeline/private-artifacts/alice/.*/model", outputs["train"]["model"])


@pytest.mark.parametrize(
    ("run", "metrics"),
    [
        ("digits", {"accuracy": 0.9689, "f1": 0.9691}),
        ("artifacts-all", {"accuracy": 0.93, "loss": 0.1}),
        ("flow", {}),
    ],
)
def test_metrics_of_a_run(pod: Pod, run: str, metrics: dict[str, float]) -> None:
    (row,) = service_of(pod).metrics([pod.cluster.add(run)])
    assert row.metrics == pytest.approx(metrics, abs=1e-4)
    assert row.unread == ""


def test_the_view_of_a_run_has_inputs_and_typed_artifacts(pod: Pod) -> None:
    view = service_of(pod).view_run(pod.cluster.add("digits"))
    train = next(task for task in view.tasks if task.name == "train")
    assert train.inputs.parameters == {"regularization": 1, "steps": 500}
    (training,) = train.inputs.artifacts["training"]
    assert (training.name, training.metadata) == ("training", {"images": 1347})
    (model,) = train.outputs.artifacts["model"]
    assert (model.type, model.metadata) == ("system.Model", {"framework": "scikit-learn"})


def test_every_kind_of_artifact_has_its_type(pod: Pod) -> None:
    view = service_of(pod).view_run(pod.cluster.add("artifacts-all"))
    types = {
        artifact.type
        for task in view.tasks
        for artifacts in task.outputs.artifacts.values()
        for artifact in artifacts
    }
    kinds = ("ClassificationMetrics", "Dataset", "HTML", "Markdown", "Metrics", "Model")
    assert types == {f"system.{kind}" for kind in kinds}


def test_a_failed_run_has_the_outputs_of_what_succeeded(pod: Pod) -> None:
    service, run_id = service_of(pod), pod.cluster.add("broken")
    assert service.outputs(run_id) == {"check": {"Output": 14}}
    failed = service.view_run(run_id).tasks[1]
    assert failed.outputs_unread == ""
    assert failed.inputs.parameters == {"columns": 14, "path": "data/raw.csv"}


def test_the_outputs_of_a_running_run_grow(pod: Pod) -> None:
    service, run_id = service_of(pod), pod.cluster.start("digits")
    seen = []
    for _ in range(12):
        pod.cluster.advance(10)
        seen.append(list(service_of(pod).outputs(run_id)))
    assert seen[0] == []
    assert ["load"] in seen
    assert list(service.outputs(run_id)) == ["load", "train", "evaluate"]


def test_each_log_is_read_once_and_a_list_reads_none(pod: Pod) -> None:
    service, run_id = service_of(pod), pod.cluster.add("digits")
    service.list_runs()
    service.tasks(run_id)
    assert log_reads(pod) == []
    service.metrics([run_id])
    assert len(log_reads(pod)) == 1  # of the only task that makes metrics
    for _ in range(3):
        service.view_run(run_id)
        service.outputs(run_id)
    assert len(log_reads(pod)) == 3


def test_metrics_of_many_runs_come_in_the_order_asked_for(pod: Pod) -> None:
    run_ids = [pod.cluster.start("digits") for _ in range(6)]
    pod.cluster.advance(300)
    table = service_of(pod).metrics(run_ids)
    assert [row.run_id for row in table] == run_ids
    assert {row.metrics["accuracy"] for row in table} == {0.9688888888888889}


def test_outputs_outlive_the_pods(shipped: Pod) -> None:
    run_id = shipped.cluster.put(archived("digits"))
    assert service_of(shipped).metrics([run_id])[0].metrics["accuracy"] == pytest.approx(0.9689, abs=1e-4)


def test_who_may_not_read_logs_reads_why_there_are_no_outputs(pod: Pod) -> None:
    pod.cluster.denied = {"pods/log"}
    service, run_id = service_of(pod), pod.cluster.add("digits")
    with pytest.raises(KfpError) as caught:
        service.outputs(run_id, "train")
    assert caught.value.message == "The outputs of train are not readable here."
    assert caught.value.why == DENIED
    pod.cluster.requests.clear()
    assert {task.outputs_unread for task in service.view_run(run_id).tasks} == {DENIED}
    assert len(log_reads(pod)) == 1  # what is refused once is not asked for again and again
    (row,) = service.metrics([run_id])
    assert (row.metrics, row.unread) == ({}, DENIED)


def test_outside_of_the_cluster_kfp_gives_the_logs(shipped: Pod) -> None:
    settings = KfpSettings(endpoint=shipped.url, ca_file=shipped.ca_file, namespace="alice")
    token = {"KF_PIPELINES_SA_TOKEN_PATH": "/var/run/secrets/kubeflow/pipelines/token"}
    service = connect(settings=settings, environment=Environment(token, root=shipped.root))
    assert not service.view_run(run_id := shipped.cluster.add("digits")).has_pods
    assert service.metrics([run_id])[0].metrics["accuracy"] == pytest.approx(0.9689, abs=1e-4)


def test_a_log_that_is_gone_is_named_as_the_reason(shipped: Pod) -> None:
    service, run_id = service_of(shipped), shipped.cluster.add("hello-archived")
    with pytest.raises(KfpError) as caught:
        service.outputs(run_id)
    assert caught.value.code == "outputs-unread"
    assert caught.value.message == "The outputs of hello-3 are not readable here."
    assert caught.value.why == "The log is gone. The pod was removed and no archive has it."
    task = service.view_run(run_id).tasks[1]
    assert task.inputs.parameters == {"greeting": "Hello", "name": "world"}
    assert task.outputs_unread == caught.value.why


def test_cached_tasks_have_the_outputs_of_the_run_that_made_them(shipped: Pod) -> None:
    source = shipped.cluster.put(archived("hello"))
    moment = load_run("shipped", "hello-cached")
    executions = {"3": "389", "30": "398", "38": "402"}  # as if that run had filled the cache
    for key, log in moment.logs.items():
        text = re.sub(
            r'(cached_execution_id" value:{string_value:)"(\d+)"',
            lambda found: f'{found[1]}"{executions[found[2]]}"',
            log.body,
        )
        moment.logs[key] = Reply(log.status, text)
    service, run_id = service_of(shipped), shipped.cluster.put(moment)
    assert service.outputs(run_id) == {
        "pick-greeting": {"Output": "Hello"},
        "say-hello": {"Output": "Hello, world!"},
        "count-letters": {"Output": 10},
    }
    view = service.view_run(run_id)
    assert {task.cached_from_run_id for task in view.tasks} == {source}
    assert view.tasks[2].inputs.parameters == {"text": "Hello, world!"}


def test_the_outputs_of_a_cached_task_may_be_gone_with_its_source(shipped: Pod) -> None:
    source = shipped.cluster.add("hello-archived")  # made the second and the third of them
    view = service_of(shipped).view_run(shipped.cluster.add("hello-cached"))
    assert [(task.cached_from_run_id, task.outputs_unread) for task in view.tasks] == [
        ("", "They were taken from the cache, and KFP does not say of which run."),
        (source, "The log is gone. The pod was removed and no archive has it."),
        (source, "The log is gone. The pod was removed and no archive has it."),
    ]
