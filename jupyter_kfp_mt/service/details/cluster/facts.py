"""Facts about a task that failed or waits, from Kubernetes, Argo and its log; the rules explain them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import msgspec

from ....errors import KfpError
from ....kube import KubernetesEvent, Pod
from ....lists import name_in_loop
from ....models import Phase, Run, Task, known_time
from ...backend import Backend
from ...explain import LOG_LINES, Explanation, Facts, Said, explain_wait, make_facts
from .logs import read_copy
from .run import Place, find_step, read_steps

_NO_NEWS = ("", "Completed", "PodInitializing", "ContainerCreating")  # reasons of containers
_PROGRESS = ("Pulled", "Created", "Started")  # events of the kubelet about a container
_BEFORE_CONTAINERS = ("FailedScheduling", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")


def collect_task_facts(backend: Backend, run: Run, task: Task) -> Facts:
    """Return all that may explain why `task` failed or waits; what may not be read is left out."""
    steps = read_steps(backend, run)
    step = find_step(steps, task.task_id)
    if step is None:
        return make_facts(task)
    driver = step.driver is not None and step.driver.failed
    attempt = step.driver if driver else step.attempts[-1] if step.attempts else step.driver
    task = msgspec.structs.replace(task, reason=step.message or task.reason)
    if attempt is None:
        return make_facts(task, driver=driver)
    return _collect_pod_facts(backend, task, Place(run, steps.namespace, attempt), driver=driver)


def collect_run_facts(backend: Backend, run: Run) -> Facts | None:
    """Return what may explain why a run failed in which no step failed; None if nothing does."""
    steps = read_steps(backend, run)
    driver, message = steps.root.driver, steps.root.message
    if driver is not None and driver.failed:
        itself = Task(display_name=run.display_name, reason=driver.message)
        place = Place(run, steps.namespace, driver)
        return _collect_pod_facts(backend, itself, place, driver=True)._replace(is_run=True)
    if not message:
        return None
    return make_facts(Task(display_name=run.display_name, reason=message))._replace(is_run=True)


def _collect_pod_facts(backend: Backend, task: Task, place: Place, *, driver: bool) -> Facts:
    attempt, log = place.attempt, ""
    states: tuple[Said, ...] = ()
    events: tuple[Said, ...] = ()
    pod: Pod | None = None
    if backend.kubernetes is not None:
        with suppress(KfpError):
            pod = backend.kubernetes.read_pod(attempt.pod, place.namespace)
            states = states_of(pod) if pod is not None else ()
        with suppress(KfpError):
            uid = pod.metadata.uid if pod is not None else ""
            found = backend.kubernetes.list_events_of_pod(attempt.pod, place.namespace)
            events = events_of(event for event in found if uid in ("", event.involved_object.uid))
    if attempt.phase != "Pending":
        with suppress(KfpError):
            log = read_copy(backend, place).last(LOG_LINES).text.decode(errors="replace")
    facts = make_facts(task, log, states=states, events=events, driver=driver)
    facts = facts._replace(namespace=place.namespace, pod=attempt.pod)
    with suppress(KfpError):
        facts = facts._replace(kfp_version=backend.health().tag_name)
    return facts


def states_of(pod: Pod) -> tuple[Said, ...]:
    """Return why the containers of a pod wait or how they ended, then what the pod itself says."""
    present = [container.state for container in pod.containers]
    earlier = [container.last_state for container in pod.containers]
    details = [state.waiting for state in present]
    details += [state.terminated for state in present]
    details += [state.waiting or state.terminated for state in earlier]
    said = [Said(each.reason, each.message) for each in details if each and each.reason not in _NO_NEWS]
    conditions = [each for each in pod.status.conditions or [] if each.status == "False" and each.message]
    said += [Said(each.reason, each.message) for each in conditions if each.type == "PodScheduled"]
    disrupted = [each for each in pod.status.conditions or [] if each.type == "DisruptionTarget"]
    said += [Said(each.reason, each.message) for each in disrupted if each.status == "True"]
    if pod.status.reason or pod.status.message:
        said.append(Said(pod.status.reason, pod.status.message))
    return tuple(said)


def events_of(events: Iterable[KubernetesEvent]) -> tuple[Said, ...]:
    """Return what went wrong around a pod and has not been overcome since, oldest first."""
    wrong: list[KubernetesEvent] = []
    for event in events:
        if event.type == "Warning":
            wrong.append(event)
        else:
            wrong = [each for each in wrong if not _is_overcome(each, event)]
    return tuple(Said(event.reason, event.message) for event in wrong)


def _is_overcome(warning: KubernetesEvent, event: KubernetesEvent) -> bool:
    """Whether the later `event` shows that what `warning` says is over."""
    if event.reason == "Scheduled":
        return warning.reason == "FailedScheduling"
    if event.reason not in _PROGRESS:
        return False
    same_container = warning.involved_object.field_path == event.involved_object.field_path
    return same_container or warning.reason in _BEFORE_CONTAINERS


def explain_run_wait(backend: Backend, run: Run) -> Explanation | None:
    """Return what the first task of an active run that has not started for a minute waits for."""
    now = backend.clock.now()
    for step in read_steps(backend, run).steps:
        started = known_time(step.task.start_time)
        pods = [*step.attempts[-1:], *([step.driver] if step.driver is not None else [])]
        if started is None or step.task.phase.ended or not any(pod.phase == "Pending" for pod in pods):
            continue
        if step.task.phase in (Phase.PENDING, Phase.RUNNING):
            task = name_in_loop(step.task, [each.task for each in read_steps(backend, run).steps])
            facts = collect_task_facts(backend, run, task)
            return explain_wait(facts, (now - started).total_seconds(), task_id=step.task.task_id)
    return _explain_wait_for_driver(backend, run)


def _explain_wait_for_driver(backend: Backend, run: Run) -> Explanation | None:
    """Return what a run without steps waits for, if its driver has not started for a minute."""
    steps = read_steps(backend, run)
    driver, started = steps.root.driver, steps.root.started
    if steps.steps or driver is None or started is None or driver.phase != "Pending":
        return None
    itself = Task(display_name=run.display_name, reason=driver.message)
    facts = _collect_pod_facts(backend, itself, Place(run, steps.namespace, driver), driver=True)
    return explain_wait(facts._replace(is_run=True), (backend.clock.now() - started).total_seconds())
