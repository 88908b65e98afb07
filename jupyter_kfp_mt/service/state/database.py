"""Opens the small SQLite files of a user's data folder, without WAL, since a home folder may be on NFS."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def open_or_replace(path: Path | None, schema: str) -> sqlite3.Connection:
    """Connect to the file; one that is no database is set aside and replaced by a new one."""
    try:
        return connect(path, schema)
    except sqlite3.DatabaseError as error:
        if path is None or type(error) is not sqlite3.DatabaseError:
            raise
    path.replace(path.with_name(f"{path.name}.broken"))
    return connect(path, schema)


def connect(path: Path | None, schema: str) -> sqlite3.Connection:
    """Connect to the file, which is created if needed, or to a database in memory."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = sqlite3.connect(
        path if path is not None else ":memory:", timeout=10.0, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(schema)
    except sqlite3.Error:
        database.close()
        raise
    return database
