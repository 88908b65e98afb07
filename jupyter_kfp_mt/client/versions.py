"""A transport for servers of either version of the API, so that nobody above knows which one answers.

It costs nothing on newer servers: it turns to v1beta1 (Kubeflow ≤ 1.7) only after a v2beta1 address was not
there and v1beta1's healthz answered.
"""

from __future__ import annotations

from typing import Any

from ..context import Context
from .http import V2, Request, Response, Transport
from .responses import is_kfp_data

V1 = "/apis/v1beta1"


class _Server:
    """What was learnt of a server, in whichever namespace."""

    old: bool | None = None  # None: not known yet


class AnyVersion:
    """Speaks v2beta1, and v1beta1 where that is all a server knows."""

    def __init__(self, inner: Transport, server: _Server | None = None) -> None:
        self._inner = inner
        self._server = server or _Server()

    def in_context(self, context: Context) -> AnyVersion:
        """Return the same with the credential of `context`; what one learns of the server both know."""
        return AnyVersion(self._inner.in_context(context), self._server)

    def close(self) -> None:
        """Let go of the connections."""
        self._inner.close()

    def send(self, request: Request[Any]) -> Response:
        """Send once, in the words the server knows; see `Transport`."""
        if not request.path.startswith(V2):
            return self._inner.send(request)
        server = self._server
        if not server.old:
            response = self._inner.send(request)
            if server.old is False or not _no_such_address(request, response):
                server.old = False if response.status < 300 else server.old
                return response
            learnt_meanwhile = server.old  # by another thread
            if not learnt_meanwhile and (self._answers(V2) or not self._answers(V1)):
                return response  # a newer server without this address, or no KFP at all
            server.old = True
        from .v1beta1 import Conversation  # not read where it is not spoken

        return Conversation(self._inner, request).answer()

    def _answers(self, version: str) -> bool:
        health = Request(method="GET", path=f"{version}/healthz", reply=bytes, repeatable=True)
        return is_kfp_data(self._inner.send(health))


def _no_such_address(request: Request[Any], response: Response) -> bool:
    """Whether the server does not know the path at all: an object that is not there has a longer text."""
    if response.status != 404 or not request.path.startswith(V2):
        return False
    return b"not found" not in response.body or response.body.startswith(b"404 page not found")
