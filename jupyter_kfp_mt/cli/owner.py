"""The administration routes of the embedded server, for whoever holds the owner key of its runtime file."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import requests

from ..client.gateway_errors import timeout_error, unavailable_error
from ..context import Context
from ..errors import KfpError, kfp_error
from ..models import RuntimeFile

_TIMEOUT = 30.0
_KIND = re.compile(r"^(Invalid input error|ResourceNotFoundError|Already exist error): ")
_CODES = {400: "bad-input", 404: "not-found", 409: "conflict", 403: "forbidden"}


class Owner:
    """Asks the server as its owner; the key goes into one header and nowhere else."""

    def __init__(self, runtime: RuntimeFile) -> None:
        self._runtime = runtime

    def __repr__(self) -> str:
        return f"Owner({self._runtime.url!r})"

    def ask(self, method: str, *path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask `/embedded/…`; raises KfpError."""
        url = "/".join([self._runtime.url, "embedded", *(quote(part, safe=":") for part in path)])
        try:
            with requests.Session() as session:
                session.trust_env = False  # the server is on this machine: no proxy, no .netrc
                answer = session.request(
                    method,
                    url,
                    json=body,
                    headers={"X-Kfp-Owner-Key": self._runtime.owner_key},
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            here = Context(self._runtime.url, embedded=True, timeout=_TIMEOUT)
            late = isinstance(error, requests.Timeout)
            raise (timeout_error(here) if late else unavailable_error(here)) from None
        if answer.status_code == 200:
            return dict(answer.json())
        raise _error(answer)


def _error(answer: requests.Response) -> KfpError:
    """What the server says, in the class of its status."""
    try:
        told = str(answer.json().get("message") or answer.json().get("error") or "")
    except (ValueError, AttributeError):
        told = answer.text[:200]
    text = _KIND.sub("", told).strip() or f"The server answered {answer.status_code}"
    message = f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
    return kfp_error(f"{_CODES.get(answer.status_code, 'kfp-error')}/embedded", message=message)
