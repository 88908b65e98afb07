"""Downloads pipeline packages by URL, from allowed hosts only, as KFP does (`pipeline_server.go`).

A URL must have https, the default port, a listed host and no private address; redirects are checked again.
The connection goes to the very address that was checked, so a second DNS answer cannot redirect it.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Collection
from urllib.parse import urljoin, urlsplit

from ...deadlines import SecureBoundedConnection
from ..errors import ApiError, invalid_input
from .packages import MAX_UPLOAD

ALLOWED_HOSTS = ("storage.googleapis.com", "s3.amazonaws.com", "github.com", "raw.githubusercontent.com")
_TIMEOUT = 30.0
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def fetch(url: str, allowed: Collection[str] = ALLOWED_HOSTS) -> bytes:
    """Return the content at `url`, at most 32 MiB; raises ApiError (400)."""
    if not url or "://" not in url:
        raise invalid_input(f"invalid pipeline spec URL: {url}")
    for _ in range(_MOST_REDIRECTS):
        status, reason, location, body = _get(url, allowed)
        if status in _REDIRECTS and location:
            url = location
            continue
        if status != 200:
            raise invalid_input(
                f"error fetching pipeline spec from {url} - request returned {status} {reason}"
            )
        return body
    raise _refused_error()


def _get(url: str, allowed: Collection[str]) -> tuple[int, str, str, bytes]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused_error() from None
    host = parts.hostname or ""
    if parts.scheme != "https" or port not in (None, 443) or parts.username or host not in allowed:
        raise _refused_error()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _PinnedConnection(host, _public_address(host))
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        response = connection.getresponse()
        body = response.read(MAX_UPLOAD + 1)
        target = response.getheader("Location", "")
        location = urljoin(url, target) if target else ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise invalid_input(f"error fetching pipeline spec from {url} - {type(error).__name__}") from None
    finally:
        connection.close()
    if len(body) > MAX_UPLOAD:
        raise invalid_input(f"error fetching pipeline spec from {url} - it is larger than {MAX_UPLOAD} bytes")
    return response.status, response.reason, location, body


def _public_address(host: str) -> str:
    try:
        infos = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        raise _refused_error() from None
    addresses = [str(each[4][0]) for each in infos]
    if not addresses or any(not ipaddress.ip_address(each).is_global for each in addresses):
        raise _refused_error()
    return addresses[0]


class _PinnedConnection(SecureBoundedConnection):
    """Connects to the address that was checked, and checks the certificate against the host's name."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(host, 443, timeout=_TIMEOUT, context=ssl.create_default_context())
        self._address = address
        self._tls = ssl.create_default_context()

    def connect(self) -> None:
        """Open the connection."""
        plain = socket.create_connection((self._address, 443), _TIMEOUT)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _refused_error() -> ApiError:
    return invalid_input("Pipeline URL validation failed")
