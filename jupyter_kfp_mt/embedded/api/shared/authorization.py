"""Decides whether a call may pass: who calls, what it is about, and what the caller may do there.

KFP asks Kubernetes with a SubjectAccessReview (backend/src/apiserver/resource/resource_manager.go,
`IsAuthorized`); here `tenants.Tenancy` answers. The words around a rejection are KFP's, see tests/contract/.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...core.resource_manager import ResourceManager
from ...core.sources import MayRead
from ...errors import DENIED, ApiError, prefix_errors
from ...tenants import SHARED
from .calls import Call, Target, fill_names


class Guard(NamedTuple):
    """The authorization of a route: the right that it takes, and how to find what a call is about.

    The prefixes may hold {namespace}, {id} and the names of the path.
    """

    resource: str
    verb: str
    find_target: Callable[[ResourceManager, Call], Target]
    denied_prefix: str = ""  # before the message of a 401 or 403
    shared_is_public: bool = False  # shared pipelines may be read without identity
    prefix: str = ""  # before the message of any error of authorization, the 404 included
    is_upload: bool = False  # tenants may be allowed to upload shared pipelines


_SHARED = "Failed to access shared pipeline {{id}}. Check if you have permission to {verb} shared pipelines"


_NOWHERE = "-"  # no profile has this name


def _find_nothing(_manager: ResourceManager, _call: Call) -> Target:
    return Target(None)


# Whoever can read the runtime file, which holds the owner key.
OWNER = Guard("server", "administer", _find_nothing)


def authorize(manager: ResourceManager, guard: Guard, call: Call) -> None:
    """Let the call pass or raise ApiError: 401, 403, or 404 for an object the caller may not know of."""
    with prefix_errors(fill_names(guard.prefix, call)):
        target = call.target = guard.find_target(manager, call)
        if guard is OWNER:
            manager.tenancy.authenticate_owner(call.header)
        elif not manager.tenancy.multi_user:
            if manager.tenancy.token_required:
                call.identity = manager.tenancy.authenticate(call.header)
            if target.namespace is None and target.missing is not None:
                raise target.missing
        elif not (guard.shared_is_public and target.namespace == ""):
            _authorize_tenant(manager, guard, call, target)


def _authorize_tenant(manager: ResourceManager, guard: Guard, call: Call, target: Target) -> None:
    namespace, prefix = target.namespace, _denied_prefix(guard, call, target)
    # An id must not reveal its namespace to a caller who is not identified yet.
    known = "" if target.missing is not None else namespace or ""
    with prefix_errors(prefix.replace("{namespace}", known)):
        call.identity = manager.tenancy.authenticate(call.header)
    is_allowed = manager.tenancy.is_allowed
    if target.missing is not None:
        # Asked for an unknown object, too: it must not be told from a foreign one by the time that it takes.
        may_know = is_allowed(
            call.identity, "get", guard.resource, _NOWHERE if namespace is None else namespace
        )
        if namespace is None or not may_know:
            raise target.missing
    if namespace is None or not is_allowed(call.identity, guard.verb, guard.resource, namespace):
        hint = ""
        if guard.is_upload and namespace == "":
            creator = None if target.row is None else target.row.creator
            hint = manager.tenancy.find_sharing_fault(call.identity, creator)
            if not hint:
                return
        error = _permission_denied(call.identity, guard, namespace or "", target.name, hint)
        raise error.with_prefix(prefix.replace("{namespace}", namespace or ""))


def _denied_prefix(guard: Guard, call: Call, target: Target) -> str:
    prefix = fill_names(guard.denied_prefix, call)
    if guard.resource == "pipelines" and target.namespace == "" and prefix.startswith("Failed to access"):
        return fill_names(_SHARED.format(verb=guard.verb), call)
    return prefix


def pipeline_reader(manager: ResourceManager, call: Call) -> MayRead:
    """Return the test of whether the caller may get pipelines of a namespace."""
    return lambda namespace: manager.tenancy.is_allowed(call.identity, "get", "pipelines", namespace)


def _permission_denied(identity: str, guard: Guard, namespace: str, name: str, hint: str) -> ApiError:
    """403 in the words of KFP, which prints the SubjectAccessReview as Go does; ends with our `hint`."""
    group = "kubeflow.org" if guard.resource == "viewers" else "pipelines.kubeflow.org"
    text = (
        f"User '{identity}' is not authorized with reason:  (request: &ResourceAttributes{{"
        f"Namespace:{namespace or SHARED},Verb:{guard.verb},Group:{group},Version:v1beta1,"
        f"Resource:{guard.resource},Subresource:,Name:{name},FieldSelector:nil,LabelSelector:nil,}})"
    )
    access = f"Unauthorized access. {hint}" if hint else "Unauthorized access"
    return ApiError(DENIED, text, message=f"PermissionDenied: {text}: {access}")
