"""A reader of event streams that can be cut off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec


class Event(NamedTuple):
    """One event as a page reads it."""

    id: str
    kind: str
    data: dict[str, object]


class Reader:
    """One open stream; HTTP/1.0, so that nothing is chunked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.headers = ""
        self.last_id = ""

    async def line(self) -> str:
        """The next line, empty at the end of an event."""
        line = await asyncio.wait_for(self._reader.readline(), 10)
        if not line:
            raise EOFError
        return line.decode().rstrip("\r\n")

    async def next(self) -> Event:
        """The next event, comments left out; raises EOFError at the end of the stream."""
        fields: dict[str, str] = {}
        while True:
            line = await self.line()
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                self.last_id = fields.get("id", "")
                return Event(self.last_id, fields["event"], msgspec.json.decode(fields["data"]))
            else:
                fields = {}

    def cut(self) -> None:
        """Drop the connection, as a network does."""
        self._writer.transport.abort()


@contextlib.asynccontextmanager
async def stream(
    port: int, token: str, *, last_id: str = "", path: str = "namespaces/team-a/events"
) -> AsyncIterator[Reader]:
    """Open the events of a namespace, or others, on the test server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = [
        f"GET /a%40b/jupyter-kfp-mt/{path} HTTP/1.0",
        "Host: 127.0.0.1",
        f"Authorization: token {token}",
        *([f"Last-Event-ID: {last_id}"] if last_id else []),
    ]
    writer.write(("\r\n".join(request) + "\r\n\r\n").encode())
    events = Reader(reader, writer)
    while line := await events.line():
        events.headers += line + "\n"
    try:
        yield events
    finally:
        events.cut()
