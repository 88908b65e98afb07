"""Runs of v1beta1: renders rows and parses requests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ....models import Task
from ....run_rules import FINAL_STATES
from ...argo import is_argo
from ...core.resource_manager import ResourceManager
from ...core.runs import NewRun
from ...errors import prefix_errors
from ...store import RunRow
from ...store.runs import LISTING
from ..shared.authorization import pipeline_reader
from ..shared.calls import Call, Target
from ..shared.listing import render_page, scope_of_runs
from ..shared.rendering import Json, drop_empty, format_time
from ..shared.targets import find_experiment_of_new, settle_namespace
from ..shared.task_values import ValuesRoom
from .pipeline_spec import (
    parse_config,
    parse_extra,
    parse_parameters,
    parse_source,
    render_parameters,
    render_spec,
)
from .references import find_reference, render_reference

_STATUS = {
    "PENDING": "Pending",
    "RUNNING": "Running",
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "SKIPPED": "Skipped",
    "CANCELING": "Terminating",
    "CANCELED": "Failed",
    "PAUSED": "Pending",
}
_METRIC = re.compile(r"[a-zA-Z]([-_a-zA-Z0-9]{0,62}[a-zA-Z0-9])?")


def render_run(row: RunRow) -> Json:
    """Return the message of a run without its run-time part."""
    references = [render_reference("EXPERIMENT", row.experiment_id, "OWNER")]
    if row.namespace:
        references.append(render_reference("NAMESPACE", row.namespace, "OWNER"))
    if row.recurring_run_id:
        references.append(render_reference("JOB", row.recurring_run_id, "CREATOR"))
    if row.pipeline_version_id:
        references.append(render_reference("PIPELINE_VERSION", row.pipeline_version_id, "CREATOR"))
    extra = msgspec.json.decode(row.extra, type=dict[str, Any])
    return drop_empty(
        id=row.run_id,
        name=row.display_name,
        storage_state="STORAGESTATE_ARCHIVED" if row.storage_state == "ARCHIVED" else "",
        description=row.description,
        pipeline_spec=render_spec(row.spec, row.pipeline_id, row.runtime_config, extra),
        resource_references=references,
        service_account=row.service_account,
        created_at=format_time(row.created_at),
        scheduled_at=format_time(row.scheduled_at),
        finished_at=format_time(row.finished_at),
        status=_STATUS.get(row.state, "Unknown"),
        error=row.error,
        metrics=extra.get("metrics"),
    )


def render_run_detail(row: RunRow, tasks: Sequence[Task]) -> Json:
    """Return a run with its run-time part: a Workflow as Argo would show it, for clients that read nodes."""
    argo = is_argo(row.spec)
    sent: Json = msgspec.json.decode(row.spec) if argo else {}
    metadata = {**(sent.get("metadata") or {}), "name": row.run_id, "namespace": row.namespace}
    workflow: Json = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", **sent, "metadata": metadata}
    runtime = {"workflow_manifest" if argo else "pipeline_manifest": msgspec.json.encode(workflow).decode()}
    if tasks or row.state in FINAL_STATES:
        nodes = {task.task_id: _render_node(task) for task in tasks}
        workflow["status"] = drop_empty(phase=_STATUS.get(row.state, ""), message=row.error, nodes=nodes)
        runtime["workflow_manifest"] = msgspec.json.encode(workflow).decode()
    return {"run": render_run(row), "pipeline_runtime": runtime}


def _render_node(task: Task) -> Json:
    return drop_empty(
        id=task.task_id,
        name=task.name,
        displayName=task.display_name,
        type="Pod" if task.type == "RUNTIME" else "DAG",
        phase=_STATUS.get(task.state, "Pending"),
        message=task.reason,
        startedAt=format_time(task.start_time.timestamp()) if task.start_time else "",
        finishedAt=format_time(task.end_time.timestamp()) if task.end_time else "",
        inputs=drop_empty(parameters=render_parameters(task.inputs.parameters)),
        outputs=drop_empty(parameters=render_parameters(task.outputs.parameters)),
    )


def parse_run(manager: ResourceManager, call: Call) -> NewRun:
    """Check the names, texts and source of a new run."""
    message = call.message
    archived = message.get("storage_state") == "STORAGESTATE_ARCHIVED"
    with prefix_errors("Failed to create a v1beta1 run due to conversion error"):
        new = NewRun(
            run_id=message.get("id", ""),
            display_name=message.get("name", "") or message.get("pipeline_spec", {}).get("pipeline_name", ""),
            description=message.get("description", ""),
            service_account=message.get("service_account", ""),
            source=parse_source(manager.templates, message),
            storage_state="ARCHIVED" if archived else "AVAILABLE",
            scheduled_at=message.get("scheduled_at", 0),
            finished_at=message.get("finished_at", 0),
            recurring_run_id=find_reference(message, "JOB"),
            runtime_config=parse_config(message),
            texts=parse_parameters(message),
            extra=parse_extra(message),
        )
        manager.runs.check(new)
    return new


def locate_new_run(manager: ResourceManager, call: Call) -> Target:
    """Find where a new run goes."""
    experiment_id = find_reference(call.message, "EXPERIMENT")
    return find_experiment_of_new(manager, "runs", experiment_id, find_reference(call.message, "NAMESPACE"))


def create_run(manager: ResourceManager, call: Call) -> Json:
    """Create a run and start it."""
    namespace, experiment = settle_namespace(call, "Failed to create a run")
    row = manager.runs.create(namespace, experiment, call.parsed, pipeline_reader(manager, call))
    return render_run_detail(row, ())


def get_run(manager: ResourceManager, call: Call) -> Json:
    """Return a run with its run-time part."""
    room = ValuesRoom()
    tasks = [
        msgspec.structs.replace(
            row, inputs=room.shorten(row.inputs), outputs=room.shorten(row.outputs)
        ).to_task()
        for part in manager.store.tasks.list_parts(call.row.run_id)
        for row in part
    ]
    return render_run_detail(call.row, tasks)


def list_runs(manager: ResourceManager, call: Call) -> Json:
    """List the runs of a namespace or an experiment."""
    return render_page(
        manager,
        call,
        LISTING,
        scope_of_runs(manager, call),
        read=manager.store.runs.page,
        name="runs",
        render=lambda rows: [render_run(row) for row in rows],
    )


def report_metrics(manager: ResourceManager, call: Call) -> Json:
    """Keep the metrics that are reported for a run; the response says of each whether it was kept."""
    kept = msgspec.json.decode(call.row.extra, type=dict[str, Any])
    metrics: list[Json] = list(kept.get("metrics", []))
    results = [_keep_metric(sent, metrics) for sent in call.message.get("metrics", [])]
    manager.store.runs.set_extra(call.row.run_id, msgspec.json.encode({**kept, "metrics": metrics}))
    return drop_empty(results=results)


def _keep_metric(sent: Mapping[str, Any], metrics: list[Json]) -> Json:
    """Add a metric to `metrics` if it is valid and new; returns its result."""
    name, node = sent.get("name", ""), sent.get("node_id", "")
    result = drop_empty(metric_name=name, metric_node_id=node)
    if not _METRIC.fullmatch(name) or not 0 < len(node) <= 128:
        return {**result, "status": "INVALID_ARGUMENT"}
    if any(each["name"] == name and each["node_id"] == node for each in metrics):
        message = f"Failed to create a run metric. Same metric has been reported before: {node}/{name}"
        return {**result, "status": "DUPLICATE_REPORTING", "message": message}
    metrics.append(
        drop_empty(
            name=name,
            node_id=node,
            number_value=sent.get("number_value", 0),
            format="" if sent.get("format") == "UNSPECIFIED" else sent.get("format"),
        )
    )
    return {**result, "status": "OK"}
