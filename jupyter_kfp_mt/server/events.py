"""Streams of server-sent events: what happens in a namespace, and what the doctor finds.

Read by the page with fetch, not with EventSource: so Jupyter's token stays in a header.
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

ALIVE_S = 15.0  # a comment as often as this keeps proxies from closing the connection


class EventsHandler(KfpHandler):
    """Events `runs`, `status` and `reset`, resumed after the one named in `Last-Event-ID`."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Goes on until the page leaves or the server stops."""
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
        """As all handlers, and with a bell for news."""
        super().initialize(parts, routes)
        self._news = asyncio.Event()

    async def _send_events(self, stream: Stream) -> None:
        _set_headers(self)
        last_id = self.request.headers.get("Last-Event-ID", "")
        while not (self._left or self.parts.streams.closed):
            self._news.clear()
            events, last_id = stream.since(last_id)
            self.write(b"".join(events) or b": alive\n\n")
            await self.flush()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), ALIVE_S)

    def on_connection_close(self) -> None:
        """The page left."""
        super().on_connection_close()
        self._news.set()


class DoctorEventsHandler(KfpHandler):
    """The doctor at work."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Each `check` as soon as it is known, then the `report` with the first cause."""
        loop, rows = asyncio.get_running_loop(), asyncio.Queue[Check | None]()

        def tell(row: Check | None) -> None:
            loop.call_soon_threadsafe(rows.put_nowait, row)

        def ended(work: asyncio.Future[DoctorReport]) -> None:
            if not work.cancelled():
                work.exception()  # taken here, for nobody may be left to take it
            rows.put_nowait(None)

        work = asyncio.ensure_future(self.off_loop(self.parts.upstream.doctor, **self.query(), on_check=tell))
        work.add_done_callback(ended)
        _set_headers(self)
        with suppress(StreamClosedError):
            while (row := await rows.get()) is not None:
                await self._send_event("check", row)
            await self._send_event("report", work.result())

    async def _send_event(self, name: str, model: msgspec.Struct) -> None:
        self.write(f"event: {name}\ndata: ".encode() + msgspec.json.encode(model) + b"\n\n")
        await self.flush()


def _set_headers(handler: KfpHandler) -> None:
    handler.set_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.set_header("Cache-Control", "no-cache, no-store")
    handler.set_header("X-Accel-Buffering", "no")  # or nginx would keep events back
