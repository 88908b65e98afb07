"""The pod of a task: its events, and the whole object as YAML."""

from __future__ import annotations

from typing import Any

import yaml

from ....errors import ErrorBody, KfpRefusedError, kfp_error
from ....kube import Kubernetes, KubernetesEvent
from ....models import PodEvent, PodView, Run
from ...backend import Backend
from .run import find_place

_NOISE = ("managedFields",)  # of metadata: half of the object, and of no use to a reader


def view_pod(backend: Backend, run: Run, task_id: str, attempt: int) -> PodView:
    """Return what may be read of the pod of an attempt; what may not is listed in `refused`.

    Raises `not-found` and `kubernetes-unavailable`.
    """
    kubernetes = backend.kubernetes
    if kubernetes is None:
        raise kfp_error("kubernetes-unavailable", host="Kubernetes", reason="This is no pod of a cluster.")
    task, number, place = find_place(backend, run, task_id, attempt)
    if place is None:
        if task.phase.ended:
            why = "It was skipped, or its result was taken from an earlier run."
            raise kfp_error("not-found/pod", thing="pod", why=why, list="tasks @last")
        return PodView(run_id=run.run_id, task_id=task_id, namespace=run.namespace)
    pod, namespace = place.attempt.pod, place.namespace
    refused: list[ErrorBody] = []
    events = _read_events(kubernetes, pod, namespace, refused)
    manifest, gone = _read_manifest(kubernetes, pod, namespace, refused)
    return PodView(
        run_id=run.run_id,
        task_id=task_id,
        attempt=number,
        pod=pod,
        namespace=namespace,
        events=[_to_model(event) for event in events],
        manifest=manifest,
        gone=gone,
        refused=refused,
    )


def _read_events(
    kubernetes: Kubernetes, pod: str, namespace: str, refused: list[ErrorBody]
) -> list[KubernetesEvent]:
    try:
        return kubernetes.list_events_of_pod(pod, namespace)
    except KfpRefusedError as error:
        refused.append(error.body)
        return []


def _read_manifest(
    kubernetes: Kubernetes, pod: str, namespace: str, refused: list[ErrorBody]
) -> tuple[str, bool]:
    """Return the pod as YAML, and whether it is gone."""
    try:
        manifest = kubernetes.read_pod_manifest(pod, namespace)
    except KfpRefusedError as error:
        refused.append(error.body)
        return "", False
    return (_to_yaml(manifest), False) if manifest is not None else ("", True)


def _to_yaml(manifest: dict[str, Any]) -> str:
    """Return `manifest` as `kubectl get -o yaml` writes it."""
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict):
        manifest["metadata"] = {name: value for name, value in metadata.items() if name not in _NOISE}
    return str(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=110))


def _to_model(event: KubernetesEvent) -> PodEvent:
    return PodEvent(
        type=event.type, reason=event.reason, message=event.message, count=event.times, at=event.at
    )
