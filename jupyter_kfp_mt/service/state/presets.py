"""The presets of one user: named values of a pipeline, and those of its last run.

They are shared by the page, notebooks and the terminal, so they are in a small SQLite file in the user's data
folder. A value that looks like a credential is never kept.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from ...models import Preset, PresetList
from ...pipeline_spec.credentials import find_credentials
from .database import open_or_replace

T = TypeVar("T")

LAST = ""  # the name under which the values of the last run are kept
MAX_BYTES = 1 << 20  # of one preset
MAX_NAMED = 200  # of one pipeline
MAX_LAST = 1000  # pipelines whose last values are kept

_SCHEMA = """
CREATE TABLE IF NOT EXISTS presets (
  namespace TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  name TEXT NOT NULL,
  saved_at REAL NOT NULL,
  preset TEXT NOT NULL,
  PRIMARY KEY (namespace, pipeline, name)
);
"""


class PresetsFullError(Exception):
    """A pipeline has as many presets as are kept, or a preset is too large."""


class Presets:
    """The presets of one user, shared by all processes that use `path`; safe in any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._in_memory: sqlite3.Connection | None = None

    def read(self, namespace: str, pipeline: str) -> PresetList:
        """Return the presets of a pipeline by name, and the values of its last run."""
        query = "SELECT preset FROM presets WHERE namespace = ? AND pipeline = ? ORDER BY name"
        rows = self._select(query, namespace, pipeline)
        kept = [msgspec.json.decode(row, type=Preset) for (row,) in rows]
        last = next((preset for preset in kept if preset.name == LAST), None)
        return PresetList(presets=[preset for preset in kept if preset.name != LAST], last=last)

    def save(self, namespace: str, preset: Preset) -> Preset:
        """Keep `preset`, in place of one with its name, and return what is kept of it.

        Raises PresetsFullError, OSError and sqlite3.Error.
        """
        kept = _without_credentials(preset)
        text = msgspec.json.encode(kept).decode()
        if len(text) > MAX_BYTES:
            raise PresetsFullError(f"it has {len(text) / 2**20:.1f} MiB, the limit is {MAX_BYTES >> 20} MiB")
        moment = kept.saved_at.timestamp()
        self._do(lambda database: _save(database, (namespace, kept.pipeline, kept.name, moment, text)))
        return kept

    def note_last(self, namespace: str, preset: Preset) -> None:
        """Keep the values of a run that has started; it has started even if they cannot be kept."""
        with contextlib.suppress(PresetsFullError, OSError, sqlite3.Error):
            self.save(namespace, msgspec.structs.replace(preset, name=LAST))

    def delete(self, namespace: str, pipeline: str, name: str) -> bool:
        """Delete a preset; return whether there was one."""
        statement = "DELETE FROM presets WHERE namespace = ? AND pipeline = ? AND name = ?"
        values = (namespace, pipeline, name)
        return self._do(lambda database: database.execute(statement, values).rowcount == 1)

    def _select(self, query: str, *values: str) -> list[tuple[str, ...]]:
        if self._path is not None and not self._path.exists():
            return []  # nothing has been kept yet: do not create the file
        with contextlib.suppress(OSError, sqlite3.Error):
            return self._do(lambda database: database.execute(query, values).fetchall())
        return []

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            if self._path is None:
                self._in_memory = self._in_memory or open_or_replace(None, _SCHEMA)
                return work(self._in_memory)
            with contextlib.closing(open_or_replace(self._path, _SCHEMA)) as database:
                return work(database)


def _without_credentials(preset: Preset) -> Preset:
    secret = set(find_credentials(preset.parameters))
    values = {name: value for name, value in preset.parameters.items() if name not in secret}
    return msgspec.structs.replace(preset, parameters=values)


def _save(database: sqlite3.Connection, row: tuple[str, str, str, float, str]) -> None:
    namespace, pipeline, name, *_ = row
    known = "SELECT count(*) FROM presets WHERE namespace = ? AND pipeline = ? AND name NOT IN ('', ?)"
    if name != LAST and database.execute(known, (namespace, pipeline, name)).fetchone()[0] >= MAX_NAMED:
        raise PresetsFullError(f"{pipeline} has {MAX_NAMED} presets already")
    database.execute("INSERT OR REPLACE INTO presets VALUES (?, ?, ?, ?, ?)", row)
    oldest = "SELECT rowid FROM presets WHERE name = '' ORDER BY saved_at DESC LIMIT -1 OFFSET ?"
    database.execute(f"DELETE FROM presets WHERE rowid IN ({oldest})", (MAX_LAST,))  # noqa: S608 - our text
