"""The journal of submits: each is written down before it is sent, so that it starts one run.

It is a small SQLite file in the user's own data folder, without WAL, since a home folder may be on NFS. Every
write is on the disk before the call returns. If the file cannot be opened or fails later (a full disk, a
read-only folder, a lock that is never released), the journal continues in memory for this process, with what
it knows. A file that is no journal is set aside.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Collection
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ...models import Origin
from .database import connect, open_or_replace

T = TypeVar("T")

KEEP = 7 * 24 * 3600.0  # seconds to keep settled intents
MOST_ORIGINS = 20_000  # the newest are kept

_SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
  run_id TEXT PRIMARY KEY,
  submit_key TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  namespace TEXT NOT NULL,
  display_name TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  sent_at REAL NOT NULL,
  stage TEXT NOT NULL,
  looks INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS one_each ON intents (submit_key)
  WHERE submit_key <> '' AND stage IN ('SENDING', 'UNCLEAR', 'ACCEPTED');
CREATE INDEX IF NOT EXISTS open_ones ON intents (endpoint, namespace, stage);
CREATE TABLE IF NOT EXISTS edits (
  edit_id TEXT PRIMARY KEY,
  server TEXT NOT NULL,
  namespace TEXT NOT NULL,
  old_id TEXT NOT NULL,
  new_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  known_ids TEXT NOT NULL,
  started_at REAL NOT NULL,
  stage TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS origins (
  run_id TEXT PRIMARY KEY,
  endpoint TEXT NOT NULL,
  namespace TEXT NOT NULL,
  notebook_id TEXT NOT NULL,
  path TEXT NOT NULL,
  cell INTEGER NOT NULL,
  sent_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS of_notebook ON origins (endpoint, namespace, sent_at);
"""
_COLUMNS = "run_id, submit_key, endpoint, namespace, display_name, experiment_id, sent_at, stage, looks"


class Stage(str, Enum):
    """What is known about a submit."""

    SENDING = "SENDING"
    UNCLEAR = "UNCLEAR"  # sent, without a clear response
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"  # KFP refused it, or was not reached
    LOST = "LOST"  # looked up until it could not appear any more
    SURPLUS = "SURPLUS"  # lost, then submitted again under another id: if it appears, it is one too many


OPEN = (Stage.SENDING, Stage.UNCLEAR)


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at starting a run."""

    run_id: str
    submit_key: str = ""  # the same for every repetition of a submit; empty if it is not repeated
    server: str  # its permanent name (`Context.server`); the column is called endpoint
    namespace: str
    display_name: str
    experiment_id: str
    sent_at: float  # seconds since 1970
    stage: Stage = Stage.SENDING
    looks: int = 0  # after it was given up


class EditStage(str, Enum):
    """How far the edit of a recurring run has come."""

    CREATING = "CREATING"  # the new one may exist and is off; the old one is as it was
    SWITCHING = "SWITCHING"  # from the old one to the new one
    UNDOING = "UNDOING"  # back to the old one


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """The edit of a recurring run that is on: another takes its place."""

    edit_id: str
    server: str
    namespace: str
    old_id: str
    new_id: str = ""  # empty until KFP has assigned it
    display_name: str
    known_ids: str = ""  # of others of its name that were there before, separated by commas
    started_at: float  # seconds since 1970
    stage: EditStage = EditStage.CREATING


class Journal:
    """The intents of one user, shared by all processes that use `path`; safe in any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def begin(self, intent: Intent) -> Intent | None:
        """Add `intent`; if its key has an intent already, return that one and write nothing."""
        return self._do(lambda database: _transaction(database, lambda: _begin(database, intent)))

    def settle(self, run_id: str, stage: Stage) -> None:
        """Note what is known about an attempt."""
        self._write("UPDATE intents SET stage = ? WHERE run_id = ?", stage.value, run_id)

    def accept(self, run_id: str, known_as: str) -> None:
        """Note that the attempt is a run, whose id on the server is `known_as`."""
        self._write(
            "UPDATE OR REPLACE intents SET stage = 'ACCEPTED', run_id = ? WHERE run_id = ?", known_as, run_id
        )
        if known_as != run_id:
            self._write("UPDATE OR REPLACE origins SET run_id = ? WHERE run_id = ?", known_as, run_id)

    def note_origin(self, intent: Intent, origin: Origin) -> None:
        """Note the notebook that an attempt is made from."""
        notebook = (origin.notebook_id, origin.path, origin.cell)
        row = (intent.run_id, intent.server, intent.namespace, *notebook, intent.sent_at)
        oldest = "SELECT run_id FROM origins ORDER BY sent_at DESC LIMIT -1 OFFSET ?"

        def note(database: sqlite3.Connection) -> None:
            database.execute("INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            database.execute(f"DELETE FROM origins WHERE run_id IN ({oldest})", (MOST_ORIGINS,))  # noqa: S608

        self._do(note)

    def find_origins(self, run_ids: Collection[str]) -> dict[str, Origin]:
        """Return the notebooks that those of `run_ids`, at most a page, were started from."""
        marks = ", ".join("?" * len(run_ids))
        query = f"SELECT run_id, notebook_id, path, cell FROM origins WHERE run_id IN ({marks})"  # noqa: S608
        return {
            run_id: Origin(notebook_id=notebook_id, path=path, cell=cell)
            for run_id, notebook_id, path, cell in self._select_all(query, *run_ids)
        }

    def list_started_from(
        self, server: str, namespace: str, path: str, notebook_id: str, *, limit: int
    ) -> list[str]:
        """Return the ids of runs started from a notebook, the newest first.

        Where both have an id, it decides, as a file may be moved and another one take its place.
        """
        query = (
            "SELECT run_id FROM origins WHERE endpoint = ? AND namespace = ? AND "
            "CASE WHEN ? <> '' AND notebook_id <> '' THEN notebook_id = ? ELSE path = ? AND path <> '' END "
            "ORDER BY sent_at DESC LIMIT ?"
        )
        return [
            row[0]
            for row in self._select_all(query, server, namespace, notebook_id, notebook_id, path, limit)
        ]

    def send_again(self, run_id: str, sent_at: float) -> bool:
        """Note that an attempt that did not arrive is sent once more; False if it has been settled."""
        return self._do(
            lambda database: (
                database.execute(
                    "UPDATE intents SET sent_at = ? WHERE run_id = ? AND stage = 'SENDING'",
                    (sent_at, run_id),
                ).rowcount
                == 1
            )
        )

    def redate(self, run_id: str, sent_at: float) -> None:
        """Change the time of sending, after the clock was set back."""
        self._write("UPDATE intents SET sent_at = ? WHERE run_id = ?", sent_at, run_id)

    def count_look(self, run_id: str) -> None:
        """Count a look for an attempt that was given up."""
        self._write("UPDATE intents SET looks = looks + 1 WHERE run_id = ?", run_id)

    def find(self, run_id: str) -> Intent | None:
        """Return the attempt with this id, if there is one."""
        return next(iter(self._read("run_id = ?", run_id)), None)

    def find_by_key(self, submit_key: str) -> Intent | None:
        """Return the newest attempt with this key."""
        if not submit_key:
            return None
        return next(iter(self._read("submit_key = ? ORDER BY sent_at DESC LIMIT 1", submit_key)), None)

    def list_unsettled(self, server: str, namespace: str) -> list[Intent]:
        """Return the attempts with an unknown outcome, the newest first."""
        where = "endpoint = ? AND namespace = ? AND stage IN ('SENDING', 'UNCLEAR') ORDER BY sent_at DESC"
        return self._read(where, server, namespace)

    def find_accepted(self, run_ids: Collection[str]) -> set[str]:
        """Return those of `run_ids`, at most a page, that this user started in the last days."""
        marks = ", ".join("?" * len(run_ids))
        return {each.run_id for each in self._read(f"stage = 'ACCEPTED' AND run_id IN ({marks})", *run_ids)}

    def list_pending(self, since: float) -> list[Intent]:
        """Return the attempts on any server that were sent after `since` and still need a look."""
        return self._read("sent_at > ? AND stage IN ('SENDING', 'UNCLEAR', 'SURPLUS')", since)

    def list_surplus(self, server: str, namespace: str) -> list[Intent]:
        """Return submits that were retried: their first attempt should no longer appear."""
        return self._read("endpoint = ? AND namespace = ? AND stage = 'SURPLUS'", server, namespace)

    def write_edit(self, edit: Edit) -> None:
        """Add the edit of a recurring run, or note how far it has come."""
        self._do(lambda database: _write_edit(database, edit))

    def end_edit(self, edit_id: str) -> None:
        """Forget an edit, after which one of the two is on."""
        self._write("DELETE FROM edits WHERE edit_id = ?", edit_id)

    def list_edits(self) -> list[Edit]:
        """Return the edits on any server that have not ended."""
        return [] if self._is_absent() else self._do(_select_edits)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _read(self, where: str, *values: str | float) -> list[Intent]:
        if self._is_absent():
            return []
        return self._do(lambda database: _select(database, where, *values))

    def _is_absent(self) -> bool:
        """Whether nothing has been written yet: reading does not create the file."""
        return self._connection is None and self._path is not None and not self._path.exists()

    def _select_all(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        if self._is_absent():
            return []
        return self._do(lambda database: database.execute(query, values).fetchall())

    def _write(self, statement: str, *values: str | float) -> None:
        self._do(lambda database: database.execute(statement, values))

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work`; if the file fails, do it again in memory."""
        with self._lock:
            database = self._open()
            try:
                return work(database)
            except sqlite3.DatabaseError as error:
                if isinstance(error, _OURS):
                    raise
                self._connection = _copy_to_memory(database)
            return work(self._connection)

    def _open(self) -> sqlite3.Connection:
        """Return the connection, in memory if the file cannot be opened."""
        if self._connection is None:
            try:
                self._connection = open_or_replace(self._path, _SCHEMA)
            except (OSError, sqlite3.Error):
                self._connection = connect(None, _SCHEMA)
        return self._connection


_OURS = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
)  # mistakes in this module, not failures of the disk


def _begin(database: sqlite3.Connection, intent: Intent) -> Intent | None:
    known = _select(database, "submit_key = ? ORDER BY sent_at DESC LIMIT 1", intent.submit_key)
    if intent.submit_key and known and known[0].stage in (*OPEN, Stage.ACCEPTED):
        return known[0]
    if intent.submit_key:
        database.execute(
            "UPDATE intents SET stage = 'SURPLUS' WHERE submit_key = ? AND stage = 'LOST'",
            (intent.submit_key,),
        )
    old = intent.sent_at - KEEP
    database.execute("DELETE FROM intents WHERE sent_at < ? AND stage NOT IN ('SENDING', 'UNCLEAR')", (old,))
    _insert(database, intent)
    return None


def _insert(database: sqlite3.Connection, intent: Intent) -> None:
    values = msgspec.structs.astuple(intent)
    marks = ", ".join("?" * len(values))
    database.execute(f"INSERT INTO intents ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608 - our names


def _write_edit(database: sqlite3.Connection, edit: Edit) -> None:
    values = msgspec.structs.astuple(edit)
    marks = ", ".join("?" * len(values))
    database.execute(f"INSERT OR REPLACE INTO edits VALUES ({marks})", values)  # noqa: S608 - marks only


def _select(database: sqlite3.Connection, where: str, *values: str | float) -> list[Intent]:
    query = f"SELECT {_COLUMNS} FROM intents WHERE {where}"  # noqa: S608 - our own conditions
    return [_to_intent(row) for row in database.execute(query, values)]


def _select_edits(database: sqlite3.Connection) -> list[Edit]:
    rows = database.execute("SELECT * FROM edits ORDER BY started_at")
    return [msgspec.convert(dict(zip(Edit.__struct_fields__, row, strict=True)), type=Edit) for row in rows]


def _transaction(database: sqlite3.Connection, work: Callable[[], T]) -> T:
    database.execute("BEGIN IMMEDIATE")
    try:
        result = work()
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk may have ended the transaction
            database.execute("ROLLBACK")
        raise
    return result


def _copy_to_memory(database: sqlite3.Connection) -> sqlite3.Connection:
    """Return a copy in memory of what can still be read, and close `database`."""
    copy = connect(None, _SCHEMA)
    with contextlib.suppress(sqlite3.Error, msgspec.ValidationError):
        for intent in _select(database, "1"):
            _insert(copy, intent)
        for edit in _select_edits(database):
            _write_edit(copy, edit)
    database.close()
    return copy


def _to_intent(row: tuple[object, ...]) -> Intent:
    return msgspec.convert(dict(zip(Intent.__struct_fields__, row, strict=True)), type=Intent)
