"""Creates the runs of recurring runs: the run and the next time are stored in one transaction.

So a restart neither loses nor doubles a run. Times that pass while the server is down are caught up or not,
as the recurring run asks.

The rights of whoever created it are checked when it fires, as Kubernetes checks them when something happens:
a right that was taken back since then starts nothing, and reads no version of a pipeline.
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

IsAllowed = Callable[[str, str, str, str], bool]  # (identity, verb, resource, namespace)


class RefusedError(Exception):
    """A recurring run may not start a run now; the text is for its owner."""


class RecurringRunController:
    """Creates the runs whose time has come."""

    def __init__(self, store: Store, clock: Callable[[], float], is_allowed: IsAllowed) -> None:
        self._store = store
        self._is_allowed = is_allowed
        self._clock = clock
        self._aside: set[str] = set()

    def find_due(self) -> list[RecurringRunRow]:
        """Return the recurring runs whose time has come, in the order in which they start."""
        rows = self._store.recurring_runs.list_due(int(self._clock()))
        return [row for row in rows if row.recurring_run_id not in self._aside]

    def fire(self, row: RecurringRunRow) -> str:
        """Store the run that is due and return its id; empty when none may start now.

        With catch-up, each call makes up for one missed time, as KFP's controller does.
        """
        with self._store.db.write():
            return self._fire_if_due(row, int(self._clock()))

    def set_aside(self, recurring_run_id: str) -> None:
        """Ignore a recurring run until the next start, because the engine fails on it."""
        self._aside.add(recurring_run_id)

    def _fire_if_due(self, row: RecurringRunRow, now: int) -> str:
        trigger = row.trigger
        due = self._find_next_time(row, now)
        if due > now:
            self._store.recurring_runs.set_next(
                row.recurring_run_id, due, now=now, fired=row.fired, fault=row.fault
            )
            return ""
        if self._store.runs.count_unfinished(row.recurring_run_id) >= row.max_concurrency:
            return ""
        if row.no_catchup:
            due = trigger.skip_missed(due, now=now)
        try:
            run = self._make_run(row, due, now)
        except RefusedError as error:
            log.warning("recurring run %s did not start a run: %s", row.recurring_run_id, error)
            following = trigger.find_next_time(created=row.created_at, last=trigger.skip_missed(due, now=now))
            self._store.recurring_runs.set_next(
                row.recurring_run_id, following, now=now, fired=row.fired, fault=str(error)
            )
            return ""
        following = trigger.find_next_time(created=row.created_at, last=due)
        self._store.recurring_runs.set_next(row.recurring_run_id, following, now=now, fired=row.fired + 1)
        return run.run_id if self._store.runs.add(run) else ""

    def _find_next_time(self, row: RecurringRunRow, now: int) -> int:
        """Return when it fires next.

        If the clock was put back since that was computed, it goes on from now and leaves out the times for
        which it has fired: else it would be silent for as long as the clock was ahead.
        """
        trigger, due = row.trigger, row.next_at
        last = self._last_scheduled(row) if due is None else None
        if row.computed_at <= now and (last is None or last <= now):
            return trigger.find_next_time(created=row.created_at, last=last) if due is None else due
        fired = self._store.runs.list_scheduled(row.recurring_run_id, after=now)
        following = trigger.find_next_time(created=row.created_at, last=now)
        while following in fired:
            following = trigger.find_next_time(created=row.created_at, last=following)
        if due is not None and due <= following:
            return due
        log.warning("the clock was put back: recurring run %s goes on from now", row.recurring_run_id)
        return following

    def _last_scheduled(self, row: RecurringRunRow) -> int | None:
        if not row.fired:
            return None
        last = self._store.runs.get_last_scheduled(row.recurring_run_id)
        return row.updated_at if last is None else last  # its runs may have been deleted

    def _make_run(self, row: RecurringRunRow, due: int, now: int) -> RunRow:
        """Make the run that is due; raises RefusedError."""
        if not self._is_allowed(row.creator, "create", "runs", row.namespace):
            raise RefusedError(
                f"{row.creator}, who created it, may no longer create runs in namespace {row.namespace}."
            )
        pipeline_id, version_id, spec, extra = self._find_source(row)
        number = row.fired + 1
        return RunRow(
            run_id=str(uuid.uuid5(_RUNS, f"{row.recurring_run_id}/{number}")),
            namespace=row.namespace,
            experiment_id=row.experiment_id,
            display_name=_make_name(row, number, due),
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

    def _find_source(self, row: RecurringRunRow) -> tuple[str, str, bytes, bytes]:
        """Return the ids, spec and extra of its pipeline; raises RefusedError."""
        if not row.pipeline_id:
            return "", "", row.spec, b"{}"
        pipelines = self._store.pipelines
        version = (
            pipelines.get_version(row.pipeline_version_id)
            if row.pipeline_version_id
            else pipelines.get_latest_version(row.pipeline_id)
        )
        pipeline = pipelines.get(version.pipeline_id) if version is not None else None
        if (
            version is None
            or pipeline is None
            or not self._is_allowed(row.creator, "get", "pipelines", pipeline.namespace)
        ):  # one answer for both, which reveals no pipeline
            raise RefusedError(
                f"There is no such pipeline for {row.creator}, who created it: it was deleted,"
                " or the right to read it was taken back."
            )
        named = json.dumps({"pipeline_name": version.name}).encode()  # API v1 shows it
        return version.pipeline_id, version.pipeline_version_id, version.spec, named


def _make_name(row: RecurringRunRow, number: int, due: int) -> str:
    """Return `<schedule>-<index>-<hash>`; the schedule is a short form of the name and of the id."""
    short = re.sub(r"[^a-z0-9]", "", row.display_name.lower())[:25] or "job-"
    return f"{short}{row.recurring_run_id[:5]}-{number}-{zlib.crc32(json.dumps(due).encode())}"
