"""Downloads a file from the public internet over https, and from nowhere else.

A URL must have https, the default port, no user and a host whose addresses are all public; redirects are
checked again. The connection goes to the very address that was checked, so a second DNS answer cannot
redirect it. Nothing but the path is sent: no credential, no cookie, no `.netrc`.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from .deadlines import SecureBoundedConnection

TIMEOUT = 30.0  # seconds without a byte; the whole has the bound of `deadlines`
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = tuple[str, int]  # host or number, and port


class RefusedUrlError(Exception):
    """The URL is none that may be asked for; the text says why."""


class DownloadError(Exception):
    """The file cannot be had; `url` is the one that failed, and the text says why."""

    def __init__(self, url: str, reason: str, *, too_large: bool = False) -> None:
        super().__init__(reason)
        self.url = url
        self.too_large = too_large


def find_public_address(host: str) -> Address:
    """Return an address of `host`; raises RefusedUrlError unless all its addresses are public."""
    try:
        infos = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RefusedUrlError(f"there is no host “{host}”") from None
    addresses = [str(each[4][0]) for each in infos]
    if not addresses or not all(map(is_public, addresses)):
        raise RefusedUrlError(f"“{host}” is inside a private network")
    return addresses[0], 443


def is_public(address: str) -> bool:
    """Whether an IP address, and the IPv4 address within it, belongs to the public internet."""
    try:
        ip: Any = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if ip.version == 6:
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or [None])[-1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None and not is_public(str(inner)):
            return False
    return bool(ip.is_global and not ip.is_multicast)


class Downloader(NamedTuple):
    """How to download: tests find other addresses and trust other certificates."""

    is_allowed: Callable[[str], bool] = lambda host: True
    find_address: Callable[[str], Address] = find_public_address
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def download(self, url: str, limit: int) -> bytes:
        """Return the content at `url`, at most `limit` bytes; raises RefusedUrlError and DownloadError."""
        for _ in range(_MOST_REDIRECTS):
            status, reason, location, body = self._get(url, limit)
            if status in _REDIRECTS and location:
                url = location
                continue
            if status != 200:
                raise DownloadError(url, f"request returned {status} {reason}")
            return body
        raise RefusedUrlError("it redirects too often")

    def _get(self, url: str, limit: int) -> tuple[int, str, str, bytes]:
        host, path = self._split(url)
        connection = _PinnedConnection(host, self.find_address(host), self.tls())
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "identity"})
            response = connection.getresponse()
            body = response.read(limit + 1) if response.status == 200 else b""
            target = response.getheader("Location", "")
            location = urljoin(url, target) if target else ""
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DownloadError(url, type(error).__name__) from None
        finally:
            connection.close()
        if len(body) > limit:
            raise DownloadError(url, f"it is larger than {limit} bytes", too_large=True)
        return response.status, response.reason, location, body

    def _split(self, url: str) -> tuple[str, str]:
        """Return host and path of `url`; raises RefusedUrlError."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname or ""
        except ValueError:
            raise RefusedUrlError("it is not an address") from None
        if parts.scheme != "https" or not host:
            raise RefusedUrlError("it does not begin with https://")
        if parts.username is not None or parts.password is not None:
            raise RefusedUrlError("it holds a user or a password")
        if port not in (None, 443):
            raise RefusedUrlError("its port is not that of https")
        if not self.is_allowed(host):
            raise RefusedUrlError(f"“{host}” is not allowed")
        return host, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _PinnedConnection(SecureBoundedConnection):
    """Connects to the address that was checked, and checks the certificate against the host's name."""

    def __init__(self, host: str, address: Address, tls: ssl.SSLContext) -> None:
        super().__init__(host, 443, timeout=TIMEOUT, context=tls)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        """Open the connection."""
        plain = socket.create_connection(self._address, TIMEOUT)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
