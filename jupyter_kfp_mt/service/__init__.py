"""`KfpService`: everything that can be done with runs, experiments and pipelines in one namespace."""

from __future__ import annotations

from ..client import RetryPolicy
from ..clock import Clock
from .runs import WaitPolicy
from .service import KfpService, Policies
from .state.journal import Journal
from .state.presets import Presets
from .submit.settle import Settling

__all__ = [
    "Clock",
    "Journal",
    "KfpService",
    "Policies",
    "Presets",
    "RetryPolicy",
    "Settling",
    "WaitPolicy",
]
