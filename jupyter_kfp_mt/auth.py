"""Credentials as headers: read from their file at each use, sent to one origin only.

The kubelet replaces a projected token about every 96 minutes, so nothing here keeps one. `repr` shows where a
credential is, never what it is.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from .errors import KfpError, kfp_error

MAX_BYTES = 64 * 1024  # of a token or cookie; more than any server takes as a header
_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, b64token


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of `url`, the port also where it is not written."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


def shown_path(path: Path) -> str:
    """Return `path` as people write it: from the home folder on where it is in there."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


class Auth(Protocol):
    """What proves who asks; its `repr` tells no secret."""

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the headers for a request to `url`: none where it leads to another origin."""


class NoAuth:
    """Proves nothing."""

    def headers(self, url: str) -> Mapping[str, str]:
        """Return no header."""
        return {}

    def __repr__(self) -> str:
        return "NoAuth()"


class FileAuth:
    """Gives what a file holds as a header to requests for `url`'s origin, and to no others."""

    header = ""
    prefix = ""
    shape = re.compile(".+")

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        self._origin = origin_of(url)

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the header where `url` is of our origin; raises `token-unreadable`."""
        if origin_of(url) != self._origin:
            return {}
        secret = read_secret(self.path)
        if not self.shape.fullmatch(secret):
            raise _unreadable(self.path, "not a token")
        return {self.header: self.prefix + secret}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, FileAuth) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        return self.path, self._origin


class TokenFile(FileAuth):
    """A bearer token that its file renews; the header begins with exactly `Bearer ` (kfp-api §1.2)."""

    header = "Authorization"
    prefix = "Bearer "
    shape = _TOKEN


class CookieFile(FileAuth):
    """The session cookies of a gateway's log-in, as one `Cookie` header."""

    header = "Cookie"


def read_secret(path: Path, shown: str = "") -> str:
    """Return the one line in `path`; raises `token-unreadable` with the reason, never with the content.

    `shown` is the path as the person knows it, by default the path itself. Forgiven are blanks around the
    line, and what editors and people put before it: a byte order mark, “Bearer”.
    """
    try:
        raw = read_file(path, MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(shown or path, "missing") from None
    except (OSError, ValueError):
        raise _unreadable(shown or path, "not readable") from None
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("ascii", errors="replace").strip()
    text = text.removeprefix("Bearer ").strip()
    if not text:
        raise _unreadable(shown or path, "empty")
    if len(raw) > MAX_BYTES or not text.isprintable() or not text.isascii():
        raise _unreadable(shown or path, "not a token")
    return text


def read_file(path: Path, most: int) -> bytes:
    """Return at most so many bytes of a regular file; raises OSError, and waits for no pipe."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no file")
        return file.read(most)


def _unreadable(path: Path | str, reason: str) -> KfpError:
    return kfp_error("token-unreadable", path=path, reason=reason)
