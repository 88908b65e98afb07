"""Sends requests and returns models, retrying where that is safe."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec

from ..clock import SYSTEM, Clock
from ..context import Context
from ..errors import KfpError, kfp_error
from ..models import NOT_JSON, Healthz
from ..tokens import TokenClaims
from .experiments import list_experiments
from .gateway_errors import page_error
from .http import REQUEST_ID, Empty, Request, Response, Transport
from .response_errors import classify
from .responses import is_kfp_data, shorten

T = TypeVar("T")

_HEALTH = frozenset({"multi_user", "tag_name", "commit_sha", "apiServerReady"})  # one is in any KFP's healthz
_REFUSED_TOKEN = frozenset({"token-expired", "token-rejected", "gateway-jwt"})
_SHORT_WAIT = 2.0  # seconds; who asks for a longer pause gets an error to show instead
TRANSIENT = frozenset({"embedded-stopped", "kfp-timeout", "kfp-unavailable"})


class RetryPolicy(NamedTuple):
    """Decides whether and when to send a request again."""

    attempts: int = 3
    first: float = 0.2  # seconds; twice as long each time

    def delay(self, request: Request[Any], attempt: int, error: KfpError) -> float | None:
        """Return the seconds to wait after the failed `attempt` (from 1), or None to give up."""
        if error.code in _REFUSED_TOKEN and attempt == 1:
            return 0.0  # the kubelet may just have renewed the file, and a refused request changed nothing
        if attempt >= self.attempts or error.code not in TRANSIENT:
            return None
        if error.code == "kfp-timeout" and attempt > 1:
            return None  # a person has already waited twice for the time-out
        if error.retry_after > _SHORT_WAIT:
            return None
        delay = max(math.ldexp(self.first, attempt - 1), error.retry_after)
        return delay if request.repeatable else None


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
        explain: Callable[[KfpError], KfpError] = lambda error: error,
    ) -> None:
        """`request_id` is that of the incoming request that is served; by default each call has its own.

        `explain` returns the error to raise, where more is known of it than the response says.
        """
        self.context = context
        self.request_id = request_id
        self.transport = transport
        self.retry = retry
        self.clock = clock
        self._explain = explain

    def __repr__(self) -> str:
        return f"Api({self.context.endpoint!r})"

    def call(self, request: Request[T]) -> T:
        """Send `request` and return its model; raises the KfpError that the response means."""
        request = self._with_id(request)
        return decode(request, self.send(request), self.context)

    def send(self, request: Request[Any]) -> Response:
        """Send `request` and return the response itself."""
        request = self._with_id(request)
        attempt = 1
        while True:
            try:
                return self._once(request)
            except KfpError as failure:
                error = failure.replace(request_id=failure.request_id or request.request_id)
                if attempt > 1 and request.method == "DELETE" and error.code == "not-found":
                    return Response(status=200, body=b"{}")  # the first attempt has deleted it
                delay = self.retry.delay(request, attempt, error)
                if delay is None:
                    raise self._explain(error) from error.__cause__
            self.clock.sleep(delay)
            attempt += 1

    def _with_id(self, request: Request[T]) -> Request[T]:
        """Return `request` with the id that KFP's log and our errors show."""
        if request.request_id:
            return request
        name = (REQUEST_ID, self.request_id or os.urandom(16).hex())
        return msgspec.structs.replace(request, headers=(*request.headers, name))

    def _once(self, request: Request[Any]) -> Response:
        response = self.transport.send(request)
        if is_kfp_data(response):
            return response
        # the responses that do not say whom they refuse
        unnamed = response.status in (400, 401)
        claims = self.context.credential.claims() if unnamed else TokenClaims()
        error = classify(request, response, self.context, claims)
        if error.code == "login-page" and request.method != "GET" and self._may_look():
            error = page_error(response, self.context).replace(details=error.details, unclear=error.unclear)
        raise error

    def _may_look(self) -> bool:
        """Whether KFP responds to a list with the same credential."""
        try:
            return is_kfp_data(self.transport.send(list_experiments(self.context.namespace, page_size=1)))
        except KfpError:
            return False


def decode(request: Request[T], response: Response, context: Context) -> T:
    """Return the body of a successful response as the model of `request`; raises `kfp-error`."""
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
    """Return the model in `body`; null means absent, as in protobuf's JSON, though KFP never writes it."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    try:
        model = msgspec.json.decode(text, type=kind, strict=False)
    except msgspec.ValidationError:
        present = msgspec.json.encode(_drop_nulls(msgspec.json.decode(text)))
        model = msgspec.json.decode(present, type=kind, strict=False)
    if kind is Healthz and not _HEALTH & msgspec.json.decode(text).keys():
        raise msgspec.ValidationError("Nothing in it is of KFP")
    return model


def _drop_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drop_nulls(each) for key, each in value.items() if each is not None}
    return [_drop_nulls(each) for each in value if each is not None] if isinstance(value, list) else value
