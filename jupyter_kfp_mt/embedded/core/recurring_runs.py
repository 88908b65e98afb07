"""The rules of recurring runs: what may be scheduled, and how it is enabled and disabled."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from ...schedule import CronError, Trigger, check_cron
from ..errors import invalid_input, prefix_errors
from ..store import ExperimentRow, RecurringRunRow, Store
from .checks import check_name, check_text
from .runs import EDITOR
from .sources import MayRead, PipelineSource, PipelineSources


class NewRecurringRun(msgspec.Struct, frozen=True, kw_only=True):
    """A recurring run to create, in either API version."""

    display_name: str
    source: PipelineSource
    description: str = ""
    service_account: str = ""
    enabled: bool = False
    max_concurrency: int = 0
    no_catchup: bool = False
    trigger: Trigger
    has_cron: bool = False  # an empty cron text is an error, none is not
    has_interval: bool = False
    runtime_config: dict[str, Any] = {}
    texts: dict[str, str] = {}  # the `parameters` of v1
    pinned: bool = True  # v1: only a pipeline id means its latest version, now
    extra: dict[str, Any] = {}


class RecurringRuns:
    """Creates, enables, disables and deletes recurring runs."""

    def __init__(
        self,
        store: Store,
        sources: PipelineSources,
        *,
        account: str = EDITOR,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._store = store
        self._sources = sources
        self._now = now

    @staticmethod
    def check(new: NewRecurringRun) -> None:
        """Reject unusable values; KFP checks them before authorization."""
        if not new.display_name:
            raise invalid_input("Recurring run's name cannot be empty")
        check_name("Job.DisplayName", new.display_name)
        check_text("Job.Description", new.description)
        check_text("Job.ServiceAccount", new.service_account)
        if not 1 <= new.max_concurrency <= 10:
            raise invalid_input(
                "Max concurrency of a recurring run must be at least 1 and at most 10."
                f" Received {new.max_concurrency}"
            )
        if new.has_cron:
            _check_cron(new.trigger.cron)
        if new.has_interval and new.trigger.interval < 1:
            raise invalid_input(
                f"Found invalid period schedule interval {new.trigger.interval}. Set at interval to"
                " least 1 second"
            )

    def create(
        self,
        namespace: str,
        experiment: ExperimentRow,
        new: NewRecurringRun,
        may_read: MayRead,
        creator: str,
    ) -> RecurringRunRow:
        """Store a recurring run; an enabled one without trigger fires once, immediately."""
        with prefix_errors("Failed to create a recurring run with an invalid pipeline spec manifest"):
            resolved = self._sources.resolve(new.source, may_read)
        config = self._sources.check_config(resolved, new.runtime_config, new.texts, recurring=True)
        latest = bool(new.source.pipeline_id) and not new.source.pipeline_version_id and not new.pinned
        now = int(self._now())
        row = RecurringRunRow(
            recurring_run_id=str(uuid.uuid4()),
            namespace=namespace,
            experiment_id=experiment.experiment_id,
            display_name=new.display_name,
            description=new.description,
            service_account=new.service_account or ("" if latest else self._account),
            enabled=new.enabled,
            created_at=now,
            updated_at=now,
            pipeline_id=resolved.pipeline_id,
            pipeline_version_id="" if latest else resolved.pipeline_version_id,
            spec=b"" if latest else resolved.template.wire,
            runtime_config=msgspec.json.encode(config),
            trigger_spec=msgspec.json.encode(new.trigger),
            max_concurrency=new.max_concurrency,
            no_catchup=new.no_catchup,
            extra=msgspec.json.encode({**new.extra, **resolved.extra()}),
            creator=creator,
        )
        self._store.recurring_runs.add(row)
        return row

    def enable(self, row: RecurringRunRow) -> None:
        """Enable a recurring run."""
        self._store.recurring_runs.enable(row.recurring_run_id, enabled=True)

    def disable(self, row: RecurringRunRow) -> None:
        """Disable a recurring run; the runs that it started continue."""
        self._store.recurring_runs.enable(row.recurring_run_id, enabled=False)

    def delete(self, row: RecurringRunRow) -> None:
        """Delete a recurring run; its runs stay."""
        self._store.recurring_runs.remove(row.recurring_run_id)


def _check_cron(text: str) -> None:
    try:
        check_cron(text)
    except CronError as error:
        where = "https://godoc.org/github.com/robfig/cron"
        raise invalid_input(f"Schedule cron is not a supported format({where}). Error: {error}") from None
