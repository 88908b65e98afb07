"""The pod of a task: events and YAML, from a Kubernetes API over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpConnectionError, KfpNotFoundError
from jupyter_kfp_mt.service import KfpService
from tests.fakes import FakeTransport
from tests.kube.recorded import pod_of_a_cluster
from tests.service.argo import DRIVER, EXECUTOR, IMPL, Manifest, node_id
from tests.service.cluster import EXPERIMENT, RUN, Cluster, failed, pod_name

TASK, POD = node_id("root.load"), pod_name("root.load.executor")
PODS, EVENTS = "/api/v1/namespaces/alice/pods", "/api/v1/namespaces/alice/events"
OF_POD = f"{EVENTS}?fieldSelector=involvedObject.name%3D{POD}"
PULL = {
    "type": "Warning",
    "reason": "Failed",
    "message": 'Failed to pull image "nosuch.example/img:1"',
    "count": 3,
    "lastTimestamp": "2026-11-22T03:19:00Z",
}
OBJECT = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": POD, "managedFields": [{"manager": "argo"}]},
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as pod:
        found = Cluster(pod)
        found.ran(failed())
        yield found


def refused(what: str) -> dict[str, Any]:
    said = f'{what} is forbidden: User "system:serviceaccount:alice:viewer" cannot get resource "{what}"'
    return {"kind": "Status", "message": said, "code": 403}


def test_a_pod_is_shown_with_its_events_and_as_yaml(cluster: Cluster) -> None:
    cluster.pod.server.answer("GET", OF_POD, 200, {"items": [PULL]})
    cluster.pod.server.answer("GET", f"{PODS}/{POD}", 200, OBJECT)
    found = cluster.service().pod(RUN, TASK)
    (event,) = found.events
    assert (event.type, event.reason, event.count) == ("Warning", "Failed", 3)
    assert yaml.safe_load(found.manifest) == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD}}
    assert (found.pod, found.namespace, found.attempt, found.gone) == (POD, "alice", 1, False)


def test_a_pod_that_is_gone_may_have_left_events(cluster: Cluster) -> None:
    cluster.pod.server.answer("GET", OF_POD, 200, {"items": [PULL]})
    found = cluster.service().pod(RUN, TASK)
    assert (found.gone, found.manifest, len(found.events)) == (True, "", 1)


def test_a_right_that_is_missing_is_named_and_the_rest_is_shown(cluster: Cluster) -> None:
    cluster.pod.server.answer("GET", OF_POD, 403, refused("events"))
    cluster.pod.server.answer("GET", f"{PODS}/{POD}", 200, OBJECT)
    found = cluster.service().pod(RUN, TASK)
    (refusal,) = found.refused
    assert (refusal.code, refusal.message) == ("kubernetes-denied", "No right to read events in alice.")
    assert refusal.why == "system:serviceaccount:alice:viewer may not get events."
    assert found.manifest


def test_each_attempt_has_its_own_pod(cluster: Cluster) -> None:
    tries = ["root.load.executor(0)", "root.load.executor(1)"]
    manifest = Manifest().add("root.load-driver", DRIVER, "Succeeded").add("root.load", EXECUTOR, "Failed")
    manifest.add("root.load.executor", IMPL, "Failed", kind="Retry", children=tries)
    for name in tries:
        manifest.add(name, IMPL, "Failed", exit_code=1)
    cluster.ran(manifest)
    service = cluster.service()
    assert service.pod(RUN, TASK).pod == pod_name(tries[1])
    assert service.pod(RUN, TASK, attempt=1).pod == pod_name(tries[0])


def test_a_task_that_ran_nothing_has_no_pod(cluster: Cluster) -> None:
    manifest = Manifest("Succeeded").add("root.load-driver", DRIVER, "Succeeded")
    cluster.ran(manifest.add("root.load", EXECUTOR, "Skipped", kind="Skipped"))
    with pytest.raises(KfpNotFoundError) as caught:
        cluster.service().pod(RUN, "unknown")
    assert caught.value.code == "not-found"


def test_nothing_is_asked_for_a_run_of_another_namespace(cluster: Cluster) -> None:
    other = {"experiment_id": EXPERIMENT, "display_name": "Default", "namespace": "bob"}
    cluster.kfp.answer("GET", f"/apis/v2beta1/experiments/{EXPERIMENT}", other)
    with pytest.raises(KfpNotFoundError):
        cluster.service().pod(RUN, TASK)
    assert cluster.pod.server.asked == []


def test_outside_of_a_cluster_nobody_can_be_asked(cluster: Cluster) -> None:
    with pytest.raises(KfpConnectionError) as caught:
        cluster.service(kubernetes=False).pod(RUN, TASK)
    assert caught.value.code == "kubernetes-unavailable"


def test_a_view_tells_whether_its_tasks_are_pods(cluster: Cluster) -> None:
    assert cluster.service().view_run(RUN).has_pods
    assert not cluster.service(kubernetes=False).view_run(RUN).has_pods


def test_the_embedded_server_has_no_pods(cluster: Cluster) -> None:
    kfp: FakeTransport = cluster.kfp
    kfp.answer("GET", "/apis/v2beta1/healthz", {"multi_user": True, "embedded": True})
    service = KfpService(Context("http://127.0.0.1:1", namespace="alice", embedded=True), kfp)
    with pytest.raises(KfpNotFoundError) as caught:
        service.pod(RUN, TASK)
    assert caught.value.why == "Tasks of this server are processes of this machine."
