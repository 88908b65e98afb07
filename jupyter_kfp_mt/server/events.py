"""The event stream of a namespace (server-sent events).

Read by the page with fetch, not with EventSource: so Jupyter's token stays in a header.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

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
        stream = self.parts.streams.of(namespace)
        loop = asyncio.get_running_loop()
        ticket = stream.join(lambda: loop.call_soon_threadsafe(self._news.set))
        try:
            await self._tell(stream)
        except StreamClosedError:
            self.log.debug("jupyter_kfp_mt: a page left the events of %s", namespace)
        finally:
            stream.leave(ticket)

    def initialize(self, parts: Parts, routes: Mapping[str, Route]) -> None:
        """As all handlers, and with a bell for news."""
        super().initialize(parts, routes)
        self._news = asyncio.Event()

    async def _tell(self, stream: Stream) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-cache, no-store")
        self.set_header("X-Accel-Buffering", "no")  # or nginx would keep events back
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
