"""The part of the engine that the core uses; tests put a stand-in in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ...pipeline_spec import Package
from ..engine import LogPart, Problem


class Runner(Protocol):
    """Executes the runs that the core has stored; `embedded.engine.Engine` is the real one."""

    def find_problems(self, package: Package, arguments: Mapping[str, Any]) -> Sequence[Problem]:
        """List the tasks that cannot run on this machine with these values of the run; starts nothing."""

    def find_fault(self) -> str:
        """Return why no task can start at the moment; empty when all is well."""

    def submit(self, run_id: str) -> None:
        """Start a stored run."""

    def terminate(self, run_id: str) -> None:
        """Stop a run."""

    def retry(self, run_id: str) -> None:
        """Run the failed tasks again."""

    def forget(self, run_id: str) -> None:
        """Stop the run and remove its files."""

    def remove_volumes(self, namespace: str) -> None:
        """Remove the volumes of a namespace whose runs have all been forgotten."""

    def read_log(
        self, run_id: str, task_id: str, *, attempt: int = 0, offset: int = 0, limit: int = 0
    ) -> LogPart:
        """Read a part of a task's log; raises LookupError for an unknown task or attempt."""
