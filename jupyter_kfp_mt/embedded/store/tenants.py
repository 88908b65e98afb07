"""The tables of profiles, contributors, secrets, config maps and revoked tokens."""

from __future__ import annotations

import msgspec

from .db import Database

SCHEMA = """
CREATE TABLE profiles (
    namespace TEXT PRIMARY KEY,
    owner TEXT NOT NULL DEFAULT '',
    uid TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE contributors (
    namespace TEXT NOT NULL,
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
);
CREATE TABLE revoked_tokens (
    token_id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
"""

SECRET, CONFIG_MAP = "secret", "configmap"


class ProfileRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stored profile."""

    namespace: str
    owner: str = ""  # a user name, as a trusted front sends it
    uid: str  # distinguishes it from a later profile of the same name
    created_at: int


class Contributor(msgspec.Struct, frozen=True, kw_only=True):
    """Another identity with a role in a namespace."""

    subject: str
    role: str


class TenantTable:
    """Reads and changes profiles, their contributors, secrets, config maps and tokens."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ensure_setting(self, key: str, otherwise: str) -> str:
        """Return the stored value of `key`; stores `otherwise` when there is none."""
        with self._db.write() as sql:
            sql.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (key, otherwise))
            return str(sql.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()[0])

    def get_profile(self, namespace: str) -> ProfileRow | None:
        """Return the profile of this name."""
        row = self._db.read.execute(
            "SELECT namespace, owner, uid, created_at FROM profiles WHERE namespace = ?", (namespace,)
        ).fetchone()
        return None if row is None else ProfileRow(**dict(row))

    def list_profiles(self) -> list[ProfileRow]:
        """Return all profiles, sorted by name."""
        rows = self._db.read.execute(
            "SELECT namespace, owner, uid, created_at FROM profiles ORDER BY namespace"
        )
        return [ProfileRow(**dict(each)) for each in rows]

    def add_profile(self, profile: ProfileRow) -> bool:
        """Store a profile; False when the name is taken."""
        with self._db.write() as sql:
            added = sql.execute(
                "INSERT OR IGNORE INTO profiles VALUES (:namespace, :owner, :uid, :created_at)",
                msgspec.structs.asdict(profile),
            )
            return added.rowcount == 1

    def remove_profile(self, namespace: str, accounts: list[str]) -> None:
        """Delete a profile, its secrets, and every role that it gave or that its `accounts` have.

        A later profile of this name gets none of them back, nor the shared pipelines that they uploaded.
        """
        with self._db.write() as sql:
            sql.execute("DELETE FROM profiles WHERE namespace = ?", (namespace,))
            sql.execute("DELETE FROM secrets WHERE namespace = ?", (namespace,))
            sql.execute("DELETE FROM contributors WHERE namespace = ?", (namespace,))
            for account in accounts:
                sql.execute("DELETE FROM contributors WHERE subject = ?", (account,))
                sql.execute("UPDATE pipelines SET creator = '' WHERE creator = ?", (account,))

    def get_role(self, namespace: str, subject: str) -> str:
        """Return the role of `subject` in `namespace`; "" for none."""
        row = self._db.read.execute(
            "SELECT role FROM contributors WHERE namespace = ? AND subject = ?", (namespace, subject)
        ).fetchone()
        return str(row[0]) if row else ""

    def list_contributors(self, namespace: str) -> list[Contributor]:
        """Return all contributors of `namespace`."""
        rows = self._db.read.execute(
            "SELECT subject, role FROM contributors WHERE namespace = ? ORDER BY subject", (namespace,)
        )
        return [Contributor(**dict(each)) for each in rows]

    def share(self, namespace: str, subject: str, role: str) -> None:
        """Give `subject` a role in `namespace`; an empty role revokes it."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM contributors WHERE namespace = ? AND subject = ?", (namespace, subject))
            if role:
                sql.execute("INSERT INTO contributors VALUES (?, ?, ?)", (namespace, subject, role))

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """Return keys and values of a secret."""
        return self.get_data(namespace, SECRET, name)

    def config_map(self, namespace: str, name: str) -> dict[str, str] | None:
        """Return keys and values of a config map."""
        return self.get_data(namespace, CONFIG_MAP, name)

    def get_data(self, namespace: str, kind: str, name: str) -> dict[str, str] | None:
        """Return keys and values of a secret or config map."""
        row = self._db.read.execute(
            "SELECT data FROM secrets WHERE namespace = ? AND kind = ? AND name = ?", (namespace, kind, name)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=dict[str, str])

    def list_keys(self, namespace: str, kind: str) -> dict[str, list[str]]:
        """Return the names of the secrets or config maps of `namespace`, each with its keys; no values."""
        rows = self._db.read.execute(
            "SELECT name, data FROM secrets WHERE namespace = ? AND kind = ? ORDER BY name", (namespace, kind)
        )
        return {name: sorted(msgspec.json.decode(data, type=dict[str, str])) for name, data in rows}

    def set_data(self, namespace: str, kind: str, name: str, data: dict[str, str]) -> None:
        """Store keys and values; stored keys that are not in `data` stay."""
        with self._db.write() as sql:
            merged = {**(self.get_data(namespace, kind, name) or {}), **data}
            sql.execute(
                "INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?)",
                (namespace, kind, name, msgspec.json.encode(merged)),
            )

    def remove_data(self, namespace: str, kind: str, name: str) -> bool:
        """Delete a secret or config map; False when there is none."""
        with self._db.write() as sql:
            removed = sql.execute(
                "DELETE FROM secrets WHERE namespace = ? AND kind = ? AND name = ?", (namespace, kind, name)
            )
            return removed.rowcount == 1

    def revoke(self, token_id: str, expires_at: int, now: int) -> None:
        """Remember a revoked token until it would have expired."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM revoked_tokens WHERE expires_at < ?", (now,))
            sql.execute("INSERT OR IGNORE INTO revoked_tokens VALUES (?, ?)", (token_id, expires_at))

    def is_revoked(self, token_id: str) -> bool:
        """Whether a token was revoked."""
        return bool(
            self._db.read.execute("SELECT 1 FROM revoked_tokens WHERE token_id = ?", (token_id,)).fetchone()
        )
