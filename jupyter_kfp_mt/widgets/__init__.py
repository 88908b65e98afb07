"""Runs in a cell: a panel, a submit form, a card of a run, a table of runs (ipywidgets).

They show traits, and act through the same service as `%kfp`.
"""

from __future__ import annotations

from .card import RunCard
from .form import SubmitForm
from .panel import KfpPanel
from .table import RunsTable

__all__ = ["KfpPanel", "RunCard", "RunsTable", "SubmitForm"]
