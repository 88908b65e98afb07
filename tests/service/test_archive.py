"""Logs of pods that are gone: recorded refusals of a real server, and what it has kept."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.client import Response
from jupyter_kfp_mt.client.gateway_errors import timeout_error
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpConnectionError, KfpNotFoundError
from tests.fakes import problem
from tests.kube.recorded import pod_of_a_cluster
from tests.service.archive import BY_NODE, BY_POD, NO_SUCH_KEY, NODE, POD, RECORDED, TASK, text
from tests.service.argo import DRIVER, EXECUTOR, IMPL, Manifest
from tests.service.cluster import RUN, Cluster, failed

ARTIFACT = f"/apis/v1beta1/runs/{RUN}/nodes/{NODE}/artifacts/main-logs:read"
PAGE = "/k8s/pod/logs"
REFUSED = RECORDED["v1beta1 artifact read"]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as pod:
        found = Cluster(pod)
        found.ran(failed())
        yield found


@pytest.mark.parametrize("path", [BY_POD, BY_NODE, PAGE])
def test_an_archived_log_is_text_from_kfp(cluster: Cluster, path: str) -> None:
    cluster.kfp.answer("GET", BY_POD, NO_SUCH_KEY).answer("GET", path, text("one\ntwo\n"))
    found = cluster.service().log(RUN, TASK, tail=1)
    assert (found.text, found.source, found.offset, found.complete) == ("two\n", "archive", 4, True)


def test_an_archived_log_may_be_an_artifact(cluster: Cluster) -> None:
    body = {"data": b64encode(b"one\ntwo\n").decode()}
    cluster.kfp.answer("GET", BY_POD, NO_SUCH_KEY).answer("GET", ARTIFACT, body)
    assert cluster.service().log(RUN, TASK).text == "one\ntwo\n"


def test_only_the_end_of_an_artifact_is_decoded_where_it_is_large(cluster: Cluster) -> None:
    encoded = b64encode(b"0123456789" * 30)[-41:] + b'"}'
    answer = Response(status=200, headers={"content-type": "text/plain"}, body=encoded, dropped=True)
    cluster.kfp.answer("GET", ARTIFACT, answer)
    found = cluster.service().log(RUN, TASK)
    assert (found.text, found.truncated) == ("0123456789" * 3, True)


def test_an_error_hidden_in_a_200_is_an_error(cluster: Cluster) -> None:
    cluster.kfp.answer("GET", BY_POD, NO_SUCH_KEY).answer("GET", ARTIFACT, REFUSED)
    with pytest.raises(KfpNotFoundError) as caught:
        cluster.service().log(RUN, TASK)
    assert caught.value.code == "logs-gone"
    assert caught.value.why == "The pod was removed and no archive has it."
    assert "NoSuchKey" in caught.value.details
    assert "User identity is empty" in caught.value.details


def test_an_error_after_the_half_of_a_log_is_cut_off(cluster: Cluster) -> None:
    cluster.kfp.answer("GET", BY_POD, text(b"one\ntwo\n" + NO_SUCH_KEY.body))
    assert cluster.service().log(RUN, TASK).text == "one\ntwo\n"


def test_a_task_s_own_words_are_no_error(cluster: Cluster) -> None:
    line = '{"error_message": "my own", "error_details": "and mine"}'
    cluster.kfp.answer("GET", BY_POD, text(f"one\n{line}\n"))
    assert line in cluster.service().log(RUN, TASK).text


def test_a_kfp_that_gives_no_archived_logs_says_so(cluster: Cluster) -> None:
    chain = "{Namespace:alice,Verb:readLog,Group:,Version:,Resource:runs,Subresource:,Name:,}"
    refusal = problem(
        403, 7, "User 'x' is not authorized", f"User 'x' is not authorized with reason: {chain}"
    )
    for path in (BY_POD, BY_NODE, ARTIFACT, PAGE):
        cluster.kfp.answer("GET", path, refusal)
    with pytest.raises(KfpNotFoundError) as caught:
        cluster.service().log(RUN, TASK)
    assert caught.value.why == (
        "The pod was removed, and KFP gives no archived logs: You may not readLog runs in alice."
    )


def test_a_page_of_the_gateway_is_no_log(cluster: Cluster) -> None:
    page = Response(status=200, headers={"content-type": "text/html"}, body=b"<html>Kubeflow</html>")
    cluster.kfp.answer("GET", BY_POD, page).answer("GET", BY_NODE, page).answer("GET", PAGE, text("one\n"))
    assert cluster.service().log(RUN, TASK).text == "one\n"
    (asked,) = cluster.kfp.sent("GET", PAGE)
    assert dict(asked.query)["podname"] == POD
    assert dict(asked.query)["podnamespace"] == "alice"


def test_a_kfp_that_is_away_is_no_lost_log(cluster: Cluster) -> None:
    away = timeout_error(Context("http://kfp:8888", namespace="alice"))
    cluster.kfp.answer("GET", BY_POD, NO_SUCH_KEY).answer("GET", BY_NODE, away)
    with pytest.raises(KfpConnectionError) as caught:
        cluster.service().log(RUN, TASK)
    assert caught.value.code == "kfp-timeout"


def forget_the_pod(cluster: Cluster) -> None:
    path = f"/api/v1/namespaces/alice/pods/{POD}/log?container=main&sinceTime=2026-11-22T03%3A17%3A00Z"
    cluster.pod.server.answer("GET", f"{path}&timestamps=true", 404, {"message": "not found"})


def test_our_copy_of_a_whole_log_needs_no_archive(cluster: Cluster) -> None:
    cluster.wrote(POD, "one\n")
    cluster.kfp.answer("GET", BY_POD, text("archived\n"))
    service = cluster.service()
    service.log(RUN, TASK)
    forget_the_pod(cluster)
    assert service.log(RUN, TASK).source == "copy"
    assert cluster.kfp.sent("GET", BY_POD) == []


def running() -> Manifest:
    manifest = Manifest("Running").add("root.load-driver", DRIVER, "Succeeded")
    return manifest.add("root.load", EXECUTOR, "Running").add("root.load.executor", IMPL, "Running")


@pytest.mark.parametrize(("archived", "source"), [("one\ntwo\n", "archive"), ("", "copy")])
def test_the_archive_has_the_end_that_our_copy_lacks(cluster: Cluster, archived: str, source: str) -> None:
    cluster.ran(running())
    cluster.wrote(POD, "one\n")
    service = cluster.service()
    service.log(RUN, TASK)
    forget_the_pod(cluster)
    cluster.kfp.answer("GET", BY_POD, text(archived) if archived else NO_SUCH_KEY)
    found = service.log(RUN, TASK)
    assert (found.text, found.source) == (archived or "one\n", source)


def test_outside_of_the_cluster_kfp_reads_for_us_also_while_it_runs(cluster: Cluster) -> None:
    cluster.ran(running())
    cluster.kfp.answer("GET", BY_POD, text("one\n"), text("one\ntwo\n"))
    service = cluster.service(kubernetes=False)
    first = service.log(RUN, TASK)
    assert (first.text, first.source, first.complete) == ("one\n", "pod", False)
    assert service.log(RUN, TASK, offset=first.next_offset).text == "two\n"


def test_what_was_read_while_it_ran_is_not_taken_for_all_of_it(cluster: Cluster) -> None:
    cluster.ran(running())
    cluster.kfp.answer("GET", BY_POD, text("one\n"), text("one\nthe end\n"))
    service = cluster.service(kubernetes=False)
    service.log(RUN, TASK)
    cluster.ran(failed())
    cluster.clock.advance(5)
    assert service.log(RUN, TASK).text == "one\nthe end\n"


def test_outside_of_the_cluster_nothing_is_asked_for_a_task_that_waits(cluster: Cluster) -> None:
    manifest = Manifest("Running").add("root.load", EXECUTOR, "Running")
    cluster.ran(manifest.add("root.load.executor", IMPL, "Pending"))
    assert cluster.service(kubernetes=False).log(RUN, TASK).text == ""
    assert cluster.kfp.sent("GET", BY_POD) == []


def test_what_the_archive_said_is_remembered_for_a_while(cluster: Cluster) -> None:
    cluster.kfp.answer("GET", BY_POD, NO_SUCH_KEY)
    service = cluster.service()
    for _ in range(3):
        with pytest.raises(KfpNotFoundError):
            service.log(RUN, TASK)
    assert len(cluster.kfp.sent("GET", BY_POD)) == 1


def test_a_failure_is_explained_from_the_archived_log(cluster: Cluster) -> None:
    log = (Path(__file__).parent / "data/logs/file-not-found.log").read_text()
    cluster.kfp.answer("GET", BY_POD, text(log))
    why = cluster.service().why(RUN)
    assert why is not None
    assert why.message == "Task load stopped: file not found (data/raw.csv)."


def test_nothing_is_asked_of_the_archive_for_a_run_of_another_namespace(cluster: Cluster) -> None:
    other = {"experiment_id": "fdc80bae-addb-40fc-9c9e-bf983781ea3c", "namespace": "bob"}
    cluster.kfp.answer("GET", "/apis/v2beta1/experiments/fdc80bae-addb-40fc-9c9e-bf983781ea3c", other)
    cluster.kfp.answer("GET", BY_POD, text("secret\n"))
    with pytest.raises(KfpNotFoundError):
        cluster.service().log(RUN, TASK)
    assert cluster.kfp.sent("GET", BY_POD) == []
