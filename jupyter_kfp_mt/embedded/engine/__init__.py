"""Runs compiled pipelines on this machine.

One task from submit to SUCCEEDED, in five files: `engine.py` (the loop) → `plan/plan.py` (what is next) →
`execution/attempts.py` (starts it, reads how it ended) → `execution/jobs.py` (the job for a supervisor) →
`worker/supervisor.py` (runs it).
"""

from __future__ import annotations

from .engine import Engine
from .execution.folders import LogPart
from .execution.problems import Problem
from .execution.unknown_folders import UnknownFolders
from .limits import Limits

__all__ = ["Engine", "Limits", "LogPart", "Problem", "UnknownFolders"]
