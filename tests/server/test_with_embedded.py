"""Extension, service and embedded server together: what a page does, and what it must not learn."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from traitlets.config import Config

from jupyter_kfp_mt.embedded import ensure_running, stop
from jupyter_kfp_mt.models import Phase, RuntimeFile
from jupyter_kfp_mt.owner import OwnerClient
from jupyter_kfp_mt.server.routes import ROUTES, Route
from tests.scale import FULL
from tests.server.sse import stream

EXAMPLE = {"source": {"kind": "example"}}
BROKEN = """\
pipelineInfo: {name: broken}
root:
  dag:
    tasks:
      fail: {taskInfo: {name: fail}, componentRef: {name: comp-fail}}
components:
  comp-fail: {executorLabel: exec-fail}
deploymentSpec:
  executors:
    exec-fail:
      container: {image: "python:3.11", command: [sh, -c, "echo the reason >&2; exit 3"]}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
"""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeFile]:
    folder = tmp_path_factory.mktemp("kfp")
    yield ensure_running(folder, namespace="team-a")
    stop(folder)


@pytest.fixture
def jp_server_config(embedded: RuntimeFile) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpSettings": {"data_dir": str(Path(embedded.token_path).parent)},
        }
    )


class Page:
    """What a page asks, with all that it was answered."""

    def __init__(self, fetch: Any) -> None:
        self._fetch = fetch
        self.read = b""

    async def ask(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """The status and the answer."""
        sent = None if method in ("GET", "DELETE") else json.dumps(body or {})
        answer = await self._fetch(
            "jupyter-kfp-mt", *path.split("/"), method=method, body=sent, params=query, raise_error=False
        )
        self.read += answer.body + str(answer.headers).encode()
        return answer.code, json.loads(answer.body)


@pytest.fixture
def page(jp_fetch: Any) -> Page:
    return Page(jp_fetch)


RUNS = "namespaces/team-a/runs"


async def until_ended(page: Page, jp_serverapp: Any, port: int, body: Any) -> dict[str, Any]:
    """Start a run and return its last row in the event stream."""
    token = jp_serverapp.identity_provider.token
    async with stream(port, token) as events:
        while (await events.next()).kind != "reset":
            pass
        code, run = await page.ask("POST", RUNS, body)
        assert code == 200, run
        while True:
            event = await events.next()
            page.read += msgspec.json.encode(event.data)
            rows: Any = event.data.get("runs", [])
            for row in rows:
                if row["run_id"] == run["run_id"] and Phase(row["phase"]).ended:
                    ended: dict[str, Any] = row
                    return ended


async def test_a_run_from_the_form_to_its_log(page: Page, jp_serverapp: Any, jp_http_port: int) -> None:
    row = await until_ended(page, jp_serverapp, jp_http_port, EXAMPLE)
    assert row["phase"] == "SUCCEEDED"
    _, view = await page.ask("GET", f"{RUNS}/{row['run_id']}")
    first = next(task for task in view["tasks"] if task["name"] == "say-hello")
    _, log = await page.ask("GET", f"{RUNS}/{row['run_id']}/tasks/{first['task_id']}/log", offset=0)
    assert "Hello, team-a!" in log["text"]
    assert log["complete"]


async def test_a_new_profile_is_there_at_once(
    page: Page, jp_serverapp: Any, jp_http_port: int, embedded: RuntimeFile
) -> None:
    async with stream(jp_http_port, jp_serverapp.identity_provider.token) as events:
        while (await events.next()).kind != "reset":
            pass
        OwnerClient(embedded, 10).send("POST", "profiles", body={"namespace": "team-b", "owner": ""})
        while "team-b" not in (await events.next()).data.get("namespaces", []):
            pass
    code, listed = await page.ask("GET", "namespaces/team-b/runs")
    assert (code, listed["runs"]) == (200, [])


async def test_a_task_that_fails_is_named_with_its_exit_code(
    page: Page, jp_serverapp: Any, jp_http_port: int
) -> None:
    source = {"kind": "text", "text": BROKEN, "path": "broken.yaml"}
    row = await until_ended(page, jp_serverapp, jp_http_port, {"source": source})
    assert (row["phase"], row["failed_task"]) == ("FAILED", "fail")
    _, view = await page.ask("GET", f"{RUNS}/{row['run_id']}")
    assert (view["failure"]["task"], view["failure"]["exit_code"]) == ("fail", 3)
    assert view["failure"]["line"] == "the reason"


async def test_the_secrets_of_the_connection_reach_neither_page_nor_log(
    page: Page, jp_serverapp: Any, jp_http_port: int, embedded: RuntimeFile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    run = await until_ended(page, jp_serverapp, jp_http_port, EXAMPLE)
    for route in ROUTES:
        if "event" not in route.path and route.path != "embedded":
            path = route.path.replace("{namespace}", "team-b").replace("{run_id}", run["run_id"])
            path = re.sub(r"{\w+}", "x", path)
            await page.ask(route.method, path)
            await page.ask(route.method, path.replace("team-b", "team-a"))
    token = Path(embedded.token_path).read_text().strip()
    for canary in (token, token.split(".")[-1], embedded.owner_key):
        assert canary.encode() not in page.read
        assert canary not in caplog.text


async def test_a_deleted_run_is_gone_and_the_stream_says_so(
    page: Page, jp_serverapp: Any, jp_http_port: int
) -> None:
    run = await until_ended(page, jp_serverapp, jp_http_port, EXAMPLE)
    async with stream(jp_http_port, jp_serverapp.identity_provider.token) as events:
        while (await events.next()).kind != "reset":
            pass
        assert await page.ask("DELETE", f"{RUNS}/{run['run_id']}") == (200, {})
        while not (event := await events.next()).data.get("removed"):
            pass
    assert event.data["removed"] == [run["run_id"]]
    assert (await page.ask("GET", f"{RUNS}/{run['run_id']}"))[0] == 404


async def test_metrics_of_runs_leave_out_those_of_others(
    page: Page, jp_serverapp: Any, jp_http_port: int
) -> None:
    run = await until_ended(page, jp_serverapp, jp_http_port, EXAMPLE)
    other = "00000000-0000-4000-8000-000000000000"
    code, answer = await page.ask("GET", "namespaces/team-a/metrics", run_ids=f"{run['run_id']},{other}")
    assert (code, [each["run_id"] for each in answer["metrics"]]) == (200, [run["run_id"]])
    code, answer = await page.ask("GET", "namespaces/team-a/metrics", run_ids="a/b")
    assert (code, answer["code"]) == (400, "bad-input")


async def test_an_experiment_is_viewed_archived_restored_and_deleted(page: Page) -> None:
    experiments = "namespaces/team-a/experiments"
    _, made = await page.ask("POST", experiments, {"display_name": "churn", "description": "who leaves"})
    _, run = await page.ask("POST", RUNS, {**EXAMPLE, "experiment": "churn"})
    one = f"{experiments}/{made['experiment_id']}"

    _, view = await page.ask("GET", one)
    assert (view["experiment"]["description"], view["runs"], view["recurring_runs"]) == ("who leaves", 1, 0)
    assert (await page.ask("POST", f"{one}/archive"))[1]["storage_state"] == "ARCHIVED"
    assert (await page.ask("GET", one))[1]["runs"] == 0
    _, listed = await page.ask("GET", experiments, archived="true")
    assert [each["display_name"] for each in listed["experiments"]] == ["churn"]
    assert (await page.ask("POST", f"{one}/unarchive"))[1]["storage_state"] == "AVAILABLE"
    _, listed = await page.ask("GET", RUNS, experiment_id=made["experiment_id"], archived="true")
    assert [each["run_id"] for each in listed["runs"]] == [run["run_id"]]
    assert await page.ask("DELETE", one) == (200, {})
    code, answer = await page.ask("GET", one)
    assert (code, answer["code"], answer["message"]) == (404, "not-found", "No such experiment.")


async def test_the_doctor_finds_nothing_wrong(page: Page) -> None:
    code, report = await page.ask("GET", "doctor", namespace="team-a")
    assert (code, report["cause"]) == (200, None)
    assert {check["level"] for check in report["checks"]} <= {"ok", "skipped"}


async def test_the_doctor_s_checks_come_one_by_one_then_the_report(
    jp_serverapp: Any, jp_http_port: int, page: Page
) -> None:
    token, rows = jp_serverapp.identity_provider.token, []
    async with stream(jp_http_port, token, path="doctor/events?namespace=team-a") as events:
        assert "Content-Type: text/event-stream" in events.headers
        while (event := await events.next()).kind == "check":
            rows.append(event.data)
    assert event.kind == "report"
    assert event.data["checks"] == rows
    assert [row["name"] for row in rows[:3]] == ["Configuration", "Pod", "Platform"]


async def test_a_run_of_another_namespace_is_like_none(page: Page) -> None:
    _, run = await page.ask("POST", RUNS, EXAMPLE)
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/terminate"), ("GET", "/tasks/t/log")):
        foreign = await page.ask(method, f"namespaces/team-b/runs/{run['run_id']}{rest}")
        unknown = await page.ask(method, f"namespaces/team-b/runs/00000000-0000-4000-8000-000000000000{rest}")
        errors = [(code, answer["code"], answer["message"]) for code, answer in (foreign, unknown)]
        assert errors[0] == errors[1], rest
        assert errors[0][0] in (403, 404)
    assert (await page.ask("GET", f"{RUNS}/{run['run_id']}"))[0] == 200


JUNK = (
    "0",
    "-1",
    "1e999",
    "null",
    "true",
    "[]",
    "é",
    "🚀",
    "a" * 300,
    "..",
    "%00",
    "\n",
    "' or 1=1 --",
    "a,b",
)
BODIES: tuple[Any, ...] = (
    *(None, 0, "text", [], {"": ""}, {"source": None}, {"source": []}, {"source": {}}),
    *({"source": {"kind": kind, "text": text, "path": text}} for kind in ("text", "file") for text in JUNK),
    *({"source": {"kind": "pipeline", "pipeline_id": junk, "pipeline_version_id": junk}} for junk in JUNK),
    *({"kind": kind, "text": "a: &a [*a]", "path": "x"} for kind in ("text", "file", "example", "pipeline")),
    *({**EXAMPLE, "parameters": value} for value in ({"name": 1}, {"name": None}, {"nam": "x"}, {"": {}})),
    *({**EXAMPLE, name: junk} for name in ("experiment", "display_name", "service_account") for junk in JUNK),
    *({**EXAMPLE, name: junk} for name in ("description", "pipeline_root", "cache") for junk in JUNK),
    *({"display_name": junk, "description": junk} for junk in JUNK),
    *({**EXAMPLE, "name": junk} for junk in JUNK),
)


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.path != "embedded"], ids=lambda route: f"{route.method}-{route.path}"
)
@pytest.mark.slow
async def test_junk_is_never_a_fault_of_ours(page: Page, route: Route) -> None:
    path = route.path.replace("{namespace}", "team-a")
    if "events" not in path:
        asked = [(re.sub(r"{\w+}", junk.replace("/", ""), path), None, {}) for junk in JUNK if junk != ".."]
        asked += [(path, None, {name: junk}) for name, _ in route.query for junk in JUNK]
        asked += [(path, body, {}) for body in BODIES[:: 1 if FULL else 4] if route.request is not None]
        for where, body, query in asked:
            code, answer = await page.ask(route.method, where, body, **query)
            assert code < 500, (where, body, query, answer)
            assert code == 200 or answer["message"], (where, body, query)
