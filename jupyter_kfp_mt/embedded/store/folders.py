"""The table of folders that have no row of their own: to be removed, or known all the same.

What removes a run's row adds its folder here, in the same transaction. So no folder is ever removed because a
row is missing, which may only mean that the store is new, older than the folder, or damaged.
"""

from __future__ import annotations

from .db import Database

SCHEMA = """
CREATE TABLE folders (
    path TEXT NOT NULL PRIMARY KEY,
    deleted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER runs_deleted AFTER DELETE ON runs BEGIN
    INSERT OR REPLACE INTO folders VALUES ('runs/' || old.run_id, 1);
END;
INSERT INTO folders SELECT DISTINCT 'runs/' || cached_from_run_id, 1 FROM tasks
    WHERE cached_from_run_id <> '' AND cached_from_run_id NOT IN (SELECT run_id FROM runs);
"""  # the last lines: folders of deleted runs whose artifacts others use


class FolderTable:
    """Reads and changes what is known of folders; a path is relative to the data folder."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list_deleted(self) -> set[str]:
        """Return the folders whose deletion is not complete."""
        return {path for (path,) in self._db.read.execute("SELECT path FROM folders WHERE deleted = 1")}

    def is_deleted(self, path: str) -> bool:
        """Whether a folder is to be removed as soon as nobody uses its files."""
        row = self._db.read.execute("SELECT deleted FROM folders WHERE path = ?", (path,)).fetchone()
        return row is not None and bool(row[0])

    def list_known_runs(self) -> set[str]:
        """Return the names in `runs/` that belong to a run, or that were recorded."""
        rows = self._db.read.execute(
            "SELECT run_id FROM runs UNION SELECT substr(path, 6) FROM folders WHERE path LIKE 'runs/%'"
        )
        return {name for (name,) in rows}

    def add(self, path: str, *, deleted: bool) -> None:
        """Record that a folder is to be removed, or to be kept although no run has it."""
        with self._db.write() as sql:
            sql.execute("INSERT OR REPLACE INTO folders VALUES (?, ?)", (path, deleted))

    def remove(self, path: str) -> None:
        """Forget a folder: it is gone."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM folders WHERE path = ?", (path,))
