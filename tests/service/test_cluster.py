"""A run of a real server: its Workflow from KFP's old interface, its pods from Kubernetes over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.errors import KfpError, KfpNotFoundError
from jupyter_kfp_mt.models import Phase
from tests.kube.recorded import pod_of_a_cluster
from tests.service.argo import DAG_DRIVER, DRIVER, EXECUTOR, IMPL, Manifest, node_id
from tests.service.cluster import EXPERIMENT, RUN, Cluster, failed, pod_name

LOG = (Path(__file__).parent / "data/logs/file-not-found.log").read_text()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as pod:
        yield Cluster(pod)


def test_a_failed_run_says_why_as_on_the_embedded_server(cluster: Cluster) -> None:
    cluster.ran(failed())
    cluster.wrote(pod_name("root.load.executor"), LOG)
    why = cluster.service().why(RUN)
    assert why is not None
    assert why.message == "Task load stopped: file not found (data/raw.csv)."
    assert (why.task_id, why.exit_code) == (node_id("root.load"), 1)


def test_without_kubernetes_argo_s_words_remain(cluster: Cluster) -> None:
    cluster.ran(Manifest().task("root.load", "Failed", message="OOMKilled (exit code 137)", exit_code=137))
    why = cluster.service(kubernetes=False).why(RUN)
    assert why is not None
    assert why.message == "Task load stopped: out of memory."


def test_the_pod_s_state_explains_what_no_log_can(cluster: Cluster) -> None:
    cluster.ran(Manifest().task("root.load", "Failed", message="Error"))
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "s3-keys" not found'}
    status = {"phase": "Pending", "containerStatuses": [{"name": "main", "state": {"waiting": waiting}}]}
    cluster.status(pod_name("root.load.executor"), status)
    why = cluster.service().why(RUN)
    assert why is not None
    assert why.message == "Task load did not start: Secret s3-keys is not there."


def test_a_driver_s_own_log_explains_its_failure(cluster: Cluster) -> None:
    manifest = Manifest().add("root.load-driver", DRIVER, "Failed", message="Error (exit code 1)")
    cluster.ran(manifest.add("root.load", EXECUTOR, "Omitted"))
    text = "F0610 14:20:02.500000      18 main.go:76] KFP driver: driver.Container(x) failed: no such input"
    cluster.wrote(pod_name("root.load-driver", DRIVER), text)
    why = cluster.service().why(RUN)
    assert why is not None
    assert (why.message, why.why) == (
        "Task load was not started: KFP could not prepare it.",
        "No such input.",
    )


def test_a_run_that_could_not_be_prepared_says_why(cluster: Cluster) -> None:
    manifest = Manifest().add("root-driver", DAG_DRIVER, "Failed", message="Error (exit code 1)", exit_code=1)
    cluster.ran(manifest.add("root", "root", "Omitted"))
    text = (
        "F0610 14:20:02.500000      18 main.go:76] KFP driver: driver.RootDAG(x) failed: rpc error: "
        "code = Unavailable desc = no healthy upstream"
    )
    cluster.wrote(pod_name("root-driver", DAG_DRIVER), text)
    failure = cluster.service().view_run(RUN).failure
    assert failure is not None
    assert failure.message == "prep was not started: KFP's metadata store does not answer."
    assert failure.task_id == ""


def test_a_run_that_argo_ended_as_a_whole_says_why(cluster: Cluster) -> None:
    cluster.ran(Manifest("Failed", message="Max duration limit exceeded"))
    why = cluster.service().why(RUN)
    assert why is not None
    assert why.message == "prep stopped: its time limit was over."


def test_a_run_whose_preparation_waits_says_for_what(cluster: Cluster) -> None:
    cluster.run("RUNNING")
    cluster.ran(Manifest("Running").add("root-driver", DAG_DRIVER, "Pending"))
    text = "0/4 nodes are available: 4 Insufficient cpu."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text}
    cluster.status(pod_name("root-driver", DAG_DRIVER), {"phase": "Pending", "conditions": [condition]})
    failure = cluster.service().view_run(RUN).failure
    assert failure is not None
    assert failure.message == "prep has waited 5 min."
    assert failure.why == "No node has enough free CPU (0/4 nodes: insufficient cpu)."


def test_the_log_of_a_task_comes_from_its_pod(cluster: Cluster) -> None:
    cluster.ran(failed())
    cluster.wrote(pod_name("root.load.executor"), "one\ntwo\n")
    service, task = cluster.service(), node_id("root.load")
    first = service.log(RUN, task)
    assert (first.text, first.source, first.complete, first.task) == ("one\ntwo\n", "pod", True, "load")
    assert service.log(RUN, task, offset=4).text == "two\n"
    assert service.log(RUN, task, tail=1).offset == 4


def test_a_pod_with_another_name_is_found_by_the_label_of_its_run(cluster: Cluster) -> None:
    cluster.ran(failed())
    marks = {"workflows.argoproj.io/node-id": node_id("root.load.executor")}
    pods = {"items": [{"metadata": {"name": "other"}}, {"metadata": {"name": "mine", "annotations": marks}}]}
    path = f"/api/v1/namespaces/alice/pods?labelSelector=pipeline%2Frunid%3D{RUN}"
    cluster.pod.server.answer("GET", path, 200, pods)
    cluster.wrote("other", "not this\n")
    cluster.wrote("mine", "one\n")
    found = cluster.service().log(RUN, node_id("root.load"))
    assert (found.text, found.source) == ("one\n", "pod")


def test_our_copy_is_named_when_the_pod_is_gone(cluster: Cluster) -> None:
    cluster.ran(failed())
    service, task, name = cluster.service(), node_id("root.load"), pod_name("root.load.executor")
    cluster.wrote(name, "one\n")
    service.log(RUN, task)
    path = f"/api/v1/namespaces/alice/pods/{name}/log?container=main&sinceTime=2026-11-22T03%3A17%3A00Z"
    cluster.pod.server.answer("GET", f"{path}&timestamps=true", 404, {"message": "not found"})
    found = service.log(RUN, task)
    assert (found.text, found.source, found.complete) == ("one\n", "copy", True)


def test_each_attempt_has_its_own_log(cluster: Cluster) -> None:
    tries = ["root.load.executor(0)", "root.load.executor(1)"]
    manifest = Manifest().add("root.load-driver", DRIVER, "Succeeded").add("root.load", EXECUTOR, "Failed")
    manifest.add("root.load.executor", IMPL, "Failed", kind="Retry", children=tries)
    for name in tries:
        cluster.wrote(pod_name(name), f"{name}\n")
        manifest.add(name, IMPL, "Failed", exit_code=1)
    cluster.ran(manifest)
    service, task = cluster.service(), node_id("root.load")
    assert service.log(RUN, task).text == "root.load.executor(1)\n"
    assert service.log(RUN, task, attempt=1).text == "root.load.executor(0)\n"
    with pytest.raises(KfpNotFoundError):
        service.log(RUN, task, attempt=3)


def test_a_refusal_of_kubernetes_is_reported(cluster: Cluster) -> None:
    cluster.ran(failed())
    path = (
        f"/api/v1/namespaces/alice/pods/{pod_name('root.load.executor')}/log?container=main&tailLines=20000"
    )
    cluster.pod.server.answer("GET", f"{path}&timestamps=true", 403, {"message": "forbidden"})
    with pytest.raises(KfpError) as caught:
        cluster.service().log(RUN, node_id("root.load"))
    assert caught.value.code == "logs-denied"


def test_a_task_from_the_cache_says_so_instead_of_its_log(cluster: Cluster) -> None:
    manifest = Manifest("Succeeded").add("root.load-driver", DRIVER, "Succeeded")
    manifest.add("root.load", EXECUTOR, "Succeeded", kind="DAG")
    cluster.ran(manifest.add("root.load.executor", IMPL, "Skipped", kind="Skipped"))
    cluster.run("SUCCEEDED")
    (task,) = cluster.service().view_run(RUN).tasks
    assert task.phase is Phase.CACHED
    chunk = cluster.service().log(RUN, task.task_id)
    assert (chunk.text, chunk.complete) == ("load was taken from the cache.\n", True)


def test_a_skipped_task_has_no_log(cluster: Cluster) -> None:
    manifest = Manifest("Succeeded").add("root.load-driver", DRIVER, "Succeeded")
    manifest.add("root.load", EXECUTOR, "Skipped", kind="Skipped")
    cluster.ran(manifest.add("root.load.executor", IMPL, "Skipped", kind="Skipped"))
    cluster.run("SUCCEEDED")
    (task,) = cluster.service().view_run(RUN).tasks
    assert task.phase is Phase.SKIPPED
    with pytest.raises(KfpNotFoundError) as caught:
        cluster.service().log(RUN, task.task_id)
    assert caught.value.code == "logs-gone"


def test_a_task_that_waits_is_explained_while_the_run_goes_on(cluster: Cluster) -> None:
    cluster.run("RUNNING")
    manifest = Manifest("Running").add("root.train-driver", DRIVER, "Succeeded")
    manifest.add("root.train", EXECUTOR, "Running").add("root.train.executor", IMPL, "Pending")
    cluster.ran(manifest)
    text = "0/4 nodes are available: 4 Insufficient nvidia.com/gpu."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text}
    cluster.status(pod_name("root.train.executor"), {"phase": "Pending", "conditions": [condition]})
    failure = cluster.service().view_run(RUN).failure
    assert failure is not None
    assert failure.message == "Task train has waited 5 min."
    assert failure.why == "No node has a free GPU (0/4 nodes: insufficient nvidia.com/gpu)."


def test_nothing_is_asked_for_a_run_of_another_namespace(cluster: Cluster) -> None:
    other = {"experiment_id": EXPERIMENT, "display_name": "Default", "namespace": "bob"}
    cluster.kfp.answer("GET", f"/apis/v2beta1/experiments/{EXPERIMENT}", other)
    cluster.ran(failed())
    with pytest.raises(KfpNotFoundError):
        cluster.service().log(RUN, node_id("root.load"))
    assert cluster.pod.server.asked == []
    assert cluster.kfp.sent("GET", f"/apis/v1beta1/runs/{RUN}") == []


def test_a_server_without_the_old_interface_shows_what_it_has(cluster: Cluster) -> None:
    service = cluster.service()
    assert service.view_run(RUN).tasks == []
    with pytest.raises(KfpNotFoundError) as caught:
        service.log(RUN, node_id("root.load"))
    assert caught.value.code == "logs-gone"


def test_the_workflow_is_asked_for_once_in_a_while(cluster: Cluster) -> None:
    cluster.ran(failed())
    cluster.wrote(pod_name("root.load.executor"), LOG)
    service = cluster.service()
    for _ in range(5):
        service.view_run(RUN)
    assert len(cluster.kfp.sent("GET", f"/apis/v1beta1/runs/{RUN}")) == 1
    cluster.clock.advance(5)
    service.view_run(RUN)
    assert len(cluster.kfp.sent("GET", f"/apis/v1beta1/runs/{RUN}")) == 2
