"""Where the server listens, and how many may be connected: its port, its sockets, its bounds."""

from __future__ import annotations

import resource
import socket
from pathlib import Path
from typing import Any

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

FILES = 4096  # that the server may have open, where the machine lets it; macOS begins with 256
MOST_CONNECTIONS = 1024


class BoundedServer(HTTPServer):
    """An HTTP server with at most `most` connections: one more closes the oldest.

    Without files for new connections it could not answer anybody, and would say so thousands of times a
    second. Who is closed while it waits connects again.
    """

    def initialize(  # type: ignore[override]  # what Tornado takes in place of __init__, and the bound
        self, *args: Any, most: int, **options: Any
    ) -> None:
        """Take the bound beside what Tornado knows."""
        super().initialize(*args, **options)
        self._most = most
        self._streams: dict[IOStream, None] = {}  # the oldest first

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Serve a new connection."""
        if len(self._streams) >= self._most:
            oldest = next(iter(self._streams))
            del self._streams[oldest]
            oldest.close()
        self._streams[stream] = None
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        """Forget a connection that has ended."""
        if isinstance(server_conn, HTTP1ServerConnection):
            self._streams.pop(server_conn.stream, None)
        super().on_close(server_conn)


def room_for_connections() -> int:
    """How many connections may be open, after the process got itself more files where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, soft // 2)


def listen(port: int, last: int) -> socket.socket:
    """A socket on the loopback interface; on the last port again when any will do and it is free.

    Raises OSError when `port` is taken.
    """
    for wanted in dict.fromkeys((port or last, port)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError as error:
            listener.close()
            if wanted == port:
                raise OSError(error.errno, f"port {wanted}: {error.strerror}") from None
            continue
        listener.listen(512)
        listener.setblocking(False)
        return listener
    raise OSError("no port")


def last_port(folder: Path) -> int:
    """The port of the last time, so that addresses people wrote down stay good."""
    try:
        return int((folder / "port").read_text())
    except (OSError, ValueError):
        return 0
