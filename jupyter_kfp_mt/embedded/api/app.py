"""The HTTP side: bounds on requests, which hosts are served, and Tornado's request → `Call` → response."""

from __future__ import annotations

import contextlib
import logging
import math
import posixpath
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import msgspec
from tornado import httputil, web
from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream, StreamClosedError

from ..core.resource_manager import ResourceManager
from ..errors import DEADLINE, EXHAUSTED, INVALID, ApiError, malformed_request, wrong_method
from . import healthz, owner, run_files
from .lanes import Lanes
from .shared.calls import JSON, TEXT, ApiResponse, Call
from .shared.routing import ApiRoute, Router, render_error, respond
from .v1 import routes as v1
from .v2 import routes as v2

LARGEST_BODY = 8 * 1024 * 1024
LARGEST_UPLOAD = 33 * 1024 * 1024  # a package of 32 MiB and the multipart around it
LARGE_BODY = 256 * 1024  # larger ones are read off the event loop
MOST_BUFFERED = 4 * LARGEST_UPLOAD  # of all large bodies in flight together
MOST_READ = 1024 * 1024 * 1024  # a body that is too large is dropped as it arrives, so its caller gets a 413
LARGEST_HEADER = 256 * 1024  # a filter of 70 kB in the URL is fine on a real server
MOST_HEADER = 2 * LARGEST_HEADER  # so much is read, so that one that is too large gets an answer
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}  # of Grpc-Timeout
_NOT_SERVED = "this Host is not served here; --allowed-hosts names more"
_FROM_PAGE = "calls from web pages are not taken; --allowed-origins names the pages that may call"
_STRANGER = "this server is for processes of its own user only; --open admits every user of this machine"
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

log = logging.getLogger("jupyter_kfp_mt.embedded")


class ApiServer:
    """The state that all requests share: rules, routes, threads for slow calls, time of the last call."""

    def __init__(
        self,
        manager: ResourceManager,
        executor: Executor,
        version: str,
        *,
        stop: Callable[[], None],
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        admits: Callable[[IOStream], Awaitable[bool]] | None = None,
        more_routes: Sequence[ApiRoute] = (),
    ) -> None:
        self.manager = manager
        self.lanes = Lanes(executor)
        self.hosts = LOCAL_HOSTS.union(hosts)
        self.origins = frozenset(origins)
        self.admits = admits  # None: whoever reaches the port
        self.last_call = time.monotonic()
        self.buffered = 0  # bytes of request bodies in flight, above each request's free allowance
        self.routes = all_routes(version, stop)
        self.router = Router([*self.routes, *more_routes])

    def application(self) -> web.Application:
        """Make the Tornado application: one handler; all else is in the table of routes."""
        return web.Application([(r".*", _Handler, {"server": self})], log_function=lambda _handler: None)


def all_routes(version: str, stop: Callable[[], None]) -> list[ApiRoute]:
    """List the whole table; the tests of authorization walk it."""
    return [
        *healthz.routes(version),
        *v2.routes(),
        *v1.routes(),
        *run_files.routes(),
        *owner.routes(stop),
    ]


@web.stream_request_body
class _Handler(web.RequestHandler):
    """Takes any method and path to the table of routes."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")

    def initialize(self, server: ApiServer) -> None:
        """Begin a request."""
        self._server = server
        self._chunks: list[bytes] = []
        self._size = 0
        self._buffered = 0  # this request's share of `ApiServer.buffered`
        self._dropped = False
        self._route_path = ""

    def set_default_headers(self) -> None:
        """Hide the server's name, and keep browsers from guessing content types."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")

    async def prepare(self) -> None:
        """Reject strangers, requests for other hosts or from web pages, and bodies that are too large."""
        self._server.last_call = time.monotonic()
        authority, path = _split_target(self.request.uri or "")
        self._route_path = unquote(path, errors="replace")
        upload = self._route_path.rstrip("/").endswith(("/upload", "/upload_version"))
        self._limit = LARGEST_UPLOAD if upload else LARGEST_BODY
        reason = _reason_to_reject(self.request.headers, self._server.hosts, self._server.origins)
        if authority and not _is_served(authority, self._server.hosts):
            reason = reason or _NOT_SERVED
        if not await self._is_admitted():
            reason = _STRANGER
        if reason:
            self._send(ApiResponse(403, msgspec.json.encode({"code": 7, "message": reason})))
        elif _header_size(self.request) > LARGEST_HEADER:
            self.set_header("Connection", "close")
            message = f"the address and the headers are larger than {LARGEST_HEADER} bytes"
            self._send(ApiResponse(431, msgspec.json.encode({"code": 3, "message": message})))
        else:
            self._check_length(self.request.headers.get("Content-Length", "0"))

    async def _is_admitted(self) -> bool:
        connection = self.request.connection
        if self._server.admits is None:
            return True
        return isinstance(connection, HTTP1Connection) and await self._server.admits(connection.stream)

    def _check_length(self, length: str) -> None:
        if not re.fullmatch(r"[0-9]{1,18}", length):
            self.set_header("Connection", "close")
            self._send(render_error(malformed_request("Content-Length is no number")))
        elif int(length) > (self._limit if "Expect" in self.request.headers else MOST_READ):
            self._reject_size()  # with `Expect: 100-continue` the client has not sent the body yet

    def data_received(self, chunk: bytes) -> None:
        """Keep the body while it is within its bound and all bodies together are within theirs."""
        self._size += len(chunk)
        self._dropped = self._dropped or self._size > self._limit or not self._has_room()
        if self._dropped:
            self._chunks.clear()
            self._release_buffer()
        else:
            self._chunks.append(chunk)

    def _has_room(self) -> bool:
        """Reserve room for the body; many bodies that never end must not take all memory."""
        more = max(0, self._size - LARGE_BODY) - self._buffered
        if self._server.buffered + more > MOST_BUFFERED:
            return False
        self._buffered += more
        self._server.buffered += more
        return True

    def _release_buffer(self) -> None:
        self._server.buffered -= self._buffered
        self._buffered = 0

    def on_finish(self) -> None:
        """Release the buffer when the response is sent."""
        self._release_buffer()

    def on_connection_close(self) -> None:
        """Release the buffer when the caller has disconnected."""
        super().on_connection_close()
        self._release_buffer()

    async def _handle(self) -> None:
        if self._size > self._limit:
            self._reject_size()
            return
        if self._dropped:
            self._send(render_error(ApiError(EXHAUSTED, "too many large requests at once", bare=True)))
            return
        clean = _clean_path(self._route_path)
        if clean != self._route_path:
            query = f"?{quote(self.request.query, safe='%&=+/?:@')}" if self.request.query else ""
            self._send(ApiResponse(301, b"", headers={"Location": quote(clean) + query}))
            return
        if not self._route_path.startswith(("/apis/", "/embedded/")):
            self._send(ApiResponse(404, b"404 page not found\n", TEXT))
            return
        started = time.monotonic()
        call = self._make_call()
        try:
            until = started + _timeout(self.request.headers.get("Grpc-Timeout", ""))
            route, call.params = self._server.router.find(call.method, call.path)
        except ApiError as error:
            self._send(render_error(error))
            return
        if self._waits(route):
            caller = self.request.headers.get("Authorization", "")
            response = await self._server.lanes.run(caller, partial(self._respond, route, call, until))
        else:
            response = self._respond(route, call, until)
        if call.method not in ("GET", "HEAD"):
            _log_change(call, response, time.monotonic() - started)
        if response.more is not None:
            await self._send_in_parts(response, response.more)
        else:
            self._send(response)

    get = head = post = delete = patch = put = options = _handle

    def _waits(self, route: ApiRoute) -> bool:
        """Whether the call waits, as each change does for the disk; the owner's are few and stay in order."""
        if route.slow or self._size > LARGE_BODY:
            return True
        return self.request.method not in ("GET", "HEAD") and not self._route_path.startswith("/embedded/")

    def _respond(self, route: ApiRoute, call: Call, until: float) -> ApiResponse:
        """Handle the call unless its time is over before it starts; a started call is finished."""
        if time.monotonic() >= until:
            return render_error(ApiError(DEADLINE, "context deadline exceeded", bare=True))
        return respond(self._server.manager, route, call)

    def _make_call(self) -> Call:
        body = b"".join(self._chunks)
        return Call(
            method=self.request.method or "GET",
            path=self._route_path,
            query=parse_qs(self.request.query, keep_blank_values=True, errors="replace"),
            header=self.request.headers.get_list,
            port=_find_port(self.request),
            body=body,
            file=_read_upload(self.request.headers.get("Content-Type", ""), body),
        )

    def _reject_size(self) -> None:
        self.set_header("Connection", "close")
        message = f"the body is larger than {self._limit} bytes"
        self._send(ApiResponse(413, msgspec.json.encode({"code": 3, "message": message})))

    def _send(self, response: ApiResponse) -> None:
        self._send_head(response)
        self.finish(response.body)

    async def _send_in_parts(self, response: ApiResponse, more: Iterator[bytes]) -> None:
        """Send a large body; each part is made in a thread, once the caller has taken the one before."""
        caller = self.request.headers.get("Authorization", "")
        self._send_head(response)
        self.write(response.body)
        with contextlib.suppress(StreamClosedError):  # the caller has gone
            await self.flush()
            while part := await self._server.lanes.run(caller, partial(next, more, b"")):
                self.write(part)
                await self.flush()
            await self.finish()

    def _send_head(self, response: ApiResponse) -> None:
        self.set_status(response.status)
        self.set_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.set_header(name, value)
        if response.status == 200 and response.content_type == JSON:
            self.set_header("Grpc-Metadata-Content-Type", "application/grpc")

    def compute_etag(self) -> None:
        """Send no etags: KFP does not."""

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Answer an unknown method with 501; for a fault of ours tell only where to look."""
        if status_code == 405:
            self._send(render_error(wrong_method()))
            return
        self.set_header("Content-Type", JSON)
        self.finish(msgspec.json.encode({"code": 13, "message": "Internal error, see server.log"}))


def _reason_to_reject(headers: httputil.HTTPHeaders, hosts: Collection[str], origins: Collection[str]) -> str:
    """Return why a request from this origin is not served; "" when it is.

    A web page can make a browser send requests here; Origin reveals it, and Host after DNS rebinding.
    """
    host = headers.get("Host", "")
    if not _is_served(host, hosts):
        return _NOT_SERVED
    origin = headers.get("Origin", "")
    if origin.lower() in origins:
        return ""
    if origin and origin != f"http://{host}":
        return _FROM_PAGE
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return _FROM_PAGE
    return ""


def _is_served(host: str, hosts: Collection[str]) -> bool:
    return re.sub(r":[0-9]*$", "", host).lower() in hosts


def _header_size(request: httputil.HTTPServerRequest) -> int:
    lines = request.headers.get_all()
    return len(request.uri or "") + sum(len(name) + len(value) + 4 for name, value in lines)


def _find_port(request: httputil.HTTPServerRequest) -> int:
    """Return the port on which a request came; unlike Host, the caller does not choose it."""
    connection = request.connection
    opened = connection.stream.socket if isinstance(connection, HTTP1Connection) else None
    return int(opened.getsockname()[1]) if opened is not None else 0


def _split_target(uri: str) -> tuple[str, str]:
    """Return the host, if there is one, and the path of a request target (RFC 9112, section 3.2).

    `http://x` names a host; `//x` is a path.
    """
    match = re.match(r"https?://([^/?#]*)", uri, re.IGNORECASE)
    path = re.split(r"[?#]", uri[match.end() :] if match else uri, maxsplit=1)[0]
    return (match[1], path or "/") if match else ("", path)


def _timeout(text: str) -> float:
    """Return the seconds that the caller waits (`Grpc-Timeout: 30S`); none and 0 mean forever, as in KFP."""
    match = re.fullmatch(r"([0-9]{1,8})([HMSmun])", text)
    if text and match is None:
        raise ApiError(INVALID, f"invalid grpc-timeout: {text}", bare=True)
    seconds = int(match[1]) * _UNITS[match[2]] if match is not None else 0
    return seconds or math.inf


def _clean_path(path: str) -> str:
    """Return `path` without `//`, `.` and `..`; the router of KFP's gateway redirects to it."""
    if "//" not in path and "/." not in path:
        return path
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _read_upload(content_type: str, body: bytes) -> tuple[str, bytes] | None:
    """Return name and content of the multipart field `uploadfile`; None when there is none."""
    if not content_type.startswith("multipart/form-data"):
        return None
    files: dict[str, list[httputil.HTTPFile]] = {}
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if boundary is None:
        return None
    try:
        httputil.parse_multipart_form_data(boundary.group(1).encode(), body, {}, files)
    except (httputil.HTTPInputError, ValueError):
        return None
    uploads = files.get("uploadfile")
    return (uploads[0].filename, uploads[0].body) if uploads else None


def _log_change(call: Call, response: ApiResponse, seconds: float) -> None:
    """Log one line for a call that may change something: verb, path, caller, namespace, outcome."""
    namespace = call.target.namespace if call.target else ""
    log.info(
        "%s %s by %s in %s: %s, %.0f ms, request %s",
        call.method,
        re.sub(r"[^\x21-\x7e]", "?", call.path)[:200],
        call.identity or "-",
        namespace or "-",
        response.status,
        seconds * 1000,
        uuid.uuid4().hex[:8],
    )
