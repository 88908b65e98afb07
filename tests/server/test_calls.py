"""How often KFP is called: by a page that opens, and by a watch on a cluster."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from benchmarks.pacing import OPENED_IN, Policy, Simulation, percentile
from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.errors import kfp_error
from jupyter_kfp_mt.models import RunPage, RunQuery
from jupyter_kfp_mt.server.pages import SharedPages, SharingService
from jupyter_kfp_mt.server.rows import PAGE
from jupyter_kfp_mt.server.watch import Change, Pace, Watch
from jupyter_kfp_mt.settings import KfpSettings
from tests.replay.cluster import ReplayCluster
from tests.replay.server import Pod, serve
from tests.server.fake_service import FakeKfp, FakeService
from tests.server.sse import Reader, stream

Open = Callable[..., AbstractAsyncContextManager[Reader]]
RUNS = ("jupyter-kfp-mt", "namespaces", "alice", "runs")
PLAIN = {"page_size": "50", "sort_by": "created_at desc", "search": "", "archived": "false"}


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster(), tmp_path) as served:
        served.cluster.add_all()
        yield served


@pytest.fixture
def jp_server_config(pod: Pod) -> Config:
    settings = KfpSettings(ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
    environment = Environment(pod.variables, root=pod.root)
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpExtension": {
                "service_factory": lambda **_: connect(settings=settings, environment=environment)
            },
        }
    )


@pytest.fixture
def events(jp_serverapp: Any, http_server: Any, jp_http_port: int) -> Open:
    return partial(stream, jp_http_port, jp_serverapp.identity_provider.token, path="namespaces/alice/events")


def calls_of(pod: Pod) -> list[str]:
    """Return what was asked of KFP."""
    asked = [request for request in pod.cluster.requests if request.path.startswith("/apis/v")]
    return [f"{request.method} {request.path.rpartition('/')[2]}" for request in asked]


async def test_a_page_that_opens_reads_no_list_twice(pod: Pod, jp_fetch: Any, events: Open) -> None:
    await jp_fetch("jupyter-kfp-mt", "status")
    before = json.loads((await jp_fetch(*RUNS, params=PLAIN)).body)
    async with events() as reader:
        while (await reader.next()).kind != "reset":
            pass
        after = json.loads((await jp_fetch(*RUNS, params=PLAIN)).body)
        await asyncio.sleep(1.5)  # when the page asks for the rights
        status = json.loads((await jp_fetch("jupyter-kfp-mt", "status")).body)
    assert (before, status["can_run"]) == (after, True)
    assert sorted(calls_of(pod)) == ["GET experiments", "GET healthz", "GET runs"]


def test_a_page_is_kept_for_a_moment_and_not_after_a_change() -> None:
    now = [0.0]
    kfp, pages = FakeKfp(), SharedPages(lambda: now[0])
    service = FakeService(kfp, "team-a")

    def read(seconds: float | None = 2) -> list[str]:
        page, _ = pages.read("team-a", RunQuery(), service.page_runs, seconds=seconds)
        return [run.run_id for run in page.runs]

    assert read() == []
    kfp.put("run-1")
    assert read() == []
    pages.drop("team-b")
    assert read() == []
    pages.drop("team-a")
    assert read() == ["run-1"]
    kfp.put("run-2")
    now[0] = 3.0
    pages.renew("team-a")
    assert read() == ["run-1"]
    assert read(None) == read() == ["run-2", "run-1"]
    kfp.put("run-3")
    now[0] = 20.0
    pages.renew("team-a")
    assert read() == ["run-3", "run-2", "run-1"]
    assert kfp.calls == ["page_runs"] * 4


async def test_a_list_that_is_read_after_an_event_is_not_from_before_it(
    pod: Pod, jp_fetch: Any, events: Open, jp_serverapp: Any
) -> None:
    parts = jp_serverapp.extension_manager.extension_points["jupyter_kfp_mt"].app.parts
    run_id = pod.cluster.start("digits")
    async with events() as reader:
        while (await reader.next()).kind != "reset":
            pass
        await jp_fetch(*RUNS, params=PLAIN)
        pod.cluster.advance(200)
        parts.streams.get_stream("alice").look_now(run_id)  # which keeps the pages
        assert (await reader.next()).kind == "runs"
        listed = json.loads((await jp_fetch(*RUNS, params=PLAIN)).body)["runs"]
    assert listed[0]["state"] == "SUCCEEDED"


def test_those_who_ask_at_the_same_time_share_a_call_and_its_error() -> None:
    kfp, pages = FakeKfp(), SharedPages()
    kfp.hang()
    kfp.error = kfp_error("kfp-timeout", host="kfp", s=10)
    read = partial(pages.read, "team-a", RunQuery(), FakeService(kfp, "team-a").page_runs, seconds=2)
    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read) for _ in range(8)]
        while not kfp.calls or any(not reader.running() for reader in readers):
            time.sleep(0.01)
        kfp.release()
        errors = {type(reader.exception()) for reader in readers}
    assert errors == {type(kfp.error)}
    assert kfp.calls == ["page_runs"]
    kfp.error = None
    assert read()[0].runs == []


class Notebook:
    """A watch on a cluster, and what it reads: `50` is a page, `1` the newest run, `active` those."""

    def __init__(self, kfp: FakeKfp) -> None:
        self.kfp = kfp
        self.reads: list[str] = []
        self.changes: list[Change] = []
        self.seconds = 0.0
        self.latency = 0.1
        self.watch = Watch(lambda again: self, "team-a", Pace(), clock=lambda: self.seconds)
        self.watch.add(self.changes.append)
        self._service = FakeService(kfp, "team-a")
        self.status = self._service.status
        self.get_run = self._service.get_run

    def page_runs(self, query: RunQuery) -> RunPage:
        self.seconds += self.latency
        self.reads.append("active" if query.state else str(query.page_size))
        return self._service.page_runs(query)

    def look(self, times: int = 1) -> list[str]:
        """Look some times; return what was read."""
        self.reads.clear()
        self.changes.clear()
        for _ in range(times):
            self.pause = self.watch.look_once()
        return list(self.reads)

    @property
    def reported(self) -> list[tuple[list[str], list[str]]]:
        changes: Any = self.changes
        return [([run.run_id for run in each.runs], each.removed) for each in changes]


def test_while_nothing_runs_a_page_is_read_every_five_minutes() -> None:
    kfp = FakeKfp()
    kfp.put("run", "SUCCEEDED")
    assert Notebook(kfp).look(12) == ["50", *["1"] * 9, "50", "1"]


def test_while_something_runs_the_active_runs_are_read_and_each_half_minute_the_newest() -> None:
    kfp = FakeKfp()
    kfp.put("run")
    assert Notebook(kfp).look(62) == ["50", *([*["active"] * 5, "1"] * 10)[:-1], "50", "active"]


@pytest.mark.parametrize("elsewhere", ["added", "deleted", "restored"])
def test_what_others_do_while_nothing_runs_is_seen_at_the_next_look(elsewhere: str) -> None:
    kfp = FakeKfp()
    kfp.put("old", "FAILED"), kfp.put("new", "SUCCEEDED")
    notebook = Notebook(kfp)
    notebook.look()
    if elsewhere == "added":
        kfp.put("added", "SUCCEEDED")
    elif elsewhere == "restored":
        kfp.put("restored", "SUCCEEDED", minute=-1)
    else:
        kfp.delete("old")
    assert notebook.look() == ["1", "50"]
    assert notebook.reported == [([], ["old"]) if elsewhere == "deleted" else ([elsewhere], [])]


def test_a_run_that_others_retry_is_seen_in_the_next_whole_look() -> None:
    kfp = FakeKfp()
    kfp.put("old", "FAILED"), kfp.put("new", "SUCCEEDED")
    notebook = Notebook(kfp)
    notebook.look()
    kfp.put("old", "RUNNING")
    assert notebook.look(9) == ["1"] * 9
    assert notebook.reported == []
    notebook.look()
    assert notebook.reported == [(["old"], [])]


def test_a_run_that_starts_or_ends_while_others_run_is_seen_at_the_next_look() -> None:
    kfp = FakeKfp()
    kfp.put("long"), kfp.put("short")
    notebook = Notebook(kfp)
    notebook.look()
    kfp.put("short", "SUCCEEDED"), kfp.put("new")
    assert notebook.look() == ["active"]
    assert notebook.reported == [(["new", "short"], [])]
    assert notebook.look(5) == [*["active"] * 4, "1"], "the number of runs is still right"


def test_many_that_end_at_once_cost_a_page() -> None:
    kfp = FakeKfp()
    for number in range(5):
        kfp.put(f"run-{number}")
    notebook = Notebook(kfp)
    notebook.look()
    for number in range(5):
        kfp.put(f"run-{number}", "SUCCEEDED")
    assert notebook.look() == ["active", "50"]
    assert len(notebook.reported[0][0]) == 5


def test_pauses_grow_while_calls_wait_in_a_queue_and_shrink_again() -> None:
    kfp = FakeKfp()
    kfp.put("run")
    notebook = Notebook(kfp)
    pauses = []
    for latency in (0.1, 0.1, 0.4, 0.4, 0.4, *[0.1] * 20):
        notebook.latency = latency
        notebook.look()
        pauses.append(notebook.pause)
    assert [round(pause) for pause in pauses[:5]] == [5, 5, 15, 44, 131]
    assert pauses[5:] == sorted(pauses[5:], reverse=True)
    assert pauses[-1] == 5


def test_a_page_that_somebody_else_has_read_took_as_long_as_it_did() -> None:
    kfp = FakeKfp()
    kfp.put("run")
    notebook, pages = Notebook(kfp), SharedPages(lambda: notebook.seconds)
    notebook.latency = 3.0
    SharingService(notebook, pages, "team-a", 60.0).page_runs(RunQuery(page_size=PAGE))
    watch = Watch(lambda again: sharing, "team-a", Pace(), clock=lambda: notebook.seconds)
    sharing = SharingService(notebook, pages, "team-a", 60.0, watch.learn)
    watch.add(notebook.changes.append)
    notebook.reads.clear()
    assert watch.look_once() > 30
    assert notebook.reads == []


def test_a_larger_page_is_no_sign_of_a_queue() -> None:
    kfp = FakeKfp()
    kfp.put("run", "SUCCEEDED")
    notebook = Notebook(kfp)
    pauses = set()
    for number in range(24):
        notebook.latency = 0.6 if number % 10 == 0 else 0.1  # each tenth look reads a page
        notebook.look()
        pauses.add(notebook.pause)
    assert pauses == {30}


def test_a_server_that_is_slow_without_a_queue_is_waited_for_a_twentieth_of_the_time() -> None:
    kfp = FakeKfp()
    kfp.put("run")
    notebook = Notebook(kfp)
    notebook.latency = 1.5
    notebook.look(5)
    assert notebook.pause == pytest.approx(19 * 1.5)


def test_a_call_that_is_not_answered_in_time_counts_as_one_that_waits_in_a_queue() -> None:
    kfp = FakeKfp()
    notebook = Notebook(kfp)
    notebook.look()
    kfp.error, notebook.latency = kfp_error("kfp-timeout", host="kfp", s=10), 10.0
    pauses = [notebook.look() and notebook.pause for _ in range(4)]
    assert pauses == [480, 600, 600, 600]


def test_a_server_that_says_when_to_come_back_is_left_alone_until_then() -> None:
    kfp = FakeKfp()
    notebook = Notebook(kfp)
    notebook.look()
    kfp.error = kfp_error("kfp-unavailable", host="kfp", reason="answers 429").replace(retry_after=45)
    notebook.look()
    assert notebook.pause == 45


@pytest.mark.parametrize("opened_in", OPENED_IN)
def test_a_thousand_idle_notebooks_leave_room_for_a_click(opened_in: float) -> None:
    outcome = Simulation(Policy(paced=True), opened_in).run()
    assert percentile(outcome.clicks, 0.95) <= 2
    fixed = Simulation(Policy(paced=False), opened_in).run()
    assert percentile(fixed.clicks, 0.95) > 5, "the simulation shows what happens without pacing"
