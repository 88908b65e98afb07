"""Changes of many runs: they need no page, can be stopped, happen once, and say what failed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError, HTTPResponse

from tests.server.fake_service import FakeKfp
from tests.server.sse import stream

Fetch = Callable[..., Awaitable[HTTPResponse]]
JOB = "job-0001"


class Page:
    """A page that makes bulk changes in team-a."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def ask(self, method: str, *path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body)
        where = ("jupyter-kfp-mt", "namespaces", "team-a", "bulk", *path)
        return json.loads((await self._fetch(*where, method=method, body=sent)).body)

    async def start(self, verb: str, run_ids: list[str], **more: Any) -> Any:
        return await self.ask("POST", body={"verb": verb, "run_ids": run_ids, "job_id": JOB, **more})

    async def until_ended(self) -> Any:
        while (job := await self.ask("GET", JOB))["state"] not in ("done", "stopped"):
            await asyncio.sleep(0.02)
        return job


@pytest.fixture
def page(jp_fetch: Fetch) -> Page:
    return Page(jp_fetch)


async def test_each_run_is_changed_once_and_what_failed_is_named(page: Page, kfp: FakeKfp) -> None:
    ids = [kfp.put(f"run-{number}").run_id for number in range(120)]

    await page.start("archive", [*ids, "gone", ids[0]])
    await page.start("archive", [*ids, "gone", ids[0]])  # sent again: the same job
    job = await page.until_ended()

    assert (job["state"], job["total"], job["done"], job["left"]) == ("done", 121, 120, [])
    assert [(each["run_id"], each["error"]["code"]) for each in job["failures"]] == [("gone", "not-found")]
    assert sorted(call for call in kfp.calls if call.startswith("archive run-")) == sorted(
        f"archive {run_id}" for run_id in ids
    )


async def test_the_stream_tells_how_far_it_has_come(
    page: Page, kfp: FakeKfp, jp_serverapp: Any, jp_http_port: int
) -> None:
    ids = [kfp.put(f"run-{number}").run_id for number in range(60)]
    async with stream(jp_http_port, jp_serverapp.identity_provider.token) as events:
        while (await events.next()).kind != "reset":
            pass
        await page.start("delete", ids)
        told: list[Any] = []
        while not told or told[-1]["state"] != "done":
            event = await events.next()
            told += [event.data] if event.kind == "bulk" else []

    assert (told[0]["state"], told[-1]["done"], told[-1]["failed"]) == ("running", 60, 0)
    assert sorted(run_id for each in told for run_id in each["run_ids"]) == sorted(ids)


async def test_what_waits_is_undone_and_nothing_is_sent(page: Page, kfp: FakeKfp) -> None:
    kfp.put("run-1")

    job = await page.start("delete", ["run-1"], delay_s=60)
    stopped = await page.ask("DELETE", JOB)

    assert (job["state"], job["left"]) == ("waiting", ["run-1"])
    assert (stopped["state"], stopped["done"], stopped["left"]) == ("stopped", 0, ["run-1"])
    assert [each["job_id"] for each in (await page.ask("GET"))["jobs"]] == [JOB]
    await page.ask("DELETE", JOB)  # its end was seen
    assert await page.ask("GET") == {"jobs": []}
    assert "run-1" in kfp.runs


async def test_stop_leaves_what_has_not_started(page: Page, kfp: FakeKfp) -> None:
    ids = [kfp.put(f"run-{number}").run_id for number in range(40)]
    await page.start("archive", ids, delay_s=0.2)
    kfp.hang()
    while not any(call.startswith("list_by_id") for call in kfp.calls[1:]):
        await asyncio.sleep(0.02)

    await page.ask("DELETE", JOB)
    kfp.release()
    job = await page.until_ended()

    assert job["state"] == "stopped"
    assert job["done"] + len(job["left"]) == 40
    assert len(job["left"]) >= 40 - 8


async def test_a_list_names_the_jobs_of_its_namespace_only(page: Page, kfp: FakeKfp, jp_fetch: Fetch) -> None:
    kfp.put("run-1")
    await page.start("archive", ["run-1"])
    await page.until_ended()

    other = json.loads((await jp_fetch("jupyter-kfp-mt", "namespaces", "team-b", "bulk")).body)

    assert [job["job_id"] for job in (await page.ask("GET"))["jobs"]] == [JOB]
    assert other == {"jobs": []}
    with pytest.raises(HTTPClientError, match="404"):
        await jp_fetch("jupyter-kfp-mt", "namespaces", "team-b", "bulk", JOB)


class Writer(Authorizer):
    """Allows everything but running code."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return action != "execute"


class TestWhoMayNotRun:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.ServerApp.authorizer_class = Writer
        return jp_server_config

    async def test_retry_is_refused(self, page: Page, kfp: FakeKfp) -> None:
        kfp.put("run-1", "FAILED")
        await page.start("archive", ["run-1"])
        with pytest.raises(HTTPClientError, match="403"):
            await page.start("retry", ["run-1"])
        assert not [call for call in kfp.calls if call.startswith("retry")]
