"""The providers of a context, in the order in which detection asks them.

A provider that does not apply returns None. One that applies but is broken raises, so that nobody works in
the wrong place by accident.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path

from ..errors import kfp_error
from ..names import NAMESPACE
from ..settings import KfpSettings
from . import openshift
from .address import endpoint_of
from .credentials import find_credential, names_credential, open_token
from .embedded import embedded_context, find_runtime, from_embedded, has_stopped
from .environment import SERVICE_ACCOUNT, Environment
from .model import Context
from .pod import ThisPod, find_pod
from .saved import saved_context, saved_path, warn_about

GATEWAY = "http://istio-ingressgateway.istio-system.svc.cluster.local/pipeline"

Provider = Callable[[Environment, KfpSettings], Context | None]


def from_settings(env: Environment, settings: KfpSettings) -> Context | None:
    """Return the context of an address that somebody set; namespace and token are still detected."""
    address = settings.endpoint or env.variable("KF_PIPELINES_ENDPOINT")
    if not address:
        return None
    endpoint = endpoint_of(address, "endpoint" if settings.endpoint else "KF_PIPELINES_ENDPOINT")
    runtime = find_runtime(env, settings)
    if runtime is not None and runtime.url.rstrip("/") == endpoint and not names_credential(settings):
        return embedded_context(runtime, settings)
    pod = find_pod(env)
    return _make_context(env, settings, endpoint, pod, kind="settings")


def from_openshift(env: Environment, settings: KfpSettings) -> Context | None:
    """Return the context of an OpenShift AI workbench: its project's pipeline server and its own token.

    Comes before the Kubeflow notebook because a workbench looks like one.
    """
    pod = find_pod(env)
    server = openshift.find_server(env, pod) if pod is not None else None
    if pod is None or server is None:
        return None
    context = _make_context(
        env, settings, endpoint_of(server.endpoint, openshift.RUNTIME), pod, kind="openshift"
    )
    if server.ca_file and not settings.ca_file:
        context = context._replace(ca_file=server.ca_file)
    if names_credential(settings):
        return context
    return context._replace(credential=open_token(env.path(openshift.TOKEN), context.endpoint))


def from_pod(env: Environment, settings: KfpSettings) -> Context | None:
    """Return the context of a Kubeflow notebook or workspace: its namespace and token, KFP's own service.

    Without a token for KFP, and only if an administrator allows machines at the gateway (`gateway_m2m`), the
    pod's cluster token goes to the gateway (kubeflow/manifests, common/oauth2-proxy/README.md).
    """
    pod = find_pod(env)
    if pod is None or not pod.kubeflow:
        return None
    kind = "workspace" if pod.notebook.workspace else "notebook"
    context = _make_context(env, settings, _service_url(settings.kfp_namespace), pod, kind=kind)
    token = env.path(f"{SERVICE_ACCOUNT}/token")
    if not settings.gateway_m2m or context.credential.sent or not token.is_file():
        return context
    return context._replace(endpoint=GATEWAY, credential=open_token(token, GATEWAY), kind="gateway")


def from_cluster(env: Environment, settings: KfpSettings) -> Context | None:
    """Return the context of any other pod in whose cluster KFP responds.

    Looks in KFP's install namespace, and in the pod's own for a standalone KFP.
    """
    pod = find_pod(env)
    if pod is None:
        return None
    namespaces = list(dict.fromkeys((settings.kfp_namespace, pod.namespace)))
    with ThreadPoolExecutor(len(namespaces)) as asking:  # at the same time: each may take two seconds
        there = list(asking.map(env.responds, map(_service_url, namespaces)))
    for namespace in compress(namespaces, there):
        context = _make_context(env, settings, _service_url(namespace), pod, kind="pod")
        return context._replace(install_namespace=namespace)
    return None


def from_kubeconfig(env: Environment, settings: KfpSettings) -> Context | None:
    """Return the context of KFP's service behind the API server of a kubeconfig, if a setting names one.

    Never without that setting: the current context may be somebody's production. The API server's proxy
    removes the credential from what it passes on (kubernetes.io/docs/tasks/access-application-cluster/
    access-cluster-services), so this is a way to a KFP without users.
    """
    if not settings.kube_context or env.kubeconfig is None:
        return None
    paths = env.variable("KUBECONFIG") or f"{env.variable('HOME')}/.kube/config"
    files = [env.path(path) for path in paths.split(os.pathsep) if path]
    server = env.kubeconfig(files, settings.kube_context)
    namespace, source = _find_namespace(env, settings, None)
    service = f"/api/v1/namespaces/{settings.kfp_namespace}/services/ml-pipeline:http/proxy"
    return Context(
        endpoint=endpoint_of(server.url, "kube_context") + service,
        namespace=namespace,
        credential=server.credential,
        kind="kubeconfig",
        source=source,
        install_namespace=settings.kfp_namespace,
        ca_file=server.ca_file,
        timeout=settings.request_timeout_s,
    )


PROVIDERS: tuple[Provider, ...] = (
    from_settings,
    from_openshift,
    from_pod,
    from_cluster,
    from_kubeconfig,
    from_embedded,
)


def _service_url(namespace: str) -> str:
    """Return the address of KFP's API service: the network policies of every release admit notebooks to it.

    They do not admit them to `ml-pipeline-ui` (kubeflow/manifests, common/kubeflow-namespace).
    """
    return f"http://ml-pipeline.{namespace}.svc.cluster.local:8888"


def detect(env: Environment, settings: KfpSettings) -> Context:
    """Return the first context found, or raise `no-kubeflow`, `embedded-stopped`, or why one is broken."""
    if settings.namespace and not NAMESPACE.fullmatch(settings.namespace):
        problem = f"“{settings.namespace[:63]}” is not a name of one"
        raise kfp_error("bad-input", field="namespace", problem=problem)
    for provider in PROVIDERS:
        context = provider(env, settings)
        if context is not None:
            return context
    if has_stopped(env, settings):
        raise kfp_error("embedded-stopped")
    raise kfp_error(
        "no-kubeflow" if find_pod(env) is None else "no-kubeflow/cluster", kfp=settings.kfp_namespace
    )


def _make_context(
    env: Environment, settings: KfpSettings, endpoint: str, pod: ThisPod | None, *, kind: str
) -> Context:
    namespace, source = _find_namespace(env, settings, pod)
    return Context(
        endpoint=endpoint,
        namespace=namespace,
        credential=find_credential(env, settings, pod, endpoint),
        kind=kind,
        source=source,
        install_namespace=settings.kfp_namespace,
        ca_file=_find_ca_file(env, settings),
        notebook=pod.notebook if pod else Context("").notebook,
        timeout=settings.request_timeout_s,
        warnings=(pod.warnings if pod else ()) + warn_about(saved_context(env), pod),
        saved_path=str(saved_path(env) or ""),
    )


def _find_ca_file(env: Environment, settings: KfpSettings) -> str:
    """Return the CA file to trust; empty for the usual ones.

    The variable is Elyra's, which passes it to KFP's SDK; notebook images of Open Data Hub set it.
    """
    if settings.ca_file:
        return str(Path(settings.ca_file).expanduser())
    path = env.variable("KF_PIPELINES_SSL_SA_CERTS")
    return str(env.path(path)) if path else ""


def _find_namespace(env: Environment, settings: KfpSettings, pod: ThisPod | None) -> tuple[str, str]:
    if settings.namespace:
        return settings.namespace, "from the settings"
    if pod is not None:
        return pod.namespace, "from this notebook's pod"
    saved = saved_context(env).namespace
    return (saved, "from the SDK's context.json") if saved else ("", "")
