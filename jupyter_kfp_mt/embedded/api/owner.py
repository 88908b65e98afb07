"""Routes for the owner of this server, who has the key of `runtime.json` (header X-Kfp-Owner-Key).

```text
GET    /embedded/proof/{challenge}                         for anyone: proof.py
GET    /embedded/namespaces/{namespace}/access             for its members: {"grants": [{who, role, origin}]}
GET    /embedded/profiles                                  {"profiles": [{namespace, owner, contributors}]}
POST   /embedded/profiles                                  {"namespace": ..., "owner": ""}
DELETE /embedded/profiles/{namespace}                      with everything in it
PUT    /embedded/profiles/{namespace}/contributors/{other} {"role": "view|edit|admin"}; "" takes it back
GET    /embedded/profiles/{namespace}/secrets              {"secrets": {name: [keys]}}; never a value
PUT    /embedded/profiles/{namespace}/secrets/{name}       {"data": {key: value}}; other keys stay
DELETE /embedded/profiles/{namespace}/secrets/{name}       the same for `configmaps`
POST   /embedded/profiles/{namespace}/tokens               {"account": "default-editor", "seconds": 7200}
POST   /embedded/tokens:revoke                             {"token": ...}
GET    /embedded/state                                     {"unfinished_runs": 0, "waiting_recurring_runs": 0}
POST   /embedded/stop
```
"""

from __future__ import annotations

from collections.abc import Callable

from ...proof import PROOF
from ..core.resource_manager import ResourceManager
from ..errors import already_exists, invalid_input, not_found
from ..store.tenants import CONFIG_MAP, SECRET
from ..tenants import EDITOR, ROLES, SHARED, VIEWER, check_data, describe_identity, subject
from .shared.authorization import OWNER, Guard
from .shared.calls import TEXT, ApiResponse, Call, Target
from .shared.protojson import Message, read_int32, read_map, read_text
from .shared.rendering import Json
from .shared.routing import ApiRoute

_KINDS = {"secrets": SECRET, "configmaps": CONFIG_MAP}
_KIND_NAMES = {"secrets": "Secret", "configmaps": "Config map"}


def routes(stop: Callable[[], None]) -> list[ApiRoute]:
    """List the owner's routes; `stop` ends the server."""

    def stop_server(_manager: ResourceManager, _call: Call) -> Json:
        stop()
        return {}

    profile = Message("profile", {"namespace": read_text, "owner": read_text})
    role = Message("role", {"role": read_text})
    data = Message("data", {"data": read_map(read_text)})
    account = Message("account", {"account": read_text, "seconds": read_int32})
    token = Message("token", {"token": read_text})
    one = "/embedded/profiles/{namespace}"
    return [
        ApiRoute("GET", f"{PROOF}/{{challenge}}", None, prove),
        ApiRoute("GET", "/embedded/namespaces/{namespace}/access", MEMBER, list_access),
        ApiRoute("GET", "/embedded/profiles", OWNER, list_profiles),
        ApiRoute("POST", "/embedded/profiles", OWNER, add_profile, body=profile),
        ApiRoute("DELETE", one, OWNER, remove_profile),
        ApiRoute("PUT", f"{one}/contributors/{{other}}", OWNER, share_profile, body=role),
        ApiRoute("POST", f"{one}/tokens", OWNER, issue_token, body=account),
        ApiRoute("GET", f"{one}/{{kind}}", OWNER, list_data),
        ApiRoute("PUT", f"{one}/{{kind}}/{{name}}", OWNER, set_data, body=data),
        ApiRoute("DELETE", f"{one}/{{kind}}/{{name}}", OWNER, remove_data),
        ApiRoute("POST", "/embedded/tokens:revoke", OWNER, revoke_token, body=token),
        ApiRoute("GET", "/embedded/state", OWNER, get_state),
        ApiRoute("POST", "/embedded/stop", OWNER, stop_server),
    ]


def prove(manager: ResourceManager, call: Call) -> ApiResponse:
    """Answer the challenge of a client that is about to send a secret."""
    proof = manager.tenancy.prove(call.port, call.params["challenge"])
    if proof is None:
        raise invalid_input("a challenge is 64 hexadecimal digits")
    return ApiResponse(200, proof.encode(), TEXT)


def _find_namespace(_manager: ResourceManager, call: Call) -> Target:
    return Target(call.params["namespace"])


# Whoever may list the runs of a namespace may know who else may.
MEMBER = Guard("runs", "list", _find_namespace)


def list_access(manager: ResourceManager, call: Call) -> Json:
    """List who has which role in a namespace."""
    namespace = call.params["namespace"]
    profile = manager.store.tenants.get_profile(namespace)
    owner = profile.owner if profile is not None else ""
    rows = [(owner, "owner", "profile")] if owner else []
    rows += [(subject(namespace, EDITOR), "edit", "profile"), (subject(namespace, VIEWER), "view", "profile")]
    for each in manager.store.tenants.list_contributors(namespace):
        rows.append((each.subject, each.role, "contributor"))
    grants = [{"who": describe_identity(who), "role": role, "origin": origin} for who, role, origin in rows]
    return {"namespace": namespace, "grants": grants}


def _require_profile(manager: ResourceManager, namespace: str) -> str:
    if namespace == SHARED or manager.store.tenants.get_profile(namespace) is None:
        raise not_found("Profile", namespace)
    return namespace


def list_profiles(manager: ResourceManager, _call: Call) -> Json:
    """List the profiles, each with its contributors."""
    table = manager.store.tenants
    return {
        "profiles": [
            {
                "namespace": profile.namespace,
                "owner": profile.owner,
                "contributors": [
                    {"subject": each.subject, "role": each.role}
                    for each in table.list_contributors(profile.namespace)
                ],
            }
            for profile in manager.tenancy.list_profiles()
        ]
    }


def add_profile(manager: ResourceManager, call: Call) -> Json:
    """Add a profile."""
    namespace = call.message.get("namespace", "")
    if manager.store.tenants.get_profile(namespace) is not None:
        raise already_exists(f"There is a profile {namespace} already")
    try:
        row = manager.tenancy.add_profile(namespace, call.message.get("owner", ""))
    except ValueError as error:
        raise invalid_input(str(error)) from None
    manager.profiles_changed()
    return {"namespace": row.namespace, "owner": row.owner}


def remove_profile(manager: ResourceManager, call: Call) -> Json:
    """Remove a profile with its runs, files, secrets and rights."""
    namespace = _require_profile(manager, call.params["namespace"])
    manager.empty(namespace)
    accounts = [subject(namespace, account) for account in (EDITOR, VIEWER)]
    manager.store.tenants.remove_profile(namespace, accounts)
    manager.profiles_changed()
    return {}


def share_profile(manager: ResourceManager, call: Call) -> Json:
    """Give another profile's default-editor, or a user of the trusted front, a role in a profile."""
    namespace, other = call.params["namespace"], call.params["other"]
    if namespace != SHARED:
        _require_profile(manager, namespace)
    role = call.message.get("role", "")
    if role and role not in (ROLES if namespace != SHARED else ("shared",)):
        raise invalid_input(f"a role is one of {', '.join(ROLES)}")
    contributor = other if "@" in other else subject(_require_profile(manager, other), EDITOR)
    manager.store.tenants.share(namespace, contributor, role)
    return {}


def list_data(manager: ResourceManager, call: Call) -> Json:
    """List the names and keys of secrets or config maps."""
    kind = _require_kind(call)
    namespace = _require_profile(manager, call.params["namespace"])
    return {kind: manager.store.tenants.list_keys(namespace, _KINDS[kind])}


def set_data(manager: ResourceManager, call: Call) -> Json:
    """Set keys of a secret or config map."""
    namespace = _require_profile(manager, call.params["namespace"])
    try:
        data = check_data(call.message.get("data", {}), call.params["name"])
    except ValueError as error:
        raise invalid_input(str(error)) from None
    manager.store.tenants.set_data(namespace, _KINDS[_require_kind(call)], call.params["name"], data)
    return {}


def remove_data(manager: ResourceManager, call: Call) -> Json:
    """Remove a secret or config map."""
    namespace, name = _require_profile(manager, call.params["namespace"]), call.params["name"]
    kind = _require_kind(call)
    if not manager.store.tenants.remove_data(namespace, _KINDS[kind], name):
        raise not_found(_KIND_NAMES[kind], name)
    return {}


def _require_kind(call: Call) -> str:
    kind = call.params["kind"]
    if kind not in _KINDS:
        raise not_found("Kind", kind)
    return kind


def issue_token(manager: ResourceManager, call: Call) -> Json:
    """Issue a token for an account of a profile."""
    namespace = _require_profile(manager, call.params["namespace"])
    try:
        token, expires_at = manager.tenancy.issue(
            namespace, call.message.get("account") or EDITOR, call.message.get("seconds", 7200)
        )
    except ValueError as error:
        raise invalid_input(str(error)) from None
    return {"token": token, "expires_at": expires_at}


def revoke_token(manager: ResourceManager, call: Call) -> Json:
    """Revoke a token before it expires."""
    if not manager.tenancy.revoke(call.message.get("token", "")):
        raise invalid_input("this is no token of this server")
    return {}


def get_state(manager: ResourceManager, _call: Call) -> Json:
    """Count what a restart would interrupt or delay."""
    return {
        "unfinished_runs": len(manager.store.runs.list_unfinished()),
        "waiting_recurring_runs": manager.store.recurring_runs.count_waiting(),
    }
