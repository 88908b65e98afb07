"""The KFP API of the recorded cluster: version 2.17.0, with users."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from tests.replay import kubernetes
from tests.replay.recordings import Moment, Reply, Request

HEALTH = {
    "commit_sha": "7b70c7b95f",
    "tag_name": "2.17.0",
    "multi_user": True,
    "pipeline_store": "database",
}
NAMESPACE = "alice"
_RUN = re.compile(r"/apis/(?P<version>v1beta1|v2beta1)/runs/(?P<id>[^/:]+)(?::(?P<verb>\w+))?\Z")
_LOG = re.compile(r"/apis/v1alpha1/runs/(?P<id>[^/]+)/nodes/(?P<node>[^/]+)/log\Z")
ARTIFACT = re.compile(r"/apis/v\dbeta1/runs/[^/]+/nodes/(?P<node>[^/]+)/artifacts/(?P<name>[^/]+):read\Z")
_EXPERIMENT = re.compile(r"/apis/v2beta1/experiments/(?P<id>[^/:]+)\Z")
_VERBS = {"archive": "archive", "unarchive": "unarchive"}
_UPLOAD_REFUSED = Reply(  # the upload routes have another handler, which hides the status and the reason
    400,
    {
        "error_message": "Failed to create a pipeline",
        "error_details": "Failed to create a pipeline… (Go stack trace)",
    },
)
_ENTRY = {"namespace": NAMESPACE, "pipelineName": f"namespace/{NAMESPACE}/pipeline/hello-pipeline"}
_NOBODY = "Failed to check authorization. User identity is empty in the request header"


class Rows:
    """What KFP's database holds beside the recorded runs."""

    def __init__(self) -> None:
        self.experiments: dict[str, dict[str, Any]] = {}
        self.storage: dict[str, str] = {}  # by run
        self.deleted: set[str] = set()

    def experiment_of(self, moment: Moment) -> None:
        """Make the experiment of a recorded run known, under the name that KFP gives the first one."""
        ref = moment.v2["experiment_id"]
        name = "Default" if not self.experiments else f"experiment {len(self.experiments) + 1}"
        self.experiments.setdefault(ref, _experiment(ref, name, moment.v2["created_at"]))

    def find(self, name: str) -> dict[str, Any] | None:
        """Return an experiment by its name."""
        return next((row for row in self.experiments.values() if row["display_name"] == name), None)

    def create(self, name: str, description: str) -> dict[str, Any]:
        """Add an experiment."""
        ref = str(uuid4())
        now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
        extra = {"description": description} if description else {}
        self.experiments[ref] = _experiment(ref, name, now) | extra
        return self.experiments[ref]


def respond(moments: Mapping[str, Moment], rows: Rows, request: Request) -> Reply:
    """Answer a request."""
    method, path, body = request.method, request.path, request.body
    if path.endswith("/healthz"):
        return Reply(200, HEALTH)
    if _LOG.match(path):  # this route and the next ask nobody who they are
        return _archived(moments, path)
    if path == "/apis/v1alpha1/tasks" and method == "GET":
        return _cache_entries(moments, request.query)
    if not request.account:
        return error(401, 16, _NOBODY)
    if ARTIFACT.match(path):
        return error(403, 7, _NOBODY)
    resource, verb = _right(method, path)
    namespace = request.query.get("namespace") or (body or {}).get("namespace") or NAMESPACE
    if (refused := refusal(request.account, namespace, verb, resource)) is not None:
        return _UPLOAD_REFUSED if path == "/apis/v2beta1/pipelines/upload" else refused
    if (run := _RUN.match(path)) is not None:
        return _run(moments, rows, method, run)
    if path == "/apis/v2beta1/runs":
        return _runs(moments, rows, request.query)
    if path == "/apis/v2beta1/experiments":
        return _experiments(rows, request)
    if (experiment := _EXPERIMENT.match(path)) is not None and method == "GET":
        row = rows.experiments.get(experiment["id"])
        return Reply(200, row) if row else error(404, 5, f"Experiment {experiment['id']} not found")
    if method == "GET" and path in ("/apis/v2beta1/pipelines", "/apis/v2beta1/recurringruns"):
        return Reply(200, {})
    return error(404, 5, "Not Found")


def _run(moments: Mapping[str, Moment], rows: Rows, method: str, target: re.Match[str]) -> Reply:
    run_id, verb = target["id"], target["verb"]
    moment = moments.get(run_id)
    if moment is None or run_id in rows.deleted:
        return error(404, 5, f"Run {run_id} not found")
    if method == "DELETE":
        rows.deleted.add(run_id)
        return Reply(200, {})
    if method == "POST" and verb in ("archive", "unarchive"):
        rows.storage[run_id] = "ARCHIVED" if verb == "archive" else "AVAILABLE"
        return Reply(200, {})
    if method != "GET":
        return error(501, 12, "Not recorded")
    return Reply(200, _stored(moment, rows) if target["version"] == "v2beta1" else moment.v1)


def _runs(moments: Mapping[str, Moment], rows: Rows, query: Mapping[str, str]) -> Reply:
    page = {"start": 0, "sort": query.get("sort_by") or "created_at desc", "predicates": _predicates(query)}
    if query.get("page_token"):
        page = json.loads(query["page_token"])
    experiment = query.get("experiment_id", "")
    found = [
        run
        for run in (_stored(moment, rows) for moment in moments.values())
        if run["run_id"] not in rows.deleted
        and experiment in ("", run["experiment_id"])
        and all(_holds(each, run) for each in page["predicates"])
    ]
    field, _, direction = page["sort"].partition(" ")
    field = {"name": "display_name"}.get(field, field)
    found.sort(key=lambda run: (str(run.get(field, "")), run["run_id"]), reverse=direction == "desc")
    start, size = page["start"], int(query.get("page_size") or 20)
    answer: dict[str, Any] = {"runs": found[start : start + size], "total_size": len(found)}
    if start + size < len(found):
        answer["next_page_token"] = json.dumps({**page, "start": start + size})
    return Reply(200, answer if found else {})


def _holds(predicate: dict[str, Any], run: dict[str, Any]) -> bool:
    key = {"name": "display_name"}.get(predicate["key"], predicate["key"])
    known = str(run.get(key, "")).lower()
    value = str(predicate.get("string_value", predicate.get("timestamp_value", ""))).lower()
    values = [each.lower() for each in predicate.get("string_values", {}).get("values", [])]
    return {
        "EQUALS": known == value,
        "NOT_EQUALS": known != value,
        "IN": known in values,
        "IS_SUBSTRING": value.replace("\\", "") in known,
        "GREATER_THAN": known > value,
        "GREATER_THAN_EQUALS": known >= value,
        "LESS_THAN": known < value,
        "LESS_THAN_EQUALS": known <= value,
    }[predicate["operation"]]


def _experiments(rows: Rows, request: Request) -> Reply:
    body = request.body
    if request.method == "POST":
        if rows.find(body["display_name"]) is not None:
            text = f"Failed to create a new experiment. The name {body['display_name']} already exists."
            return error(409, 6, f"{text} Please specify a new name")
        return Reply(200, rows.create(body["display_name"], body.get("description", "")))
    predicates = _predicates(request.query)
    found = [row for row in rows.experiments.values() if all(_holds(each, row) for each in predicates)]
    return Reply(200, {"experiments": found, "total_size": len(found)} if found else {})


def _predicates(query: Mapping[str, str]) -> list[dict[str, Any]]:
    predicates: list[dict[str, Any]] = []
    if query.get("filter"):
        predicates = json.loads(query["filter"]).get("predicates", [])
    return predicates


def _cache_entries(moments: Mapping[str, Moment], query: Mapping[str, str]) -> Reply:
    """Return the executions with a cache key, as far as the log of a driver that found one says it."""
    (predicate,) = json.loads(query["filter"])["predicates"]
    assert (predicate["op"], predicate["key"]) == ("EQUALS", "fingerprint")
    hit = re.compile(
        predicate["string_value"] + r'"\}\} custom_properties:\{key:"cached_execution_id" value:'
        r'\{string_value:"(\d+)"'
    )
    logs = [str(log.body) for moment in moments.values() for log in moment.logs.values()]
    found = {match[1] for log in logs for match in hit.finditer(log)}
    entries = [
        {"id": f"{run_id}-{each}", "runId": run_id, "mlmdExecutionID": each, **_ENTRY}
        for each in sorted(found)
        for run_id, moment in moments.items()
        if re.search(rf"--execution_id\W+{each}\W", json.dumps(moment.v1))
    ]
    return Reply(200, {"tasks": entries, "total_size": len(entries)} if entries else {})


def _archived(moments: Mapping[str, Moment], path: str) -> Reply:
    target = _LOG.match(path)
    assert target is not None
    moment = moments.get(target["id"])
    if moment is None:
        return error(404, 5, f"Run {target['id']} not found")
    live = moment.logs.get(f"{target['node']}/main")
    if live is not None and isinstance(live.body, str):
        return live  # of what this route said, only the end was recorded
    if target["node"] in moment.archived:
        return moment.archived[target["node"]]
    details = f'pods "{target["node"]}" not found'
    return Reply(200, {"error_message": "Failed to read logs", "error_details": details})


def _stored(moment: Moment, rows: Rows) -> dict[str, Any]:
    return moment.v2 | {"storage_state": rows.storage.get(moment.run_id, moment.v2["storage_state"])}


def _right(method: str, path: str) -> tuple[str, str]:
    parts = path.split("/")[3:]
    resource = parts[0].partition(":")[0]
    verb = _VERBS.get(path.rpartition(":")[2], "")
    if not verb:
        reads = "get" if len(parts) > 1 else "list"
        verb = {"GET": reads, "DELETE": "delete"}.get(method, "create")
    return {"recurringruns": "jobs"}.get(resource, resource), verb


def _experiment(ref: str, name: str, created: str) -> dict[str, Any]:
    row = {"experiment_id": ref, "display_name": name, "created_at": created, "last_run_created_at": created}
    return {**row, "namespace": NAMESPACE, "storage_state": "AVAILABLE"}


def refusal(account: str, namespace: str, verb: str, resource: str) -> Reply | None:
    """Return the 403 of an account without a right, or None where it has it."""
    if kubernetes.may(account, namespace, verb, resource, "pipelines.kubeflow.org"):
        return None
    attributes = (
        f"Namespace:{namespace},Verb:{verb},Group:pipelines.kubeflow.org,Version:v1beta1,Resource:{resource},"
        "Subresource:,Name:,FieldSelector:nil,LabelSelector:nil,"
    )
    reason = f" (request: &ResourceAttributes{{{attributes}}})"
    user = f"system:serviceaccount:alice:{account}"
    return error(403, 7, f"User '{user}' is not authorized with reason: {reason}")


def error(status: int, code: int, message: str) -> Reply:
    """Return an error as KFP's gateway writes it."""
    details = [{"@type": "type.googleapis.com/google.rpc.Status", "code": code, "message": message}]
    return Reply(status, {"code": code, "message": message, "details": details})
