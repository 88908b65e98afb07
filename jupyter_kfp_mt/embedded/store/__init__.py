"""Everything the embedded server remembers; the only place with SQL."""

from __future__ import annotations

from .db import Database, StoreError
from .experiments import ExperimentRow, Experiments
from .pipelines import PipelineRow, Pipelines, VersionRow
from .recurring_runs import RecurringRunRow, RecurringRuns
from .runs import FINAL, RunRow, Runs, StateEntry
from .store import Store
from .tasks import Tasks
from .tenants import Tenants

__all__ = [
    "FINAL",
    "Database",
    "ExperimentRow",
    "Experiments",
    "PipelineRow",
    "Pipelines",
    "RecurringRunRow",
    "RecurringRuns",
    "RunRow",
    "Runs",
    "StateEntry",
    "Store",
    "StoreError",
    "Tasks",
    "Tenants",
    "VersionRow",
]
