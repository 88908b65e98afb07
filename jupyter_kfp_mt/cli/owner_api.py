"""The owner routes of the embedded server, with its refusals as errors of the catalogue."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ..client.gateway_errors import timeout_error, unavailable_error
from ..context import Context
from ..errors import KfpError, kfp_error
from ..models import NOT_JSON, RuntimeFile
from ..owner import OwnerClient, OwnerResponse

_TIMEOUT = 30.0  # seconds
_KIND = re.compile(r"^(Invalid input error|ResourceNotFoundError|Already exist error): ")
_CODES = {400: "bad-input", 404: "not-found", 409: "conflict", 403: "forbidden"}


class OwnerApi:
    """Calls the embedded server with the owner key."""

    def __init__(self, runtime: RuntimeFile) -> None:
        self._client = OwnerClient(runtime, _TIMEOUT)
        self._context = Context(runtime.url, embedded=True, timeout=_TIMEOUT)

    def __repr__(self) -> str:
        return f"OwnerApi({self._context.endpoint!r})"

    def call(self, method: str, *path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a route under `/embedded` and return its JSON; raises KfpError."""
        try:
            response = self._client.send(method, *path, body=body)
        except TimeoutError:
            raise timeout_error(self._context) from None
        except ConnectionError:
            raise unavailable_error(self._context) from None
        if response.status == 200:
            return dict(msgspec.json.decode(response.body))
        raise _error_of(response)


class _Refusal(msgspec.Struct, frozen=True):
    message: str = ""
    error: str = ""


def _error_of(response: OwnerResponse) -> KfpError:
    """Return what the server says as the error that its status means."""
    try:
        refusal = msgspec.json.decode(response.body, type=_Refusal)
        said = refusal.message or refusal.error
    except NOT_JSON:
        said = response.body[:200].decode(errors="replace")
    text = _KIND.sub("", said).strip() or f"The server answered {response.status}"
    message = f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
    return kfp_error(f"{_CODES.get(response.status, 'kfp-error')}/embedded", message=message)
