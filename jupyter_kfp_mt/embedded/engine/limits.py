"""What the engine may use of the machine."""

from __future__ import annotations

import os

import msgspec

from ...bounds import RunBounds

_TASKS_PER_CORE, _FEWEST_TASKS = 4, 8  # most tasks wait, for the network or for each other


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine may use; 0 and "" mean that the machine decides."""

    tasks: int = 0  # running at once; 0: four for each core, at least eight
    log_bytes: int = 16 * 1024 * 1024  # of one attempt
    run: RunBounds = RunBounds()
    turn: float = 15.0  # seconds; an engine counts as hung when one of its turns takes longer
    executor: str = ""  # "fork" or "subprocess"; "": JUPYTER_KFP_MT_EXECUTOR, else what works here

    @property
    def slots(self) -> int:
        """How many tasks may run at once."""
        return self.tasks or max(_FEWEST_TASKS, _TASKS_PER_CORE * (os.cpu_count() or 1))
