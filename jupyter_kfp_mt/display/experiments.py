"""Experiments: one, and as a table."""

from __future__ import annotations

from datetime import datetime

from ..lists import ExperimentList
from ..models import Experiment
from .blocks import Cell, Column, Lines, Table
from .cells import describe_rest, time_cell
from .formats import shorten_id


def describe_experiments(experiments: ExperimentList, now: datetime | None = None) -> Table:
    """Return experiments as a table."""
    columns = (Column("Name"), Column("Created"), Column("Last run"), Column("Id", mono=True))
    rows = [
        (
            Cell(each.display_name, title=each.description),
            time_cell(each.created_at, now),
            time_cell(each.last_run_created_at, now),
            Cell(shorten_id(each.experiment_id), title=each.experiment_id),
        )
        for each in experiments
    ]
    none = "No experiments yet. An experiment groups runs that belong together."
    empty = "No experiments match." if experiments.is_part else none
    return Table(columns, rows, describe_rest(len(rows), experiments.total_size), empty)


def describe_experiment(experiment: Experiment) -> Lines:
    """Return one experiment as a line."""
    place = f"{experiment.namespace} · {shorten_id(experiment.experiment_id)}"
    return Lines([(f"Experiment {experiment.display_name}", place)])
