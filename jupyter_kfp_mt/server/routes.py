"""The REST interface as a table of routes, with their handlers, requests and responses.

`app.py` serves it, `openapi.py` describes it, and tests walk it. All paths are below `/jupyter-kfp-mt/`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from .. import models

NO_NAMESPACE = "-"  # in a path, for a KFP that has no namespaces
DRIVER = "-"  # in a path, for what KFP runs before the first task
IDENTIFIER = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,126}[A-Za-z0-9])?"  # of runs, tasks, pipelines, versions

Text = Annotated[str, Meta(max_length=4096)]
PageSize = Annotated[int, Meta(ge=1, le=200)]
Bytes = Annotated[int, Meta(ge=0, le=2**53)]
Attempt = Annotated[int, Meta(ge=0, le=10_000)]
Lines = Annotated[int, Meta(ge=0, le=20_000)]
Moment = Annotated[datetime, Meta(tz=True)]
# in a URL: separated by commas
States = tuple[models.Phase, ...]
RunIds = Annotated[tuple[Annotated[str, Meta(pattern=f"^{IDENTIFIER}$")], ...], Meta(max_length=50)]


class Route(NamedTuple):
    """One method of one path."""

    method: str
    path: str  # OpenAPI form, with {names}
    handler: str  # class in `handlers.py`
    response: type | None  # None: `{}`; for an event stream, the type of its events
    request: type | None = None
    query: tuple[tuple[str, Any], ...] = ()  # names and types
    summary: str = ""


_PAGE = (("page_size", PageSize), ("page_token", Text), ("sort_by", Text))
_RUNS = "namespaces/{namespace}/runs"
_BULK = "namespaces/{namespace}/bulk"
_EXPERIMENT = "namespaces/{namespace}/experiments/{experiment_id}"
_RECURRING = "namespaces/{namespace}/recurring-runs"
_PIPELINE = "namespaces/{namespace}/pipelines/{pipeline_id}"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "status",
        "StatusHandler",
        models.Status,
        query=(("namespace", Text),),
        summary="Who and where.",
    ),
    Route(
        "GET",
        "doctor",
        "DoctorHandler",
        models.DoctorReport,
        query=(("namespace", Text),),
        summary="Ordered checks with their evidence.",
    ),
    Route(
        "GET",
        "doctor/events",
        "DoctorEventsHandler",
        models.Check,
        query=(("namespace", Text),),
        summary="Event stream (SSE): each `check` as soon as it is known, then the whole `report`.",
    ),
    Route(
        "POST",
        "access-option",
        "AccessOptionHandler",
        None,
        summary="Create “Allow access to Kubeflow Pipelines” in this notebook's profile.",
    ),
    Route(
        "POST",
        "notebook/restart",
        "NotebookRestartHandler",
        None,
        summary="Restart this notebook with that option; its kernels end, and this server too.",
    ),
    Route(
        "DELETE",
        "saved-context",
        "SavedContextHandler",
        None,
        query=(("part", models.SavedPart),),
        summary="Take a namespace or a header out of the SDK's context.json.",
    ),
    Route("POST", "embedded", "EmbeddedHandler", models.Status, summary="Start the embedded server."),
    Route("DELETE", "embedded", "EmbeddedHandler", models.Status, summary="Stop the embedded server."),
    Route(
        "GET",
        "namespaces/{namespace}/access",
        "GrantsHandler",
        models.AccessList,
        summary="Who has access to a namespace.",
    ),
    Route(
        "GET",
        "namespaces/{namespace}/events",
        "EventsHandler",
        models.RunsEvent,
        summary="Event stream (SSE): `runs`, `status`, `bulk`, `reset`.",
    ),
    Route(
        "POST",
        "namespaces/{namespace}/inspect",
        "InspectHandler",
        models.Inspection,
        models.Source,
        summary="Read a pipeline for the submit form; starts nothing.",
    ),
    Route(
        "POST",
        "namespaces/{namespace}/preview",
        "PreviewHandler",
        models.Preview,
        models.PreviewRequest,
        summary="What a submit would send, and the code that sends the same; sends nothing.",
    ),
    Route(
        "GET",
        _RUNS,
        "RunsHandler",
        models.RunPage,
        query=(
            *_PAGE,
            ("state", States),
            ("search", Text),
            ("experiment_id", Text),
            ("pipeline_id", Text),
            ("recurring_run_id", Text),
            ("created_after", Moment),
            ("archived", bool),
            ("notebook", Text),
            ("notebook_id", Text),
        ),
        summary="One page of runs, without their specs.",
    ),
    Route("POST", _RUNS, "RunsHandler", models.Run, models.SubmitRequest, summary="Start a run."),
    Route(
        "GET", _RUNS + "/{run_id}", "RunHandler", models.RunView, summary="A run with tasks and parameters."
    ),
    Route("DELETE", _RUNS + "/{run_id}", "RunHandler", None, summary="Delete a run for good."),
    Route("POST", _RUNS + "/{run_id}/terminate", "TerminateHandler", models.Run, summary="Stop a run."),
    Route("POST", _RUNS + "/{run_id}/archive", "ArchiveHandler", models.Run, summary="Archive a run."),
    Route("POST", _RUNS + "/{run_id}/unarchive", "UnarchiveHandler", models.Run, summary="Restore a run."),
    Route(
        "POST", _RUNS + "/{run_id}/retry", "RetryHandler", models.Run, summary="Go on from the failed tasks."
    ),
    Route(
        "GET",
        _RUNS + "/{run_id}/notebook",
        "ExecutedNotebookHandler",
        models.ExecutedNotebook,
        summary="The executed notebook of a run, with its outputs.",
    ),
    Route(
        "GET",
        "namespaces/{namespace}/metrics",
        "MetricsHandler",
        models.MetricsPage,
        query=(("run_ids", RunIds),),
        summary="The scalar metrics of some runs.",
    ),
    Route(
        "GET",
        _BULK,
        "BulkHandler",
        models.BulkList,
        summary="The changes of many runs that are being made, or have lately been.",
    ),
    Route(
        "POST",
        _BULK,
        "BulkHandler",
        models.BulkJob,
        models.BulkRequest,
        summary="Change many runs: returns at once, and goes on if the page closes.",
    ),
    Route("GET", _BULK + "/{job_id}", "BulkJobHandler", models.BulkJob, summary="One change of many runs."),
    Route(
        "DELETE",
        _BULK + "/{job_id}",
        "BulkJobHandler",
        models.BulkJob,
        summary="Stop a change of many runs, or undo one that waits.",
    ),
    Route(
        "GET",
        _RUNS + "/{run_id}/tasks/{task_id}/log",
        "LogHandler",
        models.LogChunk,
        query=(("offset", Bytes), ("attempt", Attempt), ("tail", Lines)),
        summary="A part of a task's log: from byte `offset`, or the last `tail` lines.",
    ),
    Route(
        "GET",
        _RUNS + "/{run_id}/tasks/{task_id}/pod",
        "PodHandler",
        models.PodView,
        query=(("attempt", Attempt),),
        summary="The pod of an attempt at a task: its events, and itself as YAML.",
    ),
    Route(
        "GET",
        "namespaces/{namespace}/experiments",
        "ExperimentsHandler",
        models.ExperimentPage,
        query=(*_PAGE, ("search", Text), ("archived", bool)),
        summary="One page of experiments.",
    ),
    Route(
        "POST",
        "namespaces/{namespace}/experiments",
        "ExperimentsHandler",
        models.Experiment,
        models.ExperimentRequest,
        summary="Create an experiment.",
    ),
    Route(
        "POST",
        "namespaces/{namespace}/schedule",
        "ScheduleHandler",
        models.SchedulePreview,
        models.Schedule,
        summary="What a schedule means, in words and next starts; creates nothing.",
    ),
    Route(
        "GET",
        _RECURRING,
        "RecurringRunsHandler",
        models.RecurringRunPage,
        query=(*_PAGE, ("search", Text)),
        summary="One page of recurring runs, without their specs.",
    ),
    Route(
        "POST",
        _RECURRING,
        "RecurringRunsHandler",
        models.RecurringRun,
        models.RecurringRunRequest,
        summary="Create a recurring run.",
    ),
    Route(
        "GET",
        _RECURRING + "/{recurring_run_id}",
        "RecurringRunHandler",
        models.RecurringRun,
        summary="A recurring run.",
    ),
    Route(
        "DELETE",
        _RECURRING + "/{recurring_run_id}",
        "RecurringRunHandler",
        None,
        summary="Delete a recurring run; its runs stay.",
    ),
    Route(
        "POST",
        _RECURRING + "/{recurring_run_id}/enable",
        "EnableHandler",
        models.RecurringRun,
        summary="Switch a recurring run on.",
    ),
    Route(
        "POST",
        _RECURRING + "/{recurring_run_id}/disable",
        "DisableHandler",
        models.RecurringRun,
        summary="Switch a recurring run off.",
    ),
    Route(
        "POST",
        _RECURRING + "/{recurring_run_id}/run",
        "RunNowHandler",
        models.Run,
        summary="Start one run of a recurring run now.",
    ),
    Route(
        "POST",
        _RECURRING + "/{recurring_run_id}/edit",
        "EditHandler",
        models.RecurringRun,
        models.RecurringRunRequest,
        summary="Put a new recurring run in the place of one, so that exactly one is on.",
    ),
    Route(
        "GET",
        _EXPERIMENT,
        "ExperimentHandler",
        models.ExperimentView,
        summary="An experiment, and how much goes with it when it is archived or deleted.",
    ),
    Route("DELETE", _EXPERIMENT, "ExperimentHandler", None, summary="Delete an experiment; its runs stay."),
    Route(
        "POST",
        _EXPERIMENT + "/archive",
        "ArchiveExperimentHandler",
        models.Experiment,
        summary="Archive an experiment and its runs.",
    ),
    Route(
        "POST",
        _EXPERIMENT + "/unarchive",
        "UnarchiveExperimentHandler",
        models.Experiment,
        summary="Restore an experiment without its runs.",
    ),
    Route(
        "GET",
        "namespaces/{namespace}/pipelines",
        "PipelinesHandler",
        models.PipelinePage,
        query=(*_PAGE, ("search", Text), ("shared", bool)),
        summary="One page of private pipelines, or of shared ones.",
    ),
    Route(
        "POST",
        "namespaces/{namespace}/pipelines",
        "PipelinesHandler",
        models.PipelineVersion,
        models.UploadRequest,
        summary="Register a pipeline, or a new version of a known name.",
    ),
    Route(
        "GET",
        "namespaces/{namespace}/pipelines/{pipeline_id}/versions",
        "PipelineVersionsHandler",
        models.PipelineVersionPage,
        query=_PAGE,
        summary="The versions of a pipeline, newest first, without their specs.",
    ),
    Route("GET", _PIPELINE, "PipelineHandler", models.PipelineView, summary="A pipeline, and what uses it."),
    Route("DELETE", _PIPELINE, "PipelineHandler", None, summary="Delete a pipeline with its versions."),
    Route(
        "GET",
        _PIPELINE + "/versions/{version_id}",
        "PipelineVersionHandler",
        models.VersionView,
        summary="A version with its tasks, inputs and spec.",
    ),
    Route(
        "DELETE",
        _PIPELINE + "/versions/{version_id}",
        "PipelineVersionHandler",
        None,
        summary="Delete a version.",
    ),
    Route(
        "GET",
        _PIPELINE + "/versions/{version_id}/compare/{other_id}",
        "CompareVersionsHandler",
        models.VersionDifference,
        summary="What differs between two versions.",
    ),
    Route(
        "GET",
        "namespaces/{namespace}/presets",
        "PresetsHandler",
        models.PresetList,
        query=(("pipeline", Text),),
        summary="The presets of a pipeline by its own name, and the values of its last run.",
    ),
    Route(
        "POST",
        "namespaces/{namespace}/presets",
        "PresetsHandler",
        models.Preset,
        models.PresetRequest,
        summary="Keep values and options of a pipeline under a name, without credentials.",
    ),
    Route(
        "DELETE",
        "namespaces/{namespace}/presets",
        "PresetsHandler",
        None,
        query=(("pipeline", Text), ("name", Text)),
        summary="Delete a preset.",
    ),
)
