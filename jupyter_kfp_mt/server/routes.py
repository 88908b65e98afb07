"""The REST interface as a table: what there is, who handles it, what goes in and what comes out.

Read by `app.py`, which serves it, by `openapi.py`, which describes it, and by the tests, which walk it. All
paths are below `/jupyter-kfp-mt/`.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import models

RUN_ID = r"(?P<run_id>[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)"
NAMESPACE = r"(?P<namespace>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"


class Route(NamedTuple):
    """One verb of one path."""

    method: str
    path: str  # OpenAPI form, with {names}
    handler: str  # class in `handlers.py`
    answer: type | None  # None: `{}`; an event stream is described by its events
    request: type | None = None
    query: tuple[tuple[str, type], ...] = ()
    summary: str = ""


_PAGE = (("page_size", int), ("page_token", str), ("sort_by", str))
_RUNS = "namespaces/{namespace}/runs"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "status", "StatusHandler", models.Status, query=(("namespace", str),), summary="Who and where."
    ),
    Route(
        "GET", "doctor", "DoctorHandler", models.DoctorReport, summary="Ordered checks with their evidence."
    ),
    Route("POST", "embedded", "EmbeddedHandler", models.Status, summary="Start the embedded server."),
    Route("DELETE", "embedded", "EmbeddedHandler", models.Status, summary="Stop the embedded server."),
    Route(
        "GET",
        "namespaces/{namespace}/events",
        "EventsHandler",
        models.RunsEvent,
        summary="Event stream (SSE): `runs`, `status`, `reset`.",
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
        "GET",
        _RUNS,
        "RunsHandler",
        models.RunPage,
        query=(
            *_PAGE,
            ("state", str),  # comma-separated KFP states
            ("search", str),
            ("experiment_id", str),
            ("archived", bool),
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
        _RUNS + "/{run_id}/tasks/{task_id}/log",
        "LogHandler",
        models.LogChunk,
        query=(("offset", int), ("attempt", int), ("tail", int)),
        summary="A part of a task's log: from byte `offset`, or the last `tail` lines.",
    ),
    Route(
        "GET",
        "namespaces/{namespace}/experiments",
        "ExperimentsHandler",
        models.ExperimentPage,
        query=(*_PAGE, ("search", str), ("archived", bool)),
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
        "GET",
        "namespaces/{namespace}/pipelines",
        "PipelinesHandler",
        models.PipelinePage,
        query=(*_PAGE, ("search", str), ("shared", bool)),
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
        summary="The versions of a pipeline, newest first.",
    ),
)
