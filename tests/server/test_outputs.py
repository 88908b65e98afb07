"""Outputs of recorded runs as the page gets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_kfp_mt.context import Environment
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS
from tests.replay.refusals import DENIED
from tests.replay.server import Pod, serve


@pytest.fixture(params=CONFIGURATIONS)
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster(request.param), tmp_path / "pod") as served:
        yield served


@pytest.fixture
def jp_server_config(pod: Pod, tmp_path: Path) -> Config:
    environment = Environment(pod.variables, root=pod.root)
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpSettings": pod.settings(tmp_path),
            "KfpExtension": {"surroundings": lambda: environment},
        }
    )


async def test_the_page_gets_values_or_the_reason(pod: Pod, jp_fetch: Any) -> None:
    path = ("jupyter-kfp-mt", "namespaces/alice/runs")
    tasks = json.loads((await jp_fetch(*path, pod.cluster.add("artifacts-all"))).body)["tasks"]
    (metrics,) = tasks[0]["outputs"]["artifacts"]["m"]
    assert (metrics["type"], metrics["metadata"]) == ("system.Metrics", {"accuracy": 0.93, "loss": 0.1})
    pod.cluster.denied = {"pods/log"}
    tasks = json.loads((await jp_fetch(*path, pod.cluster.add("digits"))).body)["tasks"]
    assert {task["outputs_unread"] for task in tasks} == {DENIED}
    assert tasks[1]["inputs"]["parameters"] == {"regularization": 1, "steps": 500}
