"""Who has access to a namespace: from RoleBindings, from the embedded server, or why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Context, Environment
from jupyter_kfp_mt.embedded import ensure_running, stop
from jupyter_kfp_mt.models import Grant
from jupyter_kfp_mt.owner import OwnerClient, is_served
from jupyter_kfp_mt.service.details.cluster.grants import list_grants
from jupyter_kfp_mt.settings import KfpSettings
from tests.kube.recorded import Pod, pod_of_a_cluster
from tests.replay.cluster import ReplayCluster
from tests.replay.server import serve

ALICE = Context("http://kfp", namespace="alice")
RBAC = "/apis/rbac.authorization.k8s.io/v1"
UNREAD = "Who else may see alice cannot be read with your rights (list rolebindings)."


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of_a_cluster(tmp_path) as made:
        yield made


def binding(
    name: str, to: str, *subjects: dict[str, str], kind: str = "ClusterRole", **annotations: str
) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "alice", "annotations": annotations or None}
    return {"metadata": metadata, "roleRef": {"kind": kind, "name": to}, "subjects": list(subjects)}


def user(name: str) -> dict[str, str]:
    return {"kind": "User", "name": name}


def account(namespace: str, name: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "namespace": namespace, "name": name}


def answer(pod: Pod, *bindings: dict[str, Any]) -> None:
    pod.server.answer("GET", f"{RBAC}/namespaces/alice/rolebindings", 200, {"items": list(bindings)})


def listed(pod: Pod) -> list[str]:
    access = list_grants(pod.kubernetes(), ALICE)
    assert access.unread == ""
    return [f"{grant.who} · {grant.role} · {grant.origin}" for grant in access.grants]


def test_owner_contributors_and_accounts_with_where_they_come_from(pod: Pod) -> None:
    answer(
        pod,
        binding("namespaceAdmin", "kubeflow-admin", user("alice@example.com"), user="alice", role="admin"),
        binding("user-bo", "kubeflow-edit", user("bo@example.com"), user="bo@example.com", role="edit"),
        binding("default-viewer", "kubeflow-view", account("alice", "default-viewer")),
        binding("allow-team-b", "kubeflow-edit", account("team-b", "default-editor")),
        binding("all-of-b", "kubeflow-view", {"kind": "Group", "name": "system:serviceaccounts:team-b"}),
    )

    assert listed(pod) == [
        "alice@example.com · owner · profile",
        "bo@example.com · edit · contributor",
        "sa alice/default-viewer · view · RoleBinding default-viewer",
        "sa team-b/default-editor · edit · RoleBinding allow-team-b",
        "group system:serviceaccounts:team-b · view · RoleBinding all-of-b",
    ]


@pytest.mark.parametrize(
    ("rules", "role"),
    [
        ([{"apiGroups": ["pipelines.kubeflow.org"], "verbs": ["get", "list"]}], "view"),
        ([{"apiGroups": ["pipelines.kubeflow.org"], "verbs": ["get", "create"]}], "edit"),
        ([{"apiGroups": ["*"], "verbs": ["*"]}], "edit"),
        ([{"apiGroups": ["", "apps"], "verbs": ["*"]}], ""),
        (None, ""),
    ],
)
@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
def test_another_role_counts_if_it_has_rights_of_kfp(
    pod: Pod, kind: str, rules: list[dict[str, Any]] | None, role: str
) -> None:
    answer(pod, binding("more", "own", user("eve@example.com"), kind=kind))
    path = f"{RBAC}/namespaces/alice/roles/own" if kind == "Role" else f"{RBAC}/clusterroles/own"
    pod.server.answer("GET", path, 200, {"rules": rules})

    expected = [f"eve@example.com · {role} · RoleBinding more"] if role else []
    assert listed(pod)[1:] == expected


def test_a_role_that_cannot_be_read_is_shown_by_name(pod: Pod) -> None:
    answer(pod, binding("more", "own", user("eve@example.com")), binding("odd", "system:x", user("ann")))
    pod.server.answer("GET", f"{RBAC}/clusterroles/own", 403, {"message": "no"})

    assert listed(pod)[1:] == [
        "eve@example.com · role own · RoleBinding more",
        "ann · role system:x · RoleBinding odd",
    ]


@pytest.mark.parametrize(
    ("status", "words"), [(403, UNREAD), (500, "Who else may see alice cannot be read now: ")]
)
def test_what_cannot_be_read_is_said(pod: Pod, status: int, words: str) -> None:
    pod.server.answer("GET", f"{RBAC}/namespaces/alice/rolebindings", status, {"message": "no"})

    access = list_grants(pod.kubernetes(), ALICE)

    assert access.grants == [Grant(who="alice@example.com", role="owner", origin="profile")]
    assert access.unread.startswith(words)


def test_outside_of_the_cluster_nothing_is_known() -> None:
    access = list_grants(None, ALICE)
    assert (access.grants, access.unread) == (
        [],
        "Who else may see alice cannot be read from outside of the cluster.",
    )


def test_an_editor_of_the_recorded_cluster_may_not_know(tmp_path: Path) -> None:
    with serve(ReplayCluster("plain"), tmp_path) as pod:
        settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
        service = connect(settings=settings, environment=Environment(pod.variables, root=pod.root))
        assert service.list_grants().unread == UNREAD
        service.close()


def test_the_embedded_server_knows_its_contributors(tmp_path: Path) -> None:
    folder = tmp_path / "kfp"
    runtime = ensure_running(folder, namespace="ana")
    try:
        owner = OwnerClient(runtime, 60)
        owner.send("POST", "profiles", body={"namespace": "bob", "owner": "bob@example.com"})
        owner.send("PUT", "profiles", "bob", "contributors", "ana", body={"role": "view"})
        environment = Environment({}, Path("/no/such/root"), is_served=is_served)
        service = connect(settings=KfpSettings(data_dir=str(folder)), environment=environment)
        access = service.in_namespace("bob").list_grants()
        service.close()
    finally:
        stop(folder)

    assert access.unread == ""
    assert [f"{grant.who} · {grant.role} · {grant.origin}" for grant in access.grants] == [
        "bob@example.com · owner · profile",
        "sa bob/default-editor · edit · profile",
        "sa bob/default-viewer · view · profile",
        "sa ana/default-editor · view · contributor",
    ]


def test_without_users_everybody_sees_everything(tmp_path: Path) -> None:
    folder = tmp_path / "kfp"
    ensure_running(folder, options=["--single-user"])
    try:
        environment = Environment({}, Path("/no/such/root"), is_served=is_served)
        service = connect(settings=KfpSettings(data_dir=str(folder)), environment=environment)
        access = service.list_grants()
        service.close()
    finally:
        stop(folder)
    assert access.unread == "This KFP has no separate users: whoever reaches it may see everything."
