"""Describes the pod this process runs in by its files and variables.

Kubeflow's notebook controller sets NB_PREFIX, as does the workspace controller; every pod has the namespace
file of its service account (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import kfp_error
from ..models import Caution
from ..names import NAMESPACE
from .environment import SERVICE_ACCOUNT, Environment
from .model import Notebook

_PREFIX = re.compile(
    rf"/(?P<kind>notebook|workspace/connect)/(?P<namespace>{NAMESPACE.pattern})/(?P<name>[^/]+)"
)


class ThisPod(NamedTuple):
    """The pod this process runs in."""

    namespace: str
    notebook: Notebook
    kubeflow: bool  # whether it is a notebook or workspace of Kubeflow
    warnings: tuple[Caution, ...] = ()


def find_pod(env: Environment) -> ThisPod | None:
    """Return the pod this process is in, or None outside Kubernetes."""
    namespace = env.read_text(f"{SERVICE_ACCOUNT}/namespace")
    prefix = _PREFIX.match(env.variable("NB_PREFIX"))  # "/" in a Kubeflow image that runs elsewhere
    if not namespace and prefix and env.variable("KUBERNETES_SERVICE_HOST"):
        namespace = prefix["namespace"]  # no service account mounted
    if not namespace:
        return None
    if not NAMESPACE.fullmatch(namespace):
        where = f"{SERVICE_ACCOUNT}/namespace"
        raise kfp_error("bad-input", field=where, problem="it holds no name of a namespace")
    warnings: tuple[Caution, ...] = ()
    if prefix and prefix["namespace"] != namespace:
        said = f"The pod says {namespace}, the address says {prefix['namespace']}. Using {namespace}."
        warnings = (Caution("namespace-mismatch", said),)
    notebook = Notebook(
        name=prefix["name"] if prefix else "",
        namespace=namespace,
        pod=env.variable("HOSTNAME"),
        workspace=prefix is not None and prefix["kind"] != "notebook",
    )
    return ThisPod(namespace, notebook, bool(prefix), warnings)
