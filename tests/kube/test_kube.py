from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.context.poddefault import make_poddefault
from jupyter_kfp_mt.errors import KfpConnectionError, KfpError, KfpNotFoundError, KfpRefusedError
from jupyter_kfp_mt.kube import Access, Cluster, Kubernetes, KubernetesApi, Timeouts, cluster_of
from tests.kube.recorded import EDITOR, STRANGER, VIEWER, Pod, pod_of_a_cluster

RUN = "9849af41-ccb6-43fd-b5f9-a797d87e4500"
VIEWER_USER = 'User "system:serviceaccount:alice:default-viewer"'
STEP = "echo-7k8rf-system-container-impl-123"


def test_a_pod_finds_its_cluster_by_files_and_variables(tmp_path: Path) -> None:
    # given
    folder = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount"
    folder.mkdir(parents=True)
    variables = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    # when, then
    assert cluster_of(Environment(variables, root=tmp_path)) is None
    (folder / "token").write_text(EDITOR)
    assert cluster_of(Environment(variables, root=tmp_path)) == Cluster(folder, "10.0.0.1", "443")
    assert cluster_of(Environment({}, root=tmp_path)) is None


@pytest.mark.parametrize(
    ("token", "verb", "namespace", "allowed"),
    [(EDITOR, "create", "alice", True), (VIEWER, "create", "alice", False), (EDITOR, "list", "bob", False)],
)
def test_own_rights_are_asked_for(pod: Pod, token: str, verb: str, namespace: str, allowed: bool) -> None:
    pod.become(token)
    assert pod.kubernetes().may(Access(verb, "runs"), namespace) is allowed


def test_a_review_says_why(pod: Pod) -> None:
    review = pod.kubernetes().review(Access("get", "pods", group="", subresource="log"), "alice")
    assert review.allowed
    assert review.reason.startswith("RBAC: allowed by RoleBinding")


def test_a_profile_is_known_by_its_label_and_names_its_owner(pod: Pod) -> None:
    namespace = pod.kubernetes().read_namespace("alice")
    assert namespace is not None
    assert (namespace.is_profile, namespace.owner) == (True, "alice@example.com")


def test_what_is_not_there_is_none_or_empty(pod: Pod) -> None:
    kubernetes = pod.kubernetes()
    assert kubernetes.read_namespace("nobody") is None
    assert kubernetes.read_pod("nope", "alice") is None
    assert kubernetes.read_notebook("nope", "alice") is None
    assert kubernetes.list_pods_of_run("nope", "alice") == []
    assert kubernetes.list_filters_with("kubeflow-userid", "alice") == []
    assert not kubernetes.exists("secrets", "mlpipeline-minio-artifact", "alice")


def test_the_pods_of_a_run_tell_their_node_and_why_they_wait(pod: Pod) -> None:
    (step,) = pod.kubernetes().list_pods_of_run(RUN, "alice")
    assert (step.metadata.name, step.node_id, step.ended) == (STEP, "echo-7k8rf-123", False)
    (container,) = step.containers
    assert container.state.waiting is not None
    assert container.state.waiting.reason == "ImagePullBackOff"


def test_events_of_a_pod_come_oldest_first(pod: Pod) -> None:
    (event,) = pod.kubernetes().list_events_of_pod(STEP, "alice")
    assert (event.type, event.reason, event.count) == ("Warning", "Failed", 3)
    assert event.message == 'Failed to pull image "nosuch.example/img:1": not found'


@pytest.mark.parametrize("status", [204, 400])
def test_a_pod_that_has_not_started_has_written_nothing(pod: Pod, status: int) -> None:
    pod.server.answer(
        "GET", f"/api/v1/namespaces/alice/pods/{STEP}/log?container=main", status, "waiting to start"
    )
    assert pod.kubernetes().read_pod_log(STEP, "alice").text in (b"", b"waiting to start")


def test_a_log_is_read_from_its_tail_or_from_a_moment(pod: Pod) -> None:
    # given
    path = f"/api/v1/namespaces/alice/pods/{STEP}/log?container=main"
    pod.server.answer("GET", path + "&tailLines=2", 200, "b\nc\n")
    stamped = "2026-11-22T03:00:01.5Z c\n"
    pod.server.answer("GET", path + "&sinceTime=2026-11-22T03%3A00%3A00Z&timestamps=true", 200, stamped)
    since = datetime(2026, 11, 22, 3, 0, 0, 900_000, tzinfo=timezone.utc)
    # when
    tail = pod.kubernetes().read_pod_log(STEP, "alice", tail=2)
    late = pod.kubernetes().read_pod_log(STEP, "alice", since=since, timestamps=True)
    # then
    assert (tail.text, late.text) == (b"b\nc\n", stamped.encode())


def test_a_long_log_is_cut_and_says_so(pod: Pod) -> None:
    path = f"/api/v1/namespaces/alice/pods/{STEP}/log?container=main"
    pod.server.answer("GET", path, 200, b"x" * 5000)
    kubernetes = pod.kubernetes()
    found = kubernetes.read_pod_log(STEP, "alice", limit=1000)
    assert (len(found.text), found.complete) == (1000, False)
    assert kubernetes.read_pod_log(STEP, "alice", limit=5000).complete


def test_the_log_of_a_pod_that_is_gone(pod: Pod) -> None:
    with pytest.raises(KfpNotFoundError) as caught:
        pod.kubernetes().read_pod_log("nope", "alice")
    assert caught.value.code == "logs-gone"


def test_a_refused_log_names_the_account_and_the_cure(pod: Pod) -> None:
    # given
    message = f'pods "{STEP}" is forbidden: {VIEWER_USER} cannot get resource "pods/log"'
    path = f"/api/v1/namespaces/alice/pods/{STEP}/log?container=main"
    pod.server.answer("GET", path, 403, {"kind": "Status", "message": message})
    # when
    with pytest.raises(KfpRefusedError) as caught:
        pod.kubernetes().read_pod_log(STEP, "alice")
    # then
    assert caught.value.code == "logs-denied"
    assert caught.value.message == "No right to read logs in alice."
    assert caught.value.why == "system:serviceaccount:alice:default-viewer may not get pods/log."
    assert "--serviceaccount=alice:default-viewer" in caught.value.command


def test_a_refusal_names_account_verb_and_resource(pod: Pod) -> None:
    pod.become(STRANGER)
    pod.server.answer(
        "GET",
        f"/api/v1/namespaces/alice/pods?labelSelector=pipeline%2Frunid%3D{RUN}",
        403,
        {"message": 'forbidden: User "system:serviceaccount:alice:default" cannot list resource "pods" in'},
        account="alice no rights",
    )
    with pytest.raises(KfpRefusedError) as caught:
        pod.kubernetes().list_pods_of_run(RUN, "alice")
    assert caught.value.code == "kubernetes-denied"
    assert caught.value.message == "No right to read pods in alice."
    assert caught.value.why == "system:serviceaccount:alice:default may not list pods."


@pytest.mark.parametrize("token", ["junk", "other-audience"])
def test_a_token_that_kubernetes_does_not_take(pod: Pod, token: str) -> None:
    pod.become(token)
    with pytest.raises(KfpConnectionError) as caught:
        pod.kubernetes().read_pod(STEP, "alice")
    assert caught.value.code == "kubernetes-unavailable"
    assert caught.value.why == f"127.0.0.1:{pod.port}: It does not accept the token of this pod."


def test_a_server_that_another_authority_vouches_for_is_refused(pod: Pod, tmp_path: Path) -> None:
    with pod_of_a_cluster(tmp_path / "other") as other:
        stolen = Kubernetes(KubernetesApi(Cluster(pod.folder, other.host, str(other.port))))
        with pytest.raises(KfpConnectionError, match="cannot be asked") as caught:
            stolen.read_namespace("alice")
        assert other.server.asked == []
    assert caught.value.why.endswith("Its certificate is not trusted.")


def test_a_server_that_does_not_answer(pod: Pod) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = Cluster(pod.folder, "127.0.0.1", str(silent.getsockname()[1]))
        with pytest.raises(KfpConnectionError) as caught:
            Kubernetes(KubernetesApi(cluster, Timeouts(0.1, 0.1))).read_namespace("alice")
    assert caught.value.why.endswith("No answer in 0.2 s.")


def test_a_server_that_is_not_there(pod: Pod) -> None:
    with pytest.raises(KfpConnectionError) as caught:
        Kubernetes(KubernetesApi(Cluster(pod.folder, "127.0.0.1", "1"))).read_namespace("alice")
    assert caught.value.why.endswith("It refused the connection, or its name is not known.")


def test_service_account_files_that_are_missing(pod: Pod) -> None:
    (pod.folder / "ca.crt").unlink()
    with pytest.raises(KfpConnectionError) as caught:
        pod.kubernetes().read_namespace("alice")
    assert caught.value.why.endswith(f"No such file or directory: {pod.folder / 'ca.crt'}.")


def test_an_answer_that_is_no_object(pod: Pod) -> None:
    pod.server.answer("GET", "/api/v1/namespaces/alice", 200, "<html>sign in</html>")
    with pytest.raises(KfpConnectionError) as caught:
        pod.kubernetes().read_namespace("alice")
    assert caught.value.code == "kubernetes-unavailable"


def test_options_are_known_by_whom_their_token_is_for(pod: Pod) -> None:
    pod.server.answer(
        "GET",
        "/apis/kubeflow.org/v1alpha1/namespaces/alice/poddefaults",
        200,
        {"items": [make_poddefault("alice"), {"metadata": {"name": "gpu"}, "spec": {"desc": "A GPU"}}]},
    )
    found = pod.kubernetes().list_pod_defaults("alice")
    assert [(option.metadata.name, option.audiences) for option in found] == [
        ("access-ml-pipeline", ["pipelines.kubeflow.org"]),
        ("gpu", []),
    ]


def test_the_option_is_created_as_the_recording_shows(pod: Pod) -> None:
    pod.kubernetes().create_option("alice")
    recorded = json.loads((Path(__file__).parent / "data/kubernetes.json").read_text())
    assert pod.server.asked[-1].body in [entry["request"]["body"] for entry in recorded]


def test_an_option_that_is_there_already_is_fine(pod: Pod) -> None:
    path = "/apis/kubeflow.org/v1alpha1/namespaces/alice/poddefaults"
    pod.server.answer("POST", path, 409, {"message": "already exists"})
    pod.kubernetes().create_option("alice")
    assert pod.server.asked[-1].method == "POST"


def test_changes_that_a_viewer_may_not_make(pod: Pod) -> None:
    # given
    pod.become(VIEWER)
    kubernetes, wanted = pod.kubernetes(), []
    # when
    for change in (
        lambda: kubernetes.create_option("alice"),
        lambda: kubernetes.choose_option("analysis", "alice"),
        lambda: kubernetes.delete_stateful_set("analysis", "alice"),
    ):
        with pytest.raises(KfpRefusedError) as caught:
            change()
        wanted.append(caught.value.message)
    # then
    assert wanted == [
        "No right to create poddefaults in alice.",
        "No right to change notebooks in alice.",
        "No right to delete statefulsets in alice.",
    ]


def test_a_notebook_gets_the_label_and_loses_its_stateful_set(pod: Pod) -> None:
    kubernetes = pod.kubernetes()
    kubernetes.choose_option("analysis", "alice")
    kubernetes.delete_stateful_set("analysis", "alice")
    label, delete = pod.server.asked
    assert label.headers["Content-Type"] == "application/merge-patch+json"
    assert label.body == {"metadata": {"labels": {"access-ml-pipeline": "true"}}}
    assert (delete.method, delete.path) == ("DELETE", "/apis/apps/v1/namespaces/alice/statefulsets/analysis")


def test_a_secret_is_asked_for_without_its_content(pod: Pod) -> None:
    path = "/api/v1/namespaces/alice/secrets/mlpipeline-minio-artifact"
    pod.server.answer("GET", path, 200, {"kind": "PartialObjectMetadata", "metadata": {"name": "x"}})
    assert pod.kubernetes().exists("secrets", "mlpipeline-minio-artifact", "alice")
    assert "as=PartialObjectMetadata" in pod.server.asked[-1].headers["Accept"]


def test_a_filter_that_adds_the_identity_header_is_named(pod: Pod) -> None:
    path = "/apis/networking.istio.io/v1alpha3/namespaces/alice/envoyfilters"
    item = {"metadata": {"name": "add-header"}, "spec": {"configPatches": [{"key": "kubeflow-userid"}]}}
    pod.server.answer("GET", path, 200, {"items": [item, {"metadata": {"name": "other"}}]})
    assert pod.kubernetes().list_filters_with("kubeflow-userid", "alice") == ["add-header"]


@pytest.mark.parametrize("name", ["../secrets", "..", "a/b", "A", "", "a" * 300, "a\n"])
def test_a_name_that_is_none_never_becomes_an_address(pod: Pod, name: str) -> None:
    with pytest.raises(KfpError) as caught:
        pod.kubernetes().read_pod_log(name, "alice")
    assert caught.value.code == "bad-input"
    assert pod.server.asked == []


def test_the_token_stays_where_it_belongs(pod: Pod, caplog: pytest.LogCaptureFixture) -> None:
    # given
    caplog.set_level(logging.DEBUG)
    kubernetes = pod.kubernetes()
    # when
    kubernetes.read_namespace("alice")
    with pytest.raises(KfpError) as caught:
        kubernetes.read_pod_log("nope", "alice")
    # then
    shown = f"{kubernetes!r} {caught.value.lines()} {caught.value.body} {caplog.text}"
    assert EDITOR not in shown
    assert {asked.token for asked in pod.server.asked} == {EDITOR}


def test_a_token_file_that_is_missing(pod: Pod) -> None:
    (pod.folder / "token").unlink()
    with pytest.raises(KfpConnectionError) as caught:
        pod.kubernetes().read_namespace("alice")
    assert caught.value.code == "kubernetes-unavailable"
    assert caught.value.why.endswith(f"{pod.folder / 'token'} is missing.")


def test_a_pod_needs_no_official_client(pod: Pod) -> None:
    code = f"""if True:
        import sys
        from pathlib import Path
        from jupyter_kfp_mt.kube import Cluster, Kubernetes, KubernetesApi
        cluster = Cluster(Path({str(pod.folder)!r}), {pod.host!r}, {str(pod.port)!r})
        assert Kubernetes(KubernetesApi(cluster)).read_namespace("alice").is_profile
        sys.exit("kubernetes" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
