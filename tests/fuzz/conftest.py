from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt import embedded
from tests.fuzz.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The embedded server as a process of its own, with its engine."""
    folder = tmp_path_factory.mktemp("fuzz")
    with warnings.catch_warnings():  # the server outlives its Popen on purpose
        warnings.simplefilter("ignore", ResourceWarning)
        runtime = embedded.ensure_running(folder, namespace="ana")
    yield World(runtime.url, Path(runtime.token_path).read_text(), "ana")
    embedded.stop(folder)
