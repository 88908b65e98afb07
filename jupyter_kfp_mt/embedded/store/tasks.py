"""Tasks, attempts and the cache as rows (the engine's tables)."""

from __future__ import annotations

from .db import Database

SCHEMA = ""


class Tasks:
    """The tables of the engine."""

    def __init__(self, db: Database) -> None:
        self._db = db
