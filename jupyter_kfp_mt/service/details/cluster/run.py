"""A run on a cluster: its tasks from the Argo Workflow, its logs and reasons from Kubernetes.

Everything here comes after the guard between namespaces: a `Run` that is passed in has been let through.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from ....client import runs as requests
from ....errors import KfpError, KfpNotFoundError, kfp_error
from ....kube import Kubernetes, Pod
from ....models import Failure, LogChunk, Phase, Run, Task, known_time
from ...core import Core
from ...explain import Facts, explain_wait, facts_of, of_run
from ...explain.facts import Said, events_of, states_of
from ...state.podlogs import Copy, Part
from ...tasks.workflow import Seen, Step, Whole, Workflow, read_workflow, steps_of, whole_of
from . import archive

PART = 1024 * 1024  # bytes of a log in one answer
TAIL = 400  # lines in which a failure is looked for


def look(core: Core, run: Run) -> Seen:
    """Return the steps of a run; none where this server does not tell its Workflow.

    One call of KFP's old interface, at most every few seconds for one run.
    """
    kept = core.caches.workflows.get(run.run_id)
    if kept is not None:
        return kept
    workflow = _workflow(core, run)
    reported = run.task_details
    namespace = (
        run.namespace or (workflow.metadata.namespace if workflow else "") or core.context.install_namespace
    )
    steps = steps_of(workflow, run.run_id, reported) if workflow else []
    whole = whole_of(workflow) if workflow else Whole()
    return core.caches.workflows.put(run.run_id, Seen(steps, namespace, whole))


def _workflow(core: Core, run: Run) -> Workflow | None:
    try:
        return read_workflow(core.api.call(requests.get_workflow(run.run_id)).manifest)
    except KfpError:
        return None  # the run is shown with less


def tasks(core: Core, run: Run) -> list[Task]:
    """Return the tasks of a run as its Workflow tells them; none where it does not."""
    return [step.task for step in look(core, run).steps]


def chunk(core: Core, run: Run, task_id: str, *, offset: int, attempt: int, tail: int) -> LogChunk:
    """Return a part of a task's log from its pod; when that is gone from our copy or KFP's archive.

    Raises `not-found`, `logs-gone`, `logs-denied`, `kubernetes-unavailable`.
    """
    if not look(core, run).steps:
        raise kfp_error("logs-gone")
    task, number, place = place_of(core, run, task_id, attempt)
    if place is None:
        if task.phase.ended:
            raise kfp_error("logs-gone")  # skipped, or taken from the cache: nothing ran
        return _chunk(task, number, Part(b"", 0, 0, False), complete=False)
    pod, log = place.attempt, _log(core, place)
    part = log.last(tail) if tail else log.part(offset, PART)
    if core.kubernetes is None and not pod.ended:
        part = part._replace(source="pod")  # KFP has read it there for us
    ended = pod.ended or part.source != "pod"
    return _chunk(task, number, part, complete=ended and part.end == log.size)


def place_of(core: Core, run: Run, task_id: str, attempt: int) -> tuple[Task, int, archive.Place | None]:
    """Return a task, the number of one of its attempts (0 is the last) and the pod of that, if there was one.

    Raises `not-found`.
    """
    seen = look(core, run)
    step = _step(seen, task_id)
    if step is None:
        raise core.missing("task", task_id[:80], Task)
    tries = step.attempts or ((step.driver,) if step.driver is not None else ())
    if attempt > len(tries):
        raise core.missing("attempt", str(attempt), Task)
    number = attempt or len(tries)
    return step.task, number, archive.Place(run, seen.namespace, tries[number - 1]) if tries else None


def _log(core: Core, place: archive.Place) -> Copy:
    """The log of a pod; of one that is gone our copy when it has the end, else the archive's, else ours."""
    ours: Copy | None = None
    if core.kubernetes is None and place.attempt.phase in ("", "Pending"):
        return Copy()  # it has not begun
    if core.kubernetes is not None:
        with suppress(KfpNotFoundError):
            ours = _of_its_pod(core, core.kubernetes, place)
    if ours is not None and (ours.source == "pod" or ours.ended or not ours.whole):
        return ours  # the places in a copy that lacks its beginning are not those of the archive
    try:
        return archive.read(core, place)
    except KfpError:
        if ours is None:
            raise
        return ours


def _of_its_pod(core: Core, kubernetes: Kubernetes, place: archive.Place) -> Copy:
    """The log of the attempt's pod; not every Argo names pods as we think, so at last by the run's label."""
    pod, namespace, ended = place.attempt.pod, place.namespace, place.attempt.ended
    try:
        return core.caches.logs.read(kubernetes, pod, namespace, ended=ended)
    except KfpNotFoundError:
        name = _pod_by_label(kubernetes, place)
        if name in ("", pod):
            raise
        return core.caches.logs.read(kubernetes, name, namespace, ended=ended)


def _pod_by_label(kubernetes: Kubernetes, place: archive.Place) -> str:
    """The name of the pod that says it ran the attempt; empty where there is none or it may not be read."""
    found: list[Pod] = []
    with suppress(KfpError):
        found = kubernetes.pods_of_run(place.run.run_id, place.namespace)
    return next((pod.metadata.name for pod in found if pod.node_id == place.attempt.node_id), "")


def _chunk(task: Task, attempt: int, part: Part, *, complete: bool) -> LogChunk:
    return LogChunk(
        run_id=task.run_id,
        task_id=task.task_id,
        task=task.display_name,
        attempt=max(attempt, 1),
        source=part.source,
        text=part.text.decode(errors="replace"),
        offset=part.start,
        next_offset=part.end,
        truncated=part.truncated,
        complete=complete,
    )


def facts(core: Core, run: Run, task: Task) -> Facts:
    """Return all that may tell why `task` failed or waits; what may not be read is left out."""
    seen = look(core, run)
    step = _step(seen, task.task_id)
    if step is None:
        return facts_of(task)
    driver = step.driver is not None and step.driver.failed
    pod = step.driver if driver else step.attempts[-1] if step.attempts else step.driver
    told = msgspec.structs.replace(task, reason=step.message or task.reason)
    if pod is None:
        return facts_of(told, driver=driver)
    return _of_pod(core, told, archive.Place(run, seen.namespace, pod), driver=driver)


def facts_of_run(core: Core, run: Run) -> Facts | None:
    """Return what may tell why a run failed of which no step failed; None where nothing does."""
    seen = look(core, run)
    driver, message = seen.whole.driver, seen.whole.message
    itself = Task(display_name=run.display_name)
    if driver is not None and driver.failed:
        told = msgspec.structs.replace(itself, reason=driver.message)
        return _of_pod(core, told, archive.Place(run, seen.namespace, driver), driver=True)
    return facts_of(msgspec.structs.replace(itself, reason=message)) if message else None


def _of_pod(core: Core, task: Task, place: archive.Place, *, driver: bool) -> Facts:
    pod, log = place.attempt, ""
    states: tuple[Said, ...] = ()
    events: tuple[Said, ...] = ()
    if core.kubernetes is not None:
        with suppress(KfpError):
            found = core.kubernetes.pod(pod.pod, place.namespace)
            states = states_of(found) if found is not None else ()
        with suppress(KfpError):
            events = events_of(core.kubernetes.events_of_pod(pod.pod, place.namespace))
    if pod.phase != "Pending":
        with suppress(KfpError):
            log = _log(core, place).last(TAIL).text.decode(errors="replace")
    return facts_of(task, log, states=states, events=events, driver=driver)


def waiting(core: Core, run: Run) -> Failure | None:
    """Return what the first task of an active run waits for that has not started for a minute."""
    now = core.clock.now()
    for step in look(core, run).steps:
        begun = known_time(step.task.start_time)
        pods = [*step.attempts[-1:], *([step.driver] if step.driver is not None else [])]
        if begun is None or step.task.phase.ended or not any(pod.phase == "Pending" for pod in pods):
            continue
        if step.task.phase in (Phase.PENDING, Phase.RUNNING):
            told = explain_wait(facts(core, run, step.task), (now - begun).total_seconds())
            return msgspec.structs.replace(told, task_id=step.task.task_id) if told is not None else None
    return _waiting_for_driver(core, run)


def _waiting_for_driver(core: Core, run: Run) -> Failure | None:
    """What a run waits for that has no step yet, as its preparation has not started for a minute."""
    seen = look(core, run)
    driver, begun, _ = seen.whole
    if seen.steps or driver is None or begun is None or driver.phase != "Pending":
        return None
    place = archive.Place(run, seen.namespace, driver)
    told = _of_pod(core, Task(display_name=run.display_name, reason=driver.message), place, driver=True)
    waited = explain_wait(told, (core.clock.now() - begun).total_seconds())
    return of_run(waited) if waited is not None else None


def _step(seen: Seen, task_id: str) -> Step | None:
    return next((step for step in seen.steps if step.task.task_id == task_id), None)
