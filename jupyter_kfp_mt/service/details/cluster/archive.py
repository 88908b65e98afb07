"""Logs of removed pods: KFP hands them out by several routes, none of which works everywhere.

The API server's own route sends text, and up to KFP 2.17 its errors with status 200, too. The artifact
`main-logs` is refused to everybody by a multi-user server, and the route of KFP's page exists only behind its
gateway. None of them is asked before the run has passed the guard between namespaces.

Sources, in github.com/kubeflow/pipelines: `backend/src/apiserver/server/run_log_server.go`,
`backend/src/apiserver/server/run_artifact_server.go`, `frontend/server/handlers/pod-logs.ts`.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

import msgspec

from ....client import Response
from ....client import runs as requests
from ....client.api import TRANSIENT
from ....client.responses import shorten
from ....errors import KfpError, KfpRefusedError, kfp_error
from ....models import NOT_JSON
from ...backend import Backend
from ...state.podlogs import KEPT, LogCopy, NoLog
from .run import Place

_BROKEN = "Failed to read logs"  # the API server's error after it has started to send a log


class _LogError(msgspec.Struct, frozen=True):
    """KFP's error body, which may come with status 200."""

    error_message: str
    error_details: str


def read_archive(backend: Backend, place: Place) -> LogCopy:
    """Return the archived log of a pod; raises `logs-gone` with what each route said, or that KFP is away.

    The outcome for a pod that has ended is kept for a minute, also if there is no log.
    """
    outcome = _recall(backend, place) if place.attempt.ended else _try_routes(backend, place)
    if isinstance(outcome, LogCopy):
        return outcome
    if backend.kubernetes is None:
        raise kfp_error("logs-gone/outside", details=outcome.said)
    key = "logs-gone/refused" if outcome.refusal else "logs-gone"
    raise kfp_error(key, refusal=outcome.refusal.rstrip("."), details=outcome.said)


def _recall(backend: Backend, place: Place) -> LogCopy | NoLog:
    archived, key = backend.caches.archived, (place.namespace, place.attempt.pod)
    return archived.get(key) or archived.put(key, _try_routes(backend, place))


def _try_routes(backend: Backend, place: Place) -> LogCopy | NoLog:
    said: list[str] = []
    refusal = ""
    for read in ROUTES:
        try:
            return read(backend, place)
        except KfpError as error:
            if error.code in TRANSIENT:
                raise
            said.append(shorten(error.details or error.message, 300))
            if isinstance(error, KfpRefusedError) and read is not _read_artifact:
                refusal = refusal or error.message
    return NoLog("\n".join(dict.fromkeys(said)), refusal)


def _read_by_pod(backend: Backend, place: Place) -> LogCopy:
    """Read by the API server's own route, which knows a log by the name of its pod."""
    return _read_by_name(backend, place, place.attempt.pod)


def _read_by_node(backend: Backend, place: Place) -> LogCopy:
    """Read by the same route, by the node's id: older versions of Argo name pods and archives so."""
    return _read_by_name(backend, place, place.attempt.node_id)


def _read_by_name(backend: Backend, place: Place, name: str) -> LogCopy:
    request = requests.read_archived_log(place.run.run_id, name, last=KEPT)
    return _to_copy(backend.api.send(request), place)


def _read_artifact(backend: Backend, place: Place) -> LogCopy:
    """Read the artifact of the node that holds its log, if Argo archives logs."""
    request = requests.read_log_artifact(place.run.run_id, place.attempt.node_id, last=2 * KEPT)
    response = backend.api.send(request)
    # `{"data":"<base64>"}`, of which the start may have been dropped: what is left of the base64 is cut to
    # whole groups of four, counted from its end.
    _, _, encoded = response.body.rstrip(b"\n }").removesuffix(b'"').rpartition(b'"')
    encoded = encoded[len(encoded) % 4 :]
    try:
        text = binascii.a2b_base64(encoded)
    except binascii.Error as error:
        raise kfp_error("kfp-error", status=response.status, text=f"no base64: {error}") from None
    return LogCopy.of_archive(text, whole=not response.dropped)


def _read_by_page(backend: Backend, place: Place) -> LogCopy:
    """Read by the route of KFP's own page, which exists behind a gateway."""
    day = f"{place.run.created_at:%Y-%m-%d}" if place.run.created_at else ""
    request = requests.read_ui_log(place.attempt.pod, place.namespace, place.run.run_id, day, last=KEPT)
    return _to_copy(backend.api.send(request), place)


ROUTES: tuple[Callable[[Backend, Place], LogCopy], ...] = (
    _read_by_pod,
    _read_by_node,
    _read_artifact,
    _read_by_page,
)


def _to_copy(response: Response, place: Place) -> LogCopy:
    """Return the log in `response`; raises `not-found` if it is an error with status 200.

    The error may be the whole body, or follow what could be read, as its last line. A last line of the log
    itself may have the form of an error, so only KFP's own message counts there.
    """
    start = response.body.rfind(b"\n", 0, len(response.body.rstrip())) + 1
    refusal = _read_error(response.body[start:])
    if refusal is None or (start and _BROKEN not in refusal.error_message):
        return LogCopy.of_archive(response.body, whole=not response.dropped)
    if start:
        return LogCopy.of_archive(response.body[:start], whole=not response.dropped)
    raise kfp_error(
        "not-found",
        thing="log",
        ref=place.attempt.pod,
        ns=place.namespace,
        list="runs",
        details=refusal.error_message,
    )


def _read_error(line: bytes) -> _LogError | None:
    try:
        return msgspec.json.decode(line, type=_LogError)
    except NOT_JSON:
        return None
