"""Details of a run on a cluster: from its Argo Workflow, from Kubernetes and from KFP's archive of logs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....models import AccessList, Artifact, LogChunk, PodView, Run, Task
from ....pipeline_spec.task_plan import read_task_plan
from ...backend import Backend
from ...explain import Explanation, Facts
from ...tasks.rows import cancel_stopped, select_groups, select_leaves
from ..details import MadeArtifact, TaskReport
from .artifacts import save_artifact
from .facts import collect_run_facts, collect_task_facts, explain_run_wait
from .grants import list_grants
from .logs import read_log
from .pods import view_pod
from .run import read_steps
from .values import add_values


class ClusterDetails:
    """The `Details` of a run on a cluster."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @property
    def has_pods(self) -> bool:
        """Whether tasks are pods that can be asked for: from outside of the cluster they cannot."""
        return self._backend.kubernetes is not None

    def may_run(self) -> bool | None:
        """Return whether the account may start runs, as Kubernetes reports it."""
        backend = self._backend
        if backend.kubernetes is None:
            return None
        return backend.caches.rights.may_run(backend.kubernetes, backend.context.namespace)

    def list_grants(self) -> AccessList:
        """Return the owner of the namespace and whom its RoleBindings name."""
        return list_grants(self._backend.kubernetes, self._backend.context)

    def report_tasks(self, run: Run) -> TaskReport:
        """Return the tasks of `run`: of its Workflow, or what KFP reports if there is none to read."""
        tasks = [step.task for step in read_steps(self._backend, run).steps] or run.task_details
        leaves = select_leaves(tasks, read_task_plan(run.pipeline_spec))
        groups = cancel_stopped(select_groups(tasks), run)
        return TaskReport(cancel_stopped(leaves, run), groups, is_complete=False)

    def add_values(self, run: Run, tasks: Sequence[Task], *, metrics_only: bool = False) -> list[Task]:
        """Return `tasks` with their inputs and outputs, as far as what the launcher wrote can be read."""
        return add_values(self._backend, run, tasks, metrics_only=metrics_only)

    def measure_artifact(self, artifact: Artifact) -> int | None:
        """Return None: a store would have to be asked for each."""
        return None

    def save_artifact(self, made: MadeArtifact, path: Path) -> None:
        """Write the file of an artifact to `path`."""
        save_artifact(self._backend, read_steps(self._backend, made.run), made, path)

    def read_log(
        self, run: Run, task_id: str, *, offset: int = 0, attempt: int = 0, tail: int = 0
    ) -> LogChunk:
        """Return a part of a task's log: from byte `offset`, or its last `tail` lines."""
        return read_log(self._backend, run, task_id, offset=offset, attempt=attempt, tail=tail)

    def view_pod(self, run: Run, task_id: str, attempt: int) -> PodView:
        """Return the pod of an attempt at a task."""
        return view_pod(self._backend, run, task_id, attempt)

    def collect_facts(self, run: Run, task: Task | None) -> Facts | None:
        """Return what may explain why `task`, or the run itself, failed."""
        if task is None:
            return collect_run_facts(self._backend, run)
        return collect_task_facts(self._backend, run, task)

    def explain_wait(self, run: Run) -> Explanation | None:
        """Return what an active run waits for."""
        return explain_run_wait(self._backend, run)
