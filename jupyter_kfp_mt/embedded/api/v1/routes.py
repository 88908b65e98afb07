"""The table of v1beta1 routes: path, who may call, and the handler.

Paths are those of KFP's `backend/api/v1beta1/swagger/kfp_api_single_file.swagger.json`; the prefixes of
errors are those of `backend/src/apiserver/server/*_server.go`.
"""

from __future__ import annotations

from ...core.resource_manager import ResourceManager
from ...errors import ApiError, invalid_input
from ...store.pipelines import VERSIONS
from ...store.recurring_runs import LISTING as RECURRING_RUNS
from ...store.runs import LISTING as RUNS
from ..shared import uploads
from ..shared.authorization import Guard
from ..shared.calls import Call, Target
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
from ..shared.rendering import Json
from ..shared.routing import ApiRoute, act_on_row
from . import experiments, messages, pipelines, recurring_runs, runs
from .references import REFERENCE_QUERY, parse_scoped_options

_V1 = "/apis/v1beta1"


def routes() -> list[ApiRoute]:
    """List all routes."""
    return [*_EXPERIMENTS, *_RUNS, *_RECURRING_RUNS, *_PIPELINES, *_VERSIONS, _AUTH]


def _return_nothing(_manager: ResourceManager, _call: Call) -> Json:
    return {}


_EXPERIMENTS = [
    ApiRoute(
        "POST",
        f"{_V1}/experiments",
        guard_new_experiment(experiments.locate_new_experiment),
        experiments.create_experiment,
        "Failed to create a v1beta1 experiment",
        messages.EXPERIMENT,
        parse=experiments.parse_experiment,
    ),
    ApiRoute(
        "GET",
        f"{_V1}/experiments",
        LIST_EXPERIMENTS,
        experiments.list_experiments,
        "List v1beta1 experiments failed",
        query=REFERENCE_QUERY,
        parse=experiments.parse_experiment_list,
    ),
    ApiRoute(
        "GET",
        f"{_V1}/experiments/{{experiment_id}}",
        guard_experiment("get"),
        experiments.get_experiment,
        "Failed to fetch v1beta1 experiment",
    ),
    *(
        ApiRoute(
            "POST",
            f"{_V1}/experiments/{{experiment_id}}:{verb}",
            guard_experiment(verb),
            act_on_row(action),
            f"Failed to {verb} v1beta1 experiment",
        )
        for verb, action in (
            ("archive", lambda manager, row: manager.experiments.archive(row)),
            ("unarchive", lambda manager, row: manager.experiments.unarchive(row)),
        )
    ),
    ApiRoute(
        "DELETE",
        f"{_V1}/experiments/{{experiment_id}}",
        guard_experiment("delete"),
        act_on_row(lambda manager, row: manager.experiments.delete(row)),
        "Failed to delete v1beta1 experiment",
    ),
]

_RUNS = [
    ApiRoute(
        "POST",
        f"{_V1}/runs",
        guard_new_run(runs.locate_new_run),
        runs.create_run,
        "Failed to create a new v1beta1 run",
        messages.RUN,
        parse=runs.parse_run,
    ),
    ApiRoute(
        "GET",
        f"{_V1}/runs",
        LIST_RUNS,
        runs.list_runs,
        "Failed to list v1beta1 runs",
        query=REFERENCE_QUERY,
        parse=parse_scoped_options(RUNS),
    ),
    ApiRoute(
        "GET",
        f"{_V1}/runs/{{run_id}}",
        guard_run("get"),
        runs.get_run,
        "Failed to get a v1beta1 run",
        slow=True,
    ),
    *(
        ApiRoute(
            "POST",
            f"{_V1}/runs/{{run_id}}{mark}{verb}",
            guard_run(verb),
            act_on_row(action),
            f"Failed to {verb} a v1beta1 run",
        )
        for mark, verb, action in (
            (":", "archive", lambda manager, row: manager.runs.archive(row)),
            (":", "unarchive", lambda manager, row: manager.runs.unarchive(row)),
            ("/", "terminate", lambda manager, row: manager.runs.terminate(row)),
            ("/", "retry", lambda manager, row: manager.runs.retry(row)),
        )
    ),
    ApiRoute(
        "POST",
        f"{_V1}/runs/{{run_id}}:reportMetrics",
        guard_run("reportMetrics"),
        runs.report_metrics,
        "Failed to report v1beta1 run metrics",
        messages.REPORT_METRICS,
    ),
    ApiRoute(
        "DELETE",
        f"{_V1}/runs/{{run_id}}",
        guard_run("delete"),
        act_on_row(lambda manager, row: manager.runs.delete(row)),
        "Failed to delete a v1beta1 run",
    ),
]

_RECURRING_RUNS = [
    ApiRoute(
        "POST",
        f"{_V1}/jobs",
        guard_new_recurring_run(recurring_runs.locate_new_job),
        recurring_runs.create_job,
        "Failed to create a recurring run",
        messages.JOB,
        parse=recurring_runs.parse_job,
    ),
    ApiRoute(
        "GET",
        f"{_V1}/jobs",
        LIST_RECURRING_RUNS,
        recurring_runs.list_jobs,
        "Failed to list jobs",
        query=REFERENCE_QUERY,
        parse=parse_scoped_options(RECURRING_RUNS),
    ),
    ApiRoute(
        "GET",
        f"{_V1}/jobs/{{recurring_run_id}}",
        guard_recurring_run("get"),
        recurring_runs.get_job,
        "Failed to fetch a v1beta1 recurring run",
    ),
    *(
        ApiRoute(
            "POST",
            f"{_V1}/jobs/{{recurring_run_id}}/{verb}",
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
        f"{_V1}/jobs/{{recurring_run_id}}",
        guard_recurring_run("delete"),
        act_on_row(lambda manager, row: manager.recurring_runs.delete(row)),
        "Failed to delete a recurring run",
    ),
]

_PIPELINES = [
    *uploads.routes("v1beta1", pipelines.UPLOADS),
    ApiRoute(
        "POST",
        f"{_V1}/pipelines",
        Guard(
            "pipelines",
            "create",
            pipelines.locate_new_pipeline,
            "Failed to access pipeline . Check if you have access to namespace {namespace}",
        ),
        pipelines.create_pipeline,
        "Failed to create a pipeline (v1beta1)",
        messages.PIPELINE,
        parse=pipelines.parse_pipeline,
        slow=True,
    ),
    ApiRoute(
        "GET",
        f"{_V1}/pipelines",
        LIST_PIPELINES,
        pipelines.list_pipelines,
        "Failed to list pipelines (v1beta1)",
        query=REFERENCE_QUERY,
        parse=pipelines.parse_pipeline_list,
    ),
    ApiRoute(
        "GET",
        f"{_V1}/namespaces/{{namespace}}/pipelines/{{name}}",
        Guard(
            "pipelines",
            "get",
            pipelines.find_by_name,
            "Failed to fetch a pipeline due to authorization error. Check if you have read permission to"
            " namespace {namespace}",
            shared_is_public=True,
        ),
        pipelines.get_pipeline_by_name,
        "Failed to get a pipeline (v1beta1) with name {name} and namespace {namespace}. Check error stack.",
    ),
    ApiRoute(
        "GET",
        f"{_V1}/pipelines/{{pipeline_id}}",
        guard_pipeline(
            "get",
            shared_is_public=True,
            prefix="Failed to get a pipeline due authorization error for pipeline id {id}",
        ),
        pipelines.get_pipeline,
        "Failed to get a pipeline (v1beta1) {id}. Check error stack",
    ),
    ApiRoute(
        "GET",
        f"{_V1}/pipelines/{{pipeline_id}}/templates",
        guard_pipeline("get", shared_is_public=True),
        pipelines.get_template,
        "Failed to get the default template (v1beta1) for pipeline {id}. Check error stack",
    ),
    ApiRoute(
        "POST",
        f"{_V1}/pipelines/{{pipeline_id}}/default_version/{{version_id}}",
        guard_pipeline("update"),
        _return_nothing,  # without effect: the latest version is always the default
        "Failed to update (v1beta1) default pipeline version to {version_id} for pipeline {id}",
    ),
    ApiRoute(
        "DELETE",
        f"{_V1}/pipelines/{{pipeline_id}}",
        guard_pipeline(
            "delete", prefix="Failed to delete a pipeline due authorization error for pipeline id {id}"
        ),
        act_on_row(lambda manager, row: manager.pipelines.delete(row, cascade=False)),
        "Failed to delete pipeline (v1beta1) {id}. Check error stack",
    ),
]

_VERSIONS = [
    ApiRoute(
        "POST",
        f"{_V1}/pipeline_versions",
        Guard("pipelines", "create", pipelines.find_parent_of_new_version, PIPELINE_ACCESS),
        pipelines.create_version,
        "Failed to create a pipeline version (v1beta1)",
        messages.VERSION,
        parse=pipelines.parse_version,
        slow=True,
    ),
    ApiRoute(
        "GET",
        f"{_V1}/pipeline_versions",
        Guard("pipelines", "list", pipelines.find_listed_pipeline, PIPELINE_ACCESS, shared_is_public=True),
        pipelines.list_versions,
        "Failed to list pipeline versions (v1beta1)",
        query=pipelines.VERSION_QUERY,
        parse=parse_list_options(VERSIONS, messages.FILTERS),
    ),
    ApiRoute(
        "GET",
        f"{_V1}/pipeline_versions/{{pipeline_version_id}}",
        guard_version(
            "get",
            shared_is_public=True,
            prefix="Failed to get a pipeline version due to authorization error for pipeline version id {id}",
        ),
        pipelines.get_version,
        "Failed to get a pipeline version (v1beta1) {id}",
    ),
    ApiRoute(
        "GET",
        f"{_V1}/pipeline_versions/{{pipeline_version_id}}/templates",
        guard_version("get", shared_is_public=True),
        pipelines.get_template,
        "Failed to get the template (v1beta1) of version {id}",
    ),
    ApiRoute(
        "DELETE",
        f"{_V1}/pipeline_versions/{{pipeline_version_id}}",
        guard_version("delete"),
        act_on_row(lambda manager, row: manager.pipelines.delete_version(row)),
        "Failed to delete a pipeline version (v1beta1) {id}",
    ),
]


def _invalid_review(text: str) -> ApiError:
    return invalid_input(text).with_prefix("Authorize request is not valid")


def _find_namespace_of_review(manager: ResourceManager, call: Call) -> Target:
    namespace = call.text("namespace")
    if not namespace:
        raise _invalid_review("Namespace is empty. Please specify a valid namespace")
    for name in ("resources", "verb"):
        if call.text(name) in ("", f"UNASSIGNED_{name.upper()}"):
            raise _invalid_review(f"{name.capitalize()} not specified. Please specify a valid {name}")
    return Target(namespace if manager.tenancy.multi_user else "")


# KFP's user interface asks whether it may show viewers. The rights of the role `view` hold get, create and
# delete of them alike, so asking for `get` answers each of the three.
_AUTH = ApiRoute(
    "GET",
    f"{_V1}/auth",
    Guard("viewers", "get", _find_namespace_of_review, "Failed to authorize the request"),
    _return_nothing,
    query={
        "namespace": "text",
        "resources": "UNASSIGNED_RESOURCES|VIEWERS",
        "verb": "UNASSIGNED_VERB|CREATE|GET|DELETE",
    },
)
