"""Starting and stopping the embedded server from the page, and what an open stream says meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_kfp_mt.embedded import stop
from tests.server.sse import stream


@pytest.fixture
def jp_server_config(tmp_path: Path) -> Iterator[Config]:
    yield Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpSettings": {"data_dir": str(tmp_path / "kfp")},
        }
    )
    stop(tmp_path / "kfp")  # also when the test failed


async def asked(jp_fetch: Any, method: str, path: str) -> dict[str, Any]:
    body = "" if method == "POST" else None
    answer = await jp_fetch("jupyter-kfp-mt", path, method=method, body=body, request_timeout=60)
    result: dict[str, Any] = json.loads(answer.body)
    return result


async def test_the_embedded_server_is_started_stopped_and_started_again(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int
) -> None:
    before = await asked(jp_fetch, "GET", "status")
    assert (before["error"]["code"], before["can_start_embedded"]) == ("no-kubeflow", True)
    started = await asked(jp_fetch, "POST", "embedded")
    assert started["connected"]
    assert started["embedded"]
    path = f"namespaces/{started['namespace']}/events"
    async with stream(jp_http_port, jp_serverapp.identity_provider.token, path=path) as events:
        assert (await events.next()).kind == "status"
        assert (await events.next()).kind == "reset"
        stopped = await asked(jp_fetch, "DELETE", "embedded")
        assert (stopped["connected"], stopped["error"]["code"]) == (False, "embedded-stopped")
        assert not (await events.next()).data["connected"]
        await asked(jp_fetch, "POST", "embedded")
        while not (event := await events.next()).data.get("connected"):
            assert event.kind == "status"


class TestBrokenSetting:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
        monkeypatch.setenv("JUPYTER_KFP_MT_POLL_IDLE_S", "often")
        return jp_server_config

    async def test_jupyter_starts_and_the_status_names_it(self, jp_fetch: Any) -> None:
        status = await asked(jp_fetch, "GET", "status")
        assert (status["connected"], status["error"]["code"]) == (False, "bad-input")
        assert "JUPYTER_KFP_MT_POLL_IDLE_S" in status["error"]["message"]
