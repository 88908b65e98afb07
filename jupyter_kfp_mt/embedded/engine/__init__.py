"""Runs compiled pipelines on this machine.

One task from submit to SUCCEEDED, in five files: `engine.py` (the loop) → `plan.py` (what is next) →
`attempts.py` (starts it, reads how it ended) → `jobs.py` (what a supervisor is told) →
`worker/supervisor.py` (runs it).
"""

from __future__ import annotations

from .engine import Clock, Engine, Limits
from .execution.folders import LogPart
from .execution.problems import Problem

__all__ = ["Clock", "Engine", "Limits", "LogPart", "Problem"]
