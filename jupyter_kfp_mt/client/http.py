"""Requests and responses as values, and what sends the one and returns the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from ..context import Context

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

V2 = "/apis/v2beta1"
REQUEST_ID = "X-Request-Id"


class Empty(msgspec.Struct, frozen=True):
    """The answer `{}` of a verb."""


class Request(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One call of the API; nothing is sent by making it."""

    method: str
    path: str  # below the endpoint
    reply: type[T]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    thing: str = ""  # what a 404 is about: "run"
    ref: str = ""  # its id or name
    repeatable: bool = False  # sending it twice does what sending it once does
    read_timeout: float = 0.0  # seconds; 0 is the context's
    last: int = 0  # bytes of the answer that are kept, from its end; 0 is all of it

    @property
    def request_id(self) -> str:
        """The id by which it is found in logs; empty before it has one."""
        return next((value for name, value in self.headers if name == REQUEST_ID), "")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    dropped: bool = False  # its beginning is not here: the request wanted only so much


class Transport(Protocol):
    """Sends requests to one endpoint with one credential."""

    def send(self, request: Request[Any]) -> Response:
        """Send once and return the answer, whatever its status.

        Raises KfpConnectionError when there is none; its `unclear` says that the request may have arrived.
        """

    def in_context(self, context: Context) -> Transport:
        """Return a transport for the same server with the credential of `context`."""

    def close(self) -> None:
        """Let go of the connections."""


def get(
    path: str,
    reply: type[T],
    query: tuple[tuple[str, str], ...] = (),
    *,
    thing: str = "",
    ref: str = "",
) -> Request[T]:
    """Build a GET; empty query values are left out."""
    return Request(
        method="GET", path=path, reply=reply, query=present(query), thing=thing, ref=ref, repeatable=True
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
    """Build a POST with a JSON body; not repeated unless that is said to be harmless."""
    raw = b"" if body is None else msgspec.json.encode(body)
    return Request(
        method="POST", path=path, reply=reply, body=raw, thing=thing, ref=ref, repeatable=repeatable
    )


def delete(path: str, query: tuple[tuple[str, str], ...] = (), *, thing: str, ref: str) -> Request[Empty]:
    """Build a DELETE; a second one finds nothing, so it may be repeated."""
    return Request(
        method="DELETE", path=path, reply=Empty, query=query, thing=thing, ref=ref, repeatable=True
    )


def present(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return `query` without its empty values: an absent one is not the same to KFP."""
    return tuple((name, value) for name, value in query if value)


def segment(value: str) -> str:
    """Return `value` as one segment of a path."""
    return quote(value, safe="")
