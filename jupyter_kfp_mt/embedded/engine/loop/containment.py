"""A fault of ours ends the run it was about, and nothing else."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

log = logging.getLogger(__name__)


class Containment:
    """Does pieces of the engine's work; what is raised in one does not end the engine's thread.

    A store that cannot be written (sqlite3.OperationalError: a full disk, mostly) is no fault of ours and is
    raised on: the engine tries again.
    """

    def __init__(self, give_up: Callable[[str, str], None]) -> None:
        self._give_up = give_up  # takes the id of a run, and why
        self._last = ""

    def contain_run(self, run_id: str, action: Callable[[], None]) -> None:
        """Do something for a run; a fault ends the run."""
        fault = self._catch(f"run {run_id}", action)
        if fault:
            self._give_up(run_id, f"The engine failed: {fault}")

    def contain(self, what: str, action: Callable[[], None]) -> bool:
        """Do something that is for no run; returns whether it went well."""
        return not self._catch(what, action)

    def _catch(self, what: str, action: Callable[[], None]) -> str:
        try:
            action()
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            # The one place that catches everything: without it, one odd run would end the work of all
            # tenants, and the server would go on answering as if their runs would ever start.
            fault = f"{type(error).__name__}: {error}"
            if (repeated := f"{what}: {fault}") != self._last:
                log.exception("a fault of the engine, about %s", what)
            self._last = repeated
            return fault
        return ""
