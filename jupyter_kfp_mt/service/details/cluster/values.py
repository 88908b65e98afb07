"""Inputs and outputs of tasks, from the command line of KFP's launcher and from what it wrote into the log.

A log costs a call or more, so it is read only for tasks that have outputs, a few at a time, and what it said
is kept: an attempt that has ended never says anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from ....callers import carry
from ....client import runs as requests
from ....client.api import TRANSIENT
from ....errors import KfpError, KfpRefusedError
from ....models import Phase, Run, Task, TaskValues
from ....notebooks.task import EXECUTE, OUTPUT
from ...backend import Backend
from ...state.podlogs import KEPT
from ...tasks.importer import ImportedArtifact, find_address, read_import
from ...tasks.launcher import launch_of, outputs_of, read_object, take_object
from ...tasks.rows import is_metrics
from ...tasks.workflow import Attempt, RunStep
from .logs import read_copy
from .run import Place, find_origin, find_step, read_steps

MOST = 200  # tasks of one run whose outputs are read
AT_ONCE = 4  # logs
SMALL = 64 * 1024  # bytes of the values of one task that are kept

_UNREPORTED = "This KFP does not report task inputs and outputs."
_NOT_PRINTED = "KFP's launcher has not written them into the log of the task."
_TOO_MANY = f"Only those of {MOST} tasks are read at once."
_NO_SOURCE = "They were taken from the cache, and KFP does not say of which run."


def add_values(backend: Backend, run: Run, tasks: Sequence[Task], *, metrics_only: bool) -> list[Task]:
    """Return `tasks` with their inputs and outputs; `outputs_unread` says why those of a task are not known.

    With `metrics_only` no log is read of a task that is known to make no metrics.
    """
    steps = read_steps(backend, run)
    pairs = [(task, find_step(steps, task.task_id)) for task in tasks]
    described = [_add_inputs(task, step) for task, step in pairs]
    wanted = [
        (number, Place(run, steps.namespace, attempt), described[number])
        for number, (task, step) in enumerate(pairs)
        if (attempt := _attempt_with_outputs(task, step)) is not None
        and not (metrics_only and (attempt.patch or attempt.importer) and not _makes_metrics(attempt))
    ]
    for number, _, task in wanted[MOST:]:
        described[number] = msgspec.structs.replace(task, outputs_unread=_TOO_MANY)
    for number, task in _read_all(backend, wanted[:MOST]):
        described[number] = task
    return described


def _add_inputs(task: Task, step: RunStep | None) -> Task:
    if step is None or not step.attempts:
        unread = _UNREPORTED if step is None and task.phase is Phase.SUCCEEDED else ""
        return msgspec.structs.replace(task, outputs_unread=unread)
    patch = step.attempts[-1].patch
    launch = launch_of(patch)
    made = TaskValues()
    if task.phase is Phase.FAILED and EXECUTE in patch and OUTPUT in launch.outputs.artifacts:
        # a notebook's task writes it in any case, and the launcher of KFP 2.17 and newer uploads it
        made = TaskValues(artifacts={OUTPUT: launch.outputs.artifacts[OUTPUT]})
    return msgspec.structs.replace(task, inputs=launch.inputs, outputs=made)


def _attempt_with_outputs(task: Task, step: RunStep | None) -> Attempt | None:
    """Return the pod whose log leads to the outputs of a task: of a cached one its driver's."""
    if step is None:
        return None
    if task.phase is Phase.CACHED:
        return step.driver
    return step.attempts[-1] if task.phase is Phase.SUCCEEDED and step.attempts else None


def _makes_metrics(attempt: Attempt) -> bool:
    if attempt.importer is not None:
        return is_metrics(read_import(attempt.importer).artifact)
    planned = launch_of(attempt.patch).outputs.artifacts
    return any(is_metrics(artifact) for listed in planned.values() for artifact in listed)


def _read_all(backend: Backend, wanted: Sequence[tuple[int, Place, Task]]) -> Iterable[tuple[int, Task]]:
    """Yield the tasks with their outputs; a refusal or a lost connection at the first one counts for all."""
    refusal = ""
    for number, place, task in wanted[:1]:
        try:
            yield number, _read(backend, place, task)
        except KfpError as error:
            yield number, _without(task, error)
            refusal = _explain(error) if _counts_for_all(error) else ""
    rest = wanted[1:]
    if refusal:
        for number, _, task in rest:
            yield number, msgspec.structs.replace(task, outputs_unread=refusal)
        return
    try_to_read = carry(partial(_try_to_read, backend))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="kfp-outputs") as pool:
        read = pool.map(try_to_read, [place for _, place, _ in rest], [task for _, _, task in rest])
        yield from zip((number for number, _, _ in rest), read, strict=True)


def _counts_for_all(error: KfpError) -> bool:
    return isinstance(error, KfpRefusedError) or error.code in TRANSIENT


def _try_to_read(backend: Backend, place: Place, task: Task) -> Task:
    try:
        return _read(backend, place, task)
    except KfpError as error:
        return _without(task, error)


def _without(task: Task, error: KfpError) -> Task:
    return msgspec.structs.replace(task, outputs_unread=_explain(error))


def _explain(error: KfpError) -> str:
    return f"{error.message} {error.why}".strip()


def _read(backend: Backend, place: Place, task: Task) -> Task:
    """Return `task` with its outputs; raises what keeps its log from being read."""
    key = (place.namespace, place.attempt.pod)
    kept = backend.caches.outputs.get(key)
    if kept is None:
        kept = _read_values(backend, place, task)
        if place.attempt.ended and not kept.outputs_unread and len(msgspec.json.encode(kept)) <= SMALL:
            backend.caches.outputs.put(key, kept)
    return msgspec.structs.replace(
        task,
        inputs=kept.inputs,
        outputs=kept.outputs,
        cached_from_run_id=kept.cached_from_run_id,
        outputs_unread=kept.outputs_unread,
    )


def _read_values(backend: Backend, place: Place, task: Task) -> Task:
    if task.phase is Phase.CACHED:
        return _read_cached(backend, place)
    if place.attempt.importer is not None:
        return _read_import(backend, place, read_import(place.attempt.importer), task)
    return _read_own(backend, place)


def _read_import(backend: Backend, place: Place, made: ImportedArtifact, task: Task) -> Task:
    """Return the values of an importer; a log is read only if nothing else has the address."""
    uri = made.artifact.uri
    if not uri and not task.parent_task_id:
        given = read_object(read_steps(backend, place.run).root.runtime_config)
        uri = str(take_object(given, "parameterValues").get(made.source, ""))
    uri = uri or find_address(_read_text(backend, place))
    if not uri:
        return Task(outputs_unread=_NOT_PRINTED)
    inputs, outputs = made.at(uri)
    return Task(inputs=inputs, outputs=outputs)


def _read_own(backend: Backend, place: Place) -> Task:
    """Return the values of a task that ran."""
    if not place.attempt.patch:  # of KFP 1: it has no launcher that prints them
        return Task(outputs_unread=_UNREPORTED)
    launch = launch_of(place.attempt.patch)
    outputs = outputs_of(_read_text(backend, place), launch.outputs)
    if outputs is None:
        return Task(inputs=launch.inputs, outputs_unread=_NOT_PRINTED)
    return Task(inputs=launch.inputs, outputs=outputs)


def _read_cached(backend: Backend, place: Place) -> Task:
    """Return the values of a task that KFP took from the cache: those of the execution that filled it."""
    origin = find_origin(backend, place.run, _read_text(backend, place))
    if origin is None:
        return Task(outputs_unread=_NO_SOURCE)
    run = backend.api.call(requests.get_run(origin.run_id))
    backend.guard(run)
    steps = read_steps(backend, run)
    tries = [attempt for step in steps.steps for attempt in step.attempts]
    source = next((each for each in tries if launch_of(each.patch).execution_id == origin.execution_id), None)
    if source is None:
        return Task(cached_from_run_id=origin.run_id, outputs_unread=_NO_SOURCE)
    try:
        own = _read(backend, Place(run, steps.namespace, source), Task(phase=Phase.SUCCEEDED))
    except KfpError as error:
        own = _without(Task(inputs=launch_of(source.patch).inputs), error)
    return msgspec.structs.replace(own, cached_from_run_id=origin.run_id)


def _read_text(backend: Backend, place: Place) -> str:
    return read_copy(backend, place).part(0, KEPT).text.decode(errors="replace")
