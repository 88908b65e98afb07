"""Registered pipelines and their versions."""

from __future__ import annotations

from datetime import datetime

from ..errors import PROGRAM
from ..lists import PipelineList, PipelineVersionList
from ..models import PipelineVersion
from .blocks import Cell, Column, Lines, Table
from .cells import describe_rest, time_cell
from .formats import shorten_id


def describe_pipelines(pipelines: PipelineList, now: datetime | None = None) -> Table:
    """Return registered pipelines as a table."""
    columns = (Column("Name"), Column("For"), Column("Created"), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name or each.name, title=each.description),
            Cell("Private" if each.namespace else "Shared"),
            time_cell(each.created_at, now),
            Cell(shorten_id(each.pipeline_id), title=each.pipeline_id),
        )
        for each in pipelines
    ]
    rest = describe_rest(len(rows), pipelines.total_size)
    if pipelines.is_part:
        return Table(columns, rows, rest, "No pipelines match.")
    return Table(columns, rows, rest, "No pipelines yet.", f"{PROGRAM} upload FILE.yaml registers one.")


def describe_versions(versions: PipelineVersionList, now: datetime | None = None) -> Table:
    """Return versions of a pipeline as a table."""
    columns = (Column("Version"), Column("Description"), Column("Created"), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name or each.name),
            Cell(each.description),
            time_cell(each.created_at, now),
            Cell(shorten_id(each.pipeline_version_id), title=each.pipeline_version_id),
        )
        for each in versions
    ]
    return Table(columns, rows, describe_rest(len(rows), versions.total_size), "No versions.")


def describe_version(version: PipelineVersion) -> Lines:
    """Return a version that was registered as a line."""
    name = version.display_name or version.name
    if version.is_unchanged:
        return Lines([(f"Nothing changed, {name} is this file.", shorten_id(version.pipeline_version_id))])
    return Lines([(f"✓ Registered  {name}", shorten_id(version.pipeline_version_id))])
