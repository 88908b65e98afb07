"""Removes the credential from responses that repeat it, before anything reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from .http import Response

HIDDEN = "(secret)"
_SHORTEST = 6  # characters; a shorter value would blacken half the words


def scrub(response: Response, credential: Mapping[str, str]) -> Response:
    """Return `response` without the values of the headers of a credential, however they are encoded."""
    secrets = [form for value in credential.values() for part in _parts(value) for form in _forms(part)]
    repeated = [secret for secret in secrets if secret.encode() in response.body]
    body = response.body
    for secret in sorted(repeated, key=len, reverse=True):
        body = body.replace(secret.encode(), HIDDEN.encode())
    headers = {name: _hide(value, secrets) for name, value in response.headers.items()}
    return msgspec.structs.replace(response, body=body, headers=headers)


def _parts(header: str) -> list[str]:
    """Return the secrets in a header: a token without `Bearer`, the values of cookies."""
    whole = header.removeprefix("Bearer ")
    values = [part.partition("=")[2] or part for part in whole.split("; ")]
    return [part for part in {whole, *values} if len(part) >= _SHORTEST]


def _forms(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]}


def _hide(text: str, secrets: list[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
