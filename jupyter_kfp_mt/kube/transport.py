"""Sends requests to the Kubernetes API as the service account of this pod.

A token, a CA file and two variables are all that takes (kubernetes.io/docs/tasks/run-application/
access-api-from-pod). The official client costs 60 MiB and 0.3 s to import, its models refuse objects that
real clusters send (a required field that is null), and its debug log prints bodies, secrets among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from urllib3 import HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError, TimeoutError  # noqa: A004 - urllib3's
from urllib3.util.ssl_ import create_urllib3_context

from ..auth import TokenFile
from ..callers import require_caller
from ..context.environment import SERVICE_ACCOUNT, Environment
from ..deadlines import BoundedBulk
from ..errors import KfpError, kfp_error

HOST_VARIABLE, PORT_VARIABLE = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"
MAX_RESPONSE = 16 * 1024 * 1024  # bytes of one response that is decoded
KEPT = 8  # connections; the doctor asks its questions at once
_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}


class Timeouts(NamedTuple):
    """Seconds to wait for a connection and for the head of a response; its body has `WHOLE` times as long."""

    connect: float = 2.0
    read: float = 5.0


class Cluster(NamedTuple):
    """The address of the Kubernetes API and the folder of the pod's service account; holds no secret."""

    folder: Path  # of the service account: `token`, `ca.crt`, `namespace`
    host: str
    port: str

    @property
    def authority(self) -> str:
        """Host and port as an address has them, with brackets around IPv6."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class KubernetesResponse(NamedTuple):
    """Status and body of a response; `complete` is false when the body was longer than asked for."""

    status: int
    body: bytes
    complete: bool = True


def cluster_of(environment: Environment) -> Cluster | None:
    """Return the cluster of this environment, or None outside one."""
    host, port = environment.variable(HOST_VARIABLE), environment.variable(PORT_VARIABLE)
    folder = environment.path(SERVICE_ACCOUNT)
    return Cluster(folder, host, port) if host and port and (folder / "token").is_file() else None


class _Connection(HTTPSConnection):
    response_class = BoundedBulk


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class KubernetesApi:
    """Sends requests as this pod; raises `kubernetes-unavailable` if there is no usable response."""

    def __init__(self, cluster: Cluster, timeouts: Timeouts = Timeouts()) -> None:  # noqa: B008 - a constant
        self.cluster = cluster
        self._timeouts = timeouts
        self._url = f"https://{cluster.authority}"
        self._credential = TokenFile(cluster.folder / "token", self._url)

    def __repr__(self) -> str:
        return f"KubernetesApi({self.cluster.authority})"

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        body: object = None,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_RESPONSE,
    ) -> KubernetesResponse:
        """Return the response whatever its status but 401; reads at most `limit` bytes of it."""
        require_caller()
        text = urlencode(list(query))
        try:
            response = self._pool.request(
                method,
                self._url + path + (f"?{text}" if text else ""),
                body=None if body is None else json.dumps(body),
                headers={**_HEADERS, **(headers or {}), **self._credential.headers(self._url)},
                timeout=Timeout(connect=self._timeouts.connect, read=self._timeouts.read),
                preload_content=False,
                retries=False,
                redirect=False,
            )
            content: bytes = response.read(limit + 1)
            if len(content) > limit:
                response.close()  # the rest is not wanted, so the connection cannot be used again
            response.release_conn()
        except HTTPError as error:
            raise self.unavailable(self._reason(error)) from None
        except OSError as error:  # the CA file
            raise self.unavailable(f"{error.strerror}: {self.cluster.folder / 'ca.crt'}.") from None
        except KfpError as error:  # the token file
            raise self.unavailable(error.why) from None
        if response.status == 401:
            raise self.unavailable("It does not accept the token of this pod.")
        return KubernetesResponse(response.status, content[:limit], len(content) <= limit)

    def unavailable(self, reason: str) -> KfpError:
        """Return the error of a Kubernetes that cannot be asked."""
        return kfp_error("kubernetes-unavailable", host=self.cluster.authority, reason=reason)

    @cached_property
    def _pool(self) -> PoolManager:
        """The connections, without a proxy: the API server is inside the cluster."""
        trust = create_urllib3_context()
        trust.load_verify_locations(self.cluster.folder / "ca.crt")
        pool = PoolManager(num_pools=1, maxsize=KEPT, ssl_context=trust)
        pool.pool_classes_by_scheme = {"https": _Pool}
        return pool

    def _reason(self, error: HTTPError) -> str:
        if isinstance(error, SSLError):
            return "Its certificate is not trusted."
        if isinstance(error, NewConnectionError):
            return "It refused the connection, or its name is not known."
        if isinstance(error, TimeoutError):
            return f"No answer in {self._timeouts.connect + self._timeouts.read:g} s."
        return "The connection broke."
