"""The table of recurring runs."""

# ruff: noqa: S608 - statements are put together from constants, values are always bound
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ...schedule import Trigger
from .db import Database, fold
from .query import Comparison, ListField, Listing, Page, Query, read_page

SCHEMA = """
CREATE TABLE recurring_runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    recurring_run_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    experiment_id TEXT NOT NULL COLLATE NOCASE,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    service_account TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    pipeline_id TEXT NOT NULL DEFAULT '',
    pipeline_version_id TEXT NOT NULL DEFAULT '',
    spec BLOB NOT NULL DEFAULT x'',
    runtime_config BLOB NOT NULL DEFAULT x'7b7d',
    trigger_spec BLOB NOT NULL DEFAULT x'7b7d',
    max_concurrency INTEGER NOT NULL DEFAULT 1,
    no_catchup INTEGER NOT NULL DEFAULT 0,
    extra BLOB NOT NULL DEFAULT x'7b7d',
    next_at INTEGER,
    fired INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX recurring_runs_by_time ON recurring_runs (namespace, created_at, seq);
CREATE INDEX recurring_runs_by_experiment ON recurring_runs (experiment_id, created_at, seq);
CREATE INDEX recurring_runs_enabled ON recurring_runs (next_at) WHERE enabled = 1;
"""
# Those of the first version were made by nobody in particular: they act as their namespace's own account.
CREATORS = """
ALTER TABLE recurring_runs ADD COLUMN creator TEXT NOT NULL DEFAULT '';
ALTER TABLE recurring_runs ADD COLUMN fault TEXT NOT NULL DEFAULT '';
UPDATE recurring_runs SET creator = 'system:serviceaccount:' || namespace || ':default-editor';
"""
# When `next_at` was computed, by the wall clock: a later time than now says that the clock was put back.
CLOCK = """
ALTER TABLE recurring_runs ADD COLUMN computed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX recurring_runs_computed ON recurring_runs (computed_at) WHERE enabled = 1;
"""

_FIELDS = (
    "recurring_run_id, namespace, experiment_id, display_name, description, service_account, enabled,"
    " created_at, updated_at, pipeline_id, pipeline_version_id, spec, runtime_config, trigger_spec,"
    " max_concurrency, no_catchup, extra, next_at, fired, creator, fault, computed_at"
)
_COLUMNS = f"seq, {_FIELDS}"


FIELDS: Mapping[str, ListField] = {
    **dict.fromkeys(("recurring_run_id", "id"), ListField("recurring_run_id")),
    **dict.fromkeys(("display_name", "name"), ListField("name_key", Comparison.FOLDED)),
    "created_at": ListField("created_at", Comparison.NUMBER),
    "updated_at": ListField("updated_at", Comparison.NUMBER),
    "description": ListField("description"),
}
LISTING = Listing("Job", "recurring_runs", _COLUMNS, FIELDS)


_YEAR = 366 * 24 * 3600


class RecurringRunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stored recurring run; times are whole seconds since 1970; bytes are JSON."""

    seq: int = 0
    recurring_run_id: str
    namespace: str
    experiment_id: str
    display_name: str
    description: str = ""
    service_account: str = ""
    enabled: bool = False
    created_at: int
    updated_at: int
    pipeline_id: str = ""
    pipeline_version_id: str = ""  # empty: the version that is the latest when it fires
    spec: bytes = b""  # inline spec, as in RunRow; empty with a pipeline
    runtime_config: bytes = b"{}"
    trigger_spec: bytes = b"{}"  # of Trigger
    max_concurrency: int = 1
    no_catchup: bool = False
    extra: bytes = b"{}"
    next_at: int | None = None  # the engine's: when it fires next; None = to be computed
    fired: int = 0  # the engine's: how often it has fired
    creator: str = ""  # who made it, and whose rights count when it fires
    computed_at: int = 0  # the engine's: when it computed `next_at`
    fault: str = ""  # the engine's: why it did not fire the last time

    @property
    def trigger(self) -> Trigger:
        """When it fires."""
        return msgspec.json.decode(self.trigger_spec, type=Trigger)


class RecurringRunTable:
    """Reads and changes recurring runs."""

    def __init__(self, db: Database, now: Callable[[], float] = time.time) -> None:
        self._db = db
        self._now = now

    def get(self, recurring_run_id: str) -> RecurringRunRow | None:
        """Return the recurring run of this id, in any namespace."""
        rows = self._rows("recurring_run_id = ?", recurring_run_id)
        return rows[0] if rows else None

    def page(self, query: Query) -> Page[RecurringRunRow]:
        """Return one page of recurring runs."""
        return read_page(self._db, LISTING, query, _make_row)

    def count_waiting(self) -> int:
        """Count those that are enabled and fire within a year: the server stays up for them."""
        (count,) = self._db.read.execute(
            "SELECT COUNT(*) FROM recurring_runs WHERE enabled = 1 AND (next_at IS NULL OR next_at < ?)",
            (int(self._now()) + _YEAR,),
        ).fetchone()
        return int(count)

    def list_due(self, now: int) -> list[RecurringRunRow]:
        """Return the enabled ones whose `next_at` has come or must be computed, oldest first.

        It must be computed for a new one, and again when the clock was put back since.
        """
        conditions = ("next_at IS NULL", "next_at <= ?", "computed_at > ?")  # each has an index
        selects = [f"SELECT seq FROM recurring_runs WHERE enabled = 1 AND {each}" for each in conditions]
        return self._rows(f"seq IN ({' UNION '.join(selects)})", now, now)

    def set_next(self, recurring_run_id: str, next_at: int, *, now: int, fired: int, fault: str = "") -> None:
        """Store when a recurring run fires next (a far time for never), and what came of the last time."""
        with self._db.write() as sql:
            sql.execute(
                "UPDATE recurring_runs SET next_at = ?, computed_at = ?, fired = ?, fault = ?"
                " WHERE recurring_run_id = ?",
                (next_at, now, fired, fault, recurring_run_id),
            )

    def add(self, row: RecurringRunRow) -> None:
        """Store a new recurring run."""
        with self._db.write() as sql:
            sql.execute(
                f"INSERT INTO recurring_runs ({_FIELDS}, name_key) VALUES (:"
                + _FIELDS.replace(", ", ", :")
                + ", :name_key)",
                {**msgspec.structs.asdict(row), "name_key": fold(row.display_name)},
            )

    def enable(self, recurring_run_id: str, *, enabled: bool) -> None:
        """Enable or disable a recurring run; enabling it computes its next time again."""
        with self._db.write() as sql:
            sql.execute(
                "UPDATE recurring_runs SET enabled = ?, updated_at = ?, fault = '',"
                " next_at = CASE WHEN enabled = ? THEN next_at END WHERE recurring_run_id = ?",
                (enabled, int(self._now()), enabled, recurring_run_id),
            )

    def remove(self, recurring_run_id: str) -> None:
        """Delete a recurring run; its runs stay."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM recurring_runs WHERE recurring_run_id = ?", (recurring_run_id,))

    def _rows(self, where: str, *values: Any) -> list[RecurringRunRow]:
        rows = self._db.read.execute(
            f"SELECT {_COLUMNS} FROM recurring_runs WHERE {where} ORDER BY seq",
            values,
        )
        return [_make_row(**dict(each)) for each in rows]


def _make_row(*, enabled: int, no_catchup: int, **columns: Any) -> RecurringRunRow:
    return RecurringRunRow(enabled=bool(enabled), no_catchup=bool(no_catchup), **columns)
