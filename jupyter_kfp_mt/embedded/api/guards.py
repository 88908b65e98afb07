"""Whose a call's object is: one finder for each way to name it. Nothing here decides about rights."""

from __future__ import annotations

from dataclasses import replace

from ..core.resource_manager import ResourceManager
from ..errors import ApiError, invalid, not_found, saying
from ..store import ExperimentRow, PipelineRow
from .http import Call, Guard, Target

_NO_NAMESPACE = {
    "experiments": "An experiment cannot have an empty namespace in multi-user mode",
    "runs": "A run cannot have an empty namespace in multi-user mode",
    "jobs": "a recurring run cannot have an empty namespace in multi-user mode",
}
_AUTHORIZE = "Failed to authorize the request"


def _missing(kind: str, ref: str, *context: str) -> ApiError:
    error = not_found(kind, ref)
    for each in reversed(context):
        error = error.within(each)
    return error


def by_run(_manager: ResourceManager, call: Call) -> Target:
    """The run in the path."""
    run_id = call.params["run_id"]
    if not run_id:
        raise invalid(_NO_NAMESPACE["runs"])
    row = _manager.store.runs.get(run_id)
    missing = _missing(
        "Run",
        run_id,
        _AUTHORIZE,
        f"Failed to authorize with the run ID {run_id}",
        f"Failed to fetch run {run_id}",
    )
    return Target(row.namespace if row else None, row.run_id if row else "", row, missing)


def by_experiment(manager: ResourceManager, call: Call) -> Target:
    """The experiment in the path."""
    experiment_id = call.params["experiment_id"]
    if not experiment_id:
        raise invalid(_NO_NAMESPACE["experiments"])
    row = manager.store.experiments.get(experiment_id)
    missing = _missing("Experiment", experiment_id, _AUTHORIZE, "Failed to authorize with the experiment ID")
    return Target(row.namespace if row else None, row.display_name if row else "", row, missing)


def by_recurring_run(manager: ResourceManager, call: Call) -> Target:
    """The recurring run in the path."""
    recurring_run_id = call.params["recurring_run_id"]
    if not recurring_run_id:
        raise invalid(_NO_NAMESPACE["jobs"])
    row = manager.store.recurring_runs.get(recurring_run_id)
    missing = _missing("Job", recurring_run_id, _AUTHORIZE, "failed to authorize with the recurring run ID")
    return Target(row.namespace if row else None, row.display_name if row else "", row, missing)


def pipeline_target(manager: ResourceManager, pipeline_id: str) -> Target:
    """The pipeline of this id."""
    if not pipeline_id:
        raise invalid("Failed to find a pipeline: its id is empty")
    row = manager.store.pipelines.get(pipeline_id)
    missing = _missing(
        "Pipeline",
        pipeline_id,
        f"Failed to access pipeline {pipeline_id}. Check if it exists and have a namespace assigned",
        f"Failed to get a pipeline with id {pipeline_id}",
    )
    return _owned(row, row, missing)


def by_pipeline(manager: ResourceManager, call: Call) -> Target:
    """The pipeline in the path."""
    return pipeline_target(manager, call.params["pipeline_id"])


def of_new_version(manager: ResourceManager, call: Call) -> Target:
    """The pipeline in the path, asked about by the name of its new version (contract §1.3)."""
    return replace(by_pipeline(manager, call), name=call.asked.name)


def by_version(manager: ResourceManager, call: Call) -> Target:
    """The version in the path; its own pipeline decides, whatever pipeline the path names."""
    version_id = call.params["pipeline_version_id"]
    if not version_id:
        raise invalid("Failed to find a pipeline version: its id is empty")
    row = manager.store.pipelines.version(version_id)
    pipeline = manager.store.pipelines.get(row.pipeline_id) if row else None
    missing = _missing(
        "PipelineVersion",
        version_id,
        f"Failed to access pipeline version {version_id}. Check if it exists",
        f"Failed to get a pipeline version with id {version_id}",
    )
    return _owned(pipeline, row, missing)


def by_name(manager: ResourceManager, call: Call) -> Target:
    """The pipeline of this name in the namespace of the query; without one, a shared pipeline."""
    name, namespace = call.params["name"], _namespace(manager, call)
    row = manager.store.pipelines.named(namespace, name)
    return Target("" if namespace == "-" else namespace, name, row)


def _owned(pipeline: PipelineRow | None, row: object, missing: ApiError) -> Target:
    if pipeline is None:
        return Target(None, "", None, missing)
    return Target(pipeline.namespace, pipeline.name, row, missing)


def _namespace(manager: ResourceManager, call: Call) -> str:
    """The namespace of the query; single-user mode knows none."""
    return call.text("namespace") if manager.tenancy.multi_user else ""


def in_namespace(resource: str) -> Guard:
    """A list of experiments of the query's namespace."""

    def find(manager: ResourceManager, call: Call) -> Target:
        with saying("Failed to authorize with API"):
            return Target(required(manager, _namespace(manager, call), resource))

    return Guard(resource, "list", find, "Failed to authorize with API")


def required(manager: ResourceManager, namespace: str, resource: str) -> str:
    """`namespace`, which must not be empty in multi-user mode."""
    if manager.tenancy.multi_user and not namespace:
        raise invalid(_NO_NAMESPACE[resource])
    return namespace


def in_namespace_or_experiment(manager: ResourceManager, call: Call) -> Target:
    """A list of runs or recurring runs: the experiment decides where one is given."""
    experiment_id = call.text("experiment_id")
    if experiment_id:
        row = manager.store.experiments.get(experiment_id)
        missing = _missing(
            "Experiment",
            experiment_id,
            f"Failed to list runs due to error fetching namespace for experiment {experiment_id}."
            " Try filtering based on namespace",
            f"Failed to fetch namespace from experiment {experiment_id}",
        )
        return Target(row.namespace if row else None, "", row, missing)
    return Target(_namespace(manager, call))


def of_new(manager: ResourceManager, resource: str, experiment_id: str, namespace: str) -> Target:
    """Where a new run or recurring run belongs: its experiment's namespace (contract §5)."""
    context = "Failed to create a run" if resource == "runs" else "Failed to create a recurring run"
    context += " due to invalid experimentId and namespace combination"
    row: ExperimentRow | None
    if not experiment_id:
        if manager.tenancy.multi_user:
            raise invalid("Experiment id can not be empty in multi-user mode").within(context)
        return Target("", "", (manager.experiments.default(), namespace, False))
    row = manager.store.experiments.get(experiment_id)
    missing = _missing(
        "Experiment",
        experiment_id,
        context,
        f"Failed to fetch namespace for experiment {experiment_id}",
        f"Failed to fetch namespace from experiment {experiment_id}",
    )
    if row is None:
        return Target(None, "", None, missing)
    return Target(row.namespace, "", (row, namespace, True), missing)


def place_of(call: Call, context: str, otherwise: str = "") -> tuple[str, ExperimentRow]:
    """Namespace and experiment of what is new; a namespace that is not the experiment's is refused.

    In single-user mode, without an experiment, the namespace that was sent is kept (contract §1.4).
    """
    row, namespace, named = call.row
    if not named:
        return namespace or otherwise, row
    if namespace and namespace != row.namespace:
        raise invalid(
            f"Experiment {row.experiment_id} belongs to namespace '{row.namespace}' instead of '{namespace}'"
        ).within(f"{context} due to invalid experimentId and namespace combination")
    return row.namespace or otherwise, row
