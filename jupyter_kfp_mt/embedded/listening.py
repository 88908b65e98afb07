"""Listens on a port of the loopback interface, and bounds the number of connections."""

from __future__ import annotations

import resource
import socket
from pathlib import Path
from typing import Any

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from ..files import read_file

FILES = 4096  # open files that the server asks for; macOS allows 256 by default
MOST_CONNECTIONS = 1024
PORT = "port"  # the file with the port of the last start
HIGHEST_PORT = 65535


class BoundedServer(HTTPServer):
    """An HTTP server with at most `most` connections; one more closes the oldest.

    A server without file descriptors for new connections serves nobody, and logs that thousands of times a
    second. A client whose idle connection is closed simply connects again.
    """

    def initialize(  # type: ignore[override]  # what Tornado takes in place of __init__, and the bound
        self, *args: Any, most: int, **options: Any
    ) -> None:
        """Take the bound in addition to Tornado's options."""
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
    """Raise the limit of open files where the system allows it; returns how many connections it permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, soft // 2)


def listen(port: int, last: int) -> socket.socket:
    """Open a socket on the loopback interface; `port` 0 means any, the `last` one if it is free.

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
    """Return the port of the last start, so that addresses stay valid that people wrote down; or 0."""
    try:
        port = int(read_file(folder / PORT, 16))
    except (OSError, ValueError):
        return 0
    return port if 0 < port <= HIGHEST_PORT else 0
