"""The pod this process runs in, as far as its files and variables tell (kubeflow-environment §1, §7)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from ..auth import read_secret
from ..errors import kfp_error
from ..models import NAMESPACE, Caution
from ..settings import KfpSettings
from .environment import SERVICE_ACCOUNT, Environment
from .model import Notebook
from .tokens import TOKEN_PATH, claims_of, examine_token

_PREFIX = re.compile(
    rf"/(?P<kind>notebook|workspace/connect)/(?P<namespace>{NAMESPACE.pattern})/(?P<name>[^/]+)"
)


class Pod(NamedTuple):
    """What the files of a pod say."""

    namespace: str
    notebook: Notebook
    kubeflow: bool  # a notebook or workspace of Kubeflow, and not just any pod
    warnings: tuple[Caution, ...] = ()


class Credential(NamedTuple):
    """The token file to use and the account it names; both empty where there is none."""

    path: Path | None = None
    account: str = ""


def find_pod(env: Environment) -> Pod | None:
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
    return Pod(namespace, notebook, bool(prefix), warnings)


def find_credential(env: Environment, settings: KfpSettings, pod: Pod | None) -> Credential:
    """Return the KFP token's file: the settings', else the pod's.

    A file that a person named in the settings has to be there and is taken as it is; the pod's is examined.
    Raises `token-unreadable`, `token-audience`, `token-expired`.
    """
    if settings.token_path:
        path = Path(settings.token_path).expanduser()
        claims = claims_of(read_secret(path))
        return Credential(path, claims.account if claims else "")
    shown = env.variable("KF_PIPELINES_SA_TOKEN_PATH") or TOKEN_PATH
    if not os.path.lexists(env.path(shown)):  # a link that leads nowhere is broken, not absent
        return Credential()
    claims = examine_token(
        env.path(shown),
        shown,
        namespace=pod.namespace if pod else "",
        pod=pod.notebook.pod if pod else "",
        now=env.clock.now(),
    )
    return Credential(env.path(shown), claims.account)
