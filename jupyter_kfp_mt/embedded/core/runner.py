"""What the core needs of the engine; the real one is `embedded.engine.Engine`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...pipeline_spec import Package


class Problem(Protocol):
    """A task that cannot run on this host, and why."""

    @property
    def task(self) -> str:
        """The task's name."""

    @property
    def reason(self) -> str:
        """One sentence."""


class LogPart(Protocol):
    """A part of a task's log."""

    @property
    def data(self) -> bytes:
        """The bytes from the offset that was asked for."""

    @property
    def next_offset(self) -> int:
        """Where to go on."""

    @property
    def complete(self) -> bool:
        """Whether nothing more will come."""

    @property
    def attempt(self) -> int:
        """Which attempt this is of."""

    @property
    def truncated(self) -> bool:
        """Whether the log went beyond its limit, so that a part of it is not kept."""


class Runner(Protocol):
    """Runs what the core has stored."""

    def problems(self, package: Package) -> Sequence[Problem]:
        """Tasks that cannot run here; pure."""

    def submit(self, run_id: str) -> None:
        """Start a stored run."""

    def terminate(self, run_id: str) -> None:
        """Stop a run."""

    def retry(self, run_id: str) -> None:
        """Run again what failed."""

    def forget(self, run_id: str) -> None:
        """Stop the run and remove its files."""

    def empty(self, namespace: str) -> None:
        """Remove the volumes of a namespace whose runs have all been forgotten."""

    def read_log(
        self, run_id: str, task_id: str, *, attempt: int = 0, offset: int = 0, limit: int = 0
    ) -> LogPart:
        """Read a task's log; raises LookupError for what is unknown."""
