"""The tables of the engine: the tasks of runs, and results that other tasks may use again."""

# ruff: noqa: S608 - statements are put together from constants, values are always bound
from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from itertools import starmap
from operator import attrgetter

import msgspec

from ...models import RuntimeStatus, Task, TaskValues
from .db import Database

SCHEMA = """
CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL COLLATE NOCASE,
    task_id TEXT NOT NULL,
    path TEXT NOT NULL,
    parent_task_id TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    exit_code INTEGER,
    reason TEXT NOT NULL,
    cached_from_run_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL NOT NULL,
    state_history BLOB NOT NULL,
    inputs BLOB NOT NULL,
    outputs BLOB NOT NULL,
    UNIQUE (run_id, path)
);
CREATE INDEX tasks_by_source ON tasks (cached_from_run_id) WHERE cached_from_run_id <> '';
CREATE TABLE results (
    namespace TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    run_id TEXT NOT NULL COLLATE NOCASE,
    outputs BLOB NOT NULL,
    PRIMARY KEY (namespace, fingerprint)
) WITHOUT ROWID;
CREATE INDEX results_by_run ON results (run_id);
"""

_FIELDS = (
    "run_id, task_id, path, parent_task_id, name, display_name, type, state, attempt, max_attempts,"
    " exit_code, reason, cached_from_run_id, created_at, started_at, ended_at, state_history, inputs, outputs"
)
_NAMES = _FIELDS.split(", ")
_LISTED = 20_000  # tasks in a page of runs
_PART, _ROW = 1024 * 1024, 1024  # bytes of a part of a list, and of a task in it without values
_LIGHT = _FIELDS.removesuffix(", inputs, outputs")
_KEPT = ("run_id", "path", "task_id", "created_at")
_SAVE = (
    f"INSERT INTO tasks ({_FIELDS}) VALUES ({', '.join('?' * len(_NAMES))}) ON CONFLICT (run_id, path)"
    f" DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES if name not in _KEPT)}"
)
_get_fields = attrgetter(*_NAMES)


class TaskState(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a task's history."""

    at: float  # seconds since 1970
    state: str


# Decoders are made once: a page of runs decodes hundreds of histories.
_HISTORY = msgspec.json.Decoder(list[TaskState])
_VALUES = msgspec.json.Decoder(TaskValues)


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stored task of a run; times are seconds since 1970, 0 = not yet; bytes are JSON."""

    run_id: str
    task_id: str
    path: str  # of tasks from the root, whose path is empty
    parent_task_id: str = ""
    name: str = ""
    display_name: str = ""
    type: str = ""
    state: str = "PENDING"
    attempt: int = 0
    max_attempts: int = 1
    exit_code: int | None = None
    reason: str = ""
    cached_from_run_id: str = ""
    created_at: float = 0
    started_at: float = 0
    ended_at: float = 0
    state_history: bytes = b"[]"  # of TaskState
    inputs: bytes = b"{}"  # of TaskValues
    outputs: bytes = b"{}"

    @property
    def history(self) -> list[TaskState]:
        """The states the task has been in, oldest first."""
        return _HISTORY.decode(self.state_history)

    def to_task(self) -> Task:
        """Return the task as the API shows it."""
        return Task(
            run_id=self.run_id,
            task_id=self.task_id,
            display_name=self.display_name,
            create_time=_time(self.created_at),
            start_time=_time(self.started_at),
            end_time=_time(self.ended_at),
            state=self.state,
            state_history=[
                RuntimeStatus(update_time=_time(entry.at), state=entry.state) for entry in self.history
            ],
            parent_task_id=self.parent_task_id,
            name=self.name,
            type=self.type,
            attempt=self.attempt,
            max_attempts=self.max_attempts,
            exit_code=self.exit_code,
            reason=self.reason,
            cached_from_run_id=self.cached_from_run_id,
            inputs=_VALUES.decode(self.inputs),
            outputs=_VALUES.decode(self.outputs),
        )


class TaskBrief(msgspec.Struct, frozen=True, gc=False):
    """What a list of runs shows of a task: little, since a page has hundreds."""

    run_id: str
    task_id: str
    parent_task_id: str
    display_name: str
    state: str
    created_at: float
    started_at: float
    ended_at: float
    state_history: bytes

    @property
    def history(self) -> list[TaskState]:
        """The states the task has been in, oldest first."""
        return _HISTORY.decode(self.state_history)


_BRIEF = ", ".join(TaskBrief.__struct_fields__)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A result that other tasks may use: the run that made it, and the outputs."""

    run_id: str
    outputs: TaskValues


class TaskTable:
    """Reads and changes tasks and results."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, rows: Iterable[TaskRow]) -> None:
        """Store tasks as they are now, all or none."""
        with self._db.write() as sql:
            sql.executemany(_SAVE, map(_get_fields, rows))

    def list_of_run(self, run_id: str) -> list[TaskRow]:
        """Return the tasks of a run in the order they were made."""
        rows = self._db.read.execute(f"SELECT {_FIELDS} FROM tasks WHERE run_id = ? ORDER BY seq", (run_id,))
        return [TaskRow(**dict(row)) for row in rows]

    def list_of_runs(self, run_ids: Sequence[str]) -> dict[str, list[TaskBrief]]:
        """Return the tasks of several runs, as lists show them.

        A page has up to 200 runs, and a run up to 10,000 tasks: beyond `_LISTED` tasks a run is left out.
        """
        chosen: list[str] = []
        room = _LISTED
        for run_id in run_ids:
            counted = self._db.read.execute("SELECT COUNT(*) FROM tasks WHERE run_id = ?", (run_id,))
            (count,) = counted.fetchone()
            if count <= room or not chosen:
                chosen.append(run_id)
                room -= count
        marks = ",".join("?" * len(chosen))
        rows = self._db.read.execute(
            f"SELECT {_BRIEF} FROM tasks WHERE run_id IN ({marks}) ORDER BY seq", chosen
        )
        tasks: dict[str, list[TaskBrief]] = {}
        for task in starmap(TaskBrief, rows):
            tasks.setdefault(task.run_id, []).append(task)
        return tasks

    def list_parts(self, run_id: str) -> Iterator[list[TaskRow]]:
        """Generate the tasks of a run in the order they were made, about a megabyte at once."""
        part, after = self._list_part(run_id, 0)
        while part:
            yield part
            part, after = self._list_part(run_id, after)

    def _list_part(self, run_id: str, after: int) -> tuple[list[TaskRow], int]:
        rows = self._db.read.execute(
            f"SELECT seq, {_FIELDS} FROM tasks WHERE run_id = ? AND seq > ? ORDER BY seq", (run_id, after)
        )
        part: list[TaskRow] = []
        size = 0
        with contextlib.closing(rows):
            for seq, *values in rows:
                after = seq
                part.append(TaskRow(**dict(zip(_NAMES, values, strict=True))))
                size += _ROW + len(part[-1].inputs) + len(part[-1].outputs)
                if size > _PART:
                    break
        return part, after

    def list_children(self, run_id: str) -> dict[str, list[str]]:
        """Return the ids of the tasks below each task of a run."""
        rows = self._db.read.execute(
            "SELECT parent_task_id, task_id FROM tasks WHERE run_id = ? ORDER BY seq", (run_id,)
        )
        children: dict[str, list[str]] = {}
        for parent, task_id in rows:
            children.setdefault(parent, []).append(task_id)
        return children

    def get(self, run_id: str, task_id: str, *, values: bool = True) -> TaskRow | None:
        """Return the task of this id in the run; its path or its name will do as well.

        Without `values` its inputs and outputs, which may be large, are left out.
        """
        fields = _FIELDS if values else _LIGHT
        row = self._db.read.execute(
            f"SELECT {fields} FROM tasks WHERE run_id = ? AND ? IN (task_id, path, name)"
            " ORDER BY task_id = ? DESC, seq LIMIT 1",
            (run_id, task_id, task_id),
        ).fetchone()
        return None if row is None else TaskRow(**dict(row))

    def remove(self, run_id: str) -> None:
        """Delete the tasks of a run and the results that it offers to others."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM tasks WHERE run_id = ?", (run_id,))
            sql.execute("DELETE FROM results WHERE run_id = ?", (run_id,))

    def list_cache_sources(self, run_id: str) -> list[str]:
        """Return the runs whose results this one uses."""
        rows = self._db.read.execute(
            "SELECT DISTINCT cached_from_run_id FROM tasks WHERE run_id = ? AND cached_from_run_id <> ''",
            (run_id,),
        )
        return [source for (source,) in rows]

    def is_borrowed(self, run_id: str) -> bool:
        """Whether a task of another run uses results of this one."""
        row = self._db.read.execute(
            "SELECT 1 FROM tasks WHERE cached_from_run_id = ? AND run_id <> ? LIMIT 1", (run_id, run_id)
        ).fetchone()
        return row is not None

    def find_result(self, namespace: str, fingerprint: str) -> Result | None:
        """Return the result of an earlier task with this fingerprint in `namespace`."""
        row = self._db.read.execute(
            "SELECT run_id, outputs FROM results WHERE namespace = ? AND fingerprint = ?",
            (namespace, fingerprint),
        ).fetchone()
        if row is None:
            return None
        return Result(run_id=row[0], outputs=msgspec.json.decode(row[1], type=TaskValues))

    def keep_result(self, namespace: str, fingerprint: str, run_id: str, outputs: TaskValues) -> None:
        """Store the outputs of a task as a result; the newest replaces the others."""
        with self._db.write() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)",
                (namespace, fingerprint, run_id, msgspec.json.encode(outputs)),
            )


def _time(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None
