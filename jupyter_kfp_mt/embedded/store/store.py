"""The database file with all its tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from . import experiments, folders, pipelines, recurring_runs, runs, tasks, tenants
from .db import Database, flush_file
from .experiments import ExperimentTable
from .folders import FolderTable
from .pipelines import PipelineTable
from .recurring_runs import RecurringRunTable
from .runs import RunTable
from .tasks import TaskTable
from .tenants import TenantTable

# `fold` gives keys that sort as in MySQL 8.
SORTED_KEYS = """
UPDATE experiments SET name_key = fold(display_name);
UPDATE runs SET name_key = fold(display_name);
UPDATE recurring_runs SET name_key = fold(display_name);
UPDATE pipelines SET name_key = fold(name);
UPDATE pipeline_versions SET name_key = fold(name)
"""
MIGRATIONS = (
    experiments.SCHEMA
    + runs.SCHEMA
    + recurring_runs.SCHEMA
    + pipelines.SCHEMA
    + tenants.SCHEMA
    + tasks.SCHEMA,
    runs.CRASHES,
    recurring_runs.CREATORS,
    folders.SCHEMA,
    recurring_runs.CLOCK,
    SORTED_KEYS,
    pipelines.CREATORS,
)


class Store:
    """All tables of one database file; `store.db.write()` makes several calls one transaction."""

    def __init__(
        self,
        path: Path,
        now: Callable[[], float] = time.time,
        flush: Callable[[int], None] = flush_file,
    ) -> None:
        self.db = Database(path, MIGRATIONS, flush)
        self.experiments = ExperimentTable(self.db)
        self.runs = RunTable(self.db, now)
        self.recurring_runs = RecurringRunTable(self.db, now)
        self.pipelines = PipelineTable(self.db)
        self.tenants = TenantTable(self.db)
        self.tasks = TaskTable(self.db)
        self.folders = FolderTable(self.db)

    def empty(self, namespace: str) -> list[str]:
        """Delete all rows of a namespace; returns the ids of its runs."""
        with self.db.write() as sql:
            runs = sql.execute("SELECT run_id FROM runs WHERE namespace = ?", (namespace,)).fetchall()
            sql.execute(
                "DELETE FROM pipeline_versions WHERE pipeline_id IN"
                " (SELECT pipeline_id FROM pipelines WHERE namespace = ?)",
                (namespace,),
            )
            for table in ("runs", "recurring_runs", "experiments", "pipelines"):
                sql.execute(f"DELETE FROM {table} WHERE namespace = ?", (namespace,))  # noqa: S608 - constants
            self.folders.add(f"volumes/{namespace}", deleted=True)
        return [run_id for (run_id,) in runs]

    def close(self) -> None:
        """Close the database."""
        self.db.close()
