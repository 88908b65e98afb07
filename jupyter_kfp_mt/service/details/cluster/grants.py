"""Who has which rights in a namespace of a cluster: its owner, and whom its RoleBindings name.

Kubeflow marks the bindings of contributors with the annotations `user` and `role` (kubeflow/dashboard,
components/access-management/kfam/bindings.go); bindings that somebody made by hand count just as much.
"""

from __future__ import annotations

from contextlib import suppress

from ....context import Context
from ....errors import KfpError, KfpRefusedError
from ....kube import Kubernetes, PolicyRule, RoleBinding, RoleSubject
from ....models import AccessList, Grant

_GROUPS = frozenset({"*", "pipelines.kubeflow.org"})
_ROLES = {  # of Kubeflow and KFP, which a tenant may not read
    "kubeflow-admin": "admin",
    "kubeflow-edit": "edit",
    "kubeflow-view": "view",
    "kubeflow-pipelines-edit": "edit",
    "kubeflow-pipelines-view": "view",
    "cluster-admin": "admin",
}
_CHANGES = frozenset({"*", "create", "update", "patch", "delete", "terminate", "retry"})


def list_grants(kubernetes: Kubernetes | None, context: Context) -> AccessList:
    """Return who has rights in the namespace of `context`; `unread` says what could not be read."""
    namespace = context.namespace
    if kubernetes is None:
        why = f"Who else may see {namespace} cannot be read from outside of the cluster."
        return AccessList(namespace=namespace, unread=why)
    owner = _find_owner(kubernetes, namespace)
    grants = [Grant(who=owner, role="owner", origin="profile")] if owner else []
    try:
        bindings = kubernetes.list_role_bindings(namespace)
    except KfpRefusedError:
        why = f"Who else may see {namespace} cannot be read with your rights (list rolebindings)."
        return AccessList(namespace=namespace, grants=grants, unread=why)
    except KfpError as error:
        why = f"Who else may see {namespace} cannot be read now: {error.why or error.message}"
        return AccessList(namespace=namespace, grants=grants, unread=why)
    for binding in bindings:
        role = _find_role(kubernetes, binding, namespace)
        for subject in binding.subjects or [] if role else []:
            grant = Grant(who=describe_subject(subject), role=role, origin=_describe_origin(binding))
            if grant.who != owner:
                grants.append(grant)
    return AccessList(namespace=namespace, grants=grants)


def describe_subject(subject: RoleSubject) -> str:
    """Return how people name a subject."""
    if subject.kind == "ServiceAccount":
        return f"sa {subject.namespace}/{subject.name}"
    return f"group {subject.name}" if subject.kind == "Group" else subject.name


def _find_owner(kubernetes: Kubernetes, namespace: str) -> str:
    with suppress(KfpError):
        found = kubernetes.read_namespace(namespace)
        return found.owner if found is not None else ""
    return ""


def _describe_origin(binding: RoleBinding) -> str:
    marked = binding.metadata.annotation("user") and binding.metadata.annotation("role")
    return "contributor" if marked else f"RoleBinding {binding.metadata.name}"


def _find_role(kubernetes: Kubernetes, binding: RoleBinding, namespace: str) -> str:
    """Return “view”, “edit” or “admin”; empty for a role without rights of KFP.

    A role whose rules cannot be read is returned by its name: it may have them.
    """
    role = binding.role_ref
    if role.kind == "ClusterRole" and role.name in _ROLES:
        return _ROLES[role.name]
    try:
        rules = kubernetes.read_rules(role, namespace)
    except KfpError:
        return f"role {role.name}"
    ours = [rule for rule in rules if _GROUPS & set(rule.api_groups or ())]
    if not ours:
        return ""
    return "edit" if any(map(_may_change, ours)) else "view"


def _may_change(rule: PolicyRule) -> bool:
    return bool(_CHANGES & set(rule.verbs or ()))
