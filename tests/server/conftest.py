from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403 - fixtures; `pytest_plugins` is for the top folder only
from traitlets.config import Config

from tests.server.fake_service import FakeKfp


@pytest.fixture
def kfp() -> Iterator[FakeKfp]:
    """The Kubeflow Pipelines that the Jupyter server of `jp_fetch` talks to."""
    fake = FakeKfp()
    yield fake
    fake.release()


@pytest.fixture
def jp_nbconvert_templates() -> None:
    """Copy no templates for each server: nothing here converts a notebook."""


@pytest.fixture
def jp_server_config(kfp: FakeKfp) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpExtension": {"service_factory": lambda *, start_embedded: kfp.connect(start_embedded)},
            "KfpSettings": {"poll_active_s": 0.05, "poll_idle_s": 0.05},
        }
    )
