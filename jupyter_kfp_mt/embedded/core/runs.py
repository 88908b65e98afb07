"""The rules of runs: creating one never executes it twice; terminate, retry, archive, delete."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from ...run_rules import RETRYABLE, STOPPABLE_STATES
from ..errors import already_exists, bad_request, failed_precondition, invalid_input, not_found, prefix_errors
from ..store import ExperimentRow, RunRow, StateEntry, Store
from .checks import check_id, check_name, check_text
from .runner import Runner
from .sources import MayRead, PipelineSource, PipelineSources

EDITOR, RUNNER_ACCOUNT = "default-editor", "pipeline-runner"


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run to create, in either API version."""

    display_name: str
    source: PipelineSource
    run_id: str = ""
    description: str = ""
    service_account: str = ""
    storage_state: str = "AVAILABLE"
    scheduled_at: int = 0
    finished_at: int = 0
    state_history: list[StateEntry] = []
    recurring_run_id: str = ""
    runtime_config: dict[str, Any] = {}
    texts: dict[str, str] = {}  # the `parameters` of v1
    extra: dict[str, Any] = {}


class Runs:
    """Creates, terminates, retries, archives and deletes runs."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        sources: PipelineSources,
        *,
        account: str = EDITOR,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._runner = runner
        self._sources = sources
        self._now = now
        self._account = account

    @staticmethod
    def check(new: NewRun) -> None:
        """Reject unusable names, ids and texts; KFP checks them before authorization."""
        if not new.display_name:
            raise invalid_input("Run name cannot be empty")
        check_name("Run.DisplayName", new.display_name)
        check_text("Run.Description", new.description)
        check_text("Run.ServiceAccount", new.service_account)
        if new.run_id:
            check_id("run_id", new.run_id)

    def create(self, namespace: str, experiment: ExperimentRow, new: NewRun, may_read: MayRead) -> RunRow:
        """Store a run, then start it; the same id with the same body returns the same run, else it is 409."""
        digest = hashlib.sha256(msgspec.json.encode([namespace, experiment.experiment_id, new])).hexdigest()
        existing = self._find_existing(namespace, new, digest)
        if existing is not None:
            return existing
        with prefix_errors("Failed to create a run due to error fetching manifest"):
            resolved = self._sources.resolve(new.source, may_read)
        config = self._sources.check_config(resolved, new.runtime_config, new.texts)
        row = RunRow(
            run_id=new.run_id or str(uuid.uuid4()),
            namespace=namespace,
            experiment_id=experiment.experiment_id,
            display_name=new.display_name,
            description=new.description,
            service_account=new.service_account or self._account,
            storage_state=new.storage_state,
            created_at=int(self._now()),
            scheduled_at=new.scheduled_at or int(self._now()),
            finished_at=new.finished_at,
            recurring_run_id=new.recurring_run_id,
            pipeline_id=resolved.pipeline_id,
            pipeline_version_id=resolved.pipeline_version_id,
            spec=resolved.template.wire,
            runtime_config=msgspec.json.encode(config),
            state_history=msgspec.json.encode(new.state_history),
            request_digest=digest,
            extra=msgspec.json.encode({**new.extra, **resolved.extra()}),
        )
        if not self._store.runs.add(row):
            raced = self._find_existing(namespace, new, digest)
            if raced is None:
                raise _id_taken(new.run_id)
            return raced
        self._runner.submit(row.run_id)
        return self._get(row.run_id)

    def _find_existing(self, namespace: str, new: NewRun, digest: str) -> RunRow | None:
        """Return the run that an earlier, equal request has created; 409 for another run of that id."""
        if new.run_id:
            row = self._store.runs.get(new.run_id)
            if row is not None:
                if row.namespace == namespace and row.request_digest == digest:
                    return row
                raise _id_taken(new.run_id)
        if new.recurring_run_id:
            recurring = self._store.recurring_runs.get(new.recurring_run_id)
            if recurring is None or recurring.namespace != namespace:
                raise invalid_input(f"Job {new.recurring_run_id} not found")
            return self._store.runs.find_of_recurring_run(recurring.recurring_run_id, new.display_name)
        return None

    def terminate(self, row: RunRow) -> None:
        """Ask a run to end; it becomes CANCELING and ends FAILED, as on a real server."""
        self._require_experiment(row, f"Failed to terminate run {row.run_id}")
        with prefix_errors(f"Failed to terminate run {row.run_id}"):
            if not self._store.runs.claim(row.run_id, "CANCELING", only_from=STOPPABLE_STATES):
                raise invalid_input(f"Failed to terminate a run {row.run_id}. Row not found")
        self._runner.terminate(row.run_id)

    def retry(self, row: RunRow) -> None:
        """Run the failed tasks again, under the same run id."""
        self._require_experiment(row, f"Failed to retry run {row.run_id}")
        if row.state == "PENDING":
            raise bad_request(
                f"Failed to retry run {row.run_id} due to error fetching workflow manifest",
                "Invalid input error: Workflow manifest cannot be empty",
            )
        with prefix_errors(f"Failed to retry run {row.run_id}"):
            if row.state not in RETRYABLE:
                raise bad_request("Workflow must be Failed/Error to retry", "workflow cannot be retried")
        self._runner.retry(row.run_id)

    def archive(self, row: RunRow) -> None:
        """Archive a run, whatever its state."""
        self._store.runs.set_storage_state(row.run_id, "ARCHIVED")

    def unarchive(self, row: RunRow) -> None:
        """Make a run available again; not while its experiment is archived."""
        experiment = self._store.experiments.get(row.experiment_id)
        if experiment is None:
            with prefix_errors(f"Failed to unarchive run {row.run_id} due to experiment fetching error"):
                raise not_found("Experiment", row.experiment_id)
        if experiment.storage_state == "ARCHIVED":
            raise failed_precondition(
                f"Failed to unarchive run {row.run_id} as experiment {row.experiment_id} must be"
                " un-archived first",
                "Unarchive the experiment first to allow the run to be restored",
            )
        self._store.runs.set_storage_state(row.run_id, "AVAILABLE")

    def delete(self, row: RunRow) -> None:
        """Delete a run, then stop it and remove its files."""
        self._store.runs.remove(row.run_id)
        self._runner.forget(row.run_id)

    def _require_experiment(self, row: RunRow, prefix: str) -> None:
        if self._store.experiments.get(row.experiment_id) is None:
            with prefix_errors(
                f"{prefix} due to error fetching its namespace: Failed to fetch namespace from run"
                f" {row.run_id}: Failed to fetch namespace from experiment {row.experiment_id}"
            ):
                raise not_found("Experiment", row.experiment_id)

    def _get(self, run_id: str) -> RunRow:
        row = self._store.runs.get(run_id)
        if row is None:
            raise not_found("Run", run_id)
        return row


def _id_taken(run_id: str) -> Exception:
    return already_exists(
        f"Failed to create a new run. The id {run_id} already exists. Please specify a new one"
    )
