"""Finds the pipeline server of an OpenShift AI workbench.

Source: opendatahub-io/data-science-pipelines-operator, and opendatahub-io/kubeflow, which mounts the Elyra
runtime configuration.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from ..errors import kfp_error
from ..models import NOT_JSON
from .environment import SERVICE_ACCOUNT, Environment
from .pod import ThisPod

RUNTIME = "/opt/app-root/runtimes/odh_dsp.json"
TOKEN = f"{SERVICE_ACCOUNT}/token"
_SERVICE_CA = f"{SERVICE_ACCOUNT}/service-ca.crt"
_BUNDLES = ("PIPELINES_SSL_SA_CERTS", "KF_PIPELINES_SSL_SA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


class PipelineServer(NamedTuple):
    """The pipeline server of a project and the CA file that its certificate needs."""

    endpoint: str
    ca_file: str


class _Metadata(msgspec.Struct, frozen=True):
    api_endpoint: str = ""


class _ElyraRuntime(msgspec.Struct, frozen=True):
    """The Elyra runtime configuration; we never read the object store's keys beside the address."""

    metadata: _Metadata = _Metadata()


def find_server(env: Environment, pod: ThisPod) -> PipelineServer | None:
    """Return the pipeline server, or None outside OpenShift AI; raises if its configuration is unusable."""
    text = env.read_text(RUNTIME)
    if text is None:
        marked = "hub_host" in env.variable("NOTEBOOK_ARGS") and env.path(_SERVICE_CA).exists()
        endpoint = f"https://ds-pipeline-dspa.{pod.namespace}.svc.cluster.local:8443" if marked else ""
    else:
        endpoint = _read_endpoint(text)
    return PipelineServer(endpoint, _find_ca_file(env, endpoint)) if endpoint else None


def _read_endpoint(text: str) -> str:
    try:
        endpoint = msgspec.json.decode(text, type=_ElyraRuntime).metadata.api_endpoint
    except NOT_JSON:
        endpoint = ""
    if not endpoint:
        why = "It should name the project's pipeline server."
        raise kfp_error("bad-input", field=RUNTIME, problem="it has no address in it", why=why)
    return endpoint


def _find_ca_file(env: Environment, endpoint: str) -> str:
    host = urlsplit(endpoint).hostname or ""
    if host.endswith((".svc", ".svc.cluster.local")) and env.path(_SERVICE_CA).exists():
        return str(env.path(_SERVICE_CA))
    for name in _BUNDLES:
        path = env.variable(name)
        if path and env.path(path).exists():
            return str(env.path(path))
    return ""
