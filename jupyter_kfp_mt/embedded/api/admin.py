"""Tenants of this server: routes for whoever holds the owner key of `runtime.json` (header X-Kfp-Owner-Key).

```text
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

from collections.abc import Callable, Mapping
from typing import Any

from ..core.resource_manager import ResourceManager
from ..errors import exists, invalid, not_found
from ..store.tenants import CONFIG_MAP, SECRET
from ..tenants import EDITOR, ROLES, SHARED, data_of, subject
from .http import OWNER, Call, Route
from .protojson import Message, int32_kind, map_kind, text_kind

Json = Mapping[str, Any]
_KINDS = {"secrets": SECRET, "configmaps": CONFIG_MAP}
_TOLD = {"secrets": "Secret", "configmaps": "Config map"}


def _profile(manager: ResourceManager, namespace: str) -> str:
    if namespace == SHARED or manager.store.tenants.profile(namespace) is None:
        raise not_found("Profile", namespace)
    return namespace


def list_profiles(manager: ResourceManager, _call: Call) -> Json:
    """All profiles with whom they are shared."""
    table = manager.store.tenants
    return {
        "profiles": [
            {
                "namespace": each.namespace,
                "owner": each.owner,
                "contributors": [
                    {"subject": other.subject, "role": other.role}
                    for other in table.contributors(each.namespace)
                ],
            }
            for each in manager.tenancy.profiles()
        ]
    }


def add_profile(manager: ResourceManager, call: Call) -> Json:
    """Add a profile."""
    namespace = call.message.get("namespace", "")
    if manager.store.tenants.profile(namespace) is not None:
        raise exists(f"There is a profile {namespace} already")
    try:
        row = manager.tenancy.add_profile(namespace, call.message.get("owner", ""))
    except ValueError as error:
        raise invalid(str(error)) from None
    manager.profiles_changed()
    return {"namespace": row.namespace, "owner": row.owner}


def remove_profile(manager: ResourceManager, call: Call) -> Json:
    """Remove a profile with its runs, files, secrets and rights."""
    namespace = _profile(manager, call.params["namespace"])
    manager.empty(namespace)
    accounts = [subject(namespace, account) for account in (EDITOR, "default-viewer")]
    manager.store.tenants.remove_profile(namespace, accounts)
    manager.profiles_changed()
    return {}


def share(manager: ResourceManager, call: Call) -> Json:
    """Give another profile's default-editor, or a user of the trusted front, a role here."""
    namespace, other = call.params["namespace"], call.params["other"]
    if namespace != SHARED:
        _profile(manager, namespace)
    role = call.message.get("role", "")
    if role and role not in (ROLES if namespace != SHARED else ("shared",)):
        raise invalid(f"a role is one of {', '.join(ROLES)}")
    who = other if "@" in other else subject(_profile(manager, other), EDITOR)
    manager.store.tenants.share(namespace, who, role)
    return {}


def list_data(manager: ResourceManager, call: Call) -> Json:
    """Names and keys of secrets or config maps."""
    kind = _kind(call)
    return {kind: manager.store.tenants.keys(_profile(manager, call.params["namespace"]), _KINDS[kind])}


def set_data(manager: ResourceManager, call: Call) -> Json:
    """Set keys of a secret or config map."""
    namespace = _profile(manager, call.params["namespace"])
    try:
        data = data_of(call.message.get("data", {}), call.params["name"])
    except ValueError as error:
        raise invalid(str(error)) from None
    manager.store.tenants.set_data(namespace, _KINDS[_kind(call)], call.params["name"], data)
    return {}


def remove_data(manager: ResourceManager, call: Call) -> Json:
    """Remove a secret or config map."""
    namespace, name = _profile(manager, call.params["namespace"]), call.params["name"]
    if not manager.store.tenants.remove_data(namespace, _KINDS[_kind(call)], name):
        raise not_found(_TOLD[_kind(call)], name)
    return {}


def _kind(call: Call) -> str:
    kind = call.params["kind"]
    if kind not in _KINDS:
        raise not_found("Kind", kind)
    return kind


def issue_token(manager: ResourceManager, call: Call) -> Json:
    """Make a token for an account of a profile."""
    namespace = _profile(manager, call.params["namespace"])
    try:
        token, expires_at = manager.tenancy.issue(
            namespace, call.message.get("account") or EDITOR, call.message.get("seconds", 7200)
        )
    except ValueError as error:
        raise invalid(str(error)) from None
    return {"token": token, "expires_at": expires_at}


def revoke_token(manager: ResourceManager, call: Call) -> Json:
    """Make a token useless."""
    if not manager.tenancy.revoke(call.message.get("token", "")):
        raise invalid("this is no token of this server")
    return {}


def tell_state(manager: ResourceManager, _call: Call) -> Json:
    """What a restart would touch."""
    return {
        "unfinished_runs": len(manager.store.runs.unfinished()),
        "waiting_recurring_runs": manager.store.recurring_runs.waiting(),
    }


def routes(stop: Callable[[], None]) -> list[Route]:
    """All of them."""

    def stop_server(_manager: ResourceManager, _call: Call) -> Json:
        stop()
        return {}

    profile = Message("profile", {"namespace": text_kind, "owner": text_kind})
    role = Message("role", {"role": text_kind})
    data = Message("data", {"data": map_kind(text_kind)})
    token = Message("token", {"account": text_kind, "seconds": int32_kind})
    one = "/embedded/profiles/{namespace}"
    return [
        Route("GET", "/embedded/profiles", OWNER, list_profiles),
        Route("POST", "/embedded/profiles", OWNER, add_profile, body=profile),
        Route("DELETE", one, OWNER, remove_profile),
        Route("PUT", f"{one}/contributors/{{other}}", OWNER, share, body=role),
        Route("POST", f"{one}/tokens", OWNER, issue_token, body=token),
        Route("GET", f"{one}/{{kind}}", OWNER, list_data),
        Route("PUT", f"{one}/{{kind}}/{{name}}", OWNER, set_data, body=data),
        Route("DELETE", f"{one}/{{kind}}/{{name}}", OWNER, remove_data),
        Route(
            "POST", "/embedded/tokens:revoke", OWNER, revoke_token, body=Message("t", {"token": text_kind})
        ),
        Route("GET", "/embedded/state", OWNER, tell_state),
        Route("POST", "/embedded/stop", OWNER, stop_server),
    ]
