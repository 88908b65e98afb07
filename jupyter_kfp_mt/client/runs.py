"""Requests about runs, their tasks and their logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ..models import Run, RunPage, TaskPage
from .filters import Predicate, page_query
from .http import V2, Empty, Request, delete, get, post, segment

_PATH = f"{V2}/runs"
CREATE_TIMEOUT = 60.0  # seconds; more than the 50 s that the server may wait for its database (kfp-api §2.3)


def list_runs(
    namespace: str,
    predicates: Sequence[Predicate] = (),
    *,
    experiment_id: str = "",
    sort_by: str = "",
    page_size: int = 0,
    page_token: str = "",
) -> Request[RunPage]:
    """One page of the runs of `namespace`, or of an experiment in it."""
    page = page_query(predicates, sort_by=sort_by, page_size=page_size, page_token=page_token)
    where = (("namespace", namespace), ("experiment_id", experiment_id))
    return get(_PATH, RunPage, (*where, *page))


def get_run(run_id: str) -> Request[Run]:
    """One run."""
    return get(_of(run_id), Run, thing="run", ref=run_id)


def create_run(body: Mapping[str, Any], *, answer: float = CREATE_TIMEOUT) -> Request[Run]:
    """A new run; never sent twice, for a real server starts a second execution for the same id.

    `answer` is how many seconds its answer is waited for; a little before that the server gives up as well.
    """
    return Request(
        method="POST",
        path=_PATH,
        reply=Run,
        body=msgspec.json.encode(body),
        thing="run",
        ref=str(body.get("run_id", "")),
        headers=(("Grpc-Timeout", f"{max(1, int(answer) - 5)}S"),),
        read_timeout=answer,
    )


def change_run(run_id: str, verb: str) -> Request[Empty]:
    """`terminate`, `archive`, `unarchive` or `retry`; all but `retry` may be repeated."""
    return post(f"{_of(run_id)}:{verb}", Empty, thing="run", ref=run_id, repeatable=verb != "retry")


def delete_run(run_id: str) -> Request[Empty]:
    """Delete a run for good."""
    return delete(_of(run_id), thing="run", ref=run_id)


class _Runtime(msgspec.Struct, frozen=True):
    workflow_manifest: str = ""


class RunDetail(msgspec.Struct, frozen=True):
    """The part of the v1beta1 answer that v2beta1 does not have."""

    pipeline_runtime: _Runtime = _Runtime()

    @property
    def manifest(self) -> str:
        """The Argo Workflow as last reported, as JSON; empty before the first report."""
        return self.pipeline_runtime.workflow_manifest


def get_workflow(run_id: str) -> Request[RunDetail]:
    """The Workflow behind a run: the only way to its pods and reasons (kfp-api §2.3)."""
    return get(f"/apis/v1beta1/runs/{segment(run_id)}", RunDetail, thing="run", ref=run_id)


def list_tasks(run_id: str) -> Request[TaskPage]:
    """The tasks of a run with their values; the embedded server alone has this."""
    return get(f"{_of(run_id)}/tasks", TaskPage, thing="run", ref=run_id)


def read_log(
    run_id: str, task_id: str, *, offset: int = 0, attempt: int = 0, limit: int = 0
) -> Request[bytes]:
    """A part of a task's log, from byte `offset`; the embedded server alone has the parameters."""
    query = tuple(
        (name, str(value) if value else "")
        for name, value in (("offset", offset), ("attempt", attempt), ("limit", limit))
    )
    return get(_log_path(run_id, task_id), bytes, query, thing="task", ref=task_id)


def read_archived_log(run_id: str, node_id: str, *, last: int) -> Request[bytes]:
    """The end of a node's log, from its pod or the archive: by the route of the API server itself."""
    request = get(_log_path(run_id, node_id), bytes, thing="log", ref=node_id)
    return msgspec.structs.replace(request, last=last)


def read_artifact(run_id: str, node_id: str, name: str, *, last: int) -> Request[bytes]:
    """The end of `{"data": "<base64>"}` with an output of an Argo node."""
    path = f"/apis/v1beta1/runs/{segment(run_id)}/nodes/{segment(node_id)}/artifacts/{segment(name)}:read"
    return msgspec.structs.replace(get(path, bytes, thing="log", ref=node_id), last=last)


def read_log_of_ui(pod: str, namespace: str, run_id: str, created: str, *, last: int) -> Request[bytes]:
    """The end of a pod's log, by the route of KFP's own page; `created` is the day of the run."""
    query = (("podname", pod), ("podnamespace", namespace), ("runid", run_id), ("createdat", created))
    return msgspec.structs.replace(get("/k8s/pod/logs", bytes, query, thing="log", ref=pod), last=last)


def _log_path(run_id: str, node_id: str) -> str:
    return f"/apis/v1alpha1/runs/{segment(run_id)}/nodes/{segment(node_id)}/log"


def _of(run_id: str) -> str:
    return f"{_PATH}/{segment(run_id)}"
