"""Inspects a response: is it KFP data, what error does it carry, and what is safe to show."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from ..context import Context
from ..errors import KfpError
from ..models import NOT_JSON
from ..tokens import TokenClaims
from .http import Request, Response

_JWT_SHAPED = re.compile(r"(?<![\w-])[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}")
_HEAD, _TAIL = 12_000, 4_000  # characters of a message that rules look at
_TITLE = re.compile(r"<title[^>]*>(?P<title>[^<]*)", re.IGNORECASE)
_PAGE = (b"<!doctype", b"<html", b"<head", b"<!--", b"<?xml")
_BOM = b"\xef\xbb\xbf"


class _ErrorMessage(msgspec.Struct, frozen=True):
    """KFP's error body in its three dialects.

    grpc-gateway 2 writes `message` and grpc-gateway 1 (KFP ≤ 2.5) writes `error`; the upload handlers write
    `error_message` (kubeflow/pipelines, backend/src/apiserver/server/pipeline_upload_server.go); a Kubernetes
    API server writes a `Status`.
    """

    code: int | None = None
    message: str = ""
    error: Any = None
    error_message: str = ""
    details: list[Any] | dict[str, Any] = []
    kind: str = ""


class Exchange(NamedTuple):
    """A request and the response to it, as the rules look at them."""

    request: Request[Any]
    context: Context
    claims: TokenClaims  # of the token that was sent
    status: int
    headers: Any
    text: str  # the body's beginning
    html: bool
    code: int | None  # KFP's own
    message: str  # the whole chain
    short: str  # the part meant for people
    kubernetes: bool  # the API server itself answered, not KFP behind it


def is_kfp_data(response: Response) -> bool:
    """Whether `response` carries KFP's data; a log-in page also comes with status 200."""
    return 200 <= response.status < 300 and not _is_html(response)


def inspect_exchange(
    request: Request[Any], response: Response, context: Context, claims: TokenClaims
) -> Exchange:
    """Return `response` and its request as the rules look at them."""
    text = response.body[:16_384].decode(errors="replace").strip()
    try:
        body = msgspec.json.decode(response.body[:1_000_000], type=_ErrorMessage)
    except NOT_JSON:
        body = _ErrorMessage()
    error = body.error if isinstance(body.error, str) else ""
    message = _cut_middle(body.message or body.error_message or error)
    detail = next((_text_of(entry) for entry in body.details), "") if isinstance(body.details, list) else ""
    detail = _cut_middle(detail)
    html = _is_html(response)
    shown = _title(text) if html else text
    short = detail if detail and detail != "Internal Server Error" else message or shown
    return Exchange(
        request,
        context,
        claims,
        response.status,
        response.headers,
        text,
        html,
        body.code,
        message,
        shorten(mask_tokens(short)),
        body.kind == "Status",
    )


def _cut_middle(text: str) -> str:
    """Return `text` without the middle of a long one: rules search it, and its end has the cause."""
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} … {text[-_TAIL:]}"


def shorten(text: str, limit: int = 200) -> str:
    """Return one line of at most `limit` characters, cut at its start: chains of reasons end in the cause."""
    line = text.split("\n", 1)[0].strip()
    return line if len(line) <= limit else "…" + line[1 - limit :]


def title_of(response: Response) -> str:
    """Return the title of the web page in `response`, without the status that many repeat in it."""
    page = response.body[:16_384].decode(errors="replace")
    return shorten(mask_tokens(_title(page)).removeprefix(str(response.status)).strip())


def mask_tokens(text: str) -> str:
    """Return `text` without anything that looks like a token, since a proxy may repeat what it was sent."""
    return _JWT_SHAPED.sub("(token)", text)


def _text_of(detail: Any) -> str:
    message = detail.get("message", "") if isinstance(detail, dict) else ""
    return message if isinstance(message, str) else ""


def _is_html(response: Response) -> bool:
    kind = response.headers.get("content-type", "").lower()
    if "html" in kind or "text/plain" in kind:  # a log may begin as it likes
        return "html" in kind
    return response.body[:200].removeprefix(_BOM).lstrip().lower().startswith(_PAGE)


def _title(page: str) -> str:
    match = _TITLE.search(page)
    return match["title"].strip() if match else "a web page"


Rule = Callable[[Exchange], "KfpError | None"]
