"""Sends requests to the endpoint of a context with its credential: the only place that does."""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from .. import __version__
from ..callers import require_caller
from ..context import Context
from ..context.embedded import is_gone
from ..errors import KfpError, kfp_error
from .connections import open_pool
from .http import Request, Response
from .scrub import scrub
from .transport_errors import tls_error, transport_error

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

CONNECT_TIMEOUT = 5.0  # seconds
MAX_RESPONSE = 256 * 1024 * 1024  # bytes: two hundred runs, each with a pipeline as large as KFP takes
MAX_UNPACKED = 16 * 1024 * 1024  # bytes of an answer that may be packed as tightly as gzip can: 1000 : 1
_MOST_TIMES = 50  # larger than it was sent may a larger answer be; lists of runs are packed about 20 : 1
_PIECE = 1 << 16  # bytes
_HEADERS = {
    "User-Agent": f"jupyter_kfp_mt/{__version__}",
    "Accept": "application/json, */*",
    "Accept-Encoding": "gzip, deflate",
}


class HttpTransport:
    """Sends to the endpoint of `context` with its credential; safe to share between threads."""

    def __init__(self, context: Context, connections: _Connections | None = None) -> None:
        self._context = context
        self._connections = connections or _Connections()

    def in_context(self, context: Context) -> HttpTransport:
        """Return a transport with the credential of `context` that shares the connections."""
        return HttpTransport(context, self._connections)

    def send(self, request: Request[Any]) -> Response:
        """Send once; see `Transport`. Raises CallerLeftError when nobody waits for the response."""
        require_caller()
        context = self._context
        url = context.endpoint + request.path
        credential = _credential_headers(context, url)
        outgoing = _BodyStream(request.body) if request.body else None
        try:
            with self._connections.pool(context, alone=not request.repeatable) as pool:
                response = pool.urlopen(
                    request.method,
                    f"{url}?{urlencode(request.query)}" if request.query else url,
                    body=outgoing,
                    headers={**_HEADERS, **_headers_of(request), **credential},
                    timeout=Timeout(connect=CONNECT_TIMEOUT, read=request.read_timeout or context.timeout),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    enforce_content_length=True,  # urllib3 1 would take half a response for a whole one
                )
                body, dropped = _read(response, request.last)
        except _TooLongError as error:
            raise self._too_long(request, error) from None
        except HTTPError as error:
            sent = outgoing is None or outgoing.is_sent
            raise transport_error(request, context, error, sent=sent) from None
        except OSError as error:  # CA certificates that cannot be read, and so nothing was sent
            raise tls_error(context, error) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        received = Response(status=response.status, headers=headers, body=body, dropped=dropped)
        return scrub(received, credential)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def __repr__(self) -> str:
        return f"HttpTransport({self._context.endpoint!r})"

    @staticmethod
    def _too_long(request: Request[Any], bound: _TooLongError) -> KfpError:
        error = kfp_error("kfp-error", status="An answer of more than", text=str(bound))
        return error.replace(unclear=not request.repeatable)


class _TooLongError(Exception):
    """A response is too long; the text is the bound."""


class _BodyStream(io.BytesIO):
    """A request's body as a stream: the time-out is for each piece, so a slow line can send a large body.

    `is_sent` says whether the system has taken all of it. While it has not, no server has the whole request.
    """

    is_sent = False

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.is_sent = self.is_sent or not piece  # asked for more, the last piece was sent
        return piece


class _Connections:
    """The pool of one endpoint, opened when it is first needed; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: PoolManager | None = None

    @contextmanager
    def pool(self, context: Context, *, alone: bool) -> Iterator[PoolManager]:
        """Yield the pool, or a new one if `alone`.

        A kept connection may be dead without saying so. A request that cannot be repeated would then fail for
        no reason, so it gets a connection of its own.
        """
        with self._lock:
            kept = self._pool = self._pool or open_pool(context)
        if not alone:
            yield kept
            return
        once = open_pool(context)
        try:
            yield once
        finally:
            once.clear()

    def close(self) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.clear()
                self._pool = None


def _credential_headers(context: Context, url: str) -> Mapping[str, str]:
    """Return the headers of the credential; that of an embedded server is gone with it."""
    try:
        return context.credential.headers(url)
    except KfpError:
        if is_gone(context):
            raise kfp_error("embedded-stopped") from None
        raise


def _headers_of(request: Request[Any]) -> dict[str, str]:
    headers = dict(request.headers)
    if request.body:
        headers |= {"Content-Type": request.content_type, "Content-Length": str(len(request.body))}
    if not request.repeatable:  # Envoy sends a request again after a 503 unless this header forbids it
        headers["x-envoy-max-retries"] = "0"
    return headers


def _read(response: BaseHTTPResponse, last: int) -> tuple[bytes, bool]:
    """Return the body of a response, or its last bytes, and whether more came before them.

    Raises _TooLongError, also for a few bytes that unpack to very many.
    """
    kept: deque[bytes] = deque()
    size, dropped = 0, False
    try:
        for piece in response.stream(_PIECE):
            kept.append(piece)
            size += len(piece)
            while last and size - len(kept[0]) >= last:
                size -= len(kept.popleft())
                dropped = True
            if size > MAX_RESPONSE:
                response.close()
                raise _TooLongError(f"{MAX_RESPONSE >> 20} MiB")
            sent = response.tell()
            if size > max(MAX_UNPACKED, sent * _MOST_TIMES):
                response.close()
                raise _TooLongError(f"{MAX_UNPACKED >> 20} MiB, unpacked from {sent} bytes")
    finally:
        response.release_conn()
    return (b"".join(kept)[-last:], dropped or size > last) if last else (b"".join(kept), False)
