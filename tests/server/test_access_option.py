"""The doctor's two changes over REST, in a notebook pod whose Kubernetes answers over TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from jupyter_kfp_mt.connection import connect
from tests.doctor.world import World, a_world

FETCH = {"method": "POST", "body": b"", "allow_nonstandard_methods": True}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "pod") as found:
        yield found


@pytest.fixture
def allowed() -> bool:
    return True


@pytest.fixture
def jp_server_config(world: World, allowed: bool) -> Config:
    def factory(*, start_embedded: bool) -> Any:
        return connect(settings=world.settings, environment=world.environment, start_embedded=start_embedded)

    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpExtension": {"service_factory": factory},
            "KfpSettings": {"allow_doctor_changes": allowed},
        }
    )


async def test_what_the_sdk_stored_is_shown_and_removed(jp_fetch: Any, world: World) -> None:
    path = "home/jovyan/.config/kfp/context.json"
    world.file(path, '{"namespace": "old-team", "client_authentication_cookie": "kept"}')
    world.token()

    warnings = json.loads((await jp_fetch("jupyter-kfp-mt", "status")).body)["warnings"]
    gone = await jp_fetch("jupyter-kfp-mt", "saved-context", method="DELETE", params={"part": "namespace"})
    left = json.loads((await jp_fetch("jupyter-kfp-mt", "status")).body)["warnings"]

    assert [(each["code"], each["forget"]) for each in warnings] == [("context-json-stale", "old-team")]
    assert (gone.code, left) == (200, [])
    assert (world.root / path).read_text() == '{"client_authentication_cookie": "kept"}'


def changes(world: World) -> list[str]:
    asked = [each for each in world.kube.asked if "selfsubjectaccessreviews" not in each.path]
    return [f"{each.method} {each.path.rpartition('/')[2]}" for each in asked if each.method != "GET"]


async def test_the_option_is_created_and_the_notebook_restarted(jp_fetch: Any, world: World) -> None:
    created = await jp_fetch("jupyter-kfp-mt", "access-option", **FETCH)
    restarted = await jp_fetch("jupyter-kfp-mt", "notebook", "restart", **FETCH)
    assert (created.code, restarted.code, created.body) == (200, 200, b"{}")
    assert changes(world) == ["POST poddefaults", "PATCH analysis", "DELETE analysis"]


@pytest.mark.parametrize("allowed", [False])
@pytest.mark.parametrize("path", ["access-option", "notebook/restart"])
async def test_a_setting_forbids_both(jp_fetch: Any, world: World, path: str) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("jupyter-kfp-mt", *path.split("/"), **FETCH)
    assert caught.value.code == 403
    assert changes(world) == []


async def test_without_the_right_nothing_is_changed(jp_fetch: Any, world: World) -> None:
    world.may(restart=False)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("jupyter-kfp-mt", "notebook", "restart", **FETCH)
    assert caught.value.code == 403
    assert changes(world) == []
