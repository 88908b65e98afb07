"""Requests to the Jupyter server that nobody waits for; `jp_fetch` has ten at a time at most."""

from __future__ import annotations

import asyncio


async def ask_for_runs(port: int, token: str) -> asyncio.StreamWriter:
    """Ask for the runs of a namespace without waiting for them."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    path = "/a%40b/jupyter-kfp-mt/namespaces/team-a/runs"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: token {token}\r\n\r\n".encode())
    return writer
