"""The v1beta1 façade over the same manager: resource references, v1 names and states (contract §3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ....models import Task
from ....run_rules import FINAL_STATES
from ...argo import is_argo
from ...core.packages import Template, read_template
from ...core.recurring_runs import NewRecurringRun
from ...core.resource_manager import ResourceManager
from ...core.runs import NewRun
from ...core.sources import PipelineSource
from ...errors import invalid, saying
from ...store import ExperimentRow, RecurringRunRow, RunRow
from ...store.experiments import LISTING as EXPERIMENTS
from ...store.query import Listing, Query
from ...store.recurring_runs import LISTING as RECURRING_RUNS
from ...store.runs import LISTING as RUNS
from ...tenants import SHARED
from ..answers import Json, asked, listed, may_read, place, present, scope_of, time_text
from ..guards import of_new, place_of, required
from ..http import LIST_QUERY, Call, Target
from ..messages import FILTERS_V1, KEY_TYPES
from ..v2.runs import trigger, trigger_of

REFERENCE_QUERY = {
    **LIST_QUERY,
    "resource_reference_key.type": KEY_TYPES,
    "resource_reference_key.id": "text",
}
MAX_PARAMETER_BYTES = 10_000
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


def reference(kind: str, ref: str, relationship: str) -> Json:
    """One resource reference."""
    return {"key": present(type=kind, id=ref), "relationship": relationship}


def referred(message: Mapping[str, Any], kind: str, relationship: str = "") -> str:
    """The id of the first reference of a kind, whatever its relationship unless one is asked for."""
    for each in message.get("resource_references", []):
        key = each.get("key", {})
        if key.get("type") == kind and relationship in ("", each.get("relationship", "")):
            return str(key.get("id", ""))
    return ""


def reads(listing: Listing, *, scope: bool = True) -> Callable[[ResourceManager, Call], Query]:
    """Check the list options; a reference in the query becomes namespace or experiment."""

    def read(manager: ResourceManager, call: Call) -> Query:
        if scope:
            _scope(call)
        with saying("Failed to create list options", final=True):
            return manager.lists.parse(listing, asked(call), FILTERS_V1)

    return read


def _scope(call: Call) -> None:
    kind, ref = call.text("resource_reference_key.type"), call.text("resource_reference_key.id")
    names = {"NAMESPACE": "namespace", "EXPERIMENT": "experiment_id"}
    if kind in names:
        call.given = {**call.given, names[kind]: ref}


# experiments


def experiment(row: ExperimentRow) -> Json:
    """An experiment."""
    return present(
        id=row.experiment_id,
        name=row.display_name,
        description=row.description,
        created_at=time_text(row.created_at),
        resource_references=[reference("NAMESPACE", row.namespace, "OWNER")],
        storage_state=f"STORAGESTATE_{row.storage_state}",
    )


def read_experiment(manager: ResourceManager, call: Call) -> None:
    """Check a new experiment's names."""
    with saying("Failed to convert API experiment to model experiment"):
        manager.experiments.check(referred(call.message, "NAMESPACE"), call.message.get("name", ""))


def of_new_experiment(manager: ResourceManager, call: Call) -> Target:
    """Where a new experiment goes."""
    namespace = referred(call.message, "NAMESPACE") if manager.tenancy.multi_user else ""
    with saying("Failed to authorize the request"):
        return Target(required(manager, namespace, "experiments"), call.message.get("name", ""))


def create_experiment(manager: ResourceManager, call: Call) -> Json:
    """Create an experiment."""
    message = call.message
    row = manager.experiments.create(place(call), message.get("name", ""), message.get("description", ""))
    return experiment(row)


def get_experiment(_manager: ResourceManager, call: Call) -> Json:
    """Read an experiment."""
    return experiment(call.row)


def read_experiments(manager: ResourceManager, call: Call) -> Query:
    """Check the options of a list of experiments; only a namespace bounds it."""
    kind = call.text("resource_reference_key.type")
    if kind not in ("", "NAMESPACE", "UNKNOWN_RESOURCE_TYPE"):
        raise invalid(
            "Failed to list v1beta1 experiment due to invalid resource reference key. It must be of type"
            " 'Namespace' and contain an existing or empty namespace, but you provided"
            f" {call.text('resource_reference_key.id')} of type {kind.title()}",
            final=True,
        )
    return reads(EXPERIMENTS)(manager, call)


def list_experiments(manager: ResourceManager, call: Call) -> Json:
    """List experiments."""
    scope = ("namespace", place(call))
    return listed(
        manager,
        call,
        EXPERIMENTS,
        scope,
        read=manager.store.experiments.page,
        name="experiments",
        write=lambda rows: [experiment(row) for row in rows],
    )


# runs and jobs


def _spec(spec: bytes, pipeline_id: str, config: bytes, extra: Mapping[str, Any]) -> Json:
    manifest = spec.decode()
    argo = bool(spec) and is_argo(spec)
    values = msgspec.json.decode(config).get("parameters", {}) if argo else {}
    return present(
        pipeline_id=pipeline_id,
        pipeline_name=extra.get("pipeline_name"),
        workflow_manifest=extra.get("workflow_manifest") or (manifest if argo else ""),
        pipeline_manifest="" if argo else manifest,
        parameters=extra.get("parameters") or _node_parameters(values),
        runtime_config=None if config == b"{}" or argo else msgspec.Raw(config),
    )


def run(row: RunRow) -> Json:
    """A run without its run-time part."""
    references = [reference("EXPERIMENT", row.experiment_id, "OWNER")]
    if row.namespace:
        references.append(reference("NAMESPACE", row.namespace, "OWNER"))
    if row.recurring_run_id:
        references.append(reference("JOB", row.recurring_run_id, "CREATOR"))
    if row.pipeline_version_id:
        references.append(reference("PIPELINE_VERSION", row.pipeline_version_id, "CREATOR"))
    extra = msgspec.json.decode(row.extra, type=dict[str, Any])
    return present(
        id=row.run_id,
        name=row.display_name,
        storage_state="STORAGESTATE_ARCHIVED" if row.storage_state == "ARCHIVED" else "",
        description=row.description,
        pipeline_spec=_spec(row.spec, row.pipeline_id, row.runtime_config, extra),
        resource_references=references,
        service_account=row.service_account,
        created_at=time_text(row.created_at),
        scheduled_at=time_text(row.scheduled_at),
        finished_at=time_text(row.finished_at),
        status=_STATUS.get(row.state, "Unknown"),
        error=row.error,
        metrics=extra.get("metrics"),
    )


def run_detail(row: RunRow, tasks: Sequence[Task]) -> Json:
    """A run with its run-time part: a workflow as Argo would show it, for clients that look at its nodes."""
    nodes = {
        task.task_id: present(
            id=task.task_id,
            name=task.name,
            displayName=task.display_name,
            type="Pod" if task.type == "RUNTIME" else "DAG",
            phase=_STATUS.get(task.state, "Pending"),
            message=task.reason,
            startedAt=time_text(task.start_time.timestamp()) if task.start_time else "",
            finishedAt=time_text(task.end_time.timestamp()) if task.end_time else "",
            inputs=present(parameters=_node_parameters(task.inputs.parameters)),
            outputs=present(parameters=_node_parameters(task.outputs.parameters)),
        )
        for task in tasks
    }
    argo = is_argo(row.spec)
    sent: Json = msgspec.json.decode(row.spec) if argo else {}
    metadata = {**(sent.get("metadata") or {}), "name": row.run_id, "namespace": row.namespace}
    workflow: Json = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", **sent, "metadata": metadata}
    runtime = {"workflow_manifest" if argo else "pipeline_manifest": msgspec.json.encode(workflow).decode()}
    if tasks or row.state in FINAL_STATES:
        workflow["status"] = present(phase=_STATUS.get(row.state, ""), message=row.error, nodes=nodes)
        runtime["workflow_manifest"] = msgspec.json.encode(workflow).decode()
    return {"run": run(row), "pipeline_runtime": runtime}


def _node_parameters(values: Mapping[str, Any]) -> list[Json]:
    """Values as a node of a workflow has them: texts."""
    return [{"name": name, "value": _as_text(value)} for name, value in values.items()]


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _source(message: Mapping[str, Any]) -> PipelineSource:
    spec = message.get("pipeline_spec", {})
    version = ""
    for each in message.get("resource_references", []):
        key = each.get("key", {})
        if key.get("type") == "PIPELINE_VERSION" and each.get("relationship") == "CREATOR":
            version = key.get("id", "")
    pipeline_id = spec.get("pipeline_id", "") or referred(message, "PIPELINE")
    if version or pipeline_id:
        return PipelineSource(pipeline_id=pipeline_id, pipeline_version_id=version)
    manifest = spec.get("pipeline_manifest") or spec.get("workflow_manifest")
    return PipelineSource(template=_template(manifest)) if manifest else PipelineSource()


def _template(manifest: str) -> Template:
    with saying(
        "Failed to create a run due to error fetching manifest:"
        " Failed to fetch a template with an invalid pipeline spec manifest"
    ):
        return read_template(manifest.encode())


def _config(message: Mapping[str, Any]) -> Json:
    """The typed values for IR."""
    return present(**message.get("pipeline_spec", {}).get("runtime_config", {}))


def _texts(message: Mapping[str, Any]) -> dict[str, str]:
    """The `parameters`, which are texts and for Argo Workflows only."""
    sent = message.get("pipeline_spec", {}).get("parameters", [])
    if len(msgspec.json.encode(sent)) > MAX_PARAMETER_BYTES:
        raise invalid(f"The input parameter length exceed maximum size of {MAX_PARAMETER_BYTES}.")
    return {each.get("name", ""): each.get("value", "") for each in sent}


def _extra(message: Mapping[str, Any]) -> Json:
    """What is only kept to be shown again as it was sent."""
    spec = message.get("pipeline_spec", {})
    return present(parameters=spec.get("parameters"), workflow_manifest=spec.get("workflow_manifest"))


def read_run(manager: ResourceManager, call: Call) -> NewRun:
    """Check a new run."""
    message = call.message
    with saying("Failed to create a v1beta1 run due to conversion error"):
        new = NewRun(
            run_id=message.get("id", ""),
            display_name=message.get("name", "") or message.get("pipeline_spec", {}).get("pipeline_name", ""),
            description=message.get("description", ""),
            service_account=message.get("service_account", ""),
            source=_source(message),
            storage_state="ARCHIVED"
            if message.get("storage_state") == "STORAGESTATE_ARCHIVED"
            else "AVAILABLE",
            scheduled_at=message.get("scheduled_at", 0),
            finished_at=message.get("finished_at", 0),
            recurring_run_id=referred(message, "JOB"),
            runtime_config=_config(message),
            texts=_texts(message),
            extra=_extra(message),
        )
        manager.runs.check(new)
    return new


def of_new_run(manager: ResourceManager, call: Call) -> Target:
    """Where a new run goes."""
    message = call.message
    return of_new(manager, "runs", referred(message, "EXPERIMENT"), referred(message, "NAMESPACE"))


def create_run(manager: ResourceManager, call: Call) -> Json:
    """Create a run and start it."""
    namespace, row = place_of(call, "Failed to create a run")
    return run_detail(manager.runs.create(namespace, row, call.asked, may_read(manager, call)), ())


def get_run(manager: ResourceManager, call: Call) -> Json:
    """Read a run."""
    return run_detail(call.row, manager.store.tasks.tasks(call.row.run_id))


def list_runs(manager: ResourceManager, call: Call) -> Json:
    """List the runs of a namespace or an experiment."""
    return listed(
        manager,
        call,
        RUNS,
        scope_of(manager, call),
        read=manager.store.runs.page,
        name="runs",
        write=lambda rows: [run(row) for row in rows],
    )


def report_metrics(manager: ResourceManager, call: Call) -> Json:
    """Keep the metrics that are reported for a run; each is told by itself whether it was taken."""
    kept = msgspec.json.decode(call.row.extra, type=dict[str, Any])
    metrics = list(kept.get("metrics", []))
    results = []
    for sent in call.message.get("metrics", []):
        name, node = sent.get("name", ""), sent.get("node_id", "")
        result = present(metric_name=name, metric_node_id=node)
        if not _METRIC.fullmatch(name) or not 0 < len(node) <= 128:
            result["status"] = "INVALID_ARGUMENT"
        elif any(each["name"] == name and each["node_id"] == node for each in metrics):
            result["status"] = "DUPLICATE_REPORTING"
            result["message"] = (
                f"Failed to create a run metric. Same metric has been reported before: {node}/{name}"
            )
        else:
            result["status"] = "OK"
            metrics.append(
                present(
                    name=name,
                    node_id=node,
                    number_value=sent.get("number_value", 0),
                    format="" if sent.get("format") == "UNSPECIFIED" else sent.get("format"),
                )
            )
        results.append(result)
    manager.store.runs.set_extra(call.row.run_id, msgspec.json.encode({**kept, "metrics": metrics}))
    return present(results=results)


def job(row: RecurringRunRow) -> Json:
    """A recurring run."""
    references = [reference("NAMESPACE", row.namespace, "OWNER")] if row.namespace else []
    references.append(reference("EXPERIMENT", row.experiment_id, "OWNER"))
    if row.pipeline_id:
        references.append(reference("PIPELINE", row.pipeline_id, "CREATOR"))
    if row.pipeline_version_id:
        references.append(reference("PIPELINE_VERSION", row.pipeline_version_id, "CREATOR"))
    extra = msgspec.json.decode(row.extra, type=dict[str, Any])
    return present(
        id=row.recurring_run_id,
        name=row.display_name,
        description=row.description,
        pipeline_spec=_spec(row.spec, row.pipeline_id, row.runtime_config, extra),
        resource_references=references,
        service_account=row.service_account,
        max_concurrency=str(row.max_concurrency),
        trigger=trigger(row.trigger),
        created_at=time_text(row.created_at),
        updated_at=time_text(row.updated_at),
        status="STATUS_UNSPECIFIED",
        enabled=row.enabled,
        no_catchup=row.no_catchup,
    )


def read_job(manager: ResourceManager, call: Call) -> NewRecurringRun:
    """Check a new job."""
    message = call.message
    sent = message.get("trigger", {})
    with saying("Failed to create a recurring run due to conversion error", final=True):
        new = NewRecurringRun(
            display_name=message.get("name", ""),
            description=message.get("description", ""),
            service_account=message.get("service_account", ""),
            source=_source(message),
            enabled=bool(message.get("enabled")) or message.get("mode") == "ENABLED",
            max_concurrency=message.get("max_concurrency", 0),
            no_catchup=message.get("no_catchup", False),
            trigger=trigger_of(message),
            has_cron="cron_schedule" in sent,
            has_interval="periodic_schedule" in sent,
            runtime_config=_config(message),
            texts=_texts(message),
            extra=_extra(message),
        )
        manager.recurring_runs.check(new)
    return new


def of_new_job(manager: ResourceManager, call: Call) -> Target:
    """Where a new job goes."""
    message = call.message
    target = of_new(manager, "jobs", referred(message, "EXPERIMENT"), referred(message, "NAMESPACE"))
    return Target(target.namespace, message.get("name", ""), target.row, target.missing)


def create_job(manager: ResourceManager, call: Call) -> Json:
    """Create a job."""
    namespace, row = place_of(call, "Failed to create a recurring run", SHARED)
    return job(manager.recurring_runs.create(namespace, row, call.asked, may_read(manager, call)))


def get_job(_manager: ResourceManager, call: Call) -> Json:
    """Read a job."""
    return job(call.row)


def list_jobs(manager: ResourceManager, call: Call) -> Json:
    """List the jobs of a namespace or an experiment."""
    return listed(
        manager,
        call,
        RECURRING_RUNS,
        scope_of(manager, call),
        read=manager.store.recurring_runs.page,
        name="jobs",
        write=lambda rows: [job(row) for row in rows],
    )
