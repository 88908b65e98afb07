"""Experiments."""

from __future__ import annotations

from datetime import datetime

import msgspec

from .common import PageQuery


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """A named group of runs in a namespace."""

    experiment_id: str
    display_name: str = ""
    description: str = ""
    created_at: datetime | None = None
    namespace: str = ""
    storage_state: str = "AVAILABLE"
    last_run_created_at: datetime | None = None


class ExperimentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of experiments."""

    experiments: list[Experiment] = []
    total_size: int = 0
    next_page_token: str = ""


class ExperimentView(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment, and how much goes with it when it is archived or deleted."""

    experiment: Experiment
    runs: int = 0  # that are not archived
    recurring_runs: int | None = None  # that are switched on; None if the server does not list them


class ExperimentQuery(PageQuery, frozen=True, kw_only=True):
    """A page of experiments, as asked for."""

    archived: bool = False


class ExperimentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a new experiment."""

    display_name: str
    description: str = ""
