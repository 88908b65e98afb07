"""Removes the credential from responses that repeat it, before anything reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from .http import Response

HIDDEN = "(secret)"
_HEADERS = ("Authorization", "Cookie")
_SHORTEST = 6  # characters; a shorter value would blacken half the words


def scrub(response: Response, sent: Mapping[str, str | bytes]) -> Response:
    """Return `response` without the credential of the request headers `sent`, however it is encoded."""
    secrets = [form for name in _HEADERS for part in _parts(sent.get(name, "")) for form in _forms(part)]
    repeated = [secret for secret in secrets if secret.encode() in response.body]
    body = response.body
    for secret in sorted(repeated, key=len, reverse=True):
        body = body.replace(secret.encode(), HIDDEN.encode())
    headers = {name: _hide(value, secrets) for name, value in response.headers.items()}
    return msgspec.structs.replace(response, body=body, headers=headers)


def _parts(header: str | bytes) -> list[str]:
    """Return the secrets in a header: a token without `Bearer`, the values of cookies."""
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    values = [part.partition("=")[2] or part for part in text.removeprefix("Bearer ").split("; ")]
    whole = text.removeprefix("Bearer ")
    return [part for part in {whole, *values} if len(part) >= _SHORTEST]


def _forms(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]}


def _hide(text: str, secrets: list[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
