"""The table of experiments."""

# ruff: noqa: S608 - statements are put together from constants, values are always bound
from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .db import Database, fold
from .query import Comparison, ListField, Listing, Page, Query, read_page

SCHEMA = """
CREATE TABLE experiments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    storage_state TEXT NOT NULL DEFAULT 'AVAILABLE',
    created_at INTEGER NOT NULL,
    last_run_created_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (namespace, name_key)
);
CREATE INDEX experiments_by_time ON experiments (namespace, created_at, seq);
"""

_COLUMNS = (
    "seq, experiment_id, namespace, display_name, description, storage_state, created_at, last_run_created_at"
)


FIELDS: Mapping[str, ListField] = {
    **dict.fromkeys(("experiment_id", "id"), ListField("experiment_id")),
    **dict.fromkeys(("display_name", "name"), ListField("name_key", Comparison.FOLDED)),
    "created_at": ListField("created_at", Comparison.NUMBER),
    "last_run_created_at": ListField("last_run_created_at", Comparison.NUMBER),
    "description": ListField("description"),
    "namespace": ListField("namespace"),
    "storage_state": ListField("storage_state"),
}
LISTING = Listing("Experiment", "experiments", _COLUMNS, FIELDS)


class ExperimentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stored experiment; times are seconds since 1970."""

    seq: int = 0
    experiment_id: str
    namespace: str
    display_name: str
    description: str = ""
    storage_state: str = "AVAILABLE"
    created_at: int
    last_run_created_at: int = 0


class ExperimentTable:
    """Reads and changes experiments."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, experiment_id: str) -> ExperimentRow | None:
        """Return the experiment of this id, in any namespace."""
        return self._one("experiment_id = ?", experiment_id)

    def find_by_name(self, namespace: str, name: str) -> ExperimentRow | None:
        """Return the experiment of this name in `namespace`."""
        return self._one("namespace = ? AND name_key = ?", namespace, fold(name))

    def page(self, query: Query) -> Page[ExperimentRow]:
        """Return one page of experiments."""
        return read_page(self._db, LISTING, query, ExperimentRow)

    def add(self, row: ExperimentRow) -> bool:
        """Store a new experiment; False when the namespace has one of that name."""
        with self._db.write() as sql:
            added = sql.execute(
                "INSERT OR IGNORE INTO experiments (experiment_id, namespace, display_name, name_key,"
                " description, storage_state, created_at, last_run_created_at) VALUES (?,?,?,?,?,?,?,?)",
                (
                    row.experiment_id,
                    row.namespace,
                    row.display_name,
                    fold(row.display_name),
                    row.description,
                    row.storage_state,
                    row.created_at,
                    row.last_run_created_at,
                ),
            )
            return added.rowcount == 1

    def archive(self, experiment_id: str) -> None:
        """Archive the experiment with all its runs, and disable its recurring runs."""
        with self._db.write() as sql:
            sql.execute(
                "UPDATE experiments SET storage_state = 'ARCHIVED' WHERE experiment_id = ?", (experiment_id,)
            )
            sql.execute(
                "UPDATE runs SET storage_state = 'ARCHIVED'"
                " WHERE experiment_id = ? AND storage_state <> 'ARCHIVED'",
                (experiment_id,),
            )
            sql.execute("UPDATE recurring_runs SET enabled = 0 WHERE experiment_id = ?", (experiment_id,))

    def unarchive(self, experiment_id: str) -> None:
        """Make the experiment available again; its runs stay as they are."""
        with self._db.write() as sql:
            sql.execute(
                "UPDATE experiments SET storage_state = 'AVAILABLE' WHERE experiment_id = ?", (experiment_id,)
            )

    def remove(self, experiment_id: str) -> None:
        """Delete the row alone; its runs and recurring runs stay."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM experiments WHERE experiment_id = ?", (experiment_id,))

    def _one(self, where: str, *values: str) -> ExperimentRow | None:
        row = self._db.read.execute(f"SELECT {_COLUMNS} FROM experiments WHERE {where}", values).fetchone()
        return None if row is None else ExperimentRow(**dict(row))
