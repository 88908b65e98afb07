"""Profiles, contributors, secrets, config maps and revoked tokens as rows."""

from __future__ import annotations

import msgspec

from .db import Database

SCHEMA = """
CREATE TABLE profiles (
    namespace TEXT PRIMARY KEY,
    owner TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE contributors (
    namespace TEXT NOT NULL REFERENCES profiles (namespace),
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (namespace, subject)
) WITHOUT ROWID;
CREATE TABLE secrets (
    namespace TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (namespace, kind, name)
) WITHOUT ROWID;
CREATE TABLE revoked_tokens (
    token_id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
"""


class Tenants:
    """The tables of tenants."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """Keys and values of a secret of `namespace`."""
        return self._data(namespace, "secret", name)

    def config_map(self, namespace: str, name: str) -> dict[str, str] | None:
        """Keys and values of a config map of `namespace`."""
        return self._data(namespace, "configmap", name)

    def _data(self, namespace: str, kind: str, name: str) -> dict[str, str] | None:
        found = self._db.read.execute(
            "SELECT data FROM secrets WHERE namespace = ? AND kind = ? AND name = ?", (namespace, kind, name)
        ).fetchone()
        return None if found is None else msgspec.json.decode(found[0], type=dict[str, str])
