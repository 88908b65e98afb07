"""One request to a server of the test, and the error that comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_kfp_mt.client import Api, HttpTransport, Request, RetryPolicy
from jupyter_kfp_mt.client.system import get_healthz
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HEALTH = b'{"multi_user": true}'


def ask(url: str, request: Request[Any] | None = None, **context: Any) -> Any:
    where = Context(url, "team-a", **{"timeout": 30.0, **context})
    transport = HttpTransport(where)
    try:
        return Api(where, transport, retry=RetryPolicy(attempts=1)).call(request or get_healthz())
    finally:
        transport.close()


def trouble(url: str, request: Request[Any] | None = None, **context: Any) -> KfpError:
    with pytest.raises(KfpError) as caught:
        ask(url, request, **context)
    return caught.value
