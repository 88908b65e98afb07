"""A transport for servers of either version of the API, so that nobody above knows which one answers.

It costs nothing on newer servers: it turns to v1beta1 (Kubeflow ≤ 1.7) only after a v2beta1 address was not
there and v1beta1's healthz answered.
"""

from __future__ import annotations

from typing import Any

from ..context import Context
from .facts import is_answer
from .http import V2, Request, Response, Transport

V1 = "/apis/v1beta1"


class AnyVersion:
    """Speaks v2beta1, and v1beta1 where that is all a server knows."""

    def __init__(self, inner: Transport, *, old: bool | None = None) -> None:
        self._inner = inner
        self._old = old  # None: not known yet

    def in_context(self, context: Context) -> AnyVersion:
        """Return the same with the credential of `context`."""
        return AnyVersion(self._inner.in_context(context), old=self._old)

    def close(self) -> None:
        """Let go of the connections."""
        self._inner.close()

    def send(self, request: Request[Any]) -> Response:
        """Send once, in the words the server knows; see `Transport`."""
        if not request.path.startswith(V2):
            return self._inner.send(request)
        if not self._old:
            response = self._inner.send(request)
            if self._old is not None or not _no_such_address(request, response):
                self._old = False if response.status < 300 else self._old
                return response
            if self._answers(V2) or not self._answers(V1):
                return response  # a newer server without this address, or no KFP at all
            self._old = True
        from .v1beta1 import Conversation  # not read where it is not spoken

        return Conversation(self._inner, request).answer()

    def _answers(self, version: str) -> bool:
        health = Request(method="GET", path=f"{version}/healthz", reply=bytes, repeatable=True)
        return is_answer(self._inner.send(health))


def _no_such_address(request: Request[Any], response: Response) -> bool:
    """Whether the server does not know the path at all: an object that is not there has a longer text."""
    if response.status != 404 or not request.path.startswith(V2):
        return False
    return b"not found" not in response.body or response.body.startswith(b"404 page not found")
