"""`Api`: requests in, models out, with the retries that are safe."""

from __future__ import annotations

import math
import os
from typing import Any, NamedTuple, TypeVar

import msgspec

from ..clock import SYSTEM, Clock
from ..context import Context
from ..errors import KfpError, kfp_error
from ..models import NOT_JSON, Healthz
from ..tokens import TokenClaims
from .http import REQUEST_ID, Empty, Request, Response, Transport
from .response_errors import classify
from .responses import is_kfp_data, shorten

T = TypeVar("T")

_HEALTH = frozenset({"multi_user", "tag_name", "commit_sha", "apiServerReady"})  # one is in any KFP's healthz
_REFUSED_TOKEN = frozenset({"token-expired", "token-rejected", "gateway-jwt"})
TRANSIENT = frozenset({"kfp-timeout", "kfp-unavailable"})


class RetryPolicy(NamedTuple):
    """How long to wait before sending again, or not at all."""

    attempts: int = 3
    first: float = 0.2  # seconds; twice as long each time

    def delay(self, request: Request[Any], attempt: int, error: KfpError) -> float | None:
        """Seconds to wait after the failed `attempt` (from 1), or None to give up."""
        if error.code in _REFUSED_TOKEN and attempt == 1:
            return 0.0  # the file may just have been renewed, and a 401 changes nothing
        if attempt >= self.attempts or error.code not in TRANSIENT:
            return None
        if error.code == "kfp-timeout" and attempt > 1:
            return None  # a third wait of ten seconds helps nobody
        return math.ldexp(self.first, attempt - 1) if request.repeatable else None


class Api:
    """Calls one KFP server in one context."""

    def __init__(
        self,
        context: Context,
        transport: Transport,
        *,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - a value
        clock: Clock = SYSTEM,
        request_id: str = "",
    ) -> None:
        """`request_id` names the request that all calls are made for; by default each call is its own."""
        self.context = context
        self.request_id = request_id
        self.transport = transport
        self.retry = retry
        self.clock = clock

    def __repr__(self) -> str:
        return f"Api({self.context.endpoint!r})"

    def call(self, request: Request[T]) -> T:
        """Send `request` and return the model it promises; raises the KfpError that the answer means."""
        request = self._named(request)
        return decode(request, self.answer(request), self.context)

    def answer(self, request: Request[Any]) -> Response:
        """Send `request` and return the answer itself, for those whose headers matter."""
        request = self._named(request)
        attempt = 1
        while True:
            try:
                return self._once(request)
            except KfpError as failure:
                error = failure.replace(request_id=failure.request_id or request.request_id)
                if attempt > 1 and request.method == "DELETE" and error.code == "not-found":
                    return Response(status=200, body=b"{}")  # the attempt before had done it
                delay = self.retry.delay(request, attempt, error)
                if delay is None:
                    raise error from error.__cause__
            self.clock.sleep(delay)
            attempt += 1

    def _named(self, request: Request[T]) -> Request[T]:
        """`request` with the id by which it is found in KFP's own log and in the error it leads to."""
        if request.request_id:
            return request
        name = (REQUEST_ID, self.request_id or os.urandom(16).hex())
        return msgspec.structs.replace(request, headers=(*request.headers, name))

    def _once(self, request: Request[Any]) -> Response:
        response = self.transport.send(request)
        if is_kfp_data(response):
            return response
        claims = self.context.credential.claims() if response.status == 401 else TokenClaims()
        raise classify(request, response, self.context, claims)


def decode(request: Request[T], response: Response, context: Context) -> T:
    """Return the body of a good answer as the model that `request` promises; raises `kfp-error`."""
    if request.reply is bytes:
        return response.body  # type: ignore[return-value]  # T is bytes here
    if request.reply is Empty:
        return Empty()  # type: ignore[return-value]  # T is Empty here; some proxies answer with nothing
    try:
        return _read(response.body, request.reply)
    except NOT_JSON as error:
        if request.reply is Healthz:
            raise kfp_error("kfp-path/not-kfp", host=context.host) from None
        raise kfp_error(
            "kfp-error",
            status=response.status,
            text=f"not understood: {shorten(str(error))}",
            details=f"{request.method} {request.path} on {context.host}: {error}",
            request_id=request.request_id,
        ).replace(unclear=not request.repeatable) from None


def _read(body: bytes, kind: type[T]) -> T:
    """The model in `body`. Null is absent, as in protobuf's JSON; KFP itself never writes it."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    try:
        found = msgspec.json.decode(text, type=kind, strict=False)
    except msgspec.ValidationError:
        present = msgspec.json.encode(_present(msgspec.json.decode(text)))
        found = msgspec.json.decode(present, type=kind, strict=False)
    if kind is Healthz and not _HEALTH & msgspec.json.decode(text).keys():
        raise msgspec.ValidationError("Nothing in it is of KFP")
    return found


def _present(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _present(each) for key, each in value.items() if each is not None}
    return [_present(each) for each in value if each is not None] if isinstance(value, list) else value
