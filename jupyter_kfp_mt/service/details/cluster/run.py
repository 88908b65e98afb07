"""The steps of a run and their pods, from its Argo Workflow."""

from __future__ import annotations

from typing import NamedTuple

from ....client import runs as requests
from ....errors import KfpError
from ....models import Run, Task
from ...backend import Backend
from ...tasks.unwrap import unwrap
from ...tasks.workflow import Attempt, RunStep, RunSteps, Workflow, list_steps, read_root, read_workflow


class Place(NamedTuple):
    """Where a part of a run ran: one pod in one namespace."""

    run: Run
    namespace: str
    attempt: Attempt


def read_steps(backend: Backend, run: Run) -> RunSteps:
    """Return the steps of a run; none if this server does not hand out its Workflow.

    One call of KFP's v1beta1 interface, at most every few seconds for one run.
    """
    kept = backend.caches.workflows.get(run.run_id)
    if kept is not None:
        return kept
    workflow, reported_as = unwrap(_read_workflow(backend, run) or Workflow())
    steps = list_steps(workflow, run.run_id, run.task_details, reported_as)
    namespace = run.namespace or workflow.metadata.namespace or backend.context.install_namespace
    return backend.caches.workflows.put(run.run_id, RunSteps(steps, namespace, read_root(workflow)))


def _read_workflow(backend: Backend, run: Run) -> Workflow | None:
    try:
        return read_workflow(backend.api.call(requests.get_workflow(run.run_id)).manifest)
    except KfpError:
        return None  # the run is shown with less


def find_step(steps: RunSteps, task_id: str) -> RunStep | None:
    """Return the step of a task."""
    return next((step for step in steps.steps if step.task.task_id == task_id), None)


def find_place(backend: Backend, run: Run, task_id: str, attempt: int) -> tuple[Task, int, Place | None]:
    """Return a task, the number of one of its attempts (0 is the last) and its pod, if there was one.

    Raises `not-found`.
    """
    steps = read_steps(backend, run)
    step = find_step(steps, task_id)
    if step is None:
        raise backend.not_found_error("task", task_id[:80], Task)
    tries = step.attempts or ((step.driver,) if step.driver is not None else ())
    if attempt > len(tries):
        raise backend.not_found_error("attempt", str(attempt), Task)
    number = attempt or len(tries)
    return step.task, number, Place(run, steps.namespace, tries[number - 1]) if tries else None
