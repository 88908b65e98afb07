"""Proves that whoever listens at an address is the embedded server, before anything is sent to it.

Any user of a machine may take a port that a server has left, and would be sent the next token. So a client
challenges each new connection: the server answers with a MAC of the challenge under the owner key, which only
the readers of its data folder have. The MAC covers the port, so that nobody can pass the challenge on to the
real server at another one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import socket
import time

from .models import RuntimeFile

PROOF = "/embedded/proof"
_CHALLENGE = re.compile(r"[0-9a-f]{64}")
_LONGEST = 4096  # bytes of an answer
_BEGINNING = re.compile(rb"[0-9a-f]{0,63}")  # of a proof that has not arrived as a whole


class UnprovenError(ConnectionError):
    """Whoever listens there has not proved that it is the server."""


def make_proof(owner_key: str, port: int, challenge: str) -> str | None:
    """Answer a challenge as the server that listens on `port`; None for what is no challenge."""
    if not _CHALLENGE.fullmatch(challenge):
        return None
    text = f"jupyter_kfp_mt embedded server\n{port}\n{challenge}"
    return hmac.new(owner_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def require_proof(connection: socket.socket, runtime: RuntimeFile, patience: float) -> None:
    """Challenge the server at the other end of `connection`, which can be used for requests afterwards.

    Raises UnprovenError unless it holds the owner key, TimeoutError, and OSError for a broken connection.
    """
    port, challenge = connection.getpeername()[1], secrets.token_hex(32)
    request = f"GET {PROOF}/{challenge} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    timeout = connection.gettimeout()
    try:
        connection.settimeout(patience)
        connection.sendall(request.encode())
        answer = _receive(connection, time.monotonic() + patience)
    finally:
        connection.settimeout(timeout)
    expected = make_proof(runtime.owner_key, port, challenge) or ""
    if not hmac.compare_digest(answer, expected.encode()):
        raise UnprovenError("it does not hold the key of the data folder")


def _receive(connection: socket.socket, deadline: float) -> bytes:
    """Return the body of an answer as far as it can be a proof; a byte now and then extends no deadline."""
    data = b""
    while len(data) < _LONGEST:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        connection.settimeout(left)
        part = connection.recv(_LONGEST)
        data += part
        head, end, body = data.partition(b"\r\n\r\n")
        if end and not (head.startswith(b"HTTP/1.1 200 ") and _BEGINNING.fullmatch(body)):
            return body
        if not part:
            break
    return b""
