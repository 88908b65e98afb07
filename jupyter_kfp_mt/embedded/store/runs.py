"""The table of runs; each distinct spec is stored once, by its digest."""

# ruff: noqa: S608 - statements are put together from constants, values are always bound
from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from ...run_rules import FINAL_STATES
from .db import Database, fold
from .query import Comparison, ListField, Listing, Page, Predicate, Query, read_page

# Part of the schema: SQLite uses the index of unfinished runs only for the very condition it was made with.
_UNFINISHED = f"state NOT IN {FINAL_STATES}"

SCHEMA = f"""
CREATE TABLE specs (
    digest TEXT PRIMARY KEY,
    body BLOB NOT NULL
);
CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    experiment_id TEXT NOT NULL COLLATE NOCASE,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    service_account TEXT NOT NULL DEFAULT '',
    storage_state TEXT NOT NULL DEFAULT 'AVAILABLE',
    state TEXT NOT NULL DEFAULT 'PENDING',
    created_at INTEGER NOT NULL,
    scheduled_at INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER NOT NULL DEFAULT 0,
    recurring_run_id TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    pipeline_id TEXT NOT NULL DEFAULT '',
    pipeline_version_id TEXT NOT NULL DEFAULT '',
    spec_digest TEXT NOT NULL,
    runtime_config BLOB NOT NULL DEFAULT x'7b7d',
    state_history BLOB NOT NULL DEFAULT x'5b5d',
    error TEXT NOT NULL DEFAULT '',
    request_digest TEXT NOT NULL DEFAULT '',
    extra BLOB NOT NULL DEFAULT x'7b7d'
);
CREATE INDEX runs_by_namespace ON runs (namespace, created_at, seq);
CREATE INDEX runs_by_storage ON runs (namespace, storage_state, created_at, seq);
CREATE INDEX runs_by_experiment ON runs (experiment_id, created_at, seq);
CREATE INDEX runs_by_recurring_run ON runs (recurring_run_id, display_name) WHERE recurring_run_id <> '';
CREATE INDEX runs_unfinished ON runs (seq) WHERE {_UNFINISHED};
CREATE INDEX runs_by_spec ON runs (spec_digest);
CREATE TABLE run_totals (
    scope TEXT NOT NULL,
    storage_state TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (scope, storage_state)
) WITHOUT ROWID;
CREATE TRIGGER runs_added AFTER INSERT ON runs BEGIN
    INSERT INTO run_totals VALUES ('n:' || new.namespace, new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO run_totals VALUES ('e:' || lower(new.experiment_id), new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER runs_removed AFTER DELETE ON runs BEGIN
    UPDATE run_totals SET n = n - 1 WHERE scope = 'n:' || old.namespace AND storage_state = old.storage_state;
    UPDATE run_totals SET n = n - 1
        WHERE scope = 'e:' || lower(old.experiment_id) AND storage_state = old.storage_state;
    DELETE FROM specs WHERE digest = old.spec_digest
        AND NOT EXISTS (SELECT 1 FROM runs WHERE spec_digest = old.spec_digest);
END;
CREATE TRIGGER runs_stored AFTER UPDATE OF storage_state ON runs
WHEN old.storage_state <> new.storage_state BEGIN
    UPDATE run_totals SET n = n - 1 WHERE scope = 'n:' || old.namespace AND storage_state = old.storage_state;
    UPDATE run_totals SET n = n - 1
        WHERE scope = 'e:' || lower(old.experiment_id) AND storage_state = old.storage_state;
    INSERT INTO run_totals VALUES ('n:' || new.namespace, new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO run_totals VALUES ('e:' || lower(new.experiment_id), new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
"""

# Since version 2: what the engine was working on each time that its process was killed or crashed.
CRASHES = """
CREATE TABLE crashes (
    run_id TEXT NOT NULL COLLATE NOCASE,
    task TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (run_id, task)
) WITHOUT ROWID;
"""

_FIELDS = (
    "run_id, namespace, experiment_id, display_name, description, service_account, storage_state, state,"
    " created_at, scheduled_at, finished_at, recurring_run_id, pipeline_id, pipeline_version_id, spec_digest,"
    " runtime_config, state_history, error, request_digest, extra"
)
_COLUMNS = f"seq, {_FIELDS}, (SELECT body FROM specs WHERE digest = spec_digest) AS spec"


FIELDS: Mapping[str, ListField] = {
    **dict.fromkeys(("run_id", "id"), ListField("run_id", Comparison.ID)),
    **dict.fromkeys(("display_name", "name"), ListField("name_key", Comparison.FOLDED)),
    "created_at": ListField("created_at", Comparison.NUMBER),
    "finished_at": ListField("finished_at", Comparison.NUMBER),
    "scheduled_at": ListField("scheduled_at", Comparison.NUMBER),
    "description": ListField("description"),
    "storage_state": ListField("storage_state", Comparison.UPPER),
    "namespace": ListField("namespace"),
    "experiment_id": ListField("experiment_id", Comparison.ID),
    "recurring_run_id": ListField("recurring_run_id", Comparison.ID),
    "state": ListField("state", Comparison.UPPER),
    "status": ListField(
        "CASE state WHEN 'CANCELING' THEN 'Terminating' WHEN 'CANCELED' THEN 'Failed'"
        " WHEN 'PAUSED' THEN 'Pending' ELSE state END"
    ),
    "state_history": ListField("CAST(state_history AS TEXT)"),
    "runtime_details": ListField("''"),
}
_TOTALS = {"namespace": "n:", "experiment_id": "e:"}
# Runs without the metric come before all others, as in KFP's database.
_METRIC = (
    "COALESCE((SELECT COALESCE(json_extract(each.value, '$.number_value'), 0)"
    " FROM json_each(CAST(extra AS TEXT), '$.metrics') AS each"
    " WHERE lower(json_extract(each.value, '$.name')) = ? LIMIT 1), -1.7976931348623157e308)"
)
LISTING = Listing("Run", "runs", _COLUMNS, FIELDS, _METRIC)


class StateEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a run's history; `at` is seconds since 1970."""

    at: int
    state: str = ""


_HISTORY = msgspec.json.Decoder(list[StateEntry])


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stored run; times are whole seconds since 1970, 0 means "not yet"; bytes are JSON."""

    seq: int = 0
    run_id: str
    namespace: str
    experiment_id: str
    display_name: str
    description: str = ""
    service_account: str = ""
    storage_state: str = "AVAILABLE"
    state: str = "PENDING"
    created_at: int
    scheduled_at: int = 0
    finished_at: int = 0
    recurring_run_id: str = ""
    pipeline_id: str = ""
    pipeline_version_id: str = ""
    spec_digest: str = ""
    runtime_config: bytes = b"{}"  # {"parameters": {...}, "pipeline_root": "..."}, as sent
    state_history: bytes = b"[]"  # of StateEntry
    error: str = ""
    request_digest: str = ""  # of the request that created it: an equal one is the same run
    extra: bytes = b"{}"  # fields that only one API version shows
    spec: bytes = b"{}"  # bare IR, or {"pipeline_spec": ..., "platform_spec": ...}

    @property
    def history(self) -> list[StateEntry]:
        """The states the run has been in, oldest first."""
        return _HISTORY.decode(self.state_history)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameter values the run was started with."""
        config = msgspec.json.decode(self.runtime_config, type=dict[str, Any])
        return config.get("parameters") or {}

    @property
    def pipeline_root(self) -> str:
        """Where the caller wants the artifacts; empty for the server's choice."""
        config = msgspec.json.decode(self.runtime_config, type=dict[str, Any])
        return config.get("pipeline_root") or ""


class RunTable:
    """Reads and changes runs."""

    def __init__(self, db: Database, now: Callable[[], float] = time.time) -> None:
        self._db = db
        self._now = now

    def get(self, run_id: str) -> RunRow | None:
        """Return the run of this id, in any namespace."""
        return self._one("run_id = ?", run_id)

    def page(self, query: Query) -> Page[RunRow]:
        """Return one page of runs; totals that triggers maintain are not counted again."""
        total = None
        if query.scope in _TOTALS:
            scope = _TOTALS[query.scope] + query.scope_value.lower()
            if not query.predicates:
                total = self.count(scope)
            elif len(query.predicates) == 1:
                total = self._total_of(scope, query.predicates[0])
        return read_page(self._db, LISTING, query, RunRow, total)

    def _total_of(self, scope: str, predicate: Predicate) -> int | None:
        if predicate.field == "storage_state" and predicate.operation == "EQUALS":
            return self.count(scope, str(predicate.value).upper() or "-")
        return None

    def find_of_recurring_run(self, recurring_run_id: str, display_name: str) -> RunRow | None:
        """Return the run that this recurring run started under this name."""
        return self._one("recurring_run_id = ? AND display_name = ?", recurring_run_id, display_name)

    def list_unfinished(self) -> list[str]:
        """Return the ids of all runs that are not in a final state, first the oldest of each namespace."""
        turn = "ROW_NUMBER() OVER (PARTITION BY namespace ORDER BY seq)"
        rows = self._db.read.execute(f"SELECT run_id FROM runs WHERE {_UNFINISHED} ORDER BY {turn}, seq")
        return [run_id for (run_id,) in rows]

    def count_unfinished(self, recurring_run_id: str) -> int:
        """Count the runs of a recurring run that have not ended."""
        (count,) = self._db.read.execute(
            "SELECT COUNT(*) FROM runs WHERE recurring_run_id = ? AND recurring_run_id <> ''"
            f" AND {_UNFINISHED}",
            (recurring_run_id,),
        ).fetchone()
        return int(count)

    def get_last_scheduled(self, recurring_run_id: str) -> int | None:
        """Return the latest time that a recurring run has started a run for; None without a run."""
        (latest,) = self._db.read.execute(
            "SELECT MAX(scheduled_at) FROM runs WHERE recurring_run_id = ? AND recurring_run_id <> ''",
            (recurring_run_id,),
        ).fetchone()
        return None if latest is None else int(latest)

    def list_scheduled(self, recurring_run_id: str, *, after: int) -> set[int]:
        """Return the times after `after` that a recurring run has started runs for."""
        rows = self._db.read.execute(
            "SELECT scheduled_at FROM runs WHERE recurring_run_id = ? AND recurring_run_id <> ''"
            " AND scheduled_at > ?",
            (recurring_run_id, after),
        )
        return {scheduled_at for (scheduled_at,) in rows}

    def add(self, row: RunRow) -> bool:
        """Store a new run with PENDING as its first history entry; False when the id is taken."""
        digest = hashlib.sha256(row.spec).hexdigest()
        entry = StateEntry(at=row.created_at, state=row.state)
        history = msgspec.json.encode([*row.history, entry])
        values = msgspec.structs.asdict(
            msgspec.structs.replace(row, spec_digest=digest, state_history=history)
        )
        with self._db.write() as sql:
            if sql.execute("SELECT 1 FROM runs WHERE run_id = ?", (row.run_id,)).fetchone():
                return False
            sql.execute("INSERT OR IGNORE INTO specs VALUES (?, ?)", (digest, row.spec))
            sql.execute(
                f"INSERT INTO runs ({_FIELDS}, name_key) VALUES (:"
                + _FIELDS.replace(", ", ", :")
                + ", :name_key)",
                {**values, "name_key": fold(row.display_name)},
            )
            sql.execute(
                "UPDATE experiments SET last_run_created_at = ? WHERE experiment_id = ?",
                (row.created_at, row.experiment_id),
            )
        return True

    def set_running(self, run_id: str) -> None:
        """Store that the run is RUNNING, unless it was terminated before it started."""
        with self._db.write() as sql:
            row = sql.execute("SELECT state FROM runs WHERE run_id = ?", (run_id,)).fetchone()
            if row is not None and row[0] != "CANCELING":
                self.set_state(run_id, "RUNNING")

    def set_state(self, run_id: str, state: str, *, finished_at: int | None = None, error: str = "") -> None:
        """Store the run's state and, when it differs from the last one, a history entry of now.

        `finished_at` None leaves the time as it is; 0 clears it (retry).
        """
        with self._db.write() as sql:
            row = sql.execute("SELECT state_history FROM runs WHERE run_id = ?", (run_id,)).fetchone()
            if row is None:
                return
            history = msgspec.json.decode(row[0], type=list[StateEntry])
            if not history or history[-1].state != state:
                history.append(StateEntry(at=int(self._now()), state=state))
            sql.execute(
                "UPDATE runs SET state = ?, error = ?, state_history = ?,"
                " finished_at = COALESCE(?, finished_at) WHERE run_id = ?",
                (
                    state,
                    error,
                    msgspec.json.encode(history),
                    None if finished_at is None else int(finished_at),
                    run_id,
                ),
            )

    def claim(self, run_id: str, state: str, *, only_from: Collection[str]) -> bool:
        """Set `state` without a history entry if the run is in one of `only_from`; False otherwise."""
        with self._db.write() as sql:
            marks = ",".join("?" * len(only_from))
            changed = sql.execute(
                f"UPDATE runs SET state = ? WHERE run_id = ? AND state IN ({marks})",
                (state, run_id, *only_from),
            )
            return changed.rowcount == 1

    def set_extra(self, run_id: str, extra: bytes) -> None:
        """Replace the fields that only one API version shows."""
        with self._db.write() as sql:
            sql.execute("UPDATE runs SET extra = ? WHERE run_id = ?", (extra, run_id))

    def set_storage_state(self, run_id: str, storage_state: str) -> None:
        """Archive a run, or make it available again."""
        with self._db.write() as sql:
            sql.execute("UPDATE runs SET storage_state = ? WHERE run_id = ?", (storage_state, run_id))

    def remove(self, run_id: str) -> None:
        """Delete a run, and its spec if no other run has it."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))

    def count_crash(self, run_id: str, task: str) -> int:
        """Count that the server ended while it worked on this task of a run; return how often it has."""
        with self._db.write() as sql:
            sql.execute(
                "INSERT INTO crashes VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1", (run_id, task)
            )
            (count,) = sql.execute(
                "SELECT n FROM crashes WHERE run_id = ? AND task = ?", (run_id, task)
            ).fetchone()
        return int(count)

    def list_crashed(self, times: int) -> list[str]:
        """Return the unfinished runs at whose work the server has ended so often."""
        rows = self._db.read.execute(
            f"SELECT DISTINCT run_id FROM runs JOIN crashes USING (run_id) WHERE n >= ? AND {_UNFINISHED}",
            (times,),
        )
        return [run_id for (run_id,) in rows]

    def forget_crashes(self) -> None:
        """Forget all counted crashes: the server has ended at other work, or in order."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM crashes")

    def count(self, scope: str, storage_state: str = "") -> int:
        """Return the maintained number of runs of `n:<namespace>` or `e:<experiment id>`."""
        (count,) = self._db.read.execute(
            "SELECT COALESCE(SUM(n), 0) FROM run_totals WHERE scope = ? AND ? IN (storage_state, '')",
            (scope, storage_state),
        ).fetchone()
        return int(count)

    def _one(self, where: str, *values: str) -> RunRow | None:
        row = self._db.read.execute(f"SELECT {_COLUMNS} FROM runs WHERE {where}", values).fetchone()
        return None if row is None else RunRow(**dict(row))
