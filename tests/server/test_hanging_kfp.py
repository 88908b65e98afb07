"""A KFP that takes calls and never answers: the Jupyter server goes on."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from traitlets.config import Config

from tests.server.asking import ask_for_runs


class Silent:
    """A server that accepts and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._taken: list[socket.socket] = []
        self.called = threading.Event()
        self.calls = threading.Semaphore(0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:  # closed
                return
            self._taken.append(taken)
            self.called.set()
            self.calls.release()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for taken in self._taken:
            taken.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


@pytest.fixture
def jp_server_config(silent: Silent) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpSettings": {"endpoint": silent.url, "namespace": "team-a", "request_timeout_s": 300.0},
        }
    )


async def test_a_hundred_requests_that_hang_stop_nothing_else(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int, silent: Silent
) -> None:
    token = jp_serverapp.identity_provider.token
    hanging = [await ask_for_runs(jp_http_port, token) for _ in range(100)]
    await asyncio.to_thread(silent.called.wait)
    assert (await jp_fetch("api", "status")).code == 200
    assert (await jp_fetch("api", "contents")).code == 200
    for writer in hanging:
        writer.close()


async def test_pages_that_were_closed_free_their_threads(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int, silent: Silent
) -> None:
    assert (await jp_fetch("api", "status")).code == 200
    token = jp_serverapp.identity_provider.token
    for _ in range(2):
        asked = [await ask_for_runs(jp_http_port, token) for _ in range(40)]
        assert await asyncio.to_thread(silent.calls.acquire, timeout=60)
        for writer in asked:
            writer.close()
