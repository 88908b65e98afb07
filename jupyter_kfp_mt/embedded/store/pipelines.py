"""The tables of registered pipelines and their versions."""

# ruff: noqa: S608 - statements are put together from constants, values are always bound
from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from .db import Database, fold
from .query import Comparison, ListField, Listing, Page, Query, read_page

SCHEMA = """
CREATE TABLE pipelines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    tags BLOB NOT NULL DEFAULT x'7b7d',
    UNIQUE (namespace, name_key)
);
CREATE INDEX pipelines_by_time ON pipelines (namespace, created_at, seq);
CREATE TABLE pipeline_versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline_version_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    pipeline_id TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    spec BLOB NOT NULL,
    template TEXT NOT NULL,
    parameters BLOB NOT NULL DEFAULT x'5b5d',
    package_url TEXT NOT NULL DEFAULT '',
    code_source_url TEXT NOT NULL DEFAULT '',
    tags BLOB NOT NULL DEFAULT x'7b7d',
    UNIQUE (pipeline_id, name_key)
);
CREATE INDEX pipeline_versions_by_time ON pipeline_versions (pipeline_id, created_at, seq);
"""
CREATORS = "ALTER TABLE pipelines ADD COLUMN creator TEXT NOT NULL DEFAULT ''"

_PIPELINE = "pipeline_id, namespace, name, display_name, description, created_at, tags, creator"
_VERSION = (
    "pipeline_version_id, pipeline_id, name, display_name, description, created_at, spec, template,"
    " parameters, package_url, code_source_url, tags"
)


class PipelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One registered pipeline; shared when it has no namespace."""

    seq: int = 0
    pipeline_id: str
    namespace: str
    name: str
    display_name: str
    description: str = ""
    created_at: int
    tags: bytes = b"{}"
    creator: str = ""  # who uploaded it; unknown for old ones


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a registered pipeline."""

    seq: int = 0
    pipeline_version_id: str
    pipeline_id: str
    name: str
    display_name: str
    description: str = ""
    created_at: int
    spec: bytes  # JSON: bare IR, or {"pipeline_spec": ..., "platform_spec": ...}, or an Argo Workflow
    template: str  # the YAML of v1 `templates`
    parameters: bytes = b"[]"  # [{"name", "value"}] of an Argo Workflow
    package_url: str = ""
    code_source_url: str = ""
    tags: bytes = b"{}"


PIPELINE_FIELDS: Mapping[str, ListField] = {
    **dict.fromkeys(("pipeline_id", "id"), ListField("pipeline_id")),
    "name": ListField("name_key", Comparison.FOLDED),
    "display_name": ListField("display_name"),
    "created_at": ListField("created_at", Comparison.NUMBER),
    "description": ListField("description"),
    "namespace": ListField("namespace"),
}
PIPELINES = Listing("Pipeline", "pipelines", f"seq, {_PIPELINE}", PIPELINE_FIELDS)
VERSION_FIELDS: Mapping[str, ListField] = {
    **dict.fromkeys(("pipeline_version_id", "id"), ListField("pipeline_version_id")),
    "name": ListField("name_key", Comparison.FOLDED),
    "display_name": ListField("display_name"),
    "created_at": ListField("created_at", Comparison.NUMBER),
    "status": ListField("'READY'"),
    "description": ListField("description"),
    "pipeline_spec": ListField("template"),
}
VERSIONS = Listing("PipelineVersion", "pipeline_versions", f"seq, {_VERSION}", VERSION_FIELDS)


class PipelineTable:
    """Reads and changes pipelines and versions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, pipeline_id: str) -> PipelineRow | None:
        """Return the pipeline of this id, in any namespace."""
        return self._pipeline("pipeline_id = ?", pipeline_id)

    def find_by_name(self, namespace: str, name: str) -> PipelineRow | None:
        """Return the pipeline of this name in `namespace`; "" for a shared one."""
        return self._pipeline("namespace = ? AND name_key = ?", namespace, fold(name))

    def get_version(self, pipeline_version_id: str) -> VersionRow | None:
        """Return the version of this id, of any pipeline."""
        return self._version("pipeline_version_id = ?", pipeline_version_id)

    def get_latest_version(self, pipeline_id: str) -> VersionRow | None:
        """Return the newest version of a pipeline."""
        return self._version("pipeline_id = ? ORDER BY created_at DESC, seq DESC", pipeline_id)

    def get_latest_versions(self, pipeline_ids: Sequence[str]) -> dict[str, VersionRow]:
        """Return the newest version of each of these pipelines that has one."""
        marks = ",".join("?" * len(pipeline_ids))
        rows = self._db.read.execute(
            f"SELECT seq, {_VERSION} FROM pipeline_versions WHERE pipeline_id IN ({marks})"
            " AND seq = (SELECT seq FROM pipeline_versions AS other WHERE other.pipeline_id ="
            " pipeline_versions.pipeline_id ORDER BY created_at DESC, seq DESC LIMIT 1)",
            list(pipeline_ids),
        )
        return {row["pipeline_id"]: VersionRow(**dict(row)) for row in rows}

    def page(self, query: Query) -> Page[PipelineRow]:
        """Return one page of pipelines."""
        return read_page(self._db, PIPELINES, query, PipelineRow)

    def page_versions(self, query: Query) -> Page[VersionRow]:
        """Return one page of versions."""
        return read_page(self._db, VERSIONS, query, VersionRow)

    def add(self, row: PipelineRow, version: VersionRow | None = None) -> bool:
        """Store a pipeline, with its first version if there is one; False when the name is taken."""
        with self._db.write() as sql:
            added = sql.execute(
                f"INSERT OR IGNORE INTO pipelines ({_PIPELINE}, name_key) VALUES ({_marks(_PIPELINE)}, :key)",
                {**msgspec.structs.asdict(row), "key": fold(row.name)},
            )
            return added.rowcount == 1 and (version is None or self.add_version(version))

    def add_version(self, row: VersionRow) -> bool:
        """Store a version; False when the pipeline has one of that name."""
        with self._db.write() as sql:
            added = sql.execute(
                f"INSERT OR IGNORE INTO pipeline_versions ({_VERSION}, name_key)"
                f" VALUES ({_marks(_VERSION)}, :key)",
                {**msgspec.structs.asdict(row), "key": fold(row.name)},
            )
            return added.rowcount == 1

    def update(self, row: PipelineRow | VersionRow, display_name: str, tags: bytes) -> None:
        """Change the display name and the tags of a pipeline or version."""
        table = "pipelines" if isinstance(row, PipelineRow) else "pipeline_versions"
        with self._db.write() as sql:
            sql.execute(
                f"UPDATE {table} SET display_name = ?, tags = ? WHERE seq = ?", (display_name, tags, row.seq)
            )

    def remove(self, pipeline_id: str) -> None:
        """Delete a pipeline with its versions."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM pipeline_versions WHERE pipeline_id = ?", (pipeline_id,))
            sql.execute("DELETE FROM pipelines WHERE pipeline_id = ?", (pipeline_id,))

    def remove_version(self, pipeline_version_id: str) -> None:
        """Delete a version; runs that came from it stay."""
        with self._db.write() as sql:
            sql.execute("DELETE FROM pipeline_versions WHERE pipeline_version_id = ?", (pipeline_version_id,))

    def _pipeline(self, where: str, *values: str) -> PipelineRow | None:
        row = self._db.read.execute(
            f"SELECT seq, {_PIPELINE} FROM pipelines WHERE {where}", values
        ).fetchone()
        return None if row is None else PipelineRow(**dict(row))

    def _version(self, where: str, *values: str) -> VersionRow | None:
        row = self._db.read.execute(
            f"SELECT seq, {_VERSION} FROM pipeline_versions WHERE {where} LIMIT 1", values
        ).fetchone()
        return None if row is None else VersionRow(**dict(row))


def _marks(columns: str) -> str:
    return ":" + columns.replace(", ", ", :")
