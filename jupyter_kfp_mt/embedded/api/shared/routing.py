"""The shape of a route, and how a call passes through it: read, authorize, handle, respond."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ...core.resource_manager import ResourceManager
from ...errors import HTTP_STATUS, UNAUTHENTICATED, ApiError, prefix_errors, unknown_route, wrong_method
from .authorization import Guard, authorize
from .calls import JSON, ApiResponse, Call, fill_names, read_query
from .protojson import Message, parse

Handler = Callable[[ResourceManager, Call], "Mapping[str, Any] | msgspec.Struct | ApiResponse"]


class ApiRoute(NamedTuple):
    """One row of the table of routes: who may call stands beside what the call does."""

    method: str  # "*" = any
    path: str
    guard: Guard | None  # None: public; a test lists those
    handler: Handler
    error_prefix: str = ""  # before the message of each error; may hold the names of the path
    body: Message | None = None
    query: Mapping[str, str] = {}
    parse: Callable[[ResourceManager, Call], Any] | None = None  # what KFP checks before authorization
    render_error: Callable[[ApiError], ApiResponse] | None = None  # for routes whose errors look different
    slow: bool = False  # waits for something, or makes a large response: it must not hold up other calls


class Router:
    """Finds the route of a method and path."""

    def __init__(self, routes: Sequence[ApiRoute]) -> None:
        self._routes = [(route, re.compile(_pattern(route.path))) for route in routes]

    def find(self, method: str, path: str) -> tuple[ApiRoute, dict[str, str]]:
        """Return the route and the names in its path; raises ApiError (404, 501: wrong method or verb)."""
        known = False
        for route, pattern in self._routes:
            match = pattern.fullmatch(path)
            if match:
                if route.method in (method, "*"):
                    return route, match.groupdict()
                known = True
        head, _, last = path.rpartition("/")
        plain = f"{head}/{last.partition(':')[0]}"
        if known or (":" in last and any(pattern.fullmatch(plain) for _, pattern in self._routes)):
            raise wrong_method()
        raise unknown_route()


def _pattern(path: str) -> str:
    parts = re.split(r"(\{\w+\})", path)
    named = [f"(?P<{part[1:-1]}>[^/:]*)" if part[:1] == "{" else re.escape(part) for part in parts]
    return "".join(named)


def respond(manager: ResourceManager, route: ApiRoute, call: Call) -> ApiResponse:
    """Take `call` through `route`."""
    namespace = "".join(call.query.get("namespace", []))
    try:
        with prefix_errors(fill_names(route.error_prefix, call).replace("{namespace}", namespace)):
            call.arguments = read_query(route.query, call.query)
            if route.body is not None:
                call.message = parse(route.body, call.body)
            if route.parse is not None:
                call.parsed = route.parse(manager, call)
            if route.guard is not None:
                authorize(manager, route.guard, call)
            result = route.handler(manager, call)
    except ApiError as error:
        return (route.render_error or render_error)(error)
    return result if isinstance(result, ApiResponse) else ApiResponse(200, msgspec.json.encode(result))


def render_error(error: ApiError) -> ApiResponse:
    """Return an error as grpc-gateway writes it."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if not error.bare:
        body["details"] = [
            {"@type": "type.googleapis.com/google.rpc.Status", "code": error.code, "message": error.text}
        ]
    headers = {"WWW-Authenticate": _header_text(error.message)} if error.code == UNAUTHENTICATED else {}
    return ApiResponse(HTTP_STATUS[error.code], msgspec.json.encode(body), JSON, headers)


def _header_text(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", text)[:4000]


def act_on_row(action: Callable[[ResourceManager, Any], None]) -> Handler:
    """Make a handler that does something with the row of the call and returns an empty message."""

    def handle(manager: ResourceManager, call: Call) -> Mapping[str, Any]:
        action(manager, call.row)
        return {}

    return handle
