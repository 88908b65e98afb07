"""The pod this process runs in, as far as its files and variables tell (kubeflow-environment §1, §7)."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import kfp_error
from ..models import NAMESPACE, Caution
from .environment import SERVICE_ACCOUNT, Environment
from .model import Notebook

_PREFIX = re.compile(
    rf"/(?P<kind>notebook|workspace/connect)/(?P<namespace>{NAMESPACE.pattern})/(?P<name>[^/]+)"
)


class ThisPod(NamedTuple):
    """What the files of a pod say."""

    namespace: str
    notebook: Notebook
    kubeflow: bool  # a notebook or workspace of Kubeflow, and not just any pod
    warnings: tuple[Caution, ...] = ()


def find_pod(env: Environment) -> ThisPod | None:
    """Return the pod this process is in, or None outside of Kubernetes."""
    namespace = env.text(f"{SERVICE_ACCOUNT}/namespace")
    prefix = _PREFIX.match(env.variable("NB_PREFIX"))  # "/" is a Kubeflow image run elsewhere
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
