"""The event stream over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from traitlets.config import Config

from jupyter_kfp_mt.errors import kfp_error
from tests.server.fake_service import FakeKfp
from tests.server.sse import Reader, stream

Open = Callable[..., AbstractAsyncContextManager[Reader]]


@pytest.fixture
def events(jp_serverapp: Any, http_server: Any, jp_http_port: int) -> Open:
    return partial(stream, jp_http_port, jp_serverapp.identity_provider.token)


async def settled(reader: Reader) -> None:
    """Wait for the `reset` with which a stream begins."""
    while (await reader.next()).kind != "reset":
        pass


def ids(data: dict[str, Any]) -> list[str]:
    return [run["run_id"] for run in data["runs"]]


async def test_a_change_is_sent_to_every_listener(kfp: FakeKfp, events: Open) -> None:
    async with events() as reader:
        await settled(reader)
        kfp.put("run-1")
        event = await reader.next()
    assert event.kind == "runs"
    assert ids(event.data) == ["run-1"]
    assert event.data["namespace"] == "team-a"


async def test_the_headers_keep_proxies_from_holding_events_back(events: Open) -> None:
    async with events() as reader:
        assert "Content-Type: text/event-stream" in reader.headers
        assert "Cache-Control: no-cache" in reader.headers
        assert "X-Accel-Buffering: no" in reader.headers


async def test_a_page_that_comes_back_goes_on_where_it_was(kfp: FakeKfp, events: Open) -> None:
    async with events() as reader:
        await settled(reader)
        kfp.put("run-1")
        event = await reader.next()
    kfp.put("run-2")
    async with events(last_id=event.id) as reader:
        event = await reader.next()
    assert (event.kind, ids(event.data)) == ("runs", ["run-2"])


async def test_a_page_that_cannot_resume_reads_everything(events: Open) -> None:
    async with events() as reader:
        await settled(reader)
        async with events(last_id="gone-7") as other:
            assert (await other.next()).kind == "reset"


@pytest.mark.slow
async def test_a_hundred_cuts_during_a_thousand_changes_lose_and_repeat_nothing(
    kfp: FakeKfp, events: Open
) -> None:
    seen: list[str] = []
    last_id = ""
    async with events() as reader:
        await settled(reader)
        last_id = reader.last_id
    for part in range(100):
        async with events(last_id=last_id) as reader:
            for number in range(10):
                kfp.put(f"run-{part * 10 + number:04}", "SUCCEEDED")
            while len(seen) < part * 10 + (10 if part == 99 else 5):
                event = await reader.next()
                assert event.kind == "runs"
                seen += sorted(ids(event.data))
            last_id = reader.last_id
    assert seen == [f"run-{number:04}" for number in range(1000)]


async def test_fifty_listeners_cost_what_one_costs(kfp: FakeKfp, events: Open) -> None:
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(events()) for _ in range(50)]
        for reader in readers:
            await settled(reader)
        kfp.calls.clear()
        for number in range(5):
            kfp.put(f"run-{number}")
            received = [ids((await reader.next()).data) for reader in readers]
            assert received == [[f"run-{number}"]] * 50
    # One look may have found two changes at most a pause apart; without sharing it were 50 for each.
    assert kfp.calls.count("page_runs") <= 50


async def test_nothing_is_asked_after_the_last_listener_left(
    kfp: FakeKfp, jp_serverapp: Any, events: Open
) -> None:
    async with events() as reader:
        await settled(reader)
    parts = jp_serverapp.extension_manager.extension_points["jupyter_kfp_mt"].app.parts
    while not parts.streams.get_stream("team-a").idle or any(
        thread.name == "kfp-watch" for thread in threading.enumerate()
    ):
        await asyncio.sleep(0.02)
    kfp.calls.clear()
    await asyncio.sleep(0.3)  # six intervals
    assert kfp.calls == []


async def test_a_lost_server_is_reported_and_its_return_too(kfp: FakeKfp, events: Open) -> None:
    async with events() as reader:
        await settled(reader)
        kfp.error = kfp_error("kfp-unavailable", host="kfp")
        lost = await reader.next()
        kfp.error = None
        back = await reader.next()
    assert (lost.kind, lost.data["connected"]) == ("status", False)
    assert (back.kind, back.data["connected"], back.data["error"]) == ("status", True, None)


class TestSlowPoll:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config) -> Config:
        jp_server_config.KfpSettings.poll_active_s = jp_server_config.KfpSettings.poll_idle_s = 3600
        return jp_server_config

    async def test_our_own_change_is_sent_at_once(self, jp_fetch: Any, kfp: FakeKfp, events: Open) -> None:
        kfp.put("run-1")
        async with events() as reader:
            await settled(reader)
            await jp_fetch("jupyter-kfp-mt/namespaces/team-a/runs/run-1/terminate", method="POST", body="")
            event = await reader.next()
        assert event.data["runs"][0]["state"] == "CANCELING"

    async def test_streams_end_when_the_server_stops(self, jp_serverapp: Any, events: Open) -> None:
        async with events() as reader:
            await settled(reader)
            await jp_serverapp.extension_manager.stop_all_extensions()
            with pytest.raises(EOFError):
                await reader.next()


class Revocable(Authorizer):
    """Allows everything until the right is taken back."""

    refused = False

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return not self.refused


class TestRightTakenBack:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config) -> Config:
        jp_server_config.ServerApp.authorizer_class = Revocable
        return jp_server_config

    async def test_a_stream_ends_with_the_right_to_read(
        self, jp_serverapp: Any, kfp: FakeKfp, events: Open
    ) -> None:
        async with events() as reader:
            await settled(reader)
            jp_serverapp.authorizer.refused = True
            kfp.put("run-1")
            with pytest.raises(EOFError):
                await reader.next()
