"""One class for each URL of the route table: its methods read the request, call the service and respond.

Actions for the authorizer, on the resource `kfp`: `read` to look, `write` to change what is stored, `execute`
to run code.
"""

from __future__ import annotations

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import (
    ExperimentQuery,
    ExperimentRequest,
    PageQuery,
    Phase,
    PipelineQuery,
    RunQuery,
    Source,
    SubmitRequest,
    UploadRequest,
)
from .base import KfpHandler, may
from .bulk_handlers import BulkHandler, BulkJobHandler, MetricsHandler
from .events import DoctorEventsHandler, EventsHandler
from .files import read_file_source
from .form_handlers import PresetsHandler, PreviewHandler
from .recurring_runs import (
    DisableHandler,
    EditHandler,
    EnableHandler,
    RecurringRunHandler,
    RecurringRunsHandler,
    RunNowHandler,
    ScheduleHandler,
)
from .routes import DRIVER

__all__ = [
    "AccessOptionHandler",
    "ArchiveExperimentHandler",
    "ArchiveHandler",
    "BulkHandler",
    "BulkJobHandler",
    "CompareVersionsHandler",
    "DisableHandler",
    "DoctorEventsHandler",
    "DoctorHandler",
    "EditHandler",
    "EmbeddedHandler",
    "EnableHandler",
    "EventsHandler",
    "ExecutedNotebookHandler",
    "ExperimentHandler",
    "ExperimentsHandler",
    "GrantsHandler",
    "InspectHandler",
    "LogHandler",
    "MetricsHandler",
    "NotebookRestartHandler",
    "PipelineHandler",
    "PipelineVersionHandler",
    "PipelineVersionsHandler",
    "PipelinesHandler",
    "PodHandler",
    "PresetsHandler",
    "PreviewHandler",
    "RecurringRunHandler",
    "RecurringRunsHandler",
    "RetryHandler",
    "RunHandler",
    "RunNowHandler",
    "RunsHandler",
    "SavedContextHandler",
    "ScheduleHandler",
    "StatusHandler",
    "TerminateHandler",
    "UnarchiveExperimentHandler",
    "UnarchiveHandler",
]


class StatusHandler(KfpHandler):
    """Who we are, and where."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Return the status; a failed connection is part of it, not an error."""
        self.send(await self.off_loop(self.parts.upstream.status, **self.query()))


class GrantsHandler(KfpHandler):
    """Who has access to a namespace."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return the people and accounts with rights."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.list_grants))


class DoctorHandler(KfpHandler):
    """The checks of the doctor."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Run all checks."""
        self.send(await self.off_loop(self.parts.upstream.doctor, **self.query()))


class EmbeddedHandler(KfpHandler):
    """The embedded server of this user."""

    @web.authenticated
    @may("execute")
    async def post(self) -> None:
        """Start the server, or find the running one."""
        self.send(await self.off_loop(self.parts.upstream.start_embedded))

    @web.authenticated
    @may("execute")
    async def delete(self) -> None:
        """Stop the server."""
        self.send(await self.off_loop(self.parts.upstream.stop_embedded))


class AccessOptionHandler(KfpHandler):
    """The option that gives notebooks of this profile a token for Kubeflow Pipelines."""

    @web.authenticated
    @may("execute")
    async def post(self) -> None:
        """Create the option; nothing restarts."""
        await self.off_loop(self.parts.upstream.create_access_option)
        self.send()


class NotebookRestartHandler(KfpHandler):
    """The restart of this notebook."""

    @web.authenticated
    @may("execute")
    async def post(self) -> None:
        """Restart the notebook with the option; this process ends soon after the response."""
        await self.off_loop(self.parts.upstream.restart_notebook)
        self.send()


class SavedContextHandler(KfpHandler):
    """What the SDK has stored in this home folder."""

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        """Remove a part; safe to repeat."""
        await self.off_loop(self.parts.upstream.forget_saved, **self.query())
        self.send()


class InspectHandler(KfpHandler):
    """A pipeline for the submit form."""

    changes = False

    @web.authenticated
    @may("read")
    async def post(self, namespace: str) -> None:
        """Read the pipeline; starts nothing."""
        source = await read_file_source(self, self.body(Source))
        service = await self.service(namespace)
        self.send(await self.off_loop(service.inspect, source))


class RunsHandler(KfpHandler):
    """The runs of a namespace."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return one page."""
        service = self.parts.streams.share_pages(await self.service(namespace), namespace)
        self.send(await self.off_loop(service.page_runs, RunQuery(**self.query())))

    @web.authenticated
    @may("execute")
    async def post(self, namespace: str) -> None:
        """Start a run."""
        request = self.body(SubmitRequest)
        request = msgspec.structs.replace(request, source=await read_file_source(self, request.source))
        service = await self.service(namespace)
        run = await self.off_loop(service.start_run, request, patient=False)
        if run.phase is Phase.UNCONFIRMED:
            self.set_status(202)
        self.send(run)


class RunHandler(KfpHandler):
    """One run."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, run_id: str) -> None:
        """Return everything that the page of a run shows but the logs."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.view_run, run_id))

    @web.authenticated
    @authorized
    async def delete(self, namespace: str, run_id: str) -> None:
        """Delete the run for good."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.delete_run, run_id))


class TerminateHandler(KfpHandler):
    """Terminate a run."""

    @web.authenticated
    @authorized
    async def post(self, namespace: str, run_id: str) -> None:
        """Terminate the run; safe to repeat."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.terminate, run_id))


class ArchiveHandler(KfpHandler):
    """Archive a run."""

    @web.authenticated
    @authorized
    async def post(self, namespace: str, run_id: str) -> None:
        """Archive the run; safe to repeat."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.archive, run_id))


class UnarchiveHandler(KfpHandler):
    """Restore a run from the archive."""

    @web.authenticated
    @authorized
    async def post(self, namespace: str, run_id: str) -> None:
        """Restore the run; safe to repeat."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.restore, run_id))


class RetryHandler(KfpHandler):
    """Retry a run."""

    @web.authenticated
    @may("execute")
    async def post(self, namespace: str, run_id: str) -> None:
        """Retry the failed tasks; results of the others are kept."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.retry, run_id))


class ExecutedNotebookHandler(KfpHandler):
    """The executed notebook of a run."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, run_id: str) -> None:
        """Return the notebook with its outputs."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.read_notebook, run_id))


def _read_task_id(text: str) -> str:
    """Return the id of a task in a path; empty for what KFP runs before the first one."""
    return "" if text == DRIVER else text


class LogHandler(KfpHandler):
    """The log of a task."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, run_id: str, task_id: str) -> None:
        """Return a part of the log."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.log, run_id, _read_task_id(task_id), **self.query()))


class PodHandler(KfpHandler):
    """The pod of a task."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, run_id: str, task_id: str) -> None:
        """Return its events, and the object as YAML."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.pod, run_id, _read_task_id(task_id), **self.query()))


class ExperimentsHandler(KfpHandler):
    """The experiments of a namespace."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return one page."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.page_experiments, ExperimentQuery(**self.query())))

    @web.authenticated
    @authorized
    async def post(self, namespace: str) -> None:
        """Create an experiment."""
        request = self.body(ExperimentRequest)
        service = await self.service(namespace)
        self.send(await self.off_loop(service.create_experiment, request.display_name, request.description))


class ExperimentHandler(KfpHandler):
    """One experiment."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, experiment_id: str) -> None:
        """Return the experiment, and how much goes with it."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.view_experiment, experiment_id))

    @web.authenticated
    @authorized
    async def delete(self, namespace: str, experiment_id: str) -> None:
        """Delete the experiment for good; its runs stay."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.delete_experiment, experiment_id))


class ArchiveExperimentHandler(KfpHandler):
    """Archive an experiment."""

    @web.authenticated
    @authorized
    async def post(self, namespace: str, experiment_id: str) -> None:
        """Archive the experiment and its runs; its recurring runs stop."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.archive_experiment, experiment_id))


class UnarchiveExperimentHandler(KfpHandler):
    """Restore an experiment from the archive."""

    @web.authenticated
    @authorized
    async def post(self, namespace: str, experiment_id: str) -> None:
        """Restore the experiment; its runs stay archived."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.restore_experiment, experiment_id))


class PipelinesHandler(KfpHandler):
    """The registered pipelines of a namespace, or the shared ones."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return one page."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.page_pipelines, PipelineQuery(**self.query())))

    @web.authenticated
    @authorized
    async def post(self, namespace: str) -> None:
        """Register a pipeline, or a new version of a known name."""
        request = self.body(UploadRequest)
        source = await read_file_source(self, request.source)
        service = await self.service(namespace)
        version = await self.off_loop(
            service.upload,
            source,
            name=request.name,
            version=request.version,
            description=request.description,
            shared=request.shared,
        )
        self.send(version)


class PipelineVersionsHandler(KfpHandler):
    """The versions of a pipeline."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, pipeline_id: str) -> None:
        """Return one page, newest first."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.page_versions, pipeline_id, PageQuery(**self.query())))


class PipelineHandler(KfpHandler):
    """One pipeline."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, pipeline_id: str) -> None:
        """Return the pipeline, and what uses it."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.view_pipeline, pipeline_id))

    @web.authenticated
    @authorized
    async def delete(self, namespace: str, pipeline_id: str) -> None:
        """Delete the pipeline with its versions."""
        service = await self.service(namespace)
        await self.off_loop(service.delete_pipeline, pipeline_id)
        self.send()


class PipelineVersionHandler(KfpHandler):
    """One version of a pipeline."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, pipeline_id: str, version_id: str) -> None:
        """Return its tasks, inputs and spec."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.view_version, pipeline_id, version_id))

    @web.authenticated
    @authorized
    async def delete(self, namespace: str, pipeline_id: str, version_id: str) -> None:
        """Delete the version."""
        service = await self.service(namespace)
        await self.off_loop(service.delete_pipeline, pipeline_id, version_id)
        self.send()


class CompareVersionsHandler(KfpHandler):
    """Two versions side by side."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, pipeline_id: str, version_id: str, other_id: str) -> None:
        """Return what differs."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.compare_versions, pipeline_id, version_id, other_id))
