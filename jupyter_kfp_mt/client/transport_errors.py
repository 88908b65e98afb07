"""What the lack of an answer means: an exception of the way there → one error of the catalogue."""

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
from .gateway_errors import proxy_error, timeout_error, unavailable_error
from .http import Request
from .responses import shorten


def transport_error(request: Request[Any], context: Context, error: HTTPError) -> KfpError:
    """Return what `error` means; `unclear` where a request that must not be repeated may have arrived."""
    causes = list(_causes(error))
    if isinstance(error, LocationValueError):
        return kfp_error("kfp-path", url=context.endpoint)
    if isinstance(error, ProxyError):
        told = shorten(str(causes[-1]) or type(causes[-1]).__name__, 120)
        return proxy_error(context, told.rstrip("."))
    if isinstance(error, SSLError):
        return tls_error(context, causes[-1])
    if any(isinstance(cause, gaierror) for cause in causes):
        return kfp_error("kfp-dns", host=context.host, kfp=context.install_namespace)
    if isinstance(error, NewConnectionError):
        return unavailable_error(context)
    if isinstance(error, ConnectTimeoutError):
        return timeout_error(context)
    found = _broken(request, context, error, causes)
    found.unclear = not request.repeatable
    return found


def tls_error(context: Context, cause: BaseException) -> KfpError:
    """Return `kfp-tls` with the reason that `cause` gives, and what helps against it."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        told = cause.verify_message
    elif isinstance(cause, FileNotFoundError) and context.ca_file:
        told = f"The CA file {context.ca_file} is not there"
    else:
        told = getattr(cause, "strerror", None) or str(cause)
    error = kfp_error("kfp-tls", host=context.host, reason=_sentence(told))
    for mark, why, next_step, command in _TLS:
        if mark in told.replace("_", " ").lower():
            error.why, error.next_step, error.command = why or error.why, next_step, command
            break
    return error


_OTHER_ADDRESS = "Use an address that it is made for."
_CA_FILE, _CA_SETTING = "Set the CA file.", 'c.KfpSettings.ca_file = "…"'
_TLS = (  # a part of what OpenSSL says, our words for it, the next step, its command
    ("wrong version number", "It does not speak TLS.", "Write `http://` in the address.", ""),
    ("record layer failure", "It does not speak TLS.", "Write `http://` in the address.", ""),
    ("http request", "It does not speak TLS.", "Write `http://` in the address.", ""),
    ("has expired", "", "Ask an admin to renew it.", ""),
    ("not yet valid", "", "Check the clock of this machine.", "date -u"),
    ("hostname mismatch", "", _OTHER_ADDRESS, ""),
    ("ip address mismatch", "", _OTHER_ADDRESS, ""),
    ("protocol version", "It speaks only versions of TLS that are no longer safe.", "Ask an admin.", ""),
    ("unsupported protocol", "It speaks only versions of TLS that are no longer safe.", "Ask an admin.", ""),
    ("certificate required", "It wants a certificate of yours.", "Ask an admin for another way in.", ""),
    (
        "eof occurred",
        "It broke the handshake off.",
        "Check the port; it may want a certificate of yours.",
        "",
    ),
    ("no certificate or crl", "The CA file holds no certificate.", _CA_FILE, _CA_SETTING),
    ("pem lib", "The CA file holds no certificate that can be read.", _CA_FILE, _CA_SETTING),
    ("is a directory", "The CA file is a folder.", _CA_FILE, _CA_SETTING),
)


def _broken(
    request: Request[Any], context: Context, error: HTTPError, causes: list[BaseException]
) -> KfpError:
    """Something was sent, and no whole answer came back."""
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return timeout_error(context._replace(timeout=request.read_timeout or context.timeout))
    cut = (RemoteDisconnected, IncompleteRead)
    if any(isinstance(cause, HTTPException) and not isinstance(cause, cut) for cause in causes):
        found = kfp_error("kfp-path", url=context.endpoint)
        found.why = f"What listens at {context.host} does not speak HTTP."
        found.next_step = "Check the port; with TLS the address begins with `https://`."
        return found
    if isinstance(error, DecodeError):
        return kfp_error("kfp-error", status="An answer that", text="cannot be unpacked")
    found = unavailable_error(context)
    found.why = f"{context.host} broke the connection off."
    return found


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and the exceptions inside it, the innermost last: urllib3 keeps them in arguments too."""
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
