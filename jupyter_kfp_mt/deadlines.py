"""Responses with a deadline for the whole: trickled bytes cannot extend it.

The time-out of a socket bounds each pause between two pieces, so a server that sends a byte now and then can
hold a caller for ever. We bound the whole response where its bytes are read. A watchdog thread that shuts the
socket down would not be simpler: only here do we see when the request has been sent and the wait begins
(sending has no bound in total: a large pipeline on a slow line takes as long as it takes), a shutdown looks
like a broken connection, under TLS like a failed handshake, and must be distinct from both, and a timer
thread for each request is not free.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any

from .callers import LOOK, find_caller, require_caller

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

WHOLE = 6  # a whole body may take so many times the read time-out
SLOWEST = 64 * 1024  # bytes per second of a body that may be large, such as a log


class _DeadlineReader(io.RawIOBase):
    """Reads a response until its deadline, or until its caller leaves."""

    def __init__(self, sock: socket.socket, slowest: int) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket open
        self._timeout = sock.gettimeout()
        self._slowest = slowest
        self._deadline = 0.0
        self.extend(1)

    def extend(self, times: int) -> None:
        """Move the deadline to so many read time-outs from now."""
        self._deadline = time.monotonic() + times * self._timeout if self._timeout else 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        until = time.monotonic() + self._timeout if self._timeout else float("inf")
        until = min(until, self._deadline or until)
        while True:
            require_caller()
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            wait = min(left, LOOK) if find_caller() is not None else left
            self._sock.settimeout(wait if wait != float("inf") else None)
            try:
                count = self._sock.recv_into(buffer)
            except TimeoutError:
                continue
            if self._slowest and self._deadline:
                self._deadline += count / self._slowest
            return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(HTTPResponse):
    """A response whose head has to arrive within one read time-out and whose body within `WHOLE` more."""

    slowest = 0  # bytes per second with which a body may take longer; 0: none may

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self._reader = _DeadlineReader(sock, self.slowest)
        self.fp = io.BufferedReader(self._reader, 1 << 16)

    def begin(self) -> None:
        """Read the head, and give the body its time."""
        super().begin()
        self._reader.extend(WHOLE)


class BoundedBulk(BoundedResponse):
    """A response whose body may be large: it takes as long as it needs at a slow line's speed."""

    slowest = SLOWEST


class BoundedConnection(HTTPConnection):
    """A connection of its own for something that may be large."""

    response_class = BoundedBulk


class SecureBoundedConnection(HTTPSConnection):
    """The same with TLS."""

    response_class = BoundedBulk
