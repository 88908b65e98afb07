"""The steps of a run and their pods, from its Argo Workflow."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from ....client import filters
from ....client import runs as requests
from ....errors import KfpError
from ....models import Run, Task
from ...backend import Backend
from ...tasks.launcher import cache_hit_of
from ...tasks.unwrap import unwrap
from ...tasks.workflow import Attempt, RunStep, RunSteps, Workflow, list_steps, read_root, read_workflow

_EARLIER_RUNS = 50  # searched for an execution


class Place(NamedTuple):
    """Where a part of a run ran: one pod in one namespace."""

    run: Run
    namespace: str
    attempt: Attempt


class WorkflowOrigin(NamedTuple):
    """The execution that a task took its results from."""

    run_id: str
    execution_id: str


def read_steps(backend: Backend, run: Run) -> RunSteps:
    """Return the steps of a run; none if this server does not hand out its Workflow.

    One call of KFP's v1beta1 interface, at most every few seconds for one run, and one more for each state
    that KFP reports: what is kept of a running run is not what it ended with.
    """
    key = (run.run_id, run.state, *(f"{task.task_id} {task.state}" for task in run.task_details))
    kept = backend.caches.workflows.get(key)
    if kept is not None:
        return kept
    workflow, reported_as = unwrap(_read_workflow(backend, run) or Workflow())
    steps = list_steps(workflow, run.run_id, run.task_details, reported_as)
    namespace = run.namespace or workflow.metadata.namespace or backend.context.install_namespace
    return backend.caches.workflows.put(key, RunSteps(steps, namespace, read_root(workflow)))


def _read_workflow(backend: Backend, run: Run) -> Workflow | None:
    try:
        return read_workflow(backend.api.call(requests.get_workflow(run.run_id)).manifest)
    except KfpError:
        return None  # the run is shown with less


def find_origin(backend: Backend, run: Run, driver_log: str) -> WorkflowOrigin | None:
    """Return where a task of `run` that KFP took from the cache comes from, by the log of its driver.

    KFP's own book of the cache has it; else an earlier run of this namespace reports the execution.
    """
    hit = cache_hit_of(driver_log)
    if hit is None:
        return None
    run_id = ""
    with suppress(KfpError):
        entries = backend.api.call(requests.list_cache_entries(hit.fingerprint)).tasks
        run_id = next((each.run_id for each in entries if each.execution_id == hit.execution_id), "")
    run_id = run_id or _find_run_of_execution(backend, run, hit.execution_id)
    return WorkflowOrigin(run_id, hit.execution_id) if run_id else None


def _find_run_of_execution(backend: Backend, run: Run, execution_id: str) -> str:
    """Return the id of an earlier run of this namespace that ran an execution; empty if none is found.

    KFP reports executions as nameless tasks of the run, which the launcher registers for the cache.
    """
    if run.created_at is None:
        return ""
    until = {
        "operation": "LESS_THAN",
        "key": "created_at",
        "timestamp_value": filters.moment(run.created_at),
    }
    request = requests.list_runs(
        backend.namespace(), [until], sort_by="created_at desc", page_size=_EARLIER_RUNS
    )
    wanted = re.compile(rb'"execution_id": *"%d"' % int(execution_id))
    for earlier in backend.api.call(request).runs:
        if wanted.search(bytes(earlier.run_details)):
            return earlier.run_id
    return ""


def find_step(steps: RunSteps, task_id: str) -> RunStep | None:
    """Return the step of a task."""
    return next((step for step in steps.steps if step.task.task_id == task_id), None)


def find_place(backend: Backend, run: Run, task_id: str, attempt: int) -> tuple[Task, int, Place | None]:
    """Return a task, the number of one of its attempts (0 is the last) and its pod, if there was one.

    An empty id stands for the run's own driver, which runs before its first task. Raises `not-found`.
    """
    steps = read_steps(backend, run)
    if not task_id:
        driver = steps.root.driver
        place = Place(run, steps.namespace, driver) if driver is not None else None
        return Task(run_id=run.run_id, display_name=run.display_name), 1, place
    step = find_step(steps, task_id)
    if step is None:
        raise backend.not_found_error("task", task_id[:80], Task)
    tries = step.attempts or ((step.driver,) if step.driver is not None else ())
    if attempt > len(tries):
        raise backend.not_found_error("attempt", str(attempt), Task)
    number = attempt or len(tries)
    return step.task, number, Place(run, steps.namespace, tries[number - 1]) if tries else None
