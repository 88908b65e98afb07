"""Servers that answer with bytes, whole or broken, with TLS or without."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator

Talk = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Let `talk` answer every connection to a port of the loopback; gives the port."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            secure = tls.wrap_socket(connection, server_side=True) if tls else connection
            with secure:
                talk(secure)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def head(connection: socket.socket) -> bytes:
    """Read a request without its body."""
    read = b""
    while b"\r\n\r\n" not in read and (part := connection.recv(65536)):
        read += part
    return read


def whole(connection: socket.socket) -> bytes:
    """Read a request with its body."""
    before, _, body = (read := head(connection)).partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", before.lower())
    left = (int(length[1]) if length else 0) - len(body)
    while left > 0 and (part := connection.recv(min(left, 65536))):
        read += part
        left -= len(part)
    return read


def saying(text: bytes) -> Talk:
    """Read a request, answer with `text`, hang up."""

    def talk(connection: socket.socket) -> None:
        whole(connection)
        connection.sendall(text)

    return talk


def answering(body: bytes, *headers: str, status: int = 200) -> Talk:
    """Answer with `body`."""
    lines = [f"HTTP/1.1 {status} Told", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return saying("\r\n".join(lines).encode() + body)


def resetting(text: bytes) -> Talk:
    """Answer with `text`, then break the connection off."""

    def talk(connection: socket.socket) -> None:
        saying(text)(connection)
        break_off(connection)

    return talk


def break_off(connection: socket.socket) -> None:
    """Let the end of the connection be a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def dribbling(text: bytes) -> Talk:
    """Answer with `text`, then with a byte now and then, so that no pause is long."""

    def talk(connection: socket.socket) -> None:
        saying(text)(connection)
        while True:
            connection.sendall(b" ")
            time.sleep(0.01)

    return talk
