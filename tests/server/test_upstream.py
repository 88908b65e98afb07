"""Finding KFP: late, once for many, again after a loss, and never in the way of Jupyter."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from jupyter_kfp_mt import __version__
from jupyter_kfp_mt.errors import KfpError, KfpRefusedError, kfp_error
from jupyter_kfp_mt.models import DoctorReport, EmbeddedMode
from jupyter_kfp_mt.server.upstream import Upstream
from tests.server.fake_service import FakeKfp

STATUS = ("jupyter-kfp-mt", "status")
RUNS = ("jupyter-kfp-mt", "namespaces", "team-a", "runs")


async def test_nothing_is_looked_for_before_it_is_needed(jp_serverapp: Any, kfp: FakeKfp) -> None:
    assert kfp.starts == []


async def test_the_status_has_the_version_of_this_half(jp_fetch: Any) -> None:
    answer = await jp_fetch(*STATUS)
    assert json.loads(answer.body)["version"] == __version__


async def test_a_failed_connection_is_part_of_the_status(jp_fetch: Any, kfp: FakeKfp) -> None:
    kfp.no_connection = kfp_error("no-kubeflow")
    status = json.loads((await jp_fetch(*STATUS)).body)
    assert (status["connected"], status["error"]["code"]) == (False, "no-kubeflow")
    assert (status["can_start_embedded"], status["version"]) == (True, __version__)


async def test_only_the_page_promises_to_try_again(jp_fetch: Any, kfp: FakeKfp) -> None:
    kfp.no_connection = kfp_error("kfp-unavailable", host="kfp", reason="refused the connection")
    status = json.loads((await jp_fetch(*STATUS)).body)
    asked = json.loads((await jp_fetch(*RUNS, raise_error=False)).body)
    assert (status["error"]["next"], asked["next"]) == ("We try again in 5 s.", "Try again.")


async def test_a_search_that_fails_for_many_names_the_request_of_each(jp_fetch: Any, kfp: FakeKfp) -> None:
    kfp.no_connection = kfp_error("no-kubeflow")
    sent = ["click-0001", "click-0002"]
    responses = [await jp_fetch(*RUNS, headers={"X-Request-ID": each}, raise_error=False) for each in sent]
    assert [json.loads(answer.body)["request_id"] for answer in responses] == sent


async def test_many_requests_search_once(jp_fetch: Any, kfp: FakeKfp) -> None:
    await asyncio.gather(*(jp_fetch(*STATUS) for _ in range(20)))
    assert kfp.starts == [False]


async def test_after_a_lost_connection_kfp_is_looked_for_again(jp_fetch: Any, kfp: FakeKfp) -> None:
    await jp_fetch(*STATUS)
    kfp.error = kfp_error("token-rejected", text="expired")
    await jp_fetch(*RUNS, raise_error=False)
    await jp_fetch(*STATUS)
    assert kfp.starts == [False, False]


async def test_the_embedded_server_is_started_on_a_word(jp_fetch: Any, kfp: FakeKfp) -> None:
    kfp.no_connection = kfp_error("no-kubeflow")
    answer = await jp_fetch("jupyter-kfp-mt", "embedded", method="POST", body="")
    assert json.loads(answer.body)["connected"]
    assert (await jp_fetch(*RUNS)).code == 200
    assert kfp.starts == [True]


def upstream_of(kfp: FakeKfp, mode: EmbeddedMode = EmbeddedMode.ASK, *, may_switch: bool = True) -> Upstream:
    return Upstream(
        lambda *, start_embedded: kfp.connect(start_embedded),
        lambda: True,
        lambda namespace: DoctorReport(),
        mode=mode,
        may_switch=may_switch,
    )


def test_where_switching_is_not_allowed_another_namespace_is_refused() -> None:
    upstream = upstream_of(FakeKfp(), may_switch=False)
    assert upstream.service("team-a").namespace == "team-a"
    with pytest.raises(KfpRefusedError, match="does not allow"):
        upstream.service("team-b")


def test_where_it_is_switched_off_it_is_not_started() -> None:
    kfp = FakeKfp()
    kfp.no_connection = kfp_error("no-kubeflow")
    upstream = upstream_of(kfp, EmbeddedMode.OFF)
    assert not upstream.status().can_start_embedded
    with pytest.raises(KfpError, match="did not start"):
        upstream.start_embedded()
    assert kfp.starts == [False]


def test_in_mode_auto_it_starts_by_itself_until_a_person_stops_it() -> None:
    kfp = FakeKfp()
    upstream = upstream_of(kfp, EmbeddedMode.AUTO)
    upstream.service()
    upstream.stop_embedded()
    upstream.start_embedded()
    upstream.forget()
    upstream.service()
    assert kfp.starts == [True, False, True, True]


async def test_a_kfp_that_hangs_stops_nothing_else(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int, kfp: FakeKfp
) -> None:
    kfp.hang()
    token = jp_serverapp.identity_provider.token
    hanging = [asyncio.ensure_future(first_line(jp_http_port, token)) for _ in range(100)]
    while not kfp.calls:
        await asyncio.sleep(0.01)
    assert (await jp_fetch("api", "status")).code == 200
    assert not any(request.done() for request in hanging)
    kfp.release()
    assert set(await asyncio.gather(*hanging)) == {b"HTTP/1.1 200 OK\r\n"}


async def first_line(port: int, token: str) -> bytes:
    """What a page of runs is answered with; not `jp_fetch`, which has ten requests at a time at most."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = "/a%40b/jupyter-kfp-mt/namespaces/team-a/runs"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: token {token}\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return line
