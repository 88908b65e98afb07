"""Presets over REST, kept in the data folder of the user."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.service import KfpService
from tests.fakes import FakeTransport, ManualClock

Fetch = Callable[..., Awaitable[HTTPResponse]]
PATH = ("jupyter-kfp-mt", "namespaces", "team-a", "presets")


@pytest.fixture
def jp_server_config(jp_server_config: Any) -> Any:
    service = KfpService(Context("http://kfp", namespace="team-a"), FakeTransport(), clock=ManualClock())
    jp_server_config.KfpExtension.service_factory = lambda *, start_embedded: service
    return jp_server_config


async def test_a_preset_is_kept_listed_and_deleted(jp_fetch: Fetch) -> None:
    body = json.dumps({"pipeline": "train", "name": "fast run", "parameters": {"epochs": 3}})
    await jp_fetch(*PATH, method="POST", body=body)
    listed = json.loads((await jp_fetch(*PATH, params={"pipeline": "train"})).body)
    assert [(each["name"], each["parameters"]) for each in listed["presets"]] == [("fast run", {"epochs": 3})]
    chosen = {"pipeline": "train", "name": "fast run"}
    await jp_fetch(*PATH, method="DELETE", params=chosen)
    assert json.loads((await jp_fetch(*PATH, params={"pipeline": "train"})).body)["presets"] == []
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*PATH, method="DELETE", params=chosen)
    assert caught.value.code == 404


async def test_an_unknown_field_is_refused(jp_fetch: Fetch) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*PATH, method="POST", body='{"pipeline": "p", "name": "n", "token": "x"}')
    assert caught.value.code == 400
