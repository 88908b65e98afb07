"""`KfpService`: everything that can be done with runs, experiments and pipelines in one namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..client import Api, RetryPolicy, Transport
from ..clock import SYSTEM, Clock
from ..context import Context
from ..context.embedded import is_gone
from ..errors import KfpError, kfp_error
from ..lists import (
    ExperimentList,
    PipelineList,
    PipelineVersionList,
    RecurringRunList,
    RunList,
    TaskList,
)
from ..models import (
    AccessList,
    BulkVerb,
    CachePolicy,
    ExecutedNotebook,
    Experiment,
    ExperimentPage,
    ExperimentQuery,
    ExperimentView,
    Failure,
    Healthz,
    Inspection,
    LogChunk,
    MetricsPage,
    Origin,
    PageQuery,
    Phase,
    Pipeline,
    PipelinePage,
    PipelineQuery,
    PipelineVersion,
    PipelineVersionPage,
    PipelineView,
    PodView,
    Preset,
    PresetList,
    PresetRequest,
    RecurringRun,
    RecurringRunPage,
    RecurringRunQuery,
    RecurringRunRequest,
    Run,
    RunPage,
    RunQuery,
    RunView,
    Schedule,
    SchedulePreview,
    Source,
    SourceKind,
    Status,
    SubmitRequest,
    VersionDifference,
    VersionView,
)
from ..names import NAMESPACE
from ..polling import poll_interval
from ..results import MetricTable, Outputs, RunDiff
from . import experiments, runs
from .backend import Backend, Caches
from .runs import WaitPolicy
from .state.journal import Journal
from .state.presets import Presets
from .submit import settle
from .submit.settle import Settling

if TYPE_CHECKING:
    from ..kube import Kubernetes
    from .details.details import Details
    from .submit.sources import AnySource
    from .view import SavedFiles

# What Tab offers first; the rest serves the fronts, and is there all the same.
_VERBS = (
    "archive",
    "create_experiment",
    "diff",
    "delete_run",
    "find_run",
    "get_run",
    "in_namespace",
    "list_experiments",
    "list_pipelines",
    "list_recurring_runs",
    "list_runs",
    "logs",
    "metrics",
    "namespace",
    "outputs",
    "restore",
    "retry",
    "save_outputs",
    "status",
    "submit",
    "tasks",
    "terminate",
    "upload",
    "wait",
    "why",
)

# Most methods import their module when they are called: without it, a first list of runs takes half the time.


class Policies(msgspec.Struct, frozen=True):
    """How patient the service is; tests set less patient ones."""

    retry: RetryPolicy = RetryPolicy()
    settling: Settling = Settling()
    waiting: WaitPolicy = WaitPolicy()


class KfpService:
    """Kubeflow Pipelines in one namespace. Methods block, raise `KfpError`, and are safe in any thread.

    Wherever the id of a run is expected, a `Run` may be passed.
    """

    def __init__(
        self,
        context: Context,
        transport: Transport,
        *,
        clock: Clock = SYSTEM,
        policies: Policies = Policies(),  # noqa: B008 - a value
        caches: Caches | None = None,
        journal: Journal | None = None,
        presets: Presets | None = None,
        kubernetes: Kubernetes | None = None,
        request_id: str = "",
        start_again: Callable[[], KfpService] | None = None,
    ) -> None:
        self._transport = transport
        self._policies = policies
        self._start_again = start_again  # where the embedded server may be started after it has stopped
        api = Api(
            context,
            transport,
            retry=policies.retry,
            clock=clock,
            request_id=request_id,
            explain=self._explain,
        )
        self._backend = Backend(api, caches or Caches.new(clock, journal, presets), kubernetes)

    def __repr__(self) -> str:
        return f"KfpService(namespace={self.namespace!r}, endpoint={self.context.endpoint!r})"

    def __dir__(self) -> list[str]:
        """Return the verbs that people use, for Tab."""
        return [*_VERBS, *(name for name in super().__dir__() if name.startswith("__"))]

    @property
    def context(self) -> Context:
        """Where Kubeflow Pipelines is, and as whom we call it."""
        return self._backend.context

    @property
    def namespace(self) -> str:
        """The namespace that this service works in."""
        return self.context.namespace

    @property
    def poll_interval(self) -> float:
        """Seconds between two looks at something that runs."""
        return poll_interval(embedded=self.context.embedded)

    def in_namespace(self, namespace: str) -> KfpService:
        """Return the service of another namespace on the same server."""
        if namespace == self.namespace:
            return self
        if not NAMESPACE.fullmatch(namespace):
            raise kfp_error(
                "bad-input", field="namespace", problem=f"“{namespace[:63]}” is not a name of one"
            )
        context = self.context.in_namespace(namespace)
        return self._copy(context, self._transport.in_context(context), self._backend.api.request_id)

    def on_behalf(self, request_id: str) -> KfpService:
        """Return the same service; its calls of KFP and its errors carry the id of one request."""
        return self._copy(self.context, self._transport, request_id)

    def _copy(self, context: Context, transport: Transport, request_id: str) -> KfpService:
        return KfpService(
            context,
            transport,
            clock=self._backend.clock,
            policies=self._policies,
            caches=self._backend.caches,
            kubernetes=self._backend.kubernetes,
            request_id=request_id,
            start_again=self._start_again,
        )

    def _explain(self, error: KfpError) -> KfpError:
        """Return the error; if a notebook has no token, the one that names the missing step."""
        if error.code not in ("no-credential", "no-token-not-chosen"):
            return error
        from . import about

        return about.explain_missing_token(self._backend, error)

    def _require_server(self) -> None:
        """Start the embedded server again if it has stopped and may be started."""
        if self._start_again is not None and is_gone(self.context):
            fresh = self._start_again().in_namespace(self.namespace)
            self._transport, self._backend = fresh._transport, fresh._backend

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # status

    def healthz(self) -> Healthz:
        """Return what the server reports about itself now."""
        return self._backend.health(fresh=True)

    def status(self, *, counts: bool = True) -> Status:
        """Return who we are, where, and whether it works; a failed connection is in `error`, not raised.

        Without `counts` the status lacks the numbers of runs, which saves two calls of KFP.
        """
        from . import about

        return about.read_status(self._backend, counts=counts, settling=self._policies.settling)

    def list_grants(self) -> AccessList:
        """Return who has access to the namespace, as far as this account may know."""
        from . import about

        return about.list_grants(self._backend)

    def create_access_option(self, *, allowed: bool = True) -> None:
        """Create “Allow access to Kubeflow Pipelines” in this notebook's profile; nothing restarts."""
        from .details.cluster import access

        access.create_option(self._backend.kubernetes, self.context, allowed=allowed)

    def restart_notebook(self, *, allowed: bool = True) -> None:
        """Restart this notebook with the option: its kernels and this process end, its files stay."""
        from .details.cluster import access

        access.restart_notebook(self._backend.kubernetes, self.context, allowed=allowed)

    # runs

    def page_runs(self, query: RunQuery = RunQuery()) -> RunPage:  # noqa: B008 - a value
        """Return one page of runs as rows, without specs and details."""
        return runs.read_page(self._backend, query, self._policies.settling)

    def list_runs(
        self,
        *,
        state: Sequence[str] = (),
        search: str = "",
        experiment: str = "",
        pipeline: str = "",
        recurring_run: str = "",
        archived: bool = False,
        notebook: Origin | None = None,
        sort_by: str = "created_at desc",
        limit: int = 20,
        metrics: bool = False,
    ) -> RunList:
        """List runs, at most `limit`, the newest first.

        `experiment`, `pipeline` and `recurring_run` are ids or names; `notebook` is the one that runs were
        started from. With `metrics` each run has its scalar metrics, which takes a few calls for each.
        """
        recurring = self.find_recurring_run(recurring_run).recurring_run_id if recurring_run else ""
        query = RunQuery(
            state=[word.upper() for word in ([state] if isinstance(state, str) else state)],
            search=search,
            experiment_id=self.get_experiment(experiment).experiment_id if experiment else "",
            pipeline_id=self.find_pipeline(pipeline).pipeline_id if pipeline else "",
            recurring_run_id=recurring,
            archived=archived,
            notebook=notebook.path if notebook is not None else "",
            notebook_id=notebook.notebook_id if notebook is not None else "",
            sort_by=sort_by,
        )
        listed = runs.list_runs(self._backend, query, self._policies.settling, limit=limit)
        if metrics:
            from . import view

            listed[:] = view.add_metrics(self._backend, self._details(), listed)
        return listed

    def get_run(self, run_id: str | Run) -> Run:
        """Return one run."""
        return runs.get_run(self._backend, _to_id(run_id))

    def find_run(self, ref: str | Run) -> Run:
        """Find a run by id, by at least four letters of its start, by a unique name, or as `@last`."""
        return runs.find_run(self._backend, _to_id(ref))

    def view_run(self, run_id: str | Run) -> RunView:
        """Return a run with its tasks, parameters, spec and failure."""
        from . import view

        return view.view_run(self._backend, self._details(), _to_id(run_id))

    def tasks(self, run_id: str | Run, *, reasons: bool = False) -> TaskList:
        """Return the tasks of a run in the order of their start; `reasons` explains the one that failed."""
        from . import view

        return view.list_tasks(self._backend, self._details(), _to_id(run_id), reasons=reasons)

    def why(self, run_id: str | Run) -> Failure | None:
        """Return why a run failed, or what an active one waits for; None if neither."""
        from . import view

        return view.explain_run(self._backend, self._details(), _to_id(run_id))

    def submit(
        self,
        source: AnySource,
        parameters: Mapping[str, Any] | None = None,
        *,
        experiment: str = "Default",
        name: str = "",
        description: str = "",
        cache: CachePolicy | str = CachePolicy.COMPILED,
        pipeline_root: str = "",
        service_account: str = "",
        files: Sequence[str | Path] = (),
        packages: Sequence[str] = (),
        image: str = "",
    ) -> Run:
        """Start one run of a file, a function or a registered pipeline; for people, in a notebook.

        `files`, `packages` and `image` are for a notebook: what goes along, what its task installs, and where
        it runs.
        """
        from ..notebooks.gathered import add_options
        from .submit.origin import find_origin

        self._require_server()
        chosen = add_options(self.find_source(source), map(str, files), packages, image)
        return self.start_run(
            SubmitRequest(
                source=chosen,
                origin=None if chosen.kind is SourceKind.NOTEBOOK else find_origin(),
                parameters=dict(parameters or {}),
                experiment=experiment,
                display_name=name,
                description=description,
                cache=_to_cache_policy(cache),
                pipeline_root=pipeline_root,
                service_account=service_account,
            )
        )

    def start_run(
        self,
        request: SubmitRequest,
        *,
        patient: bool = True,
        on_unclear: Callable[[], object] = lambda: None,
    ) -> Run:
        """Start one run; an experiment that does not exist is created.

        Requests with the same `submit_key` start one run. If KFP's response is unclear, a patient caller
        waits, after `on_unclear`, until the outcome is known, for two minutes at most; others get the run as
        UNCONFIRMED, and lists show it as such until the outcome is known. `not-started` says that the run
        did not start, and that submitting again cannot make two.
        """
        from .submit import submit

        self._require_server()
        settling = self._policies.settling
        run = submit.submit_run(self._backend, request, settling, on_unclear if patient else None)
        return run if run.phase is Phase.UNCONFIRMED else runs.present_run(self._backend, run)

    def preview(self, request: SubmitRequest) -> dict[str, Any]:
        """Return what `start_run` would send; changes nothing.

        The id of the run is not there, which each press of Run makes, nor that of an experiment that has yet
        to be created.
        """
        from .submit import submit

        return submit.preview_body(self._backend, request)

    def settle(self) -> float | None:
        """Look up the unconfirmed submits of all namespaces of this server once.

        Returns the seconds until another look makes sense, or None if everything is settled. Lists do the
        same, so this is for callers that nobody waits for. A server that does not respond is not an error.
        """
        namespaces = sorted({intent.namespace for intent in settle.list_pending(self._backend)})
        for namespace in namespaces:
            settle.reconcile(self.in_namespace(namespace)._backend, self._policies.settling)
        now = self._backend.clock.now().timestamp()
        looks = [
            settle.seconds_to_next_look(settle.list_pending(self._backend), self._policies.settling, now),
            self._finish_edits(),
        ]
        return min((look for look in looks if look is not None), default=None)

    def _finish_edits(self) -> float | None:
        """Finish the edits of recurring runs in all namespaces; return the seconds to the next look."""
        open_ones = [
            edit for edit in self._backend.journal.list_edits() if edit.server == self.context.server
        ]
        if not open_ones:
            return None
        from . import edits

        pauses = [
            edits.finish_edits(self.in_namespace(namespace)._backend, self._policies.settling)
            for namespace in sorted({edit.namespace for edit in open_ones})
        ]
        return min((pause for pause in pauses if pause is not None), default=None)

    def terminate(self, run_id: str | Run) -> Run:
        """Terminate a run; one that has ended or is ending is returned unchanged."""
        return runs.change_run(self._backend, _to_id(run_id), "terminate")

    def archive(self, run_id: str | Run) -> Run:
        """Archive a run; it keeps running."""
        return runs.change_run(self._backend, _to_id(run_id), "archive")

    def restore(self, run_id: str | Run) -> Run:
        """Restore an archived run."""
        return runs.change_run(self._backend, _to_id(run_id), "unarchive")

    def retry(self, run_id: str | Run) -> Run:
        """Retry the failed tasks of a run; raises `retry-refused` if there are none."""
        return runs.change_run(self._backend, _to_id(run_id), "retry")

    def delete_run(self, run_id: str | Run) -> None:
        """Delete a run for good, after terminating it if it is running."""
        runs.delete_run(self._backend, _to_id(run_id))

    def list_by_id(self, run_ids: Sequence[str]) -> dict[str, Run]:
        """Return those of a few runs that are in the namespace, archived ones too, in one call."""
        from . import bulk

        return bulk.list_by_id(self._backend, run_ids)

    def change_one(self, run: Run | str, verb: BulkVerb) -> None:
        """Change or delete one of many runs, as `list_by_id` returned it or by its id."""
        from . import bulk

        bulk.change_one(self._backend, run, verb)

    def wait(
        self,
        run_id: str | Run,
        *,
        timeout: float | None = None,
        on_change: Callable[[Run], None] | None = None,
    ) -> Run:
        """Wait until a run has succeeded; raises RunFailed or, after `timeout` seconds, RunTimeout."""
        from . import view

        ended = runs.wait_for_run(
            self._backend,
            _to_id(run_id),
            timeout=timeout,
            on_change=on_change,
            find_failure=lambda run: view.find_failure(self._details(), run),
            policy=self._policies.waiting,
        )
        return view.add_metrics(self._backend, self._details(), [ended])[0]

    def log(
        self, run_id: str | Run, task_id: str, *, offset: int = 0, attempt: int = 0, tail: int = 0
    ) -> LogChunk:
        """Return a part of a task's log: from byte `offset`, or its last `tail` lines."""
        from . import logs

        return logs.read_log(
            self._backend,
            self._details(),
            _to_id(run_id),
            task_id,
            offset=offset,
            attempt=attempt,
            tail=tail,
        )

    def pod(self, run_id: str | Run, task_id: str, *, attempt: int = 0) -> PodView:
        """Return the pod of an attempt at a task (0 is the last): its events, and the object as YAML."""
        from . import view

        return view.view_pod(self._backend, self._details(), _to_id(run_id), task_id, attempt)

    def logs(self, run_id: str | Run, task: str = "", *, tail: int = 0, search: str = "") -> str:
        """Return the log of a task; without a name, of one that failed, else runs, else ended last."""
        from . import logs

        run = self.get_run(run_id)
        return logs.read_text(self._backend, self._details(), run, task, tail=tail, search=search)

    def outputs(self, run_id: str | Run, task: str = "", *, inputs: bool = False) -> Outputs:
        """Return what tasks made, or were given: task → name → value, or the address of an artifact."""
        from . import view

        return view.list_outputs(self._backend, self._details(), _to_id(run_id), task, inputs=inputs)

    def save_outputs(self, run_id: str | Run, task: str = "", *, folder: Path) -> SavedFiles:
        """Write the files of artifacts of a run, or of one of its tasks, into `folder`."""
        from . import view

        return view.save_outputs(self._backend, self._details(), _to_id(run_id), task, folder)

    def read_notebook(self, run_id: str | Run) -> ExecutedNotebook:
        """Return the executed notebook of a run that was started from a notebook; raises `not-found`."""
        from . import executed

        return executed.read_notebook(self._backend, self._details(), _to_id(run_id))

    def metrics(self, run_ids: Sequence[str | Run]) -> MetricTable:
        """Return the scalar metrics of runs, side by side."""
        from . import view

        return view.list_metrics(self._backend, self._details(), [_to_id(run_id) for run_id in run_ids])

    def diff(self, runs: Sequence[str | Run], *, everything: bool = False) -> RunDiff:
        """Return what runs differ in, or with `everything` all that is compared."""
        from . import compare

        run_ids = [_to_id(run) for run in runs]
        return compare.compare_runs(self._backend, self._details(), run_ids, everything=everything)

    def diff_versions(self, sources: Sequence[AnySource], *, everything: bool = False) -> RunDiff:
        """Return what registered versions, such as `pipeline:NAME@VERSION`, differ in."""
        from . import compare

        found = [self.find_source(source) for source in sources]
        return compare.compare_versions(self._backend, found, everything=everything)

    def page_metrics(self, run_ids: Sequence[str]) -> MetricsPage:
        """Return the scalar metrics of those of the runs that are in the namespace."""
        from . import view

        return view.page_metrics(self._backend, self._details(), run_ids)

    # experiments

    def page_experiments(self, query: ExperimentQuery = ExperimentQuery()) -> ExperimentPage:  # noqa: B008
        """Return one page of experiments."""
        return experiments.read_page(self._backend, query)

    def list_experiments(
        self, *, search: str = "", archived: bool = False, limit: int = 20
    ) -> ExperimentList:
        """List experiments, at most `limit`, the newest first."""
        query = ExperimentQuery(search=search, archived=archived)
        return experiments.list_experiments(self._backend, query, limit=limit)

    def get_experiment(self, name_or_id: str) -> Experiment:
        """Return an experiment by name or id."""
        return experiments.find_experiment(self._backend, name_or_id)

    def view_experiment(self, experiment: str) -> ExperimentView:
        """Return an experiment, by id or name, and how much goes with it."""
        return experiments.view_experiment(self._backend, experiment)

    def create_experiment(self, name: str, description: str = "") -> Experiment:
        """Create an experiment."""
        self._require_server()
        return experiments.create_experiment(self._backend, name, description)

    def archive_experiment(self, experiment: str) -> Experiment:
        """Archive an experiment, by id or name, and its runs."""
        return experiments.change_experiment(self._backend, experiment, "archive")

    def restore_experiment(self, experiment: str) -> Experiment:
        """Restore an archived experiment, by id or name; its runs stay archived."""
        return experiments.change_experiment(self._backend, experiment, "unarchive")

    def delete_experiment(self, experiment: str) -> None:
        """Delete an experiment for good, by id or name; its runs stay."""
        experiments.delete_experiment(self._backend, experiment)

    # recurring runs

    def page_recurring_runs(
        self,
        query: RecurringRunQuery = RecurringRunQuery(),  # noqa: B008 - a value
    ) -> RecurringRunPage:
        """Return one page of recurring runs as rows, without specs."""
        from . import edits, recurring_runs

        edits.finish_edits(self._backend, self._policies.settling)
        return recurring_runs.read_page(self._backend, query)

    def list_recurring_runs(self, *, search: str = "", limit: int = 20) -> RecurringRunList:
        """List recurring runs, at most `limit`, the newest first."""
        from . import edits, recurring_runs

        edits.finish_edits(self._backend, self._policies.settling)
        return recurring_runs.list_recurring_runs(
            self._backend, RecurringRunQuery(search=search), limit=limit
        )

    def get_recurring_run(self, recurring_run_id: str) -> RecurringRun:
        """Return one recurring run, with its spec."""
        from . import recurring_runs

        return recurring_runs.get_recurring_run(self._backend, recurring_run_id)

    def find_recurring_run(self, ref: str) -> RecurringRun:
        """Find a recurring run by id, by at least four letters of its start, or by name."""
        from . import recurring_runs

        return recurring_runs.find_recurring_run(self._backend, ref)

    def describe_recurring_request(self, recurring_run_id: str) -> RecurringRunRequest:
        """Return the request that would create a recurring run again, for one that replaces it."""
        from . import recurring_runs

        return recurring_runs.describe_request(self._backend, recurring_run_id)

    def preview_schedule(self, schedule: Schedule) -> SchedulePreview:
        """Return what a schedule means on this server; creates nothing."""
        from . import schedules

        return schedules.preview_schedule(self._backend, schedule)

    def create_recurring_run(self, request: RecurringRunRequest) -> RecurringRun:
        """Create a recurring run; an experiment that does not exist is created."""
        from . import recurring_runs

        return recurring_runs.create_recurring_run(self._backend, request, self._policies.settling)

    def edit_recurring_run(self, recurring_run_id: str, request: RecurringRunRequest) -> RecurringRun:
        """Put a new recurring run in the place of another, which is switched off if it was on.

        Exactly one of them is on if the old one was, even if a part of it fails.
        """
        from . import edits

        return edits.edit_recurring_run(self._backend, recurring_run_id, request, self._policies.settling)

    def enable_recurring_run(self, recurring_run_id: str) -> RecurringRun:
        """Switch a recurring run on; one that is on is returned unchanged."""
        from . import recurring_runs

        return recurring_runs.switch_recurring_run(self._backend, recurring_run_id, on=True)

    def disable_recurring_run(self, recurring_run_id: str) -> RecurringRun:
        """Switch a recurring run off; runs that have started go on."""
        from . import recurring_runs

        return recurring_runs.switch_recurring_run(self._backend, recurring_run_id, on=False)

    def delete_recurring_run(self, recurring_run_id: str) -> None:
        """Delete a recurring run; runs that have started go on."""
        from . import recurring_runs

        recurring_runs.delete_recurring_run(self._backend, recurring_run_id)

    def run_recurring_run(self, recurring_run_id: str, *, patient: bool = True) -> Run:
        """Start one run of a recurring run now, on or off."""
        from . import recurring_runs

        settling = self._policies.settling
        run = recurring_runs.run_now(self._backend, recurring_run_id, settling, patient=patient)
        return run if run.phase is Phase.UNCONFIRMED else runs.present_run(self._backend, run)

    # pipelines

    def page_pipelines(self, query: PipelineQuery = PipelineQuery()) -> PipelinePage:  # noqa: B008
        """Return one page of the namespace's own pipelines, or of the shared ones."""
        from . import versions

        return versions.read_page(self._backend, query)

    def list_pipelines(self, *, shared: bool = False, search: str = "", limit: int = 20) -> PipelineList:
        """List pipelines, at most `limit`, the newest first."""
        from . import pipelines

        query = PipelineQuery(shared=shared, search=search)
        return pipelines.list_pipelines(self._backend, query, limit=limit)

    def find_pipeline(self, ref: str) -> Pipeline:
        """Find a pipeline by id or name, an own one before a shared one."""
        from . import pipelines

        return pipelines.find_pipeline(self._backend, ref)

    def find_source(self, source: AnySource) -> Source:
        """Return what to run as a value: `pipeline:NAME[@VERSION]`, `example:NAME`, a path, a function."""
        from . import pipelines

        return pipelines.find_source(self._backend, source)

    def page_versions(
        self,
        pipeline_id: str,
        query: PageQuery = PageQuery(),  # noqa: B008 - a value
    ) -> PipelineVersionPage:
        """Return one page of the versions of a pipeline, newest first, without their specs."""
        from . import versions

        return versions.read_versions_page(self._backend, pipeline_id, query)

    def view_pipeline(self, pipeline_id: str) -> PipelineView:
        """Return a pipeline, and what uses it."""
        from . import versions

        return versions.view_pipeline(self._backend, pipeline_id)

    def view_version(self, pipeline_id: str, version_id: str) -> VersionView:
        """Return a version with its tasks, inputs and spec."""
        from . import versions

        return versions.view_version(self._backend, pipeline_id, version_id)

    def compare_versions(self, pipeline_id: str, left: str, right: str) -> VersionDifference:
        """Return what differs between two versions of a pipeline."""
        from . import versions

        return versions.compare_versions(self._backend, pipeline_id, left, right)

    def list_versions(self, pipeline_id: str, *, limit: int = 20) -> PipelineVersionList:
        """List the versions of a pipeline, newest first."""
        from . import pipelines

        return pipelines.list_versions(self._backend, pipeline_id, limit=limit)

    def get_version(self, pipeline_id: str, version_id: str) -> PipelineVersion:
        """Return one version with its compiled pipeline."""
        from .submit.sources import get_version

        return get_version(self._backend, pipeline_id, version_id)

    def upload(
        self,
        source: AnySource,
        *,
        name: str = "",
        version: str = "",
        description: str = "",
        shared: bool = False,
    ) -> PipelineVersion:
        """Register a pipeline, or a new version of a known name; it is private unless it is to be shared."""
        from . import pipelines

        self._require_server()
        label = pipelines.Label(name=name, version=version, description=description, shared=shared)
        return pipelines.upload_pipeline(self._backend, source, label)

    def delete_pipeline(self, pipeline: str, version_id: str = "") -> None:
        """Delete a pipeline with its versions, or one version of it, for good."""
        from . import pipelines

        pipelines.delete_pipeline(self._backend, pipeline, version_id)

    def inspect(self, source: AnySource) -> Inspection:
        """Read a source for the submit form; starts nothing."""
        from . import pipelines

        return pipelines.inspect_source(self._backend, source)

    # presets

    def list_presets(self, pipeline: str) -> PresetList:
        """Return the presets of a pipeline by its own name, and the values of its last run."""
        from . import presets

        return presets.list_presets(self._backend, pipeline)

    def find_preset(self, pipeline: str, name: str) -> Preset:
        """Return a preset by name; raises `not-found`."""
        from . import presets

        return presets.find_preset(self._backend, pipeline, name)

    def save_preset(self, request: PresetRequest) -> Preset:
        """Keep values and options under a name, and return what is kept of them: no credentials."""
        from . import presets

        return presets.save_preset(self._backend, request)

    def delete_preset(self, pipeline: str, name: str) -> None:
        """Delete a preset; raises `not-found`."""
        from . import presets

        presets.delete_preset(self._backend, pipeline, name)

    def _details(self) -> Details:
        from .details.choose import choose_details

        return choose_details(self._backend)


def _to_id(run: str | Run) -> str:
    return run.run_id if isinstance(run, Run) else run


def _to_cache_policy(word: CachePolicy | str) -> CachePolicy:
    try:
        return CachePolicy(word)
    except ValueError:
        why = "It is compiled, on or off."
        raise kfp_error("bad-input", field="cache", problem=f"“{word}” is not a choice", why=why) from None
