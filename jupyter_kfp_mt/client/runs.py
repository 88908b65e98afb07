"""Builds the requests for runs, their tasks and their logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from ..models import Run, RunPage, TaskPage
from .filters import Predicate, page_query
from .http import V1, V2, Empty, Request, delete, get, post, segment

_PATH = f"{V2}/runs"
CREATE_TIMEOUT = 60.0  # seconds; KFP's database may wait 50 s for a lock (innodb_lock_wait_timeout)


def list_runs(
    namespace: str,
    predicates: Sequence[Predicate] = (),
    *,
    experiment_id: str = "",
    sort_by: str = "",
    page_size: int = 0,
    page_token: str = "",
) -> Request[RunPage]:
    """Build the request for a page of the runs of `namespace`, or of an experiment in it."""
    page = page_query(predicates, sort_by=sort_by, page_size=page_size, page_token=page_token)
    where = (("namespace", namespace), ("experiment_id", experiment_id))
    return get(_PATH, RunPage, (*where, *page))


def get_run(run_id: str) -> Request[Run]:
    """Build the request for one run."""
    return get(_path_of(run_id), Run, thing="run", ref=run_id)


def create_run(body: Mapping[str, Any], *, timeout: float = CREATE_TIMEOUT) -> Request[Run]:
    """Build the request that creates a run; it is not repeatable.

    KFP starts the workflow before it stores the run, so a second request with the same id starts a second
    workflow (kubeflow/pipelines, backend/src/apiserver/resource/resource_manager.go, CreateRun). `timeout` is
    how long to wait for the response; `Grpc-Timeout` makes the server give up a little earlier.
    """
    return Request(
        method="POST",
        path=_PATH,
        reply=Run,
        body=msgspec.json.encode(body),
        thing="run",
        ref=str(body.get("run_id", "")),
        headers=(("Grpc-Timeout", f"{max(1, int(timeout) - 5)}S"),),
        read_timeout=timeout,
    )


def change_run(run_id: str, verb: str) -> Request[Empty]:
    """Build the request to `terminate`, `archive`, `unarchive` or `retry`; all but `retry` are idempotent."""
    return post(f"{_path_of(run_id)}:{verb}", Empty, thing="run", ref=run_id, repeatable=verb != "retry")


def delete_run(run_id: str) -> Request[Empty]:
    """Build the request that deletes a run."""
    return delete(_path_of(run_id), thing="run", ref=run_id)


class _PipelineRuntime(msgspec.Struct, frozen=True):
    workflow_manifest: str = ""


class RunDetail(msgspec.Struct, frozen=True):
    """The part of the v1beta1 response that v2beta1 does not have."""

    pipeline_runtime: _PipelineRuntime = _PipelineRuntime()

    @property
    def manifest(self) -> str:
        """The Argo Workflow as last reported, as JSON; empty before the first report."""
        return self.pipeline_runtime.workflow_manifest


def get_workflow(run_id: str) -> Request[RunDetail]:
    """Build the request for the Workflow behind a run: only v1beta1 shows its pods and their messages."""
    return get(f"/apis/v1beta1/runs/{segment(run_id)}", RunDetail, thing="run", ref=run_id)


def list_tasks(run_id: str) -> Request[TaskPage]:
    """Build the request for the tasks of a run with their values; only the embedded server has this route."""
    return get(f"{_path_of(run_id)}/tasks", TaskPage, thing="run", ref=run_id)


def read_log(
    run_id: str, task_id: str, *, offset: int = 0, attempt: int = 0, limit: int = 0
) -> Request[bytes]:
    """Build the request for a task's log from byte `offset`; only the embedded server has the parameters."""
    query = tuple(
        (name, str(value) if value else "")
        for name, value in (("offset", offset), ("attempt", attempt), ("limit", limit))
    )
    return get(_log_path(run_id, task_id), bytes, query, thing="task", ref=task_id)


def read_archived_log(run_id: str, node_id: str, *, last: int) -> Request[bytes]:
    """Build the request for the end of a node's log, of its pod or archived, by the API server's route."""
    request = get(_log_path(run_id, node_id), bytes, thing="log", ref=node_id)
    return msgspec.structs.replace(request, last=last)


class ArtifactData(msgspec.Struct, frozen=True):
    """The bytes of an artifact, which are base64 on the wire."""

    data: bytes


def read_artifact(run_id: str, node_id: str, name: str) -> Request[ArtifactData]:
    """Build the request for an output of a node by the API server's own route."""
    return get(_artifact_path(run_id, node_id, name), ArtifactData, thing="artifact", ref=name)


def read_log_artifact(run_id: str, node_id: str, *, last: int) -> Request[bytes]:
    """Build the request for the end of `{"data": "<base64>"}` with the log of an Argo node."""
    path = _artifact_path(run_id, node_id, "main-logs")
    return msgspec.structs.replace(get(path, bytes, thing="log", ref=node_id), last=last)


def read_ui_artifact(scheme: str, bucket: str, key: str, namespace: str) -> Request[bytes]:
    """Build the request for an object of a store by the route of KFP's UI.

    Source: kubeflow/pipelines, frontend/server/handlers/artifacts.ts.
    """
    source = {"gs": "gcs"}.get(scheme, scheme)
    path = f"/artifacts/{source}/{segment(bucket)}/{quote(key)}"
    return get(path, bytes, (("namespace", namespace),), thing="artifact", ref=key)


def read_ui_log(pod: str, namespace: str, run_id: str, created: str, *, last: int) -> Request[bytes]:
    """Build the request for the end of a pod's log by the route of KFP's UI; `created` is the day of the run.

    Source: kubeflow/pipelines, frontend/server/handlers/pod-logs.ts.
    """
    query = (("podname", pod), ("podnamespace", namespace), ("runid", run_id), ("createdat", created))
    return msgspec.structs.replace(get("/k8s/pod/logs", bytes, query, thing="log", ref=pod), last=last)


class CacheEntry(msgspec.Struct, frozen=True):
    """One execution that a later task with the same inputs may take its outputs from."""

    run_id: str = msgspec.field(name="runId", default="")
    execution_id: str = msgspec.field(name="mlmdExecutionID", default="")


class CacheEntries(msgspec.Struct, frozen=True):
    """A page of cache entries."""

    tasks: list[CacheEntry] = []


def list_cache_entries(fingerprint: str) -> Request[CacheEntries]:
    """Build the request for the executions with a cache key, the newest first.

    The driver finds them by the same route: kubeflow/pipelines, backend/src/v2/cacheutils/cache.go. It asks
    nobody who they are and mixes the namespaces, so each run that it names has to be checked.
    """
    predicate = {"op": "EQUALS", "key": "fingerprint", "string_value": fingerprint}
    query = page_query([predicate], sort_by="created_at desc", page_size=50, page_token="")
    return get("/apis/v1alpha1/tasks", CacheEntries, query)


def _artifact_path(run_id: str, node_id: str, name: str) -> str:
    return f"{V1}/runs/{segment(run_id)}/nodes/{segment(node_id)}/artifacts/{segment(name)}:read"


def _log_path(run_id: str, node_id: str) -> str:
    return f"/apis/v1alpha1/runs/{segment(run_id)}/nodes/{segment(node_id)}/log"


def _path_of(run_id: str) -> str:
    return f"{_PATH}/{segment(run_id)}"
