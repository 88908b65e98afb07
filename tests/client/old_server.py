"""A server of Kubeflow ≤ 1.7, before the API v2beta1."""

from __future__ import annotations

from typing import Any

from jupyter_kfp_mt.client import Request, Response, Transport
from jupyter_kfp_mt.client.http import V2
from jupyter_kfp_mt.context import Context
from tests.fakes import HEALTH, ok

NO_ROUTE = Response(status=404, body=b'{"code":5,"message":"Not Found"}')


class Old:
    """A server that has never heard of v2beta1."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.paths: list[str] = []

    def send(self, request: Request[Any]) -> Response:
        self.paths.append(request.path)
        if request.path.endswith("v1beta1/healthz"):
            return ok(HEALTH)
        return NO_ROUTE if request.path.startswith(V2) else self._inner.send(request)

    def in_context(self, context: Context) -> Old:
        return self

    def close(self) -> None:
        self._inner.close()
