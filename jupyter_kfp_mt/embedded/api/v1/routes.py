"""The v1beta1 routes (contract §2, §3)."""

from __future__ import annotations

from dataclasses import replace

from ...core.pipelines import PipelineNames
from ...core.resource_manager import ResourceManager
from ...errors import ApiError, invalid
from ...store.pipelines import VERSIONS
from ...store.recurring_runs import LISTING as RECURRING_RUNS
from ...store.runs import LISTING as RUNS
from .. import answers, messages, uploads
from ..guards import (
    by_experiment,
    by_pipeline,
    by_recurring_run,
    by_run,
    by_version,
    in_namespace,
    pipeline_target,
)
from ..http import Call, Guard, Route, Target
from ..v2 import pipelines as v2_pipelines
from . import pipelines as v1_pipelines
from . import runs as v1beta1

_V1 = "/apis/v1beta1"
_RUN_ACCESS = (
    "Failed to authorize the request: Failed to access run {run_id}."
    " Check if you have access to namespace {namespace}"
)
_EXPERIMENT_ACCESS = "Failed to authorize the request: Failed to authorize with API"
_JOB_ACCESS = "Failed to authorize the request: failed to authorize with API"
_PIPELINE_ACCESS = "Failed to access pipeline {id}. Check if you have access to namespace {namespace}"
_V1_UPLOADS = uploads.Written(
    lambda _manager, row, version: v1_pipelines.pipeline(row, version),
    lambda _manager, row: v1_pipelines.version(row),
)


def _run(verb: str) -> Guard:
    return Guard("runs", verb, by_run, _RUN_ACCESS)


def _job(verb: str) -> Guard:
    return Guard("jobs", verb, by_recurring_run, _JOB_ACCESS)


def _experiment(verb: str) -> Guard:
    return Guard("experiments", verb, by_experiment, _EXPERIMENT_ACCESS)


def _pipeline(verb: str, *, anonymous: bool = False, within: str = "") -> Guard:
    return Guard("pipelines", verb, by_pipeline, _PIPELINE_ACCESS, anonymous, within)


def _version(verb: str, *, anonymous: bool = False, within: str = "") -> Guard:
    return Guard("pipelines", verb, by_version, _PIPELINE_ACCESS, anonymous, within)


EXPERIMENT_ROUTES = [
    Route(
        "POST",
        f"{_V1}/experiments",
        Guard("experiments", "create", v1beta1.of_new_experiment, _EXPERIMENT_ACCESS),
        v1beta1.create_experiment,
        "Failed to create a v1beta1 experiment",
        messages.EXPERIMENT_V1,
        read=v1beta1.read_experiment,
    ),
    Route(
        "GET",
        f"{_V1}/experiments",
        in_namespace("experiments"),
        v1beta1.list_experiments,
        "List v1beta1 experiments failed",
        query=v1beta1.REFERENCE_QUERY,
        read=v1beta1.read_experiments,
    ),
    Route(
        "GET",
        f"{_V1}/experiments/{{experiment_id}}",
        _experiment("get"),
        v1beta1.get_experiment,
        "Failed to fetch v1beta1 experiment",
    ),
    *(
        Route(
            "POST",
            f"{_V1}/experiments/{{experiment_id}}:{verb}",
            _experiment(verb),
            answers.done(act),
            f"Failed to {verb} v1beta1 experiment",
        )
        for verb, act in (
            ("archive", lambda manager, row: manager.experiments.archive(row)),
            ("unarchive", lambda manager, row: manager.experiments.unarchive(row)),
        )
    ),
    Route(
        "DELETE",
        f"{_V1}/experiments/{{experiment_id}}",
        _experiment("delete"),
        answers.done(lambda manager, row: manager.experiments.delete(row)),
        "Failed to delete v1beta1 experiment",
    ),
]

RUN_ROUTES = [
    Route(
        "POST",
        f"{_V1}/runs",
        Guard(
            "runs",
            "create",
            v1beta1.of_new_run,
            "Failed to create a run due to authorization error. Check if you have write permissions to"
            " namespace {namespace}: Failed to access run . Check if you have access to"
            " namespace {namespace}",
        ),
        v1beta1.create_run,
        "Failed to create a new v1beta1 run",
        messages.RUN_V1,
        read=v1beta1.read_run,
    ),
    Route(
        "GET",
        f"{_V1}/runs",
        Guard(
            "runs",
            "list",
            answers.find_listed("runs", "Failed to list runs"),
            "Failed to list runs due to authorization error. Check if you have permission to access"
            " namespace {namespace}: Failed to access run . Check if you have access to namespace"
            " {namespace}",
        ),
        v1beta1.list_runs,
        "Failed to list v1beta1 runs",
        query=v1beta1.REFERENCE_QUERY,
        read=v1beta1.reads(RUNS),
    ),
    Route("GET", f"{_V1}/runs/{{run_id}}", _run("get"), v1beta1.get_run, "Failed to get a v1beta1 run"),
    *(
        Route(
            "POST",
            f"{_V1}/runs/{{run_id}}{mark}{verb}",
            _run(verb),
            answers.done(act),
            f"Failed to {verb} a v1beta1 run",
        )
        for mark, verb, act in (
            (":", "archive", lambda manager, row: manager.runs.archive(row)),
            (":", "unarchive", lambda manager, row: manager.runs.unarchive(row)),
            ("/", "terminate", lambda manager, row: manager.runs.terminate(row)),
            ("/", "retry", lambda manager, row: manager.runs.retry(row)),
        )
    ),
    Route(
        "POST",
        f"{_V1}/runs/{{run_id}}:reportMetrics",
        _run("reportMetrics"),
        v1beta1.report_metrics,
        "Failed to report v1beta1 run metrics",
        messages.REPORT_METRICS,
    ),
    Route(
        "DELETE",
        f"{_V1}/runs/{{run_id}}",
        _run("delete"),
        answers.done(lambda manager, row: manager.runs.delete(row)),
        "Failed to delete a v1beta1 run",
    ),
]

JOB_ROUTES = [
    Route(
        "POST",
        f"{_V1}/jobs",
        Guard(
            "jobs",
            "create",
            v1beta1.of_new_job,
            "Failed to create a recurring run due to authorization error. Check if you have write permission"
            " to namespace {namespace}: failed to authorize with API",
        ),
        v1beta1.create_job,
        "Failed to create a recurring run",
        messages.JOB_V1,
        read=v1beta1.read_job,
    ),
    Route(
        "GET",
        f"{_V1}/jobs",
        Guard(
            "jobs",
            "list",
            answers.find_listed("jobs", "Failed to list recurring runs"),
            "Failed to list recurring runs due to authorization error. Check if you have permission to access"
            " namespace {namespace}: failed to authorize with API",
        ),
        v1beta1.list_jobs,
        "Failed to list jobs",
        query=v1beta1.REFERENCE_QUERY,
        read=v1beta1.reads(RECURRING_RUNS),
    ),
    Route(
        "GET",
        f"{_V1}/jobs/{{recurring_run_id}}",
        _job("get"),
        v1beta1.get_job,
        "Failed to fetch a v1beta1 recurring run",
    ),
    *(
        Route(
            "POST",
            f"{_V1}/jobs/{{recurring_run_id}}/{verb}",
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
        f"{_V1}/jobs/{{recurring_run_id}}",
        _job("delete"),
        answers.done(lambda manager, row: manager.recurring_runs.delete(row)),
        "Failed to delete a recurring run",
    ),
]


def _read_pipeline(manager: ResourceManager, call: Call) -> PipelineNames:
    url = str(call.message.get("url", {}).get("pipeline_url", ""))
    names = v2_pipelines.names_of(
        {key: value for key, value in call.message.items() if key in ("name", "description")},
        uploads.file_of(url),
    )
    manager.pipelines.check(v1beta1.referred(call.message, "NAMESPACE"), names)
    return names


def _of_new_pipeline(manager: ResourceManager, call: Call) -> Target:
    namespace = v1beta1.referred(call.message, "NAMESPACE") if manager.tenancy.multi_user else ""
    return Target(namespace, call.asked.name)


def _create_pipeline(manager: ResourceManager, call: Call) -> answers.Json:
    url = str(call.message.get("url", {}).get("pipeline_url", ""))
    namespace = answers.place(call)
    row, version = manager.pipelines.create(
        namespace, call.asked, uploads.template_at(manager, url), package_url=url
    )
    return v1_pipelines.pipeline(row, version)


def _read_version(manager: ResourceManager, call: Call) -> PipelineNames:
    if not call.message.get("package_url", {}).get("pipeline_url"):
        raise invalid(
            "Failed to create a pipeline version (v1beta1). Pipeline version is nil or pipeline's"
            " URL is empty",
            final=True,
        )
    names = v2_pipelines.names_of(call.message)
    manager.pipelines.check_version(names)
    return names


def _of_new_version(manager: ResourceManager, call: Call) -> Target:
    pipeline_id = v1beta1.referred(call.message, "PIPELINE", "OWNER")
    if not pipeline_id:
        raise invalid("a PIPELINE/OWNER reference is missing: which pipeline is this a version of?")
    return replace(pipeline_target(manager, pipeline_id), name=call.asked.name)


def _create_version(manager: ResourceManager, call: Call) -> answers.Json:
    if not call.asked.name:
        raise invalid("name is required")
    url = call.message["package_url"]["pipeline_url"]
    row = manager.pipelines.create_version(
        call.row,
        call.asked,
        uploads.template_at(manager, url),
        package_url=url,
        code_source_url=call.message.get("code_source_url", ""),
    )
    return v1_pipelines.version(row)


PIPELINE_ROUTES = [
    *uploads.routes("v1beta1", _V1_UPLOADS),
    Route(
        "POST",
        f"{_V1}/pipelines",
        Guard(
            "pipelines",
            "create",
            _of_new_pipeline,
            "Failed to access pipeline . Check if you have access to namespace {namespace}",
        ),
        _create_pipeline,
        "Failed to create a pipeline (v1beta1)",
        messages.PIPELINE_V1,
        read=_read_pipeline,
        slow=True,
    ),
    Route(
        "GET",
        f"{_V1}/pipelines",
        Guard(
            "pipelines",
            "list",
            v2_pipelines.of_pipelines,
            "Failed to list pipelines due to authorization error. Check if you have read permission to"
            " namespace {namespace}: Failed to access pipeline . Check if you have access to"
            " namespace {namespace}",
            anonymous=True,
        ),
        v1_pipelines.list_pipelines,
        "Failed to list pipelines (v1beta1)",
        query=v1beta1.REFERENCE_QUERY,
        read=v1_pipelines.read_pipelines,
    ),
    Route(
        "GET",
        f"{_V1}/namespaces/{{namespace}}/pipelines/{{name}}",
        Guard(
            "pipelines",
            "get",
            v1_pipelines.by_name,
            "Failed to fetch a pipeline due to authorization error. Check if you have read permission to"
            " namespace {namespace}",
            anonymous=True,
        ),
        v1_pipelines.get_pipeline_by_name,
        "Failed to get a pipeline (v1beta1) with name {name} and namespace {namespace}. Check error stack.",
    ),
    Route(
        "GET",
        f"{_V1}/pipelines/{{pipeline_id}}",
        _pipeline(
            "get",
            anonymous=True,
            within="Failed to get a pipeline due authorization error for pipeline id {id}",
        ),
        v1_pipelines.get_pipeline,
        "Failed to get a pipeline (v1beta1) {id}. Check error stack",
    ),
    Route(
        "GET",
        f"{_V1}/pipelines/{{pipeline_id}}/templates",
        _pipeline("get", anonymous=True),
        v1_pipelines.template,
        "Failed to get the default template (v1beta1) for pipeline {id}. Check error stack",
    ),
    Route(
        "POST",
        f"{_V1}/pipelines/{{pipeline_id}}/default_version/{{version_id}}",
        _pipeline("update"),
        v1_pipelines.nothing,
        "Failed to update (v1beta1) default pipeline version to {version_id} for pipeline {id}",
    ),
    Route(
        "DELETE",
        f"{_V1}/pipelines/{{pipeline_id}}",
        _pipeline(
            "delete", within="Failed to delete a pipeline due authorization error for pipeline id {id}"
        ),
        v1_pipelines.delete_pipeline,
        "Failed to delete pipeline (v1beta1) {id}. Check error stack",
    ),
    Route(
        "POST",
        f"{_V1}/pipeline_versions",
        Guard("pipelines", "create", _of_new_version, _PIPELINE_ACCESS),
        _create_version,
        "Failed to create a pipeline version (v1beta1)",
        messages.VERSION_V1,
        read=_read_version,
        slow=True,
    ),
    Route(
        "GET",
        f"{_V1}/pipeline_versions",
        Guard("pipelines", "list", v1_pipelines.by_listed_pipeline, _PIPELINE_ACCESS, anonymous=True),
        v1_pipelines.list_versions,
        "Failed to list pipeline versions (v1beta1)",
        query=v1_pipelines.VERSION_QUERY,
        read=v1beta1.reads(VERSIONS, scope=False),
    ),
    Route(
        "GET",
        f"{_V1}/pipeline_versions/{{pipeline_version_id}}",
        _version(
            "get",
            anonymous=True,
            within="Failed to get a pipeline version due to authorization error for pipeline version id {id}",
        ),
        v1_pipelines.get_version,
        "Failed to get a pipeline version (v1beta1) {id}",
    ),
    Route(
        "GET",
        f"{_V1}/pipeline_versions/{{pipeline_version_id}}/templates",
        _version("get", anonymous=True),
        v1_pipelines.template,
        "Failed to get the template (v1beta1) of version {id}",
    ),
    Route(
        "DELETE",
        f"{_V1}/pipeline_versions/{{pipeline_version_id}}",
        _version("delete"),
        answers.done(lambda manager, row: manager.pipelines.delete_version(row)),
        "Failed to delete a pipeline version (v1beta1) {id}",
    ),
]


def _unclear(text: str) -> ApiError:
    return invalid(text).within("Authorize request is not valid")


def _viewers(verb: str) -> Guard:
    def find(manager: ResourceManager, call: Call) -> Target:
        namespace = call.text("namespace")
        if not namespace:
            raise _unclear("Namespace is empty. Please specify a valid namespace")
        for name in ("resources", "verb"):
            if call.text(name) in ("", f"UNASSIGNED_{name.upper()}"):
                raise _unclear(f"{name.capitalize()} not specified. Please specify a valid {name}")
        return Target(namespace if manager.tenancy.multi_user else "")

    return Guard("viewers", verb, find, "Failed to authorize the request")


AUTH_ROUTES = [
    Route(
        "GET",
        f"{_V1}/auth",
        _viewers("get"),  # the rights of view hold get, create and delete of viewers alike
        v1_pipelines.nothing,
        query={
            "namespace": "text",
            "resources": "UNASSIGNED_RESOURCES|VIEWERS",
            "verb": "UNASSIGNED_VERB|CREATE|GET|DELETE",
        },
    )
]


def routes() -> list[Route]:
    """All of them."""
    return [*EXPERIMENT_ROUTES, *RUN_ROUTES, *JOB_ROUTES, *PIPELINE_ROUTES, *AUTH_ROUTES]
