from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.context import Context, Notebook
from jupyter_kfp_mt.context.poddefault import make_poddefault
from jupyter_kfp_mt.errors import KfpConnectionError, KfpError, KfpNotFoundError, KfpRefusedError
from jupyter_kfp_mt.service.details.cluster.access import (
    create_option,
    missing_token_error,
    read_access,
    restart_notebook,
)
from tests.kube.recorded import VIEWER, Pod, pod_of_a_cluster

CONTEXT = Context("http://kfp:8888", namespace="bob", notebook=Notebook("analysis", "alice", "analysis-0"))
OPTIONS = "/apis/kubeflow.org/v1alpha1/namespaces/alice/poddefaults"


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as found:
        found.server.grant("create", "poddefaults", group="kubeflow.org")
        found.server.grant("patch", "notebooks", group="kubeflow.org")
        found.server.grant("delete", "statefulsets", group="apps")
        found.server.answer("GET", OPTIONS, 200, {"items": [make_poddefault("alice")]})
        yield found


def changes(pod: Pod) -> list[str]:
    """What was changed: reviews are POSTs that change nothing."""
    asked = [each for each in pod.server.asked if "selfsubjectaccessreviews" not in each.path]
    return [f"{each.method} {each.path.rpartition('/')[2]}" for each in asked if each.method != "GET"]


def test_the_option_is_created_in_the_notebook_s_own_profile(pod: Pod) -> None:
    create_option(pod.kubernetes(), CONTEXT, allowed=True)
    assert changes(pod) == ["POST poddefaults"]
    assert pod.server.asked[-1].body["metadata"]["namespace"] == "alice"  # not bob, who is looked at


def test_nothing_is_created_without_the_right(pod: Pod) -> None:
    pod.server.grant("create", "poddefaults", group="kubeflow.org", allowed=False)
    with pytest.raises(KfpRefusedError) as caught:
        create_option(pod.kubernetes(), CONTEXT, allowed=True)
    assert caught.value.message == "No right to create poddefaults in alice."
    assert changes(pod) == []


@pytest.mark.parametrize("change", [create_option, restart_notebook])
def test_settings_can_forbid_every_change(pod: Pod, change: object) -> None:
    with pytest.raises(KfpRefusedError) as caught:
        change(pod.kubernetes(), CONTEXT, allowed=False)  # type: ignore[operator]
    assert caught.value.code == "jupyter-denied"
    assert pod.server.asked == []


def test_a_restart_labels_the_notebook_then_deletes_its_set(pod: Pod) -> None:
    restart_notebook(pod.kubernetes(), CONTEXT, allowed=True)
    assert changes(pod) == ["PATCH analysis", "DELETE analysis"]


def test_a_restart_takes_the_label_that_the_option_asks_for(pod: Pod) -> None:
    manifest = make_poddefault("alice")
    manifest["spec"] = {**manifest["spec"], "selector": {"matchLabels": {"kfp-access": "yes"}}}  # type: ignore[dict-item]
    pod.server.answer("GET", OPTIONS, 200, {"items": [manifest]})
    restart_notebook(pod.kubernetes(), CONTEXT, allowed=True)
    patch = next(each for each in pod.server.asked if each.method == "PATCH")
    assert patch.body == {"metadata": {"labels": {"kfp-access": "yes"}}}


def test_both_rights_are_asked_for_before_one_is_used(pod: Pod) -> None:
    pod.server.grant("delete", "statefulsets", group="apps", allowed=False)
    with pytest.raises(KfpRefusedError):
        restart_notebook(pod.kubernetes(), CONTEXT, allowed=True)
    assert changes(pod) == []


def test_a_restart_without_an_option_would_be_in_vain(pod: Pod) -> None:
    pod.server.answer("GET", OPTIONS, 200, {"items": []})
    with pytest.raises(KfpConnectionError) as caught:
        restart_notebook(pod.kubernetes(), CONTEXT, allowed=True)
    assert caught.value.code == "no-token-no-option"
    assert changes(pod) == []


def test_a_notebook_that_kubeflow_does_not_know(pod: Pod) -> None:
    stranger = CONTEXT._replace(notebook=Notebook("nope", "alice", "nope-0"))
    with pytest.raises(KfpNotFoundError):
        restart_notebook(pod.kubernetes(), stranger, allowed=True)
    assert changes(pod) == []


@pytest.mark.parametrize("notebook", [Notebook(), Notebook("w", "alice", "ws-w-0", workspace=True)])
def test_only_a_notebook_of_kubeflow_can_be_restarted(pod: Pod, notebook: Notebook) -> None:
    with pytest.raises(KfpError) as caught:
        restart_notebook(pod.kubernetes(), CONTEXT._replace(notebook=notebook), allowed=True)
    assert caught.value.code == "bad-input"


def test_what_may_not_be_read_is_left_out(pod: Pod) -> None:
    pod.become(VIEWER)
    pod.server.answer("GET", OPTIONS, 403, {"message": "forbidden"}, account="alice viewer")
    steps = read_access(pod.kubernetes(), CONTEXT)
    assert (steps.options, steps.pod) == (None, None)
    assert missing_token_error(CONTEXT, steps).code == "no-token-not-chosen"


def test_a_workspace_gets_the_general_error(pod: Pod) -> None:
    context = CONTEXT._replace(notebook=Notebook("w", "alice", "ws-w-0", workspace=True))
    assert missing_token_error(context, read_access(pod.kubernetes(), context)).code == "no-credential"
