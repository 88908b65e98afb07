"""The table of v2beta1 routes: path, who may call, and the handler.

Paths are those of KFP's `backend/api/v2beta1/swagger/kfp_api_single_file.swagger.json`; the prefixes of
errors are those of `backend/src/apiserver/server/*_server.go`.
"""

from __future__ import annotations

from ...store.experiments import LISTING as EXPERIMENTS
from ...store.pipelines import PIPELINES, VERSIONS
from ...store.recurring_runs import LISTING as RECURRING_RUNS
from ...store.runs import LISTING as RUNS
from ..shared import uploads
from ..shared.authorization import Guard
from ..shared.calls import LIST_QUERY
from ..shared.guards import (
    LIST_EXPERIMENTS,
    LIST_PIPELINES,
    LIST_RECURRING_RUNS,
    LIST_RUNS,
    PIPELINE_ACCESS,
    guard_experiment,
    guard_new_experiment,
    guard_new_recurring_run,
    guard_new_run,
    guard_pipeline,
    guard_recurring_run,
    guard_run,
    guard_version,
)
from ..shared.listing import parse_list_options
from ..shared.routing import ApiRoute, act_on_row
from ..shared.targets import find_parent_of_new_version, find_pipeline
from . import experiments, messages, pipelines, recurring_runs, runs

_V2 = "/apis/v2beta1"
_NAMESPACE_QUERY = {**LIST_QUERY, "namespace": "text"}
_RUNS_QUERY = {**_NAMESPACE_QUERY, "experiment_id": "text"}
_CREATE_PIPELINE_DENIED = (
    "Failed to create a pipeline due to authorization error. Check if you have write permissions to namespace"
    " {namespace}: Failed to access pipeline . Check if you have access to namespace {namespace}"
)


def routes() -> list[ApiRoute]:
    """List all routes."""
    return [*_EXPERIMENTS, *_RUNS, *_RECURRING_RUNS, *_PIPELINES, *_VERSIONS]


_EXPERIMENTS = [
    ApiRoute(
        "POST",
        f"{_V2}/experiments",
        guard_new_experiment(experiments.locate_new_experiment),
        experiments.create_experiment,
        "Failed to create a experiment",
        messages.EXPERIMENT,
        parse=experiments.parse_experiment,
    ),
    ApiRoute(
        "GET",
        f"{_V2}/experiments",
        LIST_EXPERIMENTS,
        experiments.list_experiments,
        "List experiments failed",
        query=_NAMESPACE_QUERY,
        parse=parse_list_options(EXPERIMENTS, messages.FILTERS),
    ),
    ApiRoute(
        "GET",
        f"{_V2}/experiments/{{experiment_id}}",
        guard_experiment("get"),
        experiments.get_experiment,
        "Failed to fetch experiment",
    ),
    *(
        ApiRoute(
            "POST",
            f"{_V2}/experiments/{{experiment_id}}:{verb}",
            guard_experiment(verb),
            act_on_row(action),
            f"Failed to {verb} experiment",
        )
        for verb, action in (
            ("archive", lambda manager, row: manager.experiments.archive(row)),
            ("unarchive", lambda manager, row: manager.experiments.unarchive(row)),
        )
    ),
    ApiRoute(
        "DELETE",
        f"{_V2}/experiments/{{experiment_id}}",
        guard_experiment("delete"),
        act_on_row(lambda manager, row: manager.experiments.delete(row)),
        "Failed to delete experiment",
    ),
]

_RUNS = [
    ApiRoute(
        "POST",
        f"{_V2}/runs",
        guard_new_run(runs.locate_new_run),
        runs.create_run,
        "Failed to create a new run",
        messages.RUN,
        parse=runs.parse_run,
    ),
    ApiRoute(
        "GET",
        f"{_V2}/runs",
        LIST_RUNS,
        runs.list_runs,
        "Failed to list runs",
        query=_RUNS_QUERY,
        parse=parse_list_options(RUNS, messages.FILTERS),
        slow=True,
    ),
    ApiRoute(
        "GET", f"{_V2}/runs/{{run_id}}", guard_run("get"), runs.get_run, "Failed to get a run", slow=True
    ),
    *(
        ApiRoute(
            "POST",
            f"{_V2}/runs/{{run_id}}:{verb}",
            guard_run(verb),
            act_on_row(action),
            f"Failed to {verb} a run",
        )
        for verb, action in (
            ("archive", lambda manager, row: manager.runs.archive(row)),
            ("unarchive", lambda manager, row: manager.runs.unarchive(row)),
            ("terminate", lambda manager, row: manager.runs.terminate(row)),
            ("retry", lambda manager, row: manager.runs.retry(row)),
        )
    ),
    ApiRoute(
        "DELETE",
        f"{_V2}/runs/{{run_id}}",
        guard_run("delete"),
        act_on_row(lambda manager, row: manager.runs.delete(row)),
        "Failed to delete a run",
    ),
    ApiRoute(
        "GET",
        f"{_V2}/runs/{{run_id}}/tasks",
        guard_run("get"),
        runs.list_tasks,
        "Failed to list tasks",
        slow=True,
    ),
]

_RECURRING_RUNS = [
    ApiRoute(
        "POST",
        f"{_V2}/recurringruns",
        guard_new_recurring_run(recurring_runs.locate_new_recurring_run),
        recurring_runs.create_recurring_run,
        "Failed to create a recurring run",
        messages.RECURRING_RUN,
        parse=recurring_runs.parse_recurring_run,
    ),
    ApiRoute(
        "GET",
        f"{_V2}/recurringruns",
        LIST_RECURRING_RUNS,
        recurring_runs.list_recurring_runs,
        "Failed to list jobs",
        query=_RUNS_QUERY,
        parse=parse_list_options(
            RECURRING_RUNS,
            messages.FILTERS,
            prefix="Failed to list recurring runs due to error parsing the listing options",
        ),
    ),
    ApiRoute(
        "GET",
        f"{_V2}/recurringruns/{{recurring_run_id}}",
        guard_recurring_run("get"),
        recurring_runs.get_recurring_run,
        "Failed to fetch a recurring run",
    ),
    *(
        ApiRoute(
            "POST",
            f"{_V2}/recurringruns/{{recurring_run_id}}:{verb}",
            guard_recurring_run(verb),
            act_on_row(action),
            f"Failed to {verb} a recurring run",
        )
        for verb, action in (
            ("enable", lambda manager, row: manager.recurring_runs.enable(row)),
            ("disable", lambda manager, row: manager.recurring_runs.disable(row)),
        )
    ),
    ApiRoute(
        "DELETE",
        f"{_V2}/recurringruns/{{recurring_run_id}}",
        guard_recurring_run("delete"),
        act_on_row(lambda manager, row: manager.recurring_runs.delete(row)),
        "Failed to delete a recurring run",
        query={"propagation_policy": "PROPAGATION_POLICY_UNSPECIFIED|FOREGROUND|BACKGROUND|ORPHAN"},
    ),
]

_PIPELINES = [
    *uploads.routes("v2beta1", pipelines.UPLOADS),
    ApiRoute(
        "POST",
        f"{_V2}/pipelines/create",
        Guard("pipelines", "create", pipelines.locate_new_pipeline_and_version, _CREATE_PIPELINE_DENIED),
        pipelines.create_pipeline_and_version,
        "Failed to create a pipeline",
        messages.PIPELINE_AND_VERSION,
        parse=pipelines.parse_pipeline_and_version,
        slow=True,
    ),
    ApiRoute(
        "POST",
        f"{_V2}/pipelines",
        Guard("pipelines", "create", pipelines.locate_new_pipeline, _CREATE_PIPELINE_DENIED),
        pipelines.create_pipeline,
        "Failed to create a pipeline due to server error",
        messages.PIPELINE,
        parse=pipelines.parse_pipeline,
    ),
    ApiRoute(
        "GET",
        f"{_V2}/pipelines",
        LIST_PIPELINES,
        pipelines.list_pipelines,
        "Failed to list pipelines in namespace {namespace}. Check error stack",
        query=_NAMESPACE_QUERY,
        parse=parse_list_options(
            PIPELINES,
            messages.FILTERS,
            tags=True,
            prefix="Failed to list pipelines due invalid list options",
        ),
    ),
    ApiRoute(
        "GET",
        f"{_V2}/pipelines/names/{{name}}",
        Guard(
            "pipelines",
            "get",
            pipelines.find_by_name,
            "Failed to fetch a pipeline due to authorization error."
            " Check if you have read permission to namespace {namespace}",
            shared_is_public=True,
        ),
        pipelines.get_pipeline_by_name,
        "Failed to get a pipeline with name {name} and namespace {namespace}. Check error stack.",
        query={"namespace": "text"},
    ),
    ApiRoute(
        "GET",
        f"{_V2}/pipelines/{{pipeline_id}}",
        guard_pipeline("get", shared_is_public=True),
        pipelines.get_pipeline,
        "Failed to get a pipeline {id}. Check error stack: Failed to get a pipeline due"
        " authorization error for pipeline id {id}",
    ),
    ApiRoute(
        "PATCH",
        f"{_V2}/pipelines/{{pipeline_id}}",
        guard_pipeline("update"),
        pipelines.update_pipeline,
        "Failed to update pipeline {id} due to authorization error",
        messages.PIPELINE,
    ),
    ApiRoute(
        "DELETE",
        f"{_V2}/pipelines/{{pipeline_id}}",
        guard_pipeline(
            "delete", prefix="Failed to delete a pipeline due authorization error for pipeline id {id}"
        ),
        pipelines.delete_pipeline,
        "Failed to delete pipeline {id}. Check error stack",
        query={"cascade": "bool"},
        parse=pipelines.parse_deletion,
    ),
]

_VERSIONS = [
    ApiRoute(
        "POST",
        f"{_V2}/pipelines/{{pipeline_id}}/versions",
        Guard(
            "pipelines",
            "create",
            find_parent_of_new_version,
            PIPELINE_ACCESS,
            prefix="Failed to create a pipeline version due authorization error for pipeline id {id}",
        ),
        pipelines.create_version,
        "Failed to create a pipeline version. Check error stack",
        messages.VERSION,
        parse=pipelines.parse_version,
        slow=True,
    ),
    ApiRoute(
        "GET",
        f"{_V2}/pipelines/{{pipeline_id}}/versions",
        Guard(
            "pipelines",
            "list",
            find_pipeline,
            "Failed to list pipeline versions due to authorization error. Check if you have read permission"
            " to namespace {namespace}: Failed to access pipeline . Check if you have access to namespace"
            " {namespace}",
            shared_is_public=True,
        ),
        pipelines.list_versions,
        "Failed to list pipeline versions for pipeline {id}",
        query=LIST_QUERY,
        parse=parse_list_options(
            VERSIONS,
            messages.FILTERS,
            tags=True,
            prefix="Failed to list pipeline versions due invalid list options",
        ),
    ),
    ApiRoute(
        "GET",
        f"{_V2}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}",
        guard_version("get", shared_is_public=True),
        pipelines.get_version,
        "Failed to get a pipeline version {pipeline_version_id}: Failed to get a pipeline version due to"
        " authorization error for pipeline version id {pipeline_version_id}",
    ),
    ApiRoute(
        "PATCH",
        f"{_V2}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}",
        guard_version("update"),
        pipelines.update_version,
        "Failed to update pipeline version {pipeline_version_id} due to authorization error",
        messages.VERSION,
    ),
    ApiRoute(
        "DELETE",
        f"{_V2}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}",
        guard_version(
            "delete",
            prefix="Failed to delete a pipeline version id {pipeline_version_id} due to authorization error"
            " for pipeline id {pipeline_id}",
        ),
        act_on_row(lambda manager, row: manager.pipelines.delete_version(row)),
        "Failed to delete a pipeline version id {pipeline_version_id} under pipeline id {pipeline_id}."
        " Check error stack",
    ),
]
