"""Recurring runs fire from the store: the run and the next time are stored in one transaction.

So a restart loses no start and doubles none; while the server is down, times pass, and are caught up or not
as the recurring run asks.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
import zlib
from collections.abc import Callable

from ..store import RecurringRunRow, RunRow, Store

log = logging.getLogger(__name__)
_RUNS = uuid.UUID("0b1f3c55-97a8-5a0e-8e7e-3a4a0c2f7d10")


class RecurringRuns:
    """Makes the runs whose time has come."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._aside: set[str] = set()

    def due(self) -> list[RecurringRunRow]:
        """Those whose time has come, in the order in which they are to start."""
        found = self._store.recurring_runs.due(int(self._clock()))
        return [row for row in found if row.recurring_run_id not in self._aside]

    def fire(self, row: RecurringRunRow) -> str:
        """Store the run that is due; returns its id, empty when it is not its turn.

        With catching up, times that were missed are made up for one in each call, as KFP's controller does.
        """
        with self._store.db.write():
            return self._one(row, int(self._clock()))

    def put_aside(self, recurring_run_id: str) -> None:
        """Leave one alone that the engine fails on, until the next start."""
        self._aside.add(recurring_run_id)

    def _one(self, row: RecurringRunRow, now: int) -> str:
        trigger = row.trigger
        due = row.next_at
        if due is None:
            due = trigger.next_time(created=row.created_at, last=self._last(row))
        if due > now:
            self._store.recurring_runs.set_next(row.recurring_run_id, due, fired=row.fired)
            return ""
        if self._store.runs.unfinished_of(row.recurring_run_id) >= row.max_concurrency:
            return ""
        if row.no_catchup:
            due = trigger.skip_missed(due, now=now)
        following = trigger.next_time(created=row.created_at, last=due)
        self._store.recurring_runs.set_next(row.recurring_run_id, following, fired=row.fired + 1)
        return self._make(row, due, now)

    def _last(self, row: RecurringRunRow) -> int | None:
        if not row.fired:
            return None
        last = self._store.runs.last_scheduled(row.recurring_run_id)
        return row.updated_at if last is None else last  # its runs may have been deleted

    def _make(self, row: RecurringRunRow, due: int, now: int) -> str:
        source = self._source(row)
        if source is None:
            log.warning("recurring run %s has no pipeline any more", row.recurring_run_id)
            return ""
        pipeline_id, version_id, spec, extra = source
        number = row.fired + 1
        made = RunRow(
            run_id=str(uuid.uuid5(_RUNS, f"{row.recurring_run_id}/{number}")),
            namespace=row.namespace,
            experiment_id=row.experiment_id,
            display_name=_name(row, number, due),
            description=row.description,
            service_account=row.service_account,
            created_at=now,
            scheduled_at=due,
            recurring_run_id=row.recurring_run_id,
            pipeline_id=pipeline_id,
            pipeline_version_id=version_id,
            spec=spec,
            runtime_config=row.runtime_config,
            extra=extra,
        )
        return made.run_id if self._store.runs.add(made) else ""

    def _source(self, row: RecurringRunRow) -> tuple[str, str, bytes, bytes] | None:
        if not row.pipeline_id:
            return "", "", row.spec, b"{}"
        pipelines = self._store.pipelines
        version = (
            pipelines.version(row.pipeline_version_id)
            if row.pipeline_version_id
            else pipelines.latest(row.pipeline_id)
        )
        if version is None:
            return None
        named = json.dumps({"pipeline_name": version.name}).encode()  # as v1 shows it
        return version.pipeline_id, version.pipeline_version_id, version.spec, named


def _name(row: RecurringRunRow, number: int, due: int) -> str:
    """`<schedule>-<index>-<number>`, the schedule being a short form of the name and letters of its own."""
    short = re.sub(r"[^a-z0-9]", "", row.display_name.lower())[:25] or "job-"
    return f"{short}{row.recurring_run_id[:5]}-{number}-{zlib.crc32(json.dumps(due).encode())}"
