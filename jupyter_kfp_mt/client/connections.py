"""How bytes travel: a pool of connections to one endpoint, through the proxy and with the TLS that it needs.

urllib3 without what it does by itself: no redirects, no retries, no environment but the usual variables for
proxies and CA certificates, which mean here what they mean to `requests`.
"""

from __future__ import annotations

import io
import os
import socket
import ssl
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import LocationValueError, ProxyError, ProxySchemeUnknown
from urllib3.util.ssl_ import create_urllib3_context

from ..context import Context

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEPT = 16  # connections; one Jupyter server serves one person
WHOLE = 6  # an answer may take so many times as long as a pause in it
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def open_pool(context: Context) -> urllib3.PoolManager:
    """Return a pool for the endpoint of `context`.

    Raises OSError for CA certificates that cannot be read, and ProxyError for a proxy that is none.
    """
    settings: dict[str, Any] = {"num_pools": 1, "maxsize": KEPT}
    if context.endpoint.startswith("https:"):
        settings["ssl_context"] = trust(context)
    proxy = "" if context.near else proxy_of(context.endpoint)
    pool = _through(proxy, settings) if proxy else urllib3.PoolManager(**settings)
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


def _through(proxy: str, settings: dict[str, Any]) -> urllib3.PoolManager:
    try:
        credential = urllib3.util.parse_url(proxy).auth
        headers = urllib3.make_headers(proxy_basic_auth=unquote(credential)) if credential else None
        return urllib3.ProxyManager(proxy, proxy_headers=headers, **settings)
    except ProxySchemeUnknown as error:
        raise ProxyError("It is of a kind that is not known here", error) from None
    except LocationValueError:  # its words would repeat a password in the address
        raise ProxyError("It has no address", ValueError("it is not an address")) from None


def trust(context: Context) -> ssl.SSLContext:
    """Return what is believed of a server: the CA file of the settings, of the environment, or certifi's."""
    found = create_urllib3_context()
    found.load_verify_locations(context.ca_file or _bundle())
    if context.credential.certificate is not None:
        found.load_cert_chain(*context.credential.certificate)
    return found


def _bundle() -> str:
    for name in CA_VARIABLES:
        if path := os.environ.get(name, ""):
            return path
    import certifi

    return certifi.where()


def proxy_of(url: str) -> str:
    """Return the proxy that the environment names for `url`, empty for none."""
    if not any(name.lower().endswith("_proxy") and value for name, value in os.environ.items()):
        return ""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url)) or ""  # it knows all the rules of NO_PROXY
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


class _Patient(io.RawIOBase):
    """The answer's end of a socket, read until a moment that single bytes in between do not put off."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._pause = sock.gettimeout()
        self._until = 0.0
        self.wait(1)

    def wait(self, times: int) -> None:
        """Wait from now on so many times as long as for a single pause."""
        self._until = time.monotonic() + times * self._pause if self._pause else 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        if self._pause:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(min(left, self._pause))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """An answer whose head has to come within one time-out, and its body within some more."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self._patient = _Patient(sock)
        self.fp = io.BufferedReader(self._patient, 1 << 16)

    def begin(self) -> None:
        super().begin()
        self._patient.wait(WHOLE)


class _Connection(HTTPConnection):
    response_class = _Answer


class _SecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
