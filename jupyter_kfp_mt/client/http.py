"""Requests and responses as values, and the transport between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from ..context import Context

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

V1 = "/apis/v1beta1"
V2 = "/apis/v2beta1"
REQUEST_ID = "X-Request-Id"


class Empty(msgspec.Struct, frozen=True):
    """The response `{}` to an action."""


class Request(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One call of the API; creating it sends nothing."""

    method: str
    path: str  # below the endpoint
    reply: type[T]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    thing: str = ""  # what a 404 is about: "run"
    ref: str = ""  # its id or name
    repeatable: bool = False  # idempotent (RFC 9110)
    read_timeout: float = 0.0  # seconds; 0 is the context's
    last: int = 0  # keep only so many bytes from the end of the body; 0 keeps it whole

    @property
    def request_id(self) -> str:
        """The id of the request in logs; empty before it has one."""
        return next((value for name, value in self.headers if name == REQUEST_ID), "")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The response to a request; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    dropped: bool = False  # truncated at the start because the request limited its size


class Transport(Protocol):
    """Sends requests to one endpoint with one credential."""

    def send(self, request: Request[Any]) -> Response:
        """Send once and return the response, whatever its status.

        Raises KfpConnectionError when there is none; its `unclear` says that the request may have arrived.
        """

    def in_context(self, context: Context) -> Transport:
        """Return a transport for the same server with the credential of `context`."""

    def close(self) -> None:
        """Close the connections."""


def get(
    path: str,
    reply: type[T],
    query: tuple[tuple[str, str], ...] = (),
    *,
    thing: str = "",
    ref: str = "",
) -> Request[T]:
    """Build a GET request; leaves out empty query values."""
    return Request(
        method="GET", path=path, reply=reply, query=drop_empty(query), thing=thing, ref=ref, repeatable=True
    )


def post(
    path: str,
    reply: type[T],
    body: object = None,
    *,
    thing: str = "",
    ref: str = "",
    repeatable: bool = False,
) -> Request[T]:
    """Build a POST request with a JSON body; `repeatable` says that it may be sent again."""
    raw = b"" if body is None else msgspec.json.encode(body)
    return Request(
        method="POST", path=path, reply=reply, body=raw, thing=thing, ref=ref, repeatable=repeatable
    )


def delete(path: str, query: tuple[tuple[str, str], ...] = (), *, thing: str, ref: str) -> Request[Empty]:
    """Build a DELETE request, which may be sent again: the second one finds nothing."""
    return Request(
        method="DELETE", path=path, reply=Empty, query=query, thing=thing, ref=ref, repeatable=True
    )


def drop_empty(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return `query` without empty values: to KFP an empty value differs from an absent one."""
    return tuple((name, value) for name, value in query if value)


def segment(value: str) -> str:
    """Return `value` quoted as one segment of a path."""
    return quote(value, safe="")
