"""Credentials: each knows where it is kept, which origin it may go to and what it says about us.

The kubelet replaces a projected token when 80 % of its lifetime have passed
(kubernetes.io/docs/concepts/storage/projected-volumes), so a credential reads its secret at each use and
keeps none. It sends the secret to one origin only, and its `repr` shows the place instead.

A new method is a subclass here, a setting in `settings.py` and a row in `context/credentials.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from .errors import KfpError, kfp_error
from .files import display_path, read_file
from .tokens import TokenClaims, parse_claims

MAX_BYTES = 64 * 1024  # of a token or cookie; more than any server accepts as a header
_LONG = 8  # characters of a cookie that may be a secret
_PORTS = {"http": 80, "https": 443}
_PAIR = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+=[!-:<-~]*")  # RFC 6265, cookie-pair
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, b64token


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of `url`, with the scheme's own port where none is written."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


class Credential:
    """Proves the caller's identity to one origin; this base class proves nothing and sends nothing."""

    sent: bool = False  # whether requests to its origin carry it
    location: str = ""  # where it is kept, as people write it
    account: str = ""  # the service account it named when it was found
    certificate: tuple[str, str] | None = None  # files of a client certificate and its key

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the headers for a request to `url`; empty when `url` leads to another origin."""
        return {}

    def claims(self) -> TokenClaims:
        """Return what the credential says about itself now; empty where it says nothing or is unreadable."""
        return TokenClaims()

    def secrets(self) -> list[str]:
        """Return what no report may show; empty where there is nothing to read."""
        return []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.location!r})"


class FileCredential(Credential):
    """Sends the content of a file as a header to the origin of `url`."""

    header = ""
    prefix = ""
    shape = re.compile(".+")
    sent = True

    def __init__(self, path: Path, url: str, *, account: str = "") -> None:
        self.path = path
        self.location = display_path(path)
        self.account = account
        self._origin = origin_of(url)

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the header if `url` is of our origin; raises `token-unreadable`."""
        if origin_of(url) != self._origin:
            return {}
        return {self.header: self.prefix + self.read()}

    def read(self) -> str:
        """Return the secret as it is sent; raises `token-unreadable`."""
        secret = read_secret(self.path)
        if not self.shape.fullmatch(secret):
            raise _unreadable(self.path, "not a token")
        return secret

    def secrets(self) -> list[str]:
        """Return the content of the file, as it is and as it is sent."""
        found: list[str] = []
        for read in (partial(read_secret, self.path), self.read):
            with suppress(KfpError):
                found.append(read())
        return list(dict.fromkeys(found))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.path, self._origin))


class TokenFile(FileCredential):
    """A bearer token that its file renews.

    KFP accepts exactly `Bearer ` as prefix: Kubernetes takes a second blank for no token at all
    (kubeflow/pipelines, backend/src/apiserver/auth/authenticator_token_review.go).
    """

    header = "Authorization"
    prefix = "Bearer "
    shape = _TOKEN

    def claims(self) -> TokenClaims:
        """Return the claims of the token; empty when it is unreadable or not a JSON Web Token."""
        return next(filter(None, map(parse_claims, self.secrets())), TokenClaims())


class CookieFile(FileCredential):
    """The session cookies of a gateway's log-in, as one `Cookie` header.

    Takes what people copy from a browser: the whole header, quoted pairs, a pair in each line.
    """

    header = "Cookie"

    def read(self) -> str:
        """Return the pairs NAME=VALUE in the file; raises `token-unreadable` in the words of a cookie."""
        try:
            text = read_secret(self.path, several_lines=True)
        except KfpError as error:
            raise kfp_error("token-unreadable/cookie", path=self.path, reason=_reason_in(error)) from None
        lines = [re.sub(r"(?i)\Acookie:", "", line).strip() for line in text.splitlines()]
        words = [word.strip().strip("\"'") for line in lines for word in line.strip("\"'").split(";")]
        pairs = [word for word in words if word]
        if not pairs or not all(map(_PAIR.fullmatch, pairs)):
            raise kfp_error("token-unreadable/cookie", path=self.path, reason="without a NAME=VALUE")
        return "; ".join(pairs)

    def secrets(self) -> list[str]:
        """Return the content of the file, as it is and as it is sent, and the value of each cookie."""
        found = super().secrets()
        values = [pair.partition("=")[2] for text in found for pair in re.split(r";\s*|\n", text)]
        return list(dict.fromkeys([*found, *(value for value in values if len(value) >= _LONG)]))


def read_secret(path: Path, shown: str = "", *, several_lines: bool = False) -> str:
    """Return the one line in `path`, or all its lines; raises `token-unreadable` with the reason.

    The error never holds the content. `shown` is the path as the person knows it, by default the path itself.
    Ignores what editors and people add: blanks around the line, a byte order mark, a leading `Bearer`.
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
    line = " ".join(text.splitlines()) if several_lines else text
    if len(raw) > MAX_BYTES or not line.isprintable() or not text.isascii():
        raise _unreadable(shown or path, "not a token")
    return text


def _unreadable(path: Path | str, reason: str) -> KfpError:
    return kfp_error("token-unreadable", path=path, reason=reason)


def _reason_in(error: KfpError) -> str:
    """Return the reason in the words of `_unreadable`."""
    return next(
        (word for word in ("missing", "empty", "not readable") if f" is {word}." in error.why), "not text"
    )
