"""Reads a kubeconfig with the official client: the address of its API server and our credential for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TimeoutError_  # another one before Python 3.11
from pathlib import Path
from typing import TYPE_CHECKING

from ..auth import Credential, origin_of
from ..context import Environment, KubeconfigServer, read_environment
from ..errors import KfpError, kfp_error

if TYPE_CHECKING:
    from kubernetes.client import Configuration

TIMEOUT = 3.0  # seconds; the whole detection has five
CURRENT = "current"  # instead of a name: the current context of the kubeconfig


def read_environment_with_kubeconfig() -> Environment:
    """Return the environment of this process, with the means to read a kubeconfig."""
    return read_environment()._replace(kubeconfig=read_kubeconfig)


def read_kubeconfig(files: Sequence[Path], context: str, timeout: float = TIMEOUT) -> KubeconfigServer:
    """Return the API server of `context` in the kubeconfig of `files`; raises `bad-input`.

    The official client takes care of tokens, client certificates and log-in commands; it runs a command again
    when the credential it returned has expired.
    """
    known = [str(path) for path in files if path.is_file()]
    if not known:
        raise _unusable_error(context, f"there is no {' or '.join(str(path) for path in files)}")
    read: Future[Configuration] = Future()
    # A log-in command has no time limit of its own; one that waits for a person would block everything.
    threading.Thread(target=_read_into, args=(known, context, read), daemon=True).start()
    try:
        configuration = read.result(timeout=timeout)
    except TimeoutError_:
        raise _unusable_error(context, f"its log-in command does not end in {timeout:g} s") from None
    if not configuration.verify_ssl or configuration.tls_server_name:
        what = "tls-server-name" if configuration.tls_server_name else "insecure-skip-tls-verify"
        raise _unusable_error(context, f"{what} is not supported; forward a port instead")
    credential = KubeconfigCredential(configuration)
    return KubeconfigServer(configuration.host, credential, ca_file=configuration.ssl_ca_cert or "")


def _read_into(files: list[str], context: str, read: Future[Configuration]) -> None:
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException
    from kubernetes.config.kube_config import load_kube_config
    from yaml import YAMLError

    configuration = Configuration()
    try:
        load_kube_config(
            config_file=":".join(files),
            context=None if context == CURRENT else context,
            client_configuration=configuration,
            persist_config=False,
        )
    except (ConfigException, YAMLError, OSError, ValueError) as error:
        read.set_exception(
            _unusable_error(context, str(error).splitlines()[0].rstrip(".") if str(error) else "")
        )
    except Exception as error:  # an odd file or a cloud's log-in helper may raise anything
        read.set_exception(_unusable_error(context, f"it is not understood ({type(error).__name__})"))
    else:
        read.set_result(configuration)


class KubeconfigCredential(Credential):
    """The credential of a kubeconfig, for its own API server only."""

    sent = True

    def __init__(self, configuration: Configuration) -> None:
        certificate = (configuration.cert_file, configuration.key_file)
        self.certificate = certificate if all(certificate) else None
        self._configuration = configuration
        self._origin = origin_of(configuration.host)
        self._lock = threading.Lock()  # one thread renews an expired credential

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the credential; the official client renews it if it has expired."""
        if origin_of(url) != self._origin:
            return {}
        with self._lock:
            credential = self._configuration.get_api_key_with_prefix("authorization")
        return {"Authorization": credential} if credential else {}

    def secrets(self) -> list[str]:
        """Return the credential as it was last sent: renewing it could run a log-in command."""
        known = self._configuration.api_key.get("authorization", "")
        return [known.removeprefix("Bearer ")] if known else []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._configuration.host!r})"


def _unusable_error(context: str, problem: str) -> KfpError:
    return kfp_error(
        "bad-input",
        field="kube_context",
        problem=f"“{context}” cannot be used: {problem or 'the kubeconfig is not understood'}",
        command="kubectl config get-contexts",
    )
