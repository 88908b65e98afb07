"""Contains a bug of the engine: it ends the run that was being handled, and nothing else."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

from .current_run import CurrentRun

log = logging.getLogger(__name__)


class Containment:
    """Runs actions of the engine; an exception in one of them does not end the engine's thread.

    A store that cannot be written (sqlite3.OperationalError, usually a full disk) is not a bug and is raised:
    the engine tries again. What ends the process itself leaves its mark in `current`.
    """

    def __init__(self, give_up: Callable[[str, str], None], current: CurrentRun) -> None:
        self._give_up = give_up  # takes the id of a run and the reason
        self._current = current
        self._last = ""
        self.worked_on: set[str] = set()  # runs, since somebody has cleared this

    def contain_run(self, run_id: str, action: Callable[[], object], task: str = "") -> None:
        """Run an action for a run, or for its task at this path; an exception ends the run."""
        self.worked_on.add(run_id)
        with self._current.mark(run_id, task):
            fault = self._catch(f"run {run_id}", action)
        if fault:
            self._give_up(run_id, f"The engine failed: {fault}")

    def contain(self, what: str, action: Callable[[], object]) -> bool:
        """Run an action that belongs to no run; returns whether it succeeded."""
        return not self._catch(what, action)

    def _catch(self, what: str, action: Callable[[], object]) -> str:
        try:
            action()
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            # The one place that catches everything: without it, one odd run would stop the runs of all
            # tenants, and the server would go on accepting runs that never start.
            fault = f"{type(error).__name__}: {error}"
            if (repeated := f"{what}: {fault}") != self._last:
                log.exception("the engine failed: %s", what)
            self._last = repeated
            return fault
        return ""
