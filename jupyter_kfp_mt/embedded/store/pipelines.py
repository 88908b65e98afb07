"""Registered pipelines and their versions as rows."""

from __future__ import annotations

import msgspec

from .db import Database

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
    package_url TEXT NOT NULL DEFAULT '',
    code_source_url TEXT NOT NULL DEFAULT '',
    tags BLOB NOT NULL DEFAULT x'7b7d',
    UNIQUE (pipeline_id, name_key)
);
CREATE INDEX pipeline_versions_by_time ON pipeline_versions (pipeline_id, created_at, seq);
"""


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
    package_url: str = ""
    code_source_url: str = ""
    tags: bytes = b"{}"


class Pipelines:
    """The tables of pipelines and versions."""

    def __init__(self, db: Database) -> None:
        self._db = db
