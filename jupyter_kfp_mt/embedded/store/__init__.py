"""The embedded server's database: rows and queries; the only place with SQL."""

from __future__ import annotations

from .db import Database, StoreError, back_up
from .experiments import ExperimentRow, ExperimentTable
from .pipelines import PipelineRow, PipelineTable, VersionRow
from .recurring_runs import RecurringRunRow, RecurringRunTable
from .runs import RunRow, RunTable, StateEntry
from .store import Store
from .tasks import TaskTable
from .tenants import TenantTable

__all__ = [
    "Database",
    "ExperimentRow",
    "ExperimentTable",
    "PipelineRow",
    "PipelineTable",
    "RecurringRunRow",
    "RecurringRunTable",
    "RunRow",
    "RunTable",
    "StateEntry",
    "Store",
    "StoreError",
    "TaskTable",
    "TenantTable",
    "VersionRow",
    "back_up",
]
