"""A call on its way through a route: the request as it came, what was read from it, and the response."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...errors import ApiError, malformed_request

JSON, TEXT = "application/json", "text/plain; charset=utf-8"
LIST_QUERY = {"page_size": "int32", "page_token": "text", "sort_by": "text", "filter": "text"}


@dataclass
class Call:
    """One request; the fields after `file` are filled in step by step (`routing.respond`)."""

    method: str
    path: str  # decoded
    query: Mapping[str, Sequence[str]]
    header: Callable[[str], Sequence[str]]
    port: int = 0  # on which it came
    body: bytes = b""
    file: tuple[str, bytes] | None = None  # of a multipart upload: name and content of `uploadfile`
    params: Mapping[str, str] = field(default_factory=dict)  # the names in the path
    arguments: Mapping[str, Any] = field(default_factory=dict)  # the known parameters of the query, typed
    message: Mapping[str, Any] = field(default_factory=dict)  # the body
    parsed: Any = None  # what `Route.parse` made of them; its type is known to the handler of the route
    identity: str = ""
    target: Target | None = None

    @property
    def row(self) -> Any:
        """The stored object that the call is about; its type is known to the handler of the route."""
        return None if self.target is None else self.target.row

    @property
    def namespace(self) -> str:
        """The namespace that the call is about; "" for what is shared."""
        return (self.target.namespace if self.target else "") or ""

    def text(self, name: str) -> str:
        """Return a text of the query, "" when it was not sent."""
        return str(self.arguments.get(name, ""))


@dataclass(frozen=True)
class Target:
    """What a call is about, as authorization sees it."""

    namespace: str | None  # None when there is no such object
    name: str = ""
    row: Any = None
    missing: ApiError | None = None  # raised when a caller asks for an object that he may not know of


class ApiResponse(NamedTuple):
    """The response to a call."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = {}
    more: Iterator[bytes] | None = None  # the rest of a large body, made while it is sent


def read_query(known: Mapping[str, str], sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the known parameters of a query, typed; others are ignored, as grpc-gateway does.

    Each may be sent once, under its camelCase or snake_case name; `known` maps names to "text", "int32",
    "bool" or the names of an enum, joined by "|".
    """
    values: dict[str, Any] = {}
    for sent_name, texts in sent.items():
        name = sent_name
        if name not in known:
            name = next((each for each in known if _camel(each) == sent_name), "")
        if not name:
            continue
        if len(texts) > 1 or name in values:
            raise malformed_request(f'too many values for field "{name}": {", ".join(texts)}')
        values[name] = _read_parameter(name, known[name], texts[0])
    return values


def _read_parameter(name: str, kind: str, text: str) -> Any:
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
        raise malformed_request(f'parsing field "{last}": strconv.ParseInt: parsing "{text}": {problem}')
    if kind == "bool":
        if text not in _BOOLS:
            problem = f'strconv.ParseBool: parsing "{text}": invalid syntax'
            raise malformed_request(f'parsing field "{last}": {problem}')
        return _BOOLS[text]
    names = kind.split("|")
    if text in names:
        return text
    if text.isdecimal() and text.isascii() and len(text) < 10:
        return names[int(text)] if int(text) < len(names) else names[0]
    raise malformed_request(f'parsing field "{last}": "{text}" is not a valid value')


_BOOLS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name)


def fill_names(template: str, call: Call) -> str:
    """Put the names of the path and the query into `template`; `{id}` is the first name of the path."""
    if "{" not in template:
        return template
    values = {**call.arguments, **call.params, "id": next(iter(call.params.values()), "")}
    return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match.group(1), match.group())), template)
