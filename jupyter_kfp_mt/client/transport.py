"""The one place that sends: a request to the context's endpoint with its credential, an answer back."""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from .. import __version__
from ..context import Context
from ..errors import KfpError, kfp_error
from .connections import open_pool
from .http import Request, Response
from .scrub import scrubbed
from .transport_errors import tls_error, transport_error

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

CONNECT_TIMEOUT = 5.0  # seconds
MAX_ANSWER = 256 * 1024 * 1024  # bytes: two hundred runs, each with a pipeline as large as KFP takes
_PIECE = 1 << 16  # bytes
_HEADERS = {
    "User-Agent": f"jupyter_kfp_mt/{__version__}",
    "Accept": "application/json, */*",
    "Accept-Encoding": "gzip, deflate",
}


class HttpTransport:
    """Sends to the endpoint of `context` with its credential; may be used from many threads."""

    def __init__(self, context: Context, connections: _Connections | None = None) -> None:
        self._context = context
        self._connections = connections or _Connections()

    def in_context(self, context: Context) -> HttpTransport:
        """Return a transport that shares the connections and has the credential of `context`."""
        return HttpTransport(context, self._connections)

    def send(self, request: Request[Any]) -> Response:
        """Send once; see `Transport`."""
        context = self._context
        url = context.endpoint + request.path
        credential = context.credential.headers(url)
        try:
            with self._connections.pool(context, alone=not request.repeatable) as pool:
                answer = pool.urlopen(
                    request.method,
                    f"{url}?{urlencode(request.query)}" if request.query else url,
                    body=_body(request),
                    headers={**_HEADERS, **_about(request), **credential},
                    timeout=Timeout(connect=CONNECT_TIMEOUT, read=request.read_timeout or context.timeout),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    enforce_content_length=True,  # urllib3 1 would take half an answer for a whole one
                )
                body, dropped = _read(answer, request.last)
        except HTTPError as error:
            raise transport_error(request, context, error) from None
        except OSError as error:  # CA certificates that cannot be read, and so nothing was sent
            raise tls_error(context, error) from None
        if len(body) > MAX_ANSWER:
            raise self._endless(request)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        found = Response(status=answer.status, headers=headers, body=body, dropped=dropped)
        return scrubbed(found, credential)

    def close(self) -> None:
        """Let go of the connections."""
        self._connections.close()

    def __repr__(self) -> str:
        return f"HttpTransport({self._context.endpoint!r})"

    @staticmethod
    def _endless(request: Request[Any]) -> KfpError:
        error = kfp_error("kfp-error", status="An answer of more than", text=f"{MAX_ANSWER >> 20} MiB")
        return error.replace(unclear=not request.repeatable)


class _Connections:
    """The pool of one endpoint, opened when it is first needed; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: PoolManager | None = None

    @contextmanager
    def pool(self, context: Context, *, alone: bool) -> Iterator[PoolManager]:
        """Give the pool; `alone` a new one, since a kept connection may have died and would not say so."""
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


def _about(request: Request[Any]) -> dict[str, str]:
    headers = dict(request.headers)
    if request.body:
        headers |= {"Content-Type": request.content_type, "Content-Length": str(len(request.body))}
    if not request.repeatable:  # a service mesh repeats what was answered with 503, unless told not to
        headers["x-envoy-max-retries"] = "0"
    return headers


def _body(request: Request[Any]) -> io.BytesIO | None:
    """The body as a stream: every piece has the time-out for itself, so a slow line takes a large one."""
    return io.BytesIO(request.body) if request.body else None


def _read(answer: BaseHTTPResponse, last: int) -> tuple[bytes, bool]:
    """The body of an answer, or its last bytes, and whether more came before them."""
    kept: deque[bytes] = deque()
    size, dropped = 0, False
    try:
        for piece in answer.stream(_PIECE):
            kept.append(piece)
            size += len(piece)
            while last and size - len(kept[0]) >= last:
                size -= len(kept.popleft())
                dropped = True
            if size > MAX_ANSWER:
                answer.close()
                break
    finally:
        answer.release_conn()
    return (b"".join(kept)[-last:], dropped or size > last) if last else (b"".join(kept), False)
