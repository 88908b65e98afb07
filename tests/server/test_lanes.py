"""Whoever clicks does not wait behind lists that hang."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.server.asking import ask_for_runs
from tests.server.fake_service import FakeKfp


async def test_a_click_does_not_wait_behind_lists_that_hang(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int, kfp: FakeKfp
) -> None:
    kfp.hang()
    token = jp_serverapp.identity_provider.token
    hanging = [await ask_for_runs(jp_http_port, token) for _ in range(40)]
    while not kfp.calls:
        await asyncio.sleep(0.01)

    started = await jp_fetch("jupyter-kfp-mt", "embedded", method="POST", body="{}")

    assert started.code == 200
    for writer in hanging:
        writer.close()
