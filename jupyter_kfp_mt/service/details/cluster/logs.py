"""Logs of tasks: from the pod while it exists, then from our copy or from KFP's archive."""

from __future__ import annotations

from contextlib import suppress

from ....errors import KfpError, KfpNotFoundError, kfp_error
from ....kube import Kubernetes, Pod
from ....models import LogChunk, Phase, Run, Task
from ...backend import Backend
from ...state.podlogs import LogCopy, LogSlice
from .archive import read_archive
from .run import Place, find_origin, find_place, read_steps

PART = 1024 * 1024  # bytes of a log in one response
_DRIVER_LINES = 1000


def read_log(backend: Backend, run: Run, task_id: str, *, offset: int, attempt: int, tail: int) -> LogChunk:
    """Return a part of a task's log.

    Raises `not-found`, `logs-gone`, `logs-denied`, `kubernetes-unavailable`.
    """
    if task_id and not read_steps(backend, run).steps:
        raise kfp_error("logs-gone")
    task, number, place = find_place(backend, run, task_id, attempt)
    if task.phase is Phase.CACHED:
        return _to_chunk(task, number, _describe_origin(backend, task, place), complete=True)
    if place is None:
        if task.phase is Phase.SKIPPED:
            raise kfp_error("logs-gone/skipped")
        if task.phase.ended:
            raise kfp_error("logs-gone")
        return _to_chunk(task, number, LogSlice(b"", 0, 0, False), complete=False)
    pod, log = place.attempt, read_copy(backend, place)
    part = log.last(tail) if tail else log.part(offset, PART)
    if backend.kubernetes is None and not pod.ended:
        part = part._replace(source="pod")  # KFP has read it there for us
    ended = pod.ended or part.source != "pod"
    return _to_chunk(task, number, part, complete=ended and part.end == log.size)


def read_copy(backend: Backend, place: Place) -> LogCopy:
    """Return the log of a pod; of a removed one our copy if complete, else the archive, else our copy."""
    ours: LogCopy | None = None
    if backend.kubernetes is None and place.attempt.phase in ("", "Pending"):
        return LogCopy()  # it has not started
    if backend.kubernetes is not None:
        with suppress(KfpNotFoundError):
            ours = _read_from_pod(backend, backend.kubernetes, place)
    if ours is not None and (ours.source == "pod" or ours.ended or not ours.whole):
        return ours  # offsets in a copy that lacks its start are not those of the archive
    try:
        return read_archive(backend, place)
    except KfpError:
        if ours is None:
            raise
        return ours


def _read_from_pod(backend: Backend, kubernetes: Kubernetes, place: Place) -> LogCopy:
    """Return the log of the attempt's pod; if none has the expected name, of the one with the run's label.

    Not every version of Argo names pods as `Workflow.pod_name` expects.
    """
    pod, namespace, ended = place.attempt.pod, place.namespace, place.attempt.ended
    try:
        return backend.caches.logs.read(kubernetes, pod, namespace, ended=ended)
    except KfpNotFoundError:
        name = _find_pod_by_label(kubernetes, place)
        if name in ("", pod):
            raise
        return backend.caches.logs.read(kubernetes, name, namespace, ended=ended)


def _find_pod_by_label(kubernetes: Kubernetes, place: Place) -> str:
    """Return the name of the pod annotated with the attempt's node; empty if none is, or it is denied."""
    pods: list[Pod] = []
    with suppress(KfpError):
        pods = kubernetes.list_pods_of_run(place.run.run_id, place.namespace)
    return next((pod.metadata.name for pod in pods if pod.node_id == place.attempt.node_id), "")


def _describe_origin(backend: Backend, task: Task, place: Place | None) -> LogSlice:
    """Return what stands for the log of a task that took its results from the cache: where they are from.

    Its driver's log has the execution whose results it took, and the run of that execution reports it.
    """
    origin = ""
    if place is not None:
        with suppress(KfpError):
            driver = read_copy(backend, place).last(_DRIVER_LINES).text.decode(errors="replace")
            found = find_origin(backend, place.run, driver)
            origin = found.run_id if found is not None else ""
    text = f"{task.display_name} was taken from the cache."
    text += f" Its log is that of the same task in run {origin}." if origin else ""
    line = f"{text}\n".encode()
    return LogSlice(line, 0, len(line), truncated=False, source="")


def _to_chunk(task: Task, attempt: int, part: LogSlice, *, complete: bool) -> LogChunk:
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
