"""One request and one answer, and the shape of a route: who may call it stands beside what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from ..core.resource_manager import ResourceManager
from ..errors import (
    DENIED,
    HTTP_STATUS,
    UNAUTHENTICATED,
    ApiError,
    malformed,
    no_route,
    saying,
    wrong_method,
)
from ..tenants import SHARED
from .protojson import Message, parse

JSON, TEXT = "application/json", "text/plain; charset=utf-8"


@dataclass
class Call:
    """One request on its way through a route."""

    method: str
    path: str  # decoded
    query: Mapping[str, Sequence[str]]
    header: Callable[[str], Sequence[str]]
    body: bytes = b""
    file: tuple[str, bytes] | None = None  # of a multipart upload: name and content of `uploadfile`
    params: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)  # the query, read
    message: Mapping[str, Any] = field(default_factory=dict)  # the body, read
    asked: Any = None  # what `Route.read` made of it
    identity: str = ""
    target: Target | None = None

    @property
    def row(self) -> Any:
        """What the guard found; its type is known to the handler of that route."""
        return None if self.target is None else self.target.row

    def text(self, name: str) -> str:
        """A text of the query."""
        return str(self.given.get(name, ""))


@dataclass(frozen=True)
class Target:
    """What a call is about: where it belongs, what it is called, and how its absence is told."""

    namespace: str | None  # None when there is no such thing
    name: str = ""
    row: Any = None
    missing: ApiError | None = None  # what a caller hears who may not know of it


class Guard(NamedTuple):
    """The authorization row of a route."""

    resource: str
    verb: str
    find: Callable[[ResourceManager, Call], Target]
    denied: str = ""  # what a 401 or 403 is told within; may hold {namespace} and {id}
    anonymous: bool = False  # shared pipelines may be read by anybody
    within: str = ""  # what both a refusal and an absence are told within


_SHARED = "Failed to access shared pipeline {{id}}. Check if you have permission to {verb} shared pipelines"


def _nowhere(_manager: ResourceManager, _call: Call) -> Target:
    return Target(None)


OWNER = Guard("server", "administer", _nowhere)  # whoever can read the runtime file


class ApiResponse(NamedTuple):
    """What goes back."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = {}


Handler = Callable[[ResourceManager, Call], "Mapping[str, Any] | msgspec.Struct | ApiResponse"]


class Route(NamedTuple):
    """One row of the table."""

    method: str  # "*" = any
    path: str
    guard: Guard | None  # None: public, listed by a test
    handler: Handler
    says: str = ""  # what each refusal is told within; may hold the names of the path
    body: Message | None = None
    query: Mapping[str, str] = {}
    read: Callable[[ResourceManager, Call], Any] | None = (
        None  # checks that come before any question of rights
    )
    refuse: Callable[[ApiError], ApiResponse] | None = None  # another shape of error
    slow: bool = False  # waits for something: must not hold up others


LIST_QUERY = {"page_size": "int32", "page_token": "text", "sort_by": "text", "filter": "text"}


class Router:
    """Finds the route of a method and path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(route, re.compile(_pattern(route.path))) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the names in its path; raises ApiError (404, or 501 for a wrong method or verb)."""
        known = False
        for route, pattern in self._routes:
            found = pattern.fullmatch(path)
            if found:
                if route.method in (method, "*"):
                    return route, found.groupdict()
                known = True
        head, _, last = path.rpartition("/")
        plain = f"{head}/{last.partition(':')[0]}"
        if known or (":" in last and any(pattern.fullmatch(plain) for _, pattern in self._routes)):
            raise wrong_method()
        raise no_route()


def _pattern(path: str) -> str:
    parts = re.split(r"(\{\w+\})", path)
    named = [f"(?P<{part[1:-1]}>[^/:]*)" if part[:1] == "{" else re.escape(part) for part in parts]
    return "".join(named)


def respond(manager: ResourceManager, route: Route, call: Call) -> ApiResponse:
    """Take `call` through `route`: read, find, ask for rights, do."""
    try:
        with saying(
            _filled(route.says, call).replace("{namespace}", "".join(call.query.get("namespace", [])))
        ):
            call.given = read_query(route.query, call.query)
            if route.body is not None:
                call.message = parse(route.body, call.body)
            if route.read is not None:
                call.asked = route.read(manager, call)
            if route.guard is not None:
                authorize(manager, route.guard, call)
            result = route.handler(manager, call)
    except ApiError as error:
        return (route.refuse or refusal)(error)
    return result if isinstance(result, ApiResponse) else ApiResponse(200, msgspec.json.encode(result))


def authorize(manager: ResourceManager, guard: Guard, call: Call) -> None:
    """Let the call pass, or raise ApiError: 401, 403, or 404 for what the caller may not know of."""
    with saying(_filled(guard.within, call)):
        _authorize(manager, guard, call)


def _authorize(manager: ResourceManager, guard: Guard, call: Call) -> None:
    target = call.target = guard.find(manager, call)
    if not manager.tenancy.multi_user and guard is not OWNER:
        if target.namespace is None and target.missing is not None:
            raise target.missing
        return
    if guard.anonymous and target.namespace == "":
        return
    if guard is OWNER:
        manager.tenancy.authenticate_owner(call.header)
        return
    where = _filled(guard.denied, call)
    if guard.resource == "pipelines" and target.namespace == "" and where.startswith("Failed to access"):
        where = _filled(_SHARED.format(verb=guard.verb), call)
    told = "" if target.missing is not None else target.namespace or ""  # nobody learns whose an id is
    with saying(where.replace("{namespace}", told)):
        call.identity = manager.tenancy.authenticate(call.header)
    namespace = target.namespace
    if target.missing is not None and not (
        namespace is not None and may(manager, call.identity, "get", guard.resource, namespace)
    ):
        raise target.missing
    if namespace is None or not may(manager, call.identity, guard.verb, guard.resource, namespace):
        refused = denied(call.identity, guard, namespace or "", target.name)
        raise refused.within(where.replace("{namespace}", namespace or ""))


def may(manager: ResourceManager, identity: str, verb: str, resource: str, namespace: str) -> bool:
    """Whether `identity` may do it there; shared pipelines are everybody's to read."""
    if resource == "pipelines" and not namespace:
        return verb in ("get", "list") or manager.tenancy.allowed(identity, verb, resource, SHARED)
    return manager.tenancy.allowed(identity, verb, resource, namespace)


def denied(identity: str, guard: Guard, namespace: str, name: str) -> ApiError:
    """403 in the words of KFP."""
    group = "kubeflow.org" if guard.resource == "viewers" else "pipelines.kubeflow.org"
    text = (
        f"User '{identity}' is not authorized with reason:  (request: &ResourceAttributes{{"
        f"Namespace:{namespace or SHARED},Verb:{guard.verb},Group:{group},Version:v1beta1,"
        f"Resource:{guard.resource},Subresource:,Name:{name},FieldSelector:nil,LabelSelector:nil,}})"
    )
    return ApiError(DENIED, text, message=f"PermissionDenied: {text}: Unauthorized access")


def refusal(error: ApiError) -> ApiResponse:
    """The JSON of a refusal."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if not error.bare:
        body["details"] = [
            {"@type": "type.googleapis.com/google.rpc.Status", "code": error.code, "message": error.text}
        ]
    headers = {"WWW-Authenticate": _header_text(error.message)} if error.code == UNAUTHENTICATED else {}
    return ApiResponse(HTTP_STATUS[error.code], msgspec.json.encode(body), JSON, headers)


def read_query(known: Mapping[str, str], sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The known parameters of a query, each at most once; unknown ones are ignored, as KFP does."""
    values: dict[str, Any] = {}
    for given, texts in sent.items():
        name = given if given in known else next((each for each in known if _camel(each) == given), "")
        if not name:
            continue
        if len(texts) > 1 or name in values:
            raise malformed(f'too many values for field "{name}": {", ".join(texts)}')
        values[name] = _typed(name, known[name], texts[0])
    return values


def _typed(name: str, kind: str, text: str) -> Any:
    if kind == "text":
        return text
    last = name.rpartition(".")[2]
    if kind == "int32":
        if not re.fullmatch(r"[+-]?[0-9]+", text) or len(text) > 100:
            problem = "invalid syntax"
        elif -(1 << 31) <= int(text) < 1 << 31:
            return int(text)
        else:
            problem = "value out of range"
        raise malformed(f'parsing field "{last}": strconv.ParseInt: parsing "{text}": {problem}')
    if kind == "bool":
        if text not in _BOOLS:
            raise malformed(f'parsing field "{last}": strconv.ParseBool: parsing "{text}": invalid syntax')
        return _BOOLS[text]
    names = kind.split("|")
    if text in names:
        return text
    if text.isdecimal() and text.isascii() and len(text) < 10:
        return names[int(text)] if int(text) < len(names) else names[0]
    raise malformed(f'parsing field "{last}": "{text}" is not a valid value')


_BOOLS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found.group(1).upper(), name)


def _filled(template: str, call: Call) -> str:
    """`template` with the names of the path and the query in it."""
    if "{" not in template:
        return template
    values = {**call.given, **call.params, "id": next(iter(call.params.values()), "")}
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found.group(1), found.group())), template)


def _header_text(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", text)[:4000]
