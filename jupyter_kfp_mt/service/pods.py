"""The pod of a task as the cluster tells of it: events, and the whole object as YAML."""

from __future__ import annotations

from typing import Any

import yaml

from ..errors import ErrorBody, KfpError, KfpRefusedError, kfp_error
from ..kube import Event, Kubernetes
from ..models import PodEvent, PodView, Task
from . import runs
from .core import RUN_ID, Core
from .details.cluster import run as cluster

_NOISE = ("managedFields",)  # of metadata: half of the object, and news for nobody


def view(core: Core, run_id: str, task_id: str, attempt: int) -> PodView:
    """Return what may be read of the pod of an attempt; what may not is named in `refused`.

    Raises `not-found`, on the embedded server always, and `kubernetes-unavailable`.
    """
    run = runs.get(core, run_id)
    if not RUN_ID.fullmatch(task_id):
        raise core.missing("task", task_id[:80], Task)
    if core.health().embedded:
        raise _none("Tasks of this server are processes of this machine.")
    kubernetes = core.kubernetes
    if kubernetes is None:
        raise kfp_error("kubernetes-unavailable", host="Kubernetes", reason="This is no pod of a cluster.")
    task, number, place = cluster.place_of(core, run, task_id, attempt)
    if place is None:
        if task.phase.ended:
            raise _none("It was skipped, or its result was taken from an earlier run.")
        return PodView(run_id=run.run_id, task_id=task_id, namespace=run.namespace)
    pod, namespace = place.attempt.pod, place.namespace
    refused: list[ErrorBody] = []
    events = _events(kubernetes, pod, namespace, refused)
    manifest, gone = _manifest(kubernetes, pod, namespace, refused)
    return PodView(
        run_id=run.run_id,
        task_id=task_id,
        attempt=number,
        pod=pod,
        namespace=namespace,
        events=[_event(event) for event in events],
        manifest=manifest,
        gone=gone,
        refused=refused,
    )


def _none(why: str) -> KfpError:
    return kfp_error("not-found/pod", thing="pod", why=why, list="tasks @last")


def _events(kubernetes: Kubernetes, pod: str, namespace: str, refused: list[ErrorBody]) -> list[Event]:
    try:
        return kubernetes.events_of_pod(pod, namespace)
    except KfpRefusedError as error:
        refused.append(error.body)
        return []


def _manifest(kubernetes: Kubernetes, pod: str, namespace: str, refused: list[ErrorBody]) -> tuple[str, bool]:
    """The pod as YAML, and whether it is gone."""
    try:
        found = kubernetes.pod_manifest(pod, namespace)
    except KfpRefusedError as error:
        refused.append(error.body)
        return "", False
    return (_yaml(found), False) if found is not None else ("", True)


def _yaml(manifest: dict[str, Any]) -> str:
    """As `kubectl get -o yaml` writes it."""
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict):
        manifest["metadata"] = {name: value for name, value in metadata.items() if name not in _NOISE}
    return str(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=110))


def _event(event: Event) -> PodEvent:
    return PodEvent(
        type=event.type, reason=event.reason, message=event.message, count=event.count or 1, at=event.at
    )
