"""Turns an address, as people write it or paste it from their browser, into an endpoint."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from ..errors import kfp_error

_HOST = re.compile(r"(?!-)[\w.-]{1,253}|\[[0-9a-fA-F:.]+\]")
_ODD = re.compile(r"[\s\\\x00-\x1f]")
_NO_PORT = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:/")  # `unix:/x`, `http:/x`
_PLAIN = re.compile(r"(localhost|127\.0\.0\.1|\[::1\]|[\w-]+|ml-pipeline\..*|.*\.svc(\..*)?)(:\d+)?(/.*)?")


def endpoint_of(address: str, field: str) -> str:
    """Return scheme, host and prefix of `address`; raises `bad-input` naming `field`.

    Without a scheme it is `https`, as in the SDK, but `http` for this machine and for services of a cluster.
    Drops what a browser adds: the page (`#/runs`), `?ns=…`, the dashboard's `/_`, `/apis/…`.
    """
    text = address.strip()
    if "://" not in text:
        text = f"{'http' if _PLAIN.fullmatch(text) else 'https'}://{text}"
    parts = _split(text)
    if parts is None or (_NO_PORT.match(address.strip()) and "://" not in address):
        raise kfp_error("bad-input", field=field, problem="it is not an address", next="http://HOST:PORT")
    if "@" in parts.netloc:
        raise kfp_error(
            "bad-input",
            field=field,
            problem="it holds a user name",
            why="Credentials do not belong in an address.",
            next="set `token_path` or `cookie_path`",
        )
    prefix = re.split(r"/apis(?:/|$)", parts.path)[0].removeprefix("/_").rstrip("/")
    return f"{parts.scheme}://{parts.netloc.lower()}{prefix}"


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    except ValueError:
        return None
    usable = parts.scheme in ("http", "https") and parts.port != 0 and _HOST.fullmatch(host)
    return parts if usable and not _ODD.search(text) else None
