"""The Kubernetes API of the recorded cluster: pods, logs, events, Workflows, rights, secrets."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.replay.recordings import Moment, Reply, Request

ACCOUNTS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "accounts.json").read_text())
KEY = "hush"  # both keys of the namespace's store
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_LIVE = ("pods", "events", "workflows")
_OBJECT = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)/namespaces/(?P<namespace>[^/]+)/(?P<resource>[^/]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<subresource>[^/]+))?)?\Z"
)


def may(account: str, namespace: str, verb: str, resource: str, group: str = "") -> bool:
    """Return whether an account of `alice` has a right, by its recorded rules."""
    recorded = ACCOUNTS[account].get(f"rules {namespace}")
    rules = recorded["body"]["status"]["resourceRules"] if recorded else []
    return any(
        _names(rule["verbs"], verb)
        and _names(rule["apiGroups"], group)
        and _names(rule["resources"], resource)
        and not rule.get("resourceNames")
        for rule in rules
    )


def respond(moments: Iterable[Moment], request: Request, denied: Collection[str] = ()) -> Reply:
    """Answer a request."""
    account, body = request.account, request.body
    if request.method == "POST" and request.path == _REVIEW:
        return _review(account, body)
    if request.method == "POST" and request.path == _RULES:
        return Reply(**ACCOUNTS[account][f"rules {body['spec']['namespace']}"])
    target = _OBJECT.match(request.path)
    if request.method == "GET" and target is not None and target["resource"] in _LIVE:
        return _read(moments, request, target, denied)
    recorded = ACCOUNTS[account].get(f"{request.method} {request.path}")
    return Reply(**recorded) if recorded is not None else _missing(request.path)


def with_store(reply: Reply, store: str) -> Reply:
    """Return a response that names another store; the keys for it were masked in the recordings."""
    text = json.dumps(reply.body).replace("seaweedfs.kubeflow.svc.cluster.local:9000", store)
    return Reply(reply.status, json.loads(text.replace("<base64>", b64encode(KEY.encode()).decode())))


def _read(
    moments: Iterable[Moment], request: Request, target: re.Match[str], denied: Collection[str]
) -> Reply:
    account, query = request.account, request.query
    resource, name, namespace = target["resource"], target["name"], target["namespace"]
    right = f"{resource}/{target['subresource']}" if target["subresource"] else resource
    verb, group = ("get" if name else "list"), target["group"] or ""
    if right in denied or not may(account, namespace, verb, right, group):
        return _denied(account, namespace, verb, right, group)
    if resource == "pods" and target["subresource"] == "log":
        return _read_log(moments, name, query)
    if resource == "events":
        return _list(_events(moments, query.get("fieldSelector", "")))
    if resource == "workflows":
        objects = [moment.workflow for moment in moments if moment.workflow is not None]
    else:
        objects = [pod for moment in moments for pod in moment.pods.values()]
    if name:
        found = next((each for each in objects if each["metadata"]["name"] == name), None)
        return Reply(200, found) if found is not None else _missing(f'{resource} "{name}"')
    return _list(each for each in objects if _selected(each, query.get("labelSelector", "")))


def _read_log(moments: Iterable[Moment], pod: str, query: Mapping[str, str]) -> Reply:
    container = query.get("container", "main")
    for moment in moments:
        if pod in moment.pods:
            reply = moment.logs.get(f"{pod}/{container}", Reply(200, ""))
            return _cut(reply, moment.pods[pod], query) if isinstance(reply.body, str) else reply
    return _missing(f'pods "{pod}"')


def _cut(reply: Reply, pod: dict[str, Any], query: Mapping[str, str]) -> Reply:
    """Apply `sinceTime`, `tailLines` and `timestamps`.

    Lines come a millisecond after each other from the pod's creation on: when a container started may have
    been recorded later than its first lines, and a line never changes its time.
    """
    lines = reply.body.splitlines(keepends=True)
    start = datetime.fromisoformat(pod["metadata"]["creationTimestamp"].replace("Z", "+00:00"))
    stamped = [(start + timedelta(milliseconds=number), line) for number, line in enumerate(lines)]
    if "sinceTime" in query:
        since = datetime.fromisoformat(query["sinceTime"].replace("Z", "+00:00"))
        stamped = [(at, line) for at, line in stamped if at >= since]
    if "tailLines" in query:
        count = int(query["tailLines"])
        stamped = stamped[-count:] if count else []
    if query.get("timestamps") == "true":
        return Reply(200, "".join(f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z {line}" for at, line in stamped))
    return Reply(200, "".join(line for _, line in stamped))


def _events(moments: Iterable[Moment], selector: str) -> Iterable[dict[str, Any]]:
    wanted = selector.removeprefix("involvedObject.name=")
    for moment in moments:
        for name, events in moment.events.items():
            if wanted in ("", name):
                yield from events


def _selected(item: dict[str, Any], selector: str) -> bool:
    labels = item["metadata"].get("labels", {})
    pairs = [pair.partition("=") for pair in selector.split(",") if pair]
    return all(labels.get(key) == value for key, _, value in pairs)


def _review(account: str, body: Any) -> Reply:
    wanted = body["spec"]["resourceAttributes"]
    resource = wanted["resource"] + (f"/{wanted['subresource']}" if wanted.get("subresource") else "")
    right = (wanted["verb"], resource, wanted.get("group", ""))
    allowed = may(account, wanted.get("namespace", ""), *right)
    return Reply(201, {**body, "status": {"allowed": allowed}})


def _list(items: Iterable[dict[str, Any]]) -> Reply:
    return Reply(200, {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": list(items)})


def _denied(account: str, namespace: str, verb: str, resource: str, group: str) -> Reply:
    qualified = f"{resource}.{group}" if group else resource
    message = (
        f'{qualified} is forbidden: User "system:serviceaccount:alice:{account}" cannot {verb} resource'
        f' "{resource}" in API group "{group}" in the namespace "{namespace}"'
    )
    return _status(403, "Forbidden", message)


def _missing(name: str) -> Reply:
    return _status(404, "NotFound", f"{name} not found")


def _status(code: int, reason: str, message: str) -> Reply:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason}
    return Reply(code, {**body, "metadata": {}, "code": code})


def _names(known: list[str], wanted: str) -> bool:
    return wanted in known or "*" in known
