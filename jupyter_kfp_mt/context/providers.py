"""Who can say where Kubeflow Pipelines is, in the order in which they are asked.

A provider that has nothing to say returns None; one that finds something broken raises the error that says
what, so that nobody works in the wrong place by accident. Source: kubeflow-environment §7, DESIGN §3.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path

from ..errors import kfp_error
from ..models import NAMESPACE
from ..settings import KfpSettings
from . import openshift
from .address import endpoint_of
from .credentials import find_credential, open_token
from .embedded import embedded_context, find_runtime, from_embedded
from .environment import SERVICE_ACCOUNT, Environment
from .model import Context
from .pod import ThisPod, find_pod
from .saved import cautions, saved_context, saved_path

GATEWAY = "http://istio-ingressgateway.istio-system.svc.cluster.local/pipeline"

Provider = Callable[[Environment, KfpSettings], Context | None]


def from_settings(env: Environment, settings: KfpSettings) -> Context | None:
    """An address that somebody wrote down; it replaces the address only, so namespace and token are found."""
    written = settings.endpoint or env.variable("KF_PIPELINES_ENDPOINT")
    if not written:
        return None
    endpoint = endpoint_of(written, "endpoint" if settings.endpoint else "KF_PIPELINES_ENDPOINT")
    runtime = find_runtime(env, settings)
    if runtime is not None and runtime.url.rstrip("/") == endpoint and not settings.token_path:
        return embedded_context(runtime, settings)
    pod = find_pod(env)
    return _context(env, settings, endpoint, pod, kind="settings")


def from_openshift(env: Environment, settings: KfpSettings) -> Context | None:
    """A workbench of OpenShift AI: the pipeline server of its project, asked with the workbench's own token.

    Comes before the Kubeflow notebook, for a workbench also looks like one.
    """
    pod = find_pod(env)
    found = openshift.find_server(env, pod) if pod is not None else None
    if pod is None or found is None:
        return None
    context = _context(env, settings, endpoint_of(found.endpoint, openshift.RUNTIME), pod, kind="openshift")
    if settings.token_path:
        return context
    credential = open_token(env.path(openshift.TOKEN), context.endpoint)
    return context._replace(credential=credential, ca_file=context.ca_file or found.ca_file)


def from_pod(env: Environment, settings: KfpSettings) -> Context | None:
    """The pod of a Kubeflow notebook or workspace: its namespace, its projected token, KFP's own service.

    Without that token, and only where an administrator allows machines at the gateway (`gateway_m2m`), the
    pod's own cluster token goes to the gateway (kubeflow-environment §3.3, §7).
    """
    pod = find_pod(env)
    if pod is None or not pod.kubeflow:
        return None
    kind = "workspace" if pod.notebook.workspace else "notebook"
    context = _context(env, settings, _service(settings.kfp_namespace), pod, kind=kind)
    token = env.path(f"{SERVICE_ACCOUNT}/token")
    if not settings.gateway_m2m or context.credential.sent or not token.is_file():
        return context
    return context._replace(endpoint=GATEWAY, credential=open_token(token, GATEWAY), kind="gateway")


def from_cluster(env: Environment, settings: KfpSettings) -> Context | None:
    """Any other pod, where KFP answers: in its install namespace, or standalone in the pod's own."""
    pod = find_pod(env)
    if pod is None:
        return None
    namespaces = list(dict.fromkeys((settings.kfp_namespace, pod.namespace)))
    with ThreadPoolExecutor(len(namespaces)) as asking:  # at once: each may take two seconds
        there = list(asking.map(env.answers, map(_service, namespaces)))
    for namespace in compress(namespaces, there):
        context = _context(env, settings, _service(namespace), pod, kind="pod")
        return context._replace(install_namespace=namespace)
    return None


def from_kubeconfig(env: Environment, settings: KfpSettings) -> Context | None:
    """KFP's service behind the API server of a kubeconfig, where a setting names its context.

    Never by itself: the context that is current may be anybody's production. The API server takes the
    credential out of what it passes on, so KFP sees nobody: a way to KFP without users
    (kubeflow-environment §3.4). A token for KFP is not sent along.
    """
    if not settings.kube_context or env.kubeconfig is None:
        return None
    written = env.variable("KUBECONFIG") or f"{env.variable('HOME')}/.kube/config"
    files = [env.path(path) for path in written.split(os.pathsep) if path]
    gate = env.kubeconfig(files, settings.kube_context)
    namespace, source = _namespace(env, settings, None)
    service = f"/api/v1/namespaces/{settings.kfp_namespace}/services/ml-pipeline:http/proxy"
    return Context(
        endpoint=endpoint_of(gate.server, "kube_context") + service,
        namespace=namespace,
        credential=gate.credential,
        kind="kubeconfig",
        source=source,
        install_namespace=settings.kfp_namespace,
        ca_file=gate.ca_file,
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


def _service(namespace: str) -> str:
    """KFP's own service: the one way in that every release admits notebooks to (kubeflow-environment §0)."""
    return f"http://ml-pipeline.{namespace}.svc.cluster.local:8888"


def detect(env: Environment, settings: KfpSettings) -> Context:
    """Return the first context found; raises `no-kubeflow`, or what a provider found broken."""
    if settings.namespace and not NAMESPACE.fullmatch(settings.namespace):
        problem = f"“{settings.namespace[:63]}” is not a name of one"
        raise kfp_error("bad-input", field="namespace", problem=problem)
    for provider in PROVIDERS:
        context = provider(env, settings)
        if context is not None:
            return context
    raise kfp_error(
        "no-kubeflow" if find_pod(env) is None else "no-kubeflow/cluster", kfp=settings.kfp_namespace
    )


def _context(
    env: Environment, settings: KfpSettings, endpoint: str, pod: ThisPod | None, *, kind: str
) -> Context:
    namespace, source = _namespace(env, settings, pod)
    return Context(
        endpoint=endpoint,
        namespace=namespace,
        credential=find_credential(env, settings, pod, endpoint),
        kind=kind,
        source=source,
        install_namespace=settings.kfp_namespace,
        ca_file=str(Path(settings.ca_file).expanduser()) if settings.ca_file else "",
        notebook=pod.notebook if pod else Context("").notebook,
        timeout=settings.request_timeout_s,
        warnings=(pod.warnings if pod else ()) + cautions(saved_context(env), pod),
        saved_path=str(saved_path(env) or ""),
    )


def _namespace(env: Environment, settings: KfpSettings, pod: ThisPod | None) -> tuple[str, str]:
    if settings.namespace:
        return settings.namespace, "from the settings"
    if pod is not None:
        return pod.namespace, "from this notebook's pod"
    remembered = saved_context(env).namespace
    return (remembered, "from the SDK's context.json") if remembered else ("", "")
