"""Connections to one endpoint, through the proxy and with the CA certificates that it needs.

This is urllib3 without the layer that `requests` puts on top (benchmarks/README.md compares both): no
redirects, no retries, no `.netrc`. The variables for proxies and CA certificates mean what they mean to
`requests`; they are read from the process's own environment whenever a pool is opened.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationValueError,
    NewConnectionError,
    ProxyError,
    ProxySchemeUnknown,
)
from urllib3.util.ssl_ import create_urllib3_context

from ..context import Context
from ..deadlines import BoundedResponse
from ..owner import read_runtime
from ..proof import UnprovenError, require_proof

KEPT = 16  # connections; one Jupyter server serves one person
PROOF_TIMEOUT = 5.0  # seconds
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def open_pool(context: Context) -> urllib3.PoolManager:
    """Return a pool for the endpoint of `context`.

    Raises OSError for CA certificates that cannot be read, and ProxyError for an invalid proxy.
    """
    settings: dict[str, Any] = {"num_pools": 1, "maxsize": KEPT}
    if context.endpoint.startswith("https:"):
        settings["ssl_context"] = make_tls_context(context)
    proxy = "" if context.near else find_proxy(context.endpoint)
    pool = _open_proxy(proxy, settings) if proxy else urllib3.PoolManager(**settings)
    plain = _make_proven_pool(Path(context.folder)) if context.folder else _Pool
    pool.pool_classes_by_scheme = {"http": plain, "https": _SecurePool}
    return pool


def _open_proxy(proxy: str, settings: dict[str, Any]) -> urllib3.PoolManager:
    try:
        credential = urllib3.util.parse_url(proxy).auth
        headers = urllib3.make_headers(proxy_basic_auth=unquote(credential)) if credential else None
        return urllib3.ProxyManager(proxy, proxy_headers=headers, **settings)
    except ProxySchemeUnknown as error:
        raise ProxyError("It is of a kind that is not known here", error) from None
    except LocationValueError:  # its own message would repeat a password in the address
        raise ProxyError("It has no address", ValueError("it is not an address")) from None


def make_tls_context(context: Context) -> ssl.SSLContext:
    """Return a TLS context that trusts the settings' CA file, else the environment's, else certifi's."""
    tls = create_urllib3_context()
    tls.load_verify_locations(context.ca_file or find_ca_bundle())
    if context.credential.certificate is not None:
        tls.load_cert_chain(*context.credential.certificate)
    return tls


def find_ca_bundle() -> str:
    """Return the CA certificates that the environment names, else certifi's."""
    for name in CA_VARIABLES:
        if path := os.environ.get(name, ""):
            return path
    import certifi

    return certifi.where()


def find_proxy(url: str) -> str:
    """Return the proxy that the environment names for `url`, or an empty string."""
    if not any(name.lower().endswith("_proxy") and value for name, value in os.environ.items()):
        return ""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url)) or ""  # it knows all the rules of NO_PROXY
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


class _Connection(HTTPConnection):
    response_class = BoundedResponse


class _SecureConnection(HTTPSConnection):
    response_class = BoundedResponse


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _make_proven_pool(folder: Path) -> type[_Pool]:
    """Return a class of pools that sends nothing before the embedded server of `folder` has proved itself."""

    class ProvenConnection(_Connection):
        def connect(self) -> None:
            super().connect()
            try:
                runtime = read_runtime(folder)  # its key changes with each start
                if runtime is None:
                    raise UnprovenError("no server holds the data folder")
                require_proof(self.sock, runtime, PROOF_TIMEOUT)
            except TimeoutError as error:
                self.close()
                raise ConnectTimeoutError(self, "no answer to a challenge") from error
            except OSError as error:
                self.close()
                raise NewConnectionError(self, "no proof that it is the embedded server") from error

    class ProvenPool(_Pool):
        ConnectionCls = ProvenConnection

    return ProvenPool
