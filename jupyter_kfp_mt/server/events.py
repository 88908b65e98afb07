"""Streams of server-sent events: changes in a namespace, and checks of the doctor.

The page reads them with fetch, not with EventSource, which could not send Jupyter's token in a header.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from ..models import Check, DoctorReport
from .base import KfpHandler, Parts
from .routes import Route
from .streams import Stream

ALIVE_S = 15.0  # seconds between comments that keep proxies from closing the connection


class EventsHandler(KfpHandler):
    """Events `runs`, `status` and `reset`, resumed after the one named in `Last-Event-ID`."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Send events until the page leaves, loses the right to read, or the server stops."""
        await self.service(namespace)
        stream = self.parts.streams.get_stream(namespace)
        loop = asyncio.get_running_loop()
        ticket = stream.join(lambda: loop.call_soon_threadsafe(self._news.set))
        try:
            await self._send_events(stream)
        except StreamClosedError:
            self.log.debug("jupyter_kfp_mt: a page left the events of %s", namespace)
        finally:
            stream.leave(ticket)

    def initialize(self, parts: Parts, routes: Mapping[str, Route]) -> None:
        """Add the event that wakes the stream."""
        super().initialize(parts, routes)
        self._news = asyncio.Event()

    async def _send_events(self, stream: Stream) -> None:
        _set_headers(self)
        last_id = self.request.headers.get("Last-Event-ID", "")
        while not (self._left or self.parts.streams.closed) and await self.is_allowed("read"):
            self._news.clear()
            events, last_id = stream.since(last_id)
            self.write(b"".join(events) or b": alive\n\n")
            await self.flush()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), ALIVE_S)

    def on_connection_close(self) -> None:
        """Wake the stream so that it ends."""
        super().on_connection_close()
        self._news.set()


class DoctorEventsHandler(KfpHandler):
    """The checks of the doctor, one by one."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Send each `check` as soon as it is known, then the `report` with the first cause."""
        loop, rows = asyncio.get_running_loop(), asyncio.Queue[Check | None]()

        def put(row: Check | None) -> None:
            loop.call_soon_threadsafe(rows.put_nowait, row)

        def finish(work: asyncio.Future[DoctorReport]) -> None:
            if not work.cancelled():
                work.exception()  # retrieved here: the page may have left, and asyncio would log it as lost
            rows.put_nowait(None)

        work = asyncio.ensure_future(self.off_loop(self.parts.upstream.doctor, **self.query(), on_check=put))
        work.add_done_callback(finish)
        _set_headers(self)
        with suppress(StreamClosedError):
            while (row := await rows.get()) is not None and await self.is_allowed("read"):
                await self._send_event("check", row)
            if row is None and await self.is_allowed("read"):
                await self._send_event("report", work.result())

    async def _send_event(self, name: str, model: msgspec.Struct) -> None:
        self.write(f"event: {name}\ndata: ".encode() + msgspec.json.encode(model) + b"\n\n")
        await self.flush()


def _set_headers(handler: KfpHandler) -> None:
    handler.set_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.set_header("Cache-Control", "no-cache, no-store")
    handler.set_header("X-Accel-Buffering", "no")  # else nginx would buffer events
