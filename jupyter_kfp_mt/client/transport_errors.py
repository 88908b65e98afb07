"""Maps a transport exception (no response at all) to one error of the catalogue."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from socket import gaierror
from typing import Any

from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from ..context import Context
from ..errors import KfpError, kfp_error
from ..proof import UnprovenError
from .gateway_errors import proxy_error, timeout_error, unavailable_error
from .http import Request
from .responses import shorten


def transport_error(
    request: Request[Any], context: Context, error: HTTPError, *, sent: bool = True
) -> KfpError:
    """Return what `error` means; `unclear` if a request that must not be repeated may have arrived.

    `sent` says whether the whole request was handed over: a server that lacks its end cannot act on it.
    """
    causes = list(_causes(error))
    unclear = sent and not request.repeatable
    if isinstance(error, LocationValueError):
        return kfp_error("kfp-path", url=context.endpoint)
    if isinstance(error, ProxyError):
        reason = shorten(str(causes[-1]) or type(causes[-1]).__name__, 120)
        return proxy_error(context, reason.rstrip("."))
    if isinstance(error, SSLError):
        # TLS 1.3 says only after the request that it wants a certificate, and then has not looked at it
        wants_certificate = "certificate required" in str(causes[-1]).replace("_", " ").lower()
        return tls_error(context, causes[-1]).replace(unclear=unclear and not wants_certificate)
    if any(isinstance(cause, gaierror) for cause in causes):
        return kfp_error("kfp-dns", host=context.host, kfp=context.install_namespace)
    if any(isinstance(cause, UnprovenError) for cause in causes):
        return unavailable_error(context, "is not the embedded server of this folder; it was sent nothing")
    if isinstance(error, NewConnectionError):
        return unavailable_error(context)
    if isinstance(error, ConnectTimeoutError):
        return timeout_error(context)
    return _broken_error(request, context, error, causes).replace(unclear=unclear)


def tls_error(context: Context, cause: BaseException) -> KfpError:
    """Return `kfp-tls` with the reason that `cause` gives and the remedy for it."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = cause.verify_message
    elif isinstance(cause, FileNotFoundError) and context.ca_file:
        reason = f"The CA file {context.ca_file} is not there"
    else:
        reason = getattr(cause, "strerror", None) or str(cause)
    text = reason.replace("_", " ").lower()
    key = next((key for mark, key in _TLS if mark in text), "kfp-tls")
    return kfp_error(key, host=context.host, reason=_sentence(reason))


_TLS = (  # a part of what OpenSSL says, and the row of the catalogue that it means
    ("wrong version number", "kfp-tls/plain"),
    ("record layer failure", "kfp-tls/plain"),
    ("http request", "kfp-tls/plain"),
    ("has expired", "kfp-tls/expired"),
    ("not yet valid", "kfp-tls/early"),
    ("hostname mismatch", "kfp-tls/name"),
    ("ip address mismatch", "kfp-tls/name"),
    ("protocol version", "kfp-tls/old"),
    ("unsupported protocol", "kfp-tls/old"),
    ("certificate required", "kfp-tls/mutual"),
    ("eof occurred", "kfp-tls/broken"),
    ("no certificate or crl", "kfp-tls/ca-empty"),
    ("pem lib", "kfp-tls/ca-unreadable"),
    ("is a directory", "kfp-tls/ca-folder"),
)


def _broken_error(
    request: Request[Any], context: Context, error: HTTPError, causes: list[BaseException]
) -> KfpError:
    """Return the error of a request that was sent and got no complete response."""
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return timeout_error(context._replace(timeout=request.read_timeout or context.timeout))
    cut = (RemoteDisconnected, IncompleteRead)
    if any(isinstance(cause, HTTPException) and not isinstance(cause, cut) for cause in causes):
        return kfp_error("kfp-path/not-http", host=context.host)
    if isinstance(error, DecodeError):
        return kfp_error("kfp-error", status="An answer that", text="cannot be unpacked")
    return unavailable_error(context, "broke the connection off")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and the exceptions inside it, innermost last; urllib3 keeps some in arguments."""
    seen: list[BaseException] = []
    pending: list[object] = [error]
    while pending and len(seen) < 20:
        inner = pending.pop(0)
        if isinstance(inner, BaseException) and inner not in seen:
            seen.append(inner)
            yield inner
            behind = None if inner.__suppress_context__ else inner.__context__
            pending += [*inner.args, getattr(inner, "reason", None), inner.__cause__, behind]


def _sentence(text: str) -> str:
    return shorten(text, 160).rstrip(".") + "."
