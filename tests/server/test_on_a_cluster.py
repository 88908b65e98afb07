"""Logs and pods of a run on a cluster, as the page and a notebook get them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from jupyter_kfp_mt import display
from jupyter_kfp_mt.commands import Session, perform, split_line
from tests.kube.recorded import pod_of_a_cluster
from tests.service.archive import BY_POD, NO_SUCH_KEY, TASK, text
from tests.service.argo import DAG_DRIVER, Manifest
from tests.service.cluster import RUN, Cluster, failed, pod_name

PATH = ("jupyter-kfp-mt", "namespaces/alice/runs", RUN, "tasks", TASK, "log")


class Screen:
    """A front that shows nothing."""

    def say(self, message: str) -> None: ...
    def write(self, text: str) -> None: ...
    def show_progress(self, *_: object) -> None: ...
    def show_check(self, *_: object) -> None: ...


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as pod:
        found = Cluster(pod)
        found.ran(failed())
        yield found


@pytest.fixture
def jp_server_config(cluster: Cluster) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpExtension": {"service_factory": lambda **_: cluster.service()},
        }
    )


async def test_the_page_gets_the_archived_log(cluster: Cluster, jp_fetch: Any) -> None:
    cluster.kfp.answer("GET", BY_POD, text("one\ntwo\n"))
    answer = json.loads((await jp_fetch(*PATH, params={"tail": "1"})).body)
    assert (answer["text"], answer["source"], answer["complete"]) == ("two\n", "archive", True)


async def test_the_page_gets_a_pod_with_its_events(cluster: Cluster, jp_fetch: Any) -> None:
    name = pod_name("root.load.executor")
    events = f"/api/v1/namespaces/alice/events?fieldSelector=involvedObject.name%3D{name}"
    cluster.pod.server.answer("GET", events, 200, {"items": [{"type": "Warning", "reason": "BackOff"}]})
    answer = json.loads((await jp_fetch(*PATH[:-1], "pod", params={"attempt": "1"})).body)
    assert (answer["pod"], answer["gone"], answer["events"][0]["reason"]) == (name, True, "BackOff")


async def test_the_page_gets_the_pod_of_what_runs_before_the_first_task(
    cluster: Cluster, jp_fetch: Any
) -> None:
    cluster.run("RUNNING")
    cluster.ran(Manifest("Running").add("root-driver", DAG_DRIVER, "Pending"))
    name = pod_name("root-driver", DAG_DRIVER)
    events = f"/api/v1/namespaces/alice/events?fieldSelector=involvedObject.name%3D{name}"
    cluster.pod.server.answer("GET", events, 200, {"items": [{"type": "Warning", "reason": "BackOff"}]})
    answer = json.loads((await jp_fetch(*PATH[:4], "-", "pod")).body)
    assert (answer["pod"], answer["task_id"], answer["events"][0]["reason"]) == (name, "", "BackOff")


async def test_the_page_says_why_there_is_none(cluster: Cluster, jp_fetch: Any) -> None:
    cluster.kfp.answer("GET", BY_POD, NO_SUCH_KEY)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*PATH)
    error = json.loads(caught.value.response.body)  # type: ignore[union-attr]  # there is one
    assert (caught.value.code, error["code"]) == (404, "logs-gone")
    assert "NoSuchKey" in error["details"]


@pytest.mark.parametrize(("words", "shown"), [("", "FailedMount"), (" --yaml", "kind: Pod")])
def test_a_notebook_gets_the_events_of_a_pod_or_the_pod(cluster: Cluster, words: str, shown: str) -> None:
    name = pod_name("root.load.executor")
    events = f"/api/v1/namespaces/alice/events?fieldSelector=involvedObject.name%3D{name}"
    mount = {"type": "Warning", "reason": "FailedMount", "message": "no such disk", "count": 4}
    cluster.pod.server.answer("GET", events, 200, {"items": [mount]})
    cluster.pod.server.answer("GET", f"/api/v1/namespaces/alice/pods/{name}", 200, {"kind": "Pod"})
    session = Session(lambda **_: cluster.service(), Screen())
    assert shown in display.render_text(perform(session, split_line(f"events {RUN} load{words}", {})))


def test_a_notebook_says_which_right_is_missing(cluster: Cluster) -> None:
    refusal = 'pods is forbidden: User "system:serviceaccount:alice:view" cannot list resource "events"'
    name = pod_name("root.load.executor")
    events = f"/api/v1/namespaces/alice/events?fieldSelector=involvedObject.name%3D{name}"
    cluster.pod.server.answer("GET", events, 403, {"message": refusal})
    session = Session(lambda **_: cluster.service(), Screen())
    shown = display.render_text(perform(session, split_line(f"events {RUN} load", {})))
    assert "No right to read events in alice. system:serviceaccount:alice:view may not list events." in shown
    assert "No events" not in shown


async def test_the_id_of_a_click_goes_to_kfp_and_the_log_and_comes_back_in_the_error(
    cluster: Cluster, jp_fetch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    click = "7c1e0a52-0000-4000-8000-00000000beef"
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*PATH[:2], "unknown", headers={"X-Request-ID": click})
    error = json.loads(caught.value.response.body)  # type: ignore[union-attr]  # there is one
    asked = [request for request in cluster.kfp.requests if "unknown" in request.path]
    assert {request.request_id for request in asked} == {click} == {error["request_id"]}
    assert f"(request {click})" in caplog.text


def test_a_notebook_gets_the_archived_log(cluster: Cluster) -> None:
    cluster.kfp.answer("GET", BY_POD, text("one\ntwo\n"))
    session = Session(lambda **_: cluster.service(), Screen())
    log: Any = perform(session, split_line(f"logs {RUN} load", {}))
    assert (log, log.source) == ("one\ntwo\n", "archive")
