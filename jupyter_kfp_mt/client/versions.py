"""A transport for servers of either version of the API, so that no caller needs to know which one responds.

It costs nothing on newer servers: it falls back to v1beta1 (Kubeflow ≤ 1.7) only after a v2beta1 path was not
found and v1beta1's healthz responded.
"""

from __future__ import annotations

from typing import Any

from ..context import Context
from .http import V1, V2, Request, Response, Transport
from .responses import is_kfp_data


class _ServerVersion:
    """What is known about a server; the transports of all namespaces share it."""

    old: bool | None = None  # whether it knows v1beta1 only; None: not known yet


class AnyVersion:
    """Sends v2beta1 requests, translated to v1beta1 where that is all a server knows."""

    def __init__(self, inner: Transport, server: _ServerVersion | None = None) -> None:
        self._inner = inner
        self._server = server or _ServerVersion()

    def in_context(self, context: Context) -> AnyVersion:
        """Return a transport with the credential of `context` that shares what is known about the server."""
        return AnyVersion(self._inner.in_context(context), self._server)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def send(self, request: Request[Any]) -> Response:
        """Send once, in the version that the server knows; see `Transport`."""
        if not request.path.startswith(V2):
            return self._inner.send(request)
        server = self._server
        if not server.old:
            response = self._inner.send(request)
            if server.old is False or not _is_unknown_path(request, response):
                server.old = False if response.status < 300 else server.old
                return response
            known_by_now = server.old  # through another thread
            if not known_by_now and (self._responds(V2) or not self._responds(V1)):
                return response  # a newer server without this address, or no KFP at all
            server.old = True
        from .v1beta1 import Translation  # few servers need it

        return Translation(self._inner, request).send()

    def _responds(self, version: str) -> bool:
        health = Request(method="GET", path=f"{version}/healthz", reply=bytes, repeatable=True)
        return is_kfp_data(self._inner.send(health))


def _is_unknown_path(request: Request[Any], response: Response) -> bool:
    """Whether the server has no such route; it words a missing object differently."""
    if response.status != 404 or not request.path.startswith(V2):
        return False
    return b"not found" not in response.body or response.body.startswith(b"404 page not found")
