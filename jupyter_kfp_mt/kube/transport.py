"""One call to the Kubernetes API: configuration and TLS by the official client, bounds and words by us.

Answers are decoded by us because the client's own models refuse objects that real clusters send (a required
field that is null), and because its debug log prints bodies, secrets among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from urllib3 import Timeout
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError, TimeoutError  # noqa: A004 - urllib3's

from ..context.environment import SERVICE_ACCOUNT, Environment
from ..errors import KfpError, kfp_error

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

HOST_VARIABLE, PORT_VARIABLE = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"
MAX_ANSWER = 16 * 1024 * 1024  # bytes of one answer that is decoded


class Timeouts(NamedTuple):
    """Seconds to wait for a connection and for each part of an answer."""

    connect: float = 2.0
    read: float = 5.0


class Cluster(NamedTuple):
    """Where a pod finds the Kubernetes API and how it proves who it is. Holds no secret."""

    folder: Path  # of the service account: `token`, `ca.crt`, `namespace`
    host: str
    port: str


class Answer(NamedTuple):
    """Status and body of an answer; `complete` is false when the body was longer than asked for."""

    status: int
    body: bytes
    complete: bool = True


def cluster_of(environment: Environment) -> Cluster | None:
    """Return the cluster this environment is a pod of, or None outside one (kubeflow-environment §7)."""
    host, port = environment.variable(HOST_VARIABLE), environment.variable(PORT_VARIABLE)
    folder = environment.path(SERVICE_ACCOUNT)
    return Cluster(folder, host, port) if host and port and (folder / "token").is_file() else None


class Api:
    """Sends requests as this pod; raises `kubernetes-unavailable` when there is no usable answer."""

    def __init__(self, cluster: Cluster, timeouts: Timeouts = Timeouts()) -> None:  # noqa: B008 - a constant
        self.cluster = cluster
        self._timeouts = timeouts

    def __repr__(self) -> str:
        return f"Api({self.cluster.host}:{self.cluster.port})"

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        body: object = None,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
    ) -> Answer:
        """Return the answer, whatever its status but 401; reads at most `limit` bytes of it.

        The token file is read again by the client's own in-cluster loader once a minute.
        """
        sent = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        client = self._client
        client.update_params_for_auth(sent, [], ["BearerToken"])
        text = urlencode(list(query))
        try:
            response = client.rest_client.pool_manager.request(
                method,
                client.configuration.host + path + (f"?{text}" if text else ""),
                body=None if body is None else json.dumps(body),
                headers=sent,
                timeout=Timeout(connect=self._timeouts.connect, read=self._timeouts.read),
                preload_content=False,
                retries=False,
                redirect=False,
            )
            found: bytes = response.read(limit + 1)
            if len(found) > limit:
                response.close()  # the rest is not wanted, so the connection cannot be used again
            response.release_conn()
        except HTTPError as error:
            raise self.unavailable(self._reason(error)) from None
        if response.status == 401:
            raise self.unavailable("It does not accept the token of this pod.")
        return Answer(response.status, found[:limit], len(found) <= limit)

    def unavailable(self, reason: str) -> KfpError:
        """The error that says why Kubernetes cannot be asked."""
        return kfp_error(
            "kubernetes-unavailable", host=f"{self.cluster.host}:{self.cluster.port}", reason=reason
        )

    @cached_property
    def _client(self) -> ApiClient:
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException
        from kubernetes.config.incluster_config import InClusterConfigLoader

        folder, configuration = self.cluster.folder, Configuration()
        try:
            InClusterConfigLoader(
                token_filename=str(folder / "token"),
                cert_filename=str(folder / "ca.crt"),
                environ={HOST_VARIABLE: self.cluster.host, PORT_VARIABLE: self.cluster.port},
            ).load_and_set(configuration)
        except ConfigException as error:
            raise self.unavailable(f"{error}") from None
        except OSError as error:
            raise self.unavailable(f"{error.strerror}: {error.filename}.") from None
        configuration.proxy = None  # the API server is inside the cluster, where no proxy is asked
        return ApiClient(configuration)

    def _reason(self, error: HTTPError) -> str:
        if isinstance(error, SSLError):
            return "Its certificate is not trusted."
        if isinstance(error, NewConnectionError):
            return "It refused the connection, or its name is not known."
        if isinstance(error, TimeoutError):
            return f"No answer in {self._timeouts.connect + self._timeouts.read:g} s."
        return "The connection broke."
