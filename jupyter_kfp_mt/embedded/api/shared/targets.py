"""Finds what a call is about: the stored object or the namespace. Decides nothing about rights.

For an id that is unknown the error is prepared, not raised: the caller hears it only after he was identified
(`authorization.authorize`), and hears the same for an id of a namespace that he may not look into.
"""

from __future__ import annotations

from dataclasses import replace

from ...core.resource_manager import ResourceManager
from ...errors import ApiError, invalid_input, not_found, prefix_errors
from ...store import ExperimentRow, PipelineRow
from .calls import Call, Target

_NO_NAMESPACE = {
    "experiments": "An experiment cannot have an empty namespace in multi-user mode",
    "runs": "A run cannot have an empty namespace in multi-user mode",
    "jobs": "a recurring run cannot have an empty namespace in multi-user mode",
}
_AUTHORIZE = "Failed to authorize the request"


def _missing(kind: str, object_id: str, *prefixes: str) -> ApiError:
    error = not_found(kind, object_id)
    for prefix in reversed(prefixes):
        error = error.with_prefix(prefix)
    return error


def find_run(manager: ResourceManager, call: Call) -> Target:
    """Find the run in the path."""
    run_id = call.params["run_id"]
    if not run_id:
        raise invalid_input(_NO_NAMESPACE["runs"])
    row = manager.store.runs.get(run_id)
    missing = _missing(
        "Run",
        run_id,
        _AUTHORIZE,
        f"Failed to authorize with the run ID {run_id}",
        f"Failed to fetch run {run_id}",
    )
    return Target(row.namespace if row else None, row.run_id if row else "", row, missing)


def find_experiment(manager: ResourceManager, call: Call) -> Target:
    """Find the experiment in the path."""
    experiment_id = call.params["experiment_id"]
    if not experiment_id:
        raise invalid_input(_NO_NAMESPACE["experiments"])
    row = manager.store.experiments.get(experiment_id)
    missing = _missing("Experiment", experiment_id, _AUTHORIZE, "Failed to authorize with the experiment ID")
    return Target(row.namespace if row else None, row.display_name if row else "", row, missing)


def find_recurring_run(manager: ResourceManager, call: Call) -> Target:
    """Find the recurring run in the path."""
    recurring_run_id = call.params["recurring_run_id"]
    if not recurring_run_id:
        raise invalid_input(_NO_NAMESPACE["jobs"])
    row = manager.store.recurring_runs.get(recurring_run_id)
    missing = _missing("Job", recurring_run_id, _AUTHORIZE, "failed to authorize with the recurring run ID")
    return Target(row.namespace if row else None, row.display_name if row else "", row, missing)


def find_pipeline_by_id(manager: ResourceManager, pipeline_id: str) -> Target:
    """Find the pipeline of this id."""
    if not pipeline_id:
        raise invalid_input("Failed to find a pipeline: its id is empty")
    row = manager.store.pipelines.get(pipeline_id)
    missing = _missing(
        "Pipeline",
        pipeline_id,
        f"Failed to access pipeline {pipeline_id}. Check if it exists and have a namespace assigned",
        f"Failed to get a pipeline with id {pipeline_id}",
    )
    return _owned_by(row, row, missing)


def find_pipeline(manager: ResourceManager, call: Call) -> Target:
    """Find the pipeline in the path."""
    return find_pipeline_by_id(manager, call.params["pipeline_id"])


def find_parent_of_new_version(manager: ResourceManager, call: Call) -> Target:
    """Find the pipeline in the path; KFP's review of rights names the new version instead of it."""
    return replace(find_pipeline(manager, call), name=call.parsed.name)


def find_version(manager: ResourceManager, call: Call) -> Target:
    """Find the version in the path; its own pipeline decides, whatever pipeline the path names."""
    version_id = call.params["pipeline_version_id"]
    if not version_id:
        raise invalid_input("Failed to find a pipeline version: its id is empty")
    row = manager.store.pipelines.get_version(version_id)
    pipeline = manager.store.pipelines.get(row.pipeline_id if row else "")  # asked in any case: it takes time
    missing = _missing(
        "PipelineVersion",
        version_id,
        f"Failed to access pipeline version {version_id}. Check if it exists",
        f"Failed to get a pipeline version with id {version_id}",
    )
    return _owned_by(pipeline, row, missing)


def _owned_by(pipeline: PipelineRow | None, row: object, missing: ApiError) -> Target:
    if pipeline is None:
        return Target(None, "", None, missing)
    return Target(pipeline.namespace, pipeline.name, row, missing)


def namespace_of_query(manager: ResourceManager, call: Call) -> str:
    """Return the namespace of the query; in single-user mode there are none."""
    return call.text("namespace") if manager.tenancy.multi_user else ""


def find_namespace_of_pipelines(manager: ResourceManager, call: Call) -> Target:
    """Find the namespace whose pipelines are listed; `-` has none but the shared ones may be read."""
    namespace = namespace_of_query(manager, call)
    return Target("" if namespace == "-" else namespace)


def find_namespace_of_experiments(manager: ResourceManager, call: Call) -> Target:
    """Find the namespace whose experiments are listed."""
    with prefix_errors("Failed to authorize with API"):
        return Target(require_namespace(manager, namespace_of_query(manager, call), "experiments"))


def require_namespace(manager: ResourceManager, namespace: str, resource: str) -> str:
    """Return `namespace`, which must not be empty in multi-user mode."""
    if manager.tenancy.multi_user and not namespace:
        raise invalid_input(_NO_NAMESPACE[resource])
    return namespace


def find_namespace_or_experiment(manager: ResourceManager, call: Call) -> Target:
    """Find whose runs or recurring runs are listed: the experiment's where one is named."""
    experiment_id = call.text("experiment_id")
    if not experiment_id:
        return Target(namespace_of_query(manager, call))
    row = manager.store.experiments.get(experiment_id)
    missing = _missing(
        "Experiment",
        experiment_id,
        f"Failed to list runs due to error fetching namespace for experiment {experiment_id}."
        " Try filtering based on namespace",
        f"Failed to fetch namespace from experiment {experiment_id}",
    )
    return Target(row.namespace if row else None, "", row, missing)


def find_experiment_of_new(
    manager: ResourceManager, resource: str, experiment_id: str, namespace: str
) -> Target:
    """Find where a new run or recurring run belongs: in its experiment's namespace.

    The row is what `settle_namespace` needs: the experiment, the namespace sent, whether one was named.
    """
    prefix = "Failed to create a run" if resource == "runs" else "Failed to create a recurring run"
    prefix += " due to invalid experimentId and namespace combination"
    row: ExperimentRow | None
    if not experiment_id:
        if manager.tenancy.multi_user:
            raise invalid_input("Experiment id can not be empty in multi-user mode").with_prefix(prefix)
        return Target("", "", (manager.experiments.ensure_default(), namespace, False))
    row = manager.store.experiments.get(experiment_id)
    missing = _missing(
        "Experiment",
        experiment_id,
        prefix,
        f"Failed to fetch namespace for experiment {experiment_id}",
        f"Failed to fetch namespace from experiment {experiment_id}",
    )
    if row is None:
        return Target(None, "", None, missing)
    return Target(row.namespace, "", (row, namespace, True), missing)


def settle_namespace(call: Call, prefix: str, otherwise: str = "") -> tuple[str, ExperimentRow]:
    """Return namespace and experiment of a new run; rejects a namespace that is not the experiment's.

    In single-user mode, without an experiment, KFP keeps the namespace that was sent.
    """
    row, namespace, named = call.row
    if not named:
        return namespace or otherwise, row
    if namespace and namespace != row.namespace:
        raise invalid_input(
            f"Experiment {row.experiment_id} belongs to namespace '{row.namespace}' instead of '{namespace}'"
        ).with_prefix(f"{prefix} due to invalid experimentId and namespace combination")
    return row.namespace or otherwise, row
