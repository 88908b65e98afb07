"""The v2beta1 routes: path, who may, what it does (contract §1.3, §2)."""

from __future__ import annotations

from ...store.experiments import LISTING as EXPERIMENTS
from ...store.pipelines import PIPELINES, VERSIONS
from ...store.recurring_runs import LISTING as RECURRING_RUNS
from ...store.runs import LISTING as RUNS
from .. import answers, extras, messages, uploads
from ..guards import (
    by_experiment,
    by_name,
    by_pipeline,
    by_recurring_run,
    by_run,
    by_version,
    in_namespace,
    of_new_version,
)
from ..http import LIST_QUERY, Guard, Route
from . import pipelines as v2_pipelines
from . import runs as v2beta1

_V2 = "/apis/v2beta1"
_RUN_ACCESS = (
    "Failed to authorize the request: Failed to access run {run_id}."
    " Check if you have access to namespace {namespace}"
)
_RUNS_OF = (
    "Failed to list runs due to authorization error. Check if you have permission to access namespace"
    " {namespace}: Failed to access run . Check if you have access to namespace {namespace}"
)
_JOBS_OF = (
    "Failed to list recurring runs due to authorization error. Check if you have permission to"
    " access namespace"
    " {namespace}: failed to authorize with API"
)
_EXPERIMENT_ACCESS = "Failed to authorize the request: Failed to authorize with API"
_JOB_ACCESS = "Failed to authorize the request: failed to authorize with API"
_PIPELINE_ACCESS = "Failed to access pipeline {id}. Check if you have access to namespace {namespace}"
_PIPELINE_CREATE = (
    "Failed to create a pipeline due to authorization error. Check if you have write permissions to namespace"
    " {namespace}: Failed to access pipeline . Check if you have access to namespace {namespace}"
)
_IN_LIST = {**LIST_QUERY, "namespace": "text"}
_OF_EXPERIMENT = {**_IN_LIST, "experiment_id": "text"}


def _experiment(verb: str) -> Guard:
    return Guard("experiments", verb, by_experiment, _EXPERIMENT_ACCESS)


def _run(verb: str) -> Guard:
    return Guard("runs", verb, by_run, _RUN_ACCESS)


def _job(verb: str) -> Guard:
    return Guard("jobs", verb, by_recurring_run, _JOB_ACCESS)


def _pipeline(verb: str, *, anonymous: bool = False, within: str = "") -> Guard:
    return Guard("pipelines", verb, by_pipeline, _PIPELINE_ACCESS, anonymous, within)


def _version(verb: str, *, anonymous: bool = False, within: str = "") -> Guard:
    return Guard("pipelines", verb, by_version, _PIPELINE_ACCESS, anonymous, within)


EXPERIMENT_ROUTES = [
    Route(
        "POST",
        f"{_V2}/experiments",
        Guard("experiments", "create", v2beta1.of_new_experiment, _EXPERIMENT_ACCESS),
        v2beta1.create_experiment,
        "Failed to create a experiment",
        messages.EXPERIMENT,
        read=v2beta1.read_experiment,
    ),
    Route(
        "GET",
        f"{_V2}/experiments",
        in_namespace("experiments"),
        v2beta1.list_experiments,
        "List experiments failed",
        query=_IN_LIST,
        read=v2beta1.reads(EXPERIMENTS),
    ),
    Route(
        "GET",
        f"{_V2}/experiments/{{experiment_id}}",
        _experiment("get"),
        v2beta1.get_experiment,
        "Failed to fetch experiment",
    ),
    *(
        Route(
            "POST",
            f"{_V2}/experiments/{{experiment_id}}:{verb}",
            _experiment(verb),
            answers.done(act),
            f"Failed to {verb} experiment",
        )
        for verb, act in (
            ("archive", lambda manager, row: manager.experiments.archive(row)),
            ("unarchive", lambda manager, row: manager.experiments.unarchive(row)),
        )
    ),
    Route(
        "DELETE",
        f"{_V2}/experiments/{{experiment_id}}",
        _experiment("delete"),
        answers.done(lambda manager, row: manager.experiments.delete(row)),
        "Failed to delete experiment",
    ),
]

RUN_ROUTES = [
    Route(
        "POST",
        f"{_V2}/runs",
        Guard(
            "runs",
            "create",
            v2beta1.of_new_run,
            "Failed to create a run due to authorization error. Check if you have write permissions to"
            " namespace {namespace}: Failed to access run . Check if you have access to namespace"
            " {namespace}",
        ),
        v2beta1.create_run,
        "Failed to create a new run",
        messages.RUN,
        read=v2beta1.read_run,
    ),
    Route(
        "GET",
        f"{_V2}/runs",
        Guard("runs", "list", answers.find_listed("runs", "Failed to list runs"), _RUNS_OF),
        v2beta1.list_runs,
        "Failed to list runs",
        query=_OF_EXPERIMENT,
        read=v2beta1.reads(RUNS),
    ),
    Route("GET", f"{_V2}/runs/{{run_id}}", _run("get"), v2beta1.get_run, "Failed to get a run"),
    *(
        Route(
            "POST", f"{_V2}/runs/{{run_id}}:{verb}", _run(verb), answers.done(act), f"Failed to {verb} a run"
        )
        for verb, act in (
            ("archive", lambda manager, row: manager.runs.archive(row)),
            ("unarchive", lambda manager, row: manager.runs.unarchive(row)),
            ("terminate", lambda manager, row: manager.runs.terminate(row)),
            ("retry", lambda manager, row: manager.runs.retry(row)),
        )
    ),
    Route(
        "DELETE",
        f"{_V2}/runs/{{run_id}}",
        _run("delete"),
        answers.done(lambda manager, row: manager.runs.delete(row)),
        "Failed to delete a run",
    ),
    Route("GET", f"{_V2}/runs/{{run_id}}/tasks", _run("get"), extras.list_tasks, "Failed to list tasks"),
    *(
        Route(
            "GET",
            f"/apis/{version}/runs/{{run_id}}/nodes/{{node_id}}/artifacts/{{artifact_name}}:read",
            _run("readArtifact"),
            extras.read_artifact,
            refuse=extras.plain_refusal,
        )
        for version in ("v1beta1", "v2beta1")
    ),
    Route(
        "GET",
        "/apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log",
        _run("get"),
        extras.read_log,
        query=extras.LOG_QUERY,
        refuse=extras.plain_refusal,
    ),
]

RECURRING_ROUTES = [
    Route(
        "POST",
        f"{_V2}/recurringruns",
        Guard(
            "jobs",
            "create",
            v2beta1.of_new_recurring_run,
            "Failed to create a recurring run due to authorization error. Check if you have write"
            " permission to"
            " namespace {namespace}: failed to authorize with API",
        ),
        v2beta1.create_recurring_run,
        "Failed to create a recurring run",
        messages.RECURRING_RUN,
        read=v2beta1.read_recurring_run,
    ),
    Route(
        "GET",
        f"{_V2}/recurringruns",
        Guard("jobs", "list", answers.find_listed("jobs", "Failed to list recurring runs"), _JOBS_OF),
        v2beta1.list_recurring_runs,
        "Failed to list jobs",
        query=_OF_EXPERIMENT,
        read=v2beta1.reads(
            RECURRING_RUNS, says="Failed to list recurring runs due to error parsing the listing options"
        ),
    ),
    Route(
        "GET",
        f"{_V2}/recurringruns/{{recurring_run_id}}",
        _job("get"),
        v2beta1.get_recurring_run,
        "Failed to fetch a recurring run",
    ),
    *(
        Route(
            "POST",
            f"{_V2}/recurringruns/{{recurring_run_id}}:{verb}",
            _job(verb),
            answers.done(act),
            f"Failed to {verb} a recurring run",
        )
        for verb, act in (
            ("enable", lambda manager, row: manager.recurring_runs.enable(row)),
            ("disable", lambda manager, row: manager.recurring_runs.disable(row)),
        )
    ),
    Route(
        "DELETE",
        f"{_V2}/recurringruns/{{recurring_run_id}}",
        _job("delete"),
        answers.done(lambda manager, row: manager.recurring_runs.delete(row)),
        "Failed to delete a recurring run",
        query={"propagation_policy": "PROPAGATION_POLICY_UNSPECIFIED|FOREGROUND|BACKGROUND|ORPHAN"},
    ),
]

PIPELINE_ROUTES = [
    *uploads.routes("v2beta1", uploads.V2),
    *uploads.url_routes(
        _PIPELINE_CREATE,
        Guard(
            "pipelines",
            "create",
            of_new_version,
            _PIPELINE_ACCESS,
            within="Failed to create a pipeline version due authorization error for pipeline id {id}",
        ),
    ),
    Route(
        "POST",
        f"{_V2}/pipelines",
        Guard(
            "pipelines",
            "create",
            v2_pipelines.of_new_pipeline,
            _PIPELINE_CREATE,
        ),
        v2_pipelines.create_pipeline,
        "Failed to create a pipeline due to server error",
        messages.PIPELINE,
        read=v2_pipelines.read_pipeline,
    ),
    Route(
        "GET",
        f"{_V2}/pipelines",
        Guard(
            "pipelines",
            "list",
            v2_pipelines.of_pipelines,
            "Failed to list pipelines due to authorization error. Check if you have read permission"
            " to namespace"
            " {namespace}: Failed to access pipeline . Check if you have access to namespace {namespace}",
            anonymous=True,
        ),
        v2_pipelines.list_pipelines,
        "Failed to list pipelines in namespace {namespace}. Check error stack",
        query=_IN_LIST,
        read=v2beta1.reads(PIPELINES, tags=True, says="Failed to list pipelines due invalid list options"),
    ),
    Route(
        "GET",
        f"{_V2}/pipelines/names/{{name}}",
        Guard(
            "pipelines",
            "get",
            by_name,
            "Failed to fetch a pipeline due to authorization error. Check if you have read"
            " permission to namespace"
            " {namespace}",
            anonymous=True,
        ),
        v2_pipelines.get_pipeline_by_name,
        "Failed to get a pipeline with name {name} and namespace {namespace}. Check error stack.",
        query={"namespace": "text"},
    ),
    Route(
        "GET",
        f"{_V2}/pipelines/{{pipeline_id}}",
        _pipeline("get", anonymous=True),
        v2_pipelines.get_pipeline,
        "Failed to get a pipeline {id}. Check error stack: Failed to get a pipeline due"
        " authorization error for"
        " pipeline id {id}",
    ),
    Route(
        "PATCH",
        f"{_V2}/pipelines/{{pipeline_id}}",
        _pipeline("update"),
        v2_pipelines.patch_pipeline,
        "Failed to update pipeline {id} due to authorization error",
        messages.PIPELINE,
    ),
    Route(
        "DELETE",
        f"{_V2}/pipelines/{{pipeline_id}}",
        _pipeline(
            "delete", within="Failed to delete a pipeline due authorization error for pipeline id {id}"
        ),
        v2_pipelines.delete_pipeline,
        "Failed to delete pipeline {id}. Check error stack",
        query={"cascade": "bool"},
        read=v2_pipelines.read_deletion,
    ),
    Route(
        "GET",
        f"{_V2}/pipelines/{{pipeline_id}}/versions",
        Guard(
            "pipelines",
            "list",
            by_pipeline,
            "Failed to list pipeline versions due to authorization error. Check if you have read"
            " permission to"
            " namespace {namespace}: Failed to access pipeline . Check if you have access to"
            " namespace {namespace}",
            anonymous=True,
        ),
        v2_pipelines.list_versions,
        "Failed to list pipeline versions for pipeline {id}",
        query=LIST_QUERY,
        read=v2beta1.reads(
            VERSIONS, tags=True, says="Failed to list pipeline versions due invalid list options"
        ),
    ),
    Route(
        "GET",
        f"{_V2}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}",
        _version("get", anonymous=True),
        v2_pipelines.get_version,
        "Failed to get a pipeline version {pipeline_version_id}: Failed to get a pipeline version due to"
        " authorization error for pipeline version id {pipeline_version_id}",
    ),
    Route(
        "PATCH",
        f"{_V2}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}",
        _version("update"),
        v2_pipelines.patch_version,
        "Failed to update pipeline version {pipeline_version_id} due to authorization error",
        messages.VERSION,
    ),
    Route(
        "DELETE",
        f"{_V2}/pipelines/{{pipeline_id}}/versions/{{pipeline_version_id}}",
        _version(
            "delete",
            within="Failed to delete a pipeline version id {pipeline_version_id} due to authorization error"
            " for pipeline id {pipeline_id}",
        ),
        answers.done(lambda manager, row: manager.pipelines.delete_version(row)),
        "Failed to delete a pipeline version id {pipeline_version_id} under pipeline id {pipeline_id}."
        " Check error stack",
    ),
]


def routes() -> list[Route]:
    """All of them."""
    return [*EXPERIMENT_ROUTES, *RUN_ROUTES, *RECURRING_ROUTES, *PIPELINE_ROUTES]
