"""The option “Allow access to Kubeflow Pipelines”: which step is missing, and two changes that repair it.

A notebook gets a token in three steps: the profile has a PodDefault for it, the notebook is started with the
PodDefault's label, and Kubeflow's admission webhook applies it (components/admission-webhook in
github.com/kubeflow/kubeflow).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, NoReturn

from ....client.response_errors import no_credential_error
from ....context import Context
from ....context.poddefault import AUDIENCE, OPTION_LABEL, poddefault_command
from ....errors import KfpError, KfpRefusedError, kfp_error
from ....kube import Access, Kubernetes, Pod, PodDefault

CREATE_OPTION = Access("create", "poddefaults", group="kubeflow.org")
LABEL_NOTEBOOK = Access("patch", "notebooks", group="kubeflow.org")
DELETE_SET = Access("delete", "statefulsets", group="apps")


class AccessSteps(NamedTuple):
    """Which steps have been taken; None where we may not read."""

    options: Sequence[PodDefault] | None = None  # PodDefaults of the profile that give a token for KFP
    pod: Pod | None = None  # of this notebook

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels to start a notebook with: those of the option, whatever it is called here."""
        return self.options[0].labels if self.options else {OPTION_LABEL: "true"}

    @property
    def chosen(self) -> bool:
        """Whether this notebook was started with the option."""
        wanted = [option.labels for option in self.options or []] or [{OPTION_LABEL: "true"}]
        return self.pod is not None and any(map(self.pod.has_labels, wanted))


def select_for_kfp(options: Sequence[PodDefault]) -> list[PodDefault]:
    """Return the options that give a token for KFP; distributions choose their names."""
    return [option for option in options if AUDIENCE in option.audiences]


def read_access(kubernetes: Kubernetes, context: Context) -> AccessSteps:
    """Return which steps have been taken for this notebook; skips what we may not read.

    Raises `kubernetes-unavailable`: silence is not a notebook without the option.
    """
    notebook = context.notebook
    options, pod = None, None
    with suppress(KfpRefusedError):
        options = select_for_kfp(kubernetes.list_pod_defaults(notebook.namespace))
    with suppress(KfpRefusedError):
        pod = kubernetes.read_pod(notebook.pod, notebook.namespace) if notebook.pod else None
    return AccessSteps(options, pod)


def missing_token_error(context: Context, steps: AccessSteps) -> KfpError:
    """Return the error for the missing step; `no-credential` outside of a notebook."""
    notebook = context.notebook
    if not notebook.name or notebook.workspace:
        bare = kfp_error("no-credential", host=context.host)
        return no_credential_error(context) if context.kind == "kubeconfig" else bare
    values = {"ns": notebook.namespace, "nb": notebook.name, "kfp": context.install_namespace}
    if steps.chosen:
        return kfp_error("no-token-not-applied", **values)
    if steps.options is not None and not steps.options:
        cure = poddefault_command(notebook.namespace)
        return kfp_error("no-token-no-option", poddefault=cure, **values)
    labels = " ".join(f"{key}={value}" for key, value in steps.labels.items())
    return kfp_error("no-token-not-chosen", labels=labels, **values)


def create_option(kubernetes: Kubernetes | None, context: Context, *, allowed: bool) -> None:
    """Create the option in this notebook's profile; nothing restarts.

    Raises `jupyter-denied` if the settings forbid it and `kubernetes-denied` without the right.
    """
    namespace = _own_namespace(context, allowed=allowed)
    kubernetes = kubernetes or _raise_outside()
    _require_right(kubernetes, CREATE_OPTION, namespace, "create")
    kubernetes.create_option(namespace)


def restart_notebook(kubernetes: Kubernetes | None, context: Context, *, allowed: bool) -> None:
    """Restart this notebook with the option; its kernels and this process end.

    Checks both rights first. Raises `jupyter-denied`, `kubernetes-denied`, `no-token-no-option` if there is
    no option to start with, and `not-found` if Kubeflow does not know the notebook.
    """
    namespace = _own_namespace(context, allowed=allowed)
    kubernetes = kubernetes or _raise_outside()
    _require_right(kubernetes, LABEL_NOTEBOOK, namespace, "change")
    _require_right(kubernetes, DELETE_SET, namespace, "delete")
    notebook, steps = context.notebook.name, read_access(kubernetes, context)
    if steps.options is not None and not steps.options:
        raise missing_token_error(context, AccessSteps(steps.options))
    if kubernetes.read_notebook(notebook, namespace) is None:
        raise kfp_error("not-found", thing="notebook", ref=notebook, ns=namespace, list="doctor")
    kubernetes.choose_option(notebook, namespace, steps.labels)
    kubernetes.delete_stateful_set(notebook, namespace)


def _own_namespace(context: Context, *, allowed: bool) -> str:
    """Return the profile of this notebook, whichever namespace has been chosen since."""
    if not allowed:
        raise kfp_error("jupyter-denied", why="Its settings keep the doctor from changing the cluster.")
    if not context.notebook.name or context.notebook.workspace:
        raise kfp_error("bad-input", field="notebook", problem="this is no Kubeflow notebook")
    return context.notebook.namespace


def _raise_outside() -> NoReturn:
    raise kfp_error("kubernetes-unavailable", host="Kubernetes", reason="This is no pod of a cluster.")


def _require_right(kubernetes: Kubernetes, access: Access, namespace: str, act: str) -> None:
    if kubernetes.may(access, namespace):
        return
    raise kfp_error(
        "kubernetes-denied",
        act=act,
        what=access.resource,
        ns=namespace,
        id="This notebook's account",
        verb=access.verb,
        resource=access.resource,
        src=namespace,
        sa="default-editor",
    )
