"""The guards that both API versions share: one resource and verb each, with KFP's words for a rejection."""

from __future__ import annotations

from collections.abc import Callable

from ...core.resource_manager import ResourceManager
from ...errors import prefix_errors
from .authorization import Guard
from .calls import Call, Target
from .targets import (
    find_experiment,
    find_namespace_of_experiments,
    find_namespace_of_pipelines,
    find_namespace_or_experiment,
    find_pipeline,
    find_recurring_run,
    find_run,
    find_version,
    require_namespace,
)

FindTarget = Callable[[ResourceManager, Call], Target]

_NO_RUN_ACCESS = "Failed to access run . Check if you have access to namespace {namespace}"
_EXPERIMENT = "Failed to authorize the request: Failed to authorize with API"
PIPELINE_ACCESS = "Failed to access pipeline {id}. Check if you have access to namespace {namespace}"


def guard_experiment(verb: str) -> Guard:
    """Guard the experiment in the path."""
    return Guard("experiments", verb, find_experiment, _EXPERIMENT)


def guard_new_experiment(find_target: FindTarget) -> Guard:
    """Guard the creation of an experiment."""
    return Guard("experiments", "create", find_target, _EXPERIMENT)


LIST_EXPERIMENTS = Guard("experiments", "list", find_namespace_of_experiments, "Failed to authorize with API")


def guard_run(verb: str) -> Guard:
    """Guard the run in the path."""
    prefix = (
        "Failed to authorize the request: Failed to access run {run_id}."
        " Check if you have access to namespace {namespace}"
    )
    return Guard("runs", verb, find_run, prefix)


def guard_new_run(find_target: FindTarget) -> Guard:
    """Guard the creation of a run."""
    prefix = (
        "Failed to create a run due to authorization error."
        f" Check if you have write permissions to namespace {{namespace}}: {_NO_RUN_ACCESS}"
    )
    return Guard("runs", "create", find_target, prefix)


def guard_recurring_run(verb: str) -> Guard:
    """Guard the recurring run in the path; the resource is called a job."""
    prefix = "Failed to authorize the request: failed to authorize with API"
    return Guard("jobs", verb, find_recurring_run, prefix)


def guard_new_recurring_run(find_target: FindTarget) -> Guard:
    """Guard the creation of a recurring run."""
    prefix = (
        "Failed to create a recurring run due to authorization error."
        " Check if you have write permission to namespace {namespace}: failed to authorize with API"
    )
    return Guard("jobs", "create", find_target, prefix)


def _find_list(resource: str, prefix: str) -> FindTarget:
    def find(manager: ResourceManager, call: Call) -> Target:
        target = find_namespace_or_experiment(manager, call)
        if target.namespace is not None and target.row is None:
            with prefix_errors(
                f"{prefix} due to authorization error. Check if you have permission to access namespace "
            ):
                require_namespace(manager, target.namespace, resource)
        return target

    return find


LIST_RUNS = Guard(
    "runs",
    "list",
    _find_list("runs", "Failed to list runs"),
    "Failed to list runs due to authorization error."
    f" Check if you have permission to access namespace {{namespace}}: {_NO_RUN_ACCESS}",
)
LIST_RECURRING_RUNS = Guard(
    "jobs",
    "list",
    _find_list("jobs", "Failed to list recurring runs"),
    "Failed to list recurring runs due to authorization error."
    " Check if you have permission to access namespace {namespace}: failed to authorize with API",
)


def guard_pipeline(verb: str, *, shared_is_public: bool = False, prefix: str = "") -> Guard:
    """Guard the pipeline in the path."""
    return Guard("pipelines", verb, find_pipeline, PIPELINE_ACCESS, shared_is_public, prefix)


def guard_version(verb: str, *, shared_is_public: bool = False, prefix: str = "") -> Guard:
    """Guard the pipeline version in the path."""
    return Guard("pipelines", verb, find_version, PIPELINE_ACCESS, shared_is_public, prefix)


LIST_PIPELINES = Guard(
    "pipelines",
    "list",
    find_namespace_of_pipelines,
    "Failed to list pipelines due to authorization error. Check if you have read permission to namespace"
    " {namespace}: Failed to access pipeline . Check if you have access to namespace {namespace}",
    shared_is_public=True,
)
