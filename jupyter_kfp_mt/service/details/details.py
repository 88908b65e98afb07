"""What a server knows beyond KFP's API: our rights; a run's tasks, logs and pods; why it failed or waits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from ...models import AccessList, Artifact, LogChunk, PodView, Run, Task
from ..explain import Explanation, Facts


class TaskReport(NamedTuple):
    """What a server reports about the tasks of a run."""

    tasks: list[Task]
    groups: list[Task]  # what holds the tasks; empty where the server does not report it
    is_complete: bool  # whether tasks that have not started are among them


class MadeArtifact(NamedTuple):
    """An artifact among the outputs of a task."""

    run: Run
    task: Task
    output: str
    number: int  # of an output that is a list, from 0
    artifact: Artifact


class Details(Protocol):
    """What a server knows beyond KFP's API.

    Every run that is passed in has passed the guard between namespaces.
    """

    @property
    def has_pods(self) -> bool:
        """Whether tasks are pods that can be asked for."""

    def may_run(self) -> bool | None:
        """Return whether this account may start runs in the chosen namespace, None while unknown."""

    def list_grants(self) -> AccessList:
        """Return who has access to the chosen namespace, as far as this account may know."""

    def report_tasks(self, run: Run) -> TaskReport:
        """Return the tasks of `run` in the order of their start."""

    def add_values(self, run: Run, tasks: Sequence[Task], *, metrics_only: bool = False) -> list[Task]:
        """Return `tasks` with their inputs and outputs; `outputs_unread` says why some are not known.

        With `metrics_only` the outputs of tasks that make no metrics may be missing.
        """

    def save_artifact(self, made: MadeArtifact, path: Path) -> None:
        """Write the file, or the folder, of an artifact to `path`; raises `artifact-unread`."""

    def measure_artifact(self, artifact: Artifact) -> int | None:
        """Return the bytes of the file, or of the files of the folder; None where that is not known."""

    def read_log(self, run: Run, task_id: str, *, offset: int, attempt: int, tail: int) -> LogChunk:
        """Return a part of a task's log: from byte `offset`, or its last `tail` lines.

        `attempt` counts from 1; 0 is the last one. An empty `task_id` stands for what KFP runs before the
        first task. Raises `not-found` and `logs-gone`.
        """

    def view_pod(self, run: Run, task_id: str, attempt: int) -> PodView:
        """Return the pod of an attempt at a task, or for an empty id of what KFP runs before the first one.

        Raises `not-found`.
        """

    def collect_facts(self, run: Run, task: Task | None) -> Facts | None:
        """Return what may explain why `task` failed, or, without one, the run; skips what it cannot read."""

    def explain_wait(self, run: Run) -> Explanation | None:
        """Return what an active run waits for; None if there is nothing to say."""
