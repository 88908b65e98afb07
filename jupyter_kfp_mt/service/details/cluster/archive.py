"""Logs that outlive their pods: what KFP hands out to its callers, each of its ways in its own manner.

The route of the API server gives text and, up to KFP 2.17, also its errors with status 200; the artifact
`main-logs` is refused to everybody by servers with users; KFP's own page has a route behind its gateway
(kfp-api §2.4, §8). None of them is asked before the guard between namespaces.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from ....client import Response
from ....client import runs as requests
from ....client.api import TRANSIENT
from ....client.responses import shorten
from ....errors import KfpError, KfpRefusedError, kfp_error
from ....models import NOT_JSON, Run
from ...core import Core
from ...state.podlogs import KEPT, Copy, Nowhere
from ...tasks.workflow import Attempt

_BROKEN = "Failed to read logs"  # what the API server says when it had begun to hand out a log


class Place(NamedTuple):
    """Whose log is wanted."""

    run: Run
    namespace: str
    attempt: Attempt


class _Refused(msgspec.Struct, frozen=True):
    """KFP's error body, also where it comes with status 200."""

    error_message: str
    error_details: str


def read(core: Core, place: Place) -> Copy:
    """Return the log of a pod that is gone; raises `logs-gone` with what each way said, or that KFP is away.

    The answer for a pod that has ended is kept for a minute, a refusal as well.
    """
    found = _known(core, place) if place.attempt.ended else _look(core, place)
    if isinstance(found, Copy):
        return found
    if core.kubernetes is None:
        raise kfp_error("logs-gone/outside", details=found.said)
    key = "logs-gone/refused" if found.refusal else "logs-gone"
    raise kfp_error(key, refusal=found.refusal.rstrip("."), details=found.said)


def _known(core: Core, place: Place) -> Copy | Nowhere:
    key = (place.namespace, place.attempt.pod)
    return core.caches.archived.get(key) or core.caches.archived.put(key, _look(core, place))


def _look(core: Core, place: Place) -> Copy | Nowhere:
    said: list[str] = []
    refusal = ""
    for way in WAYS:
        try:
            return way(core, place)
        except KfpError as error:
            if error.code in TRANSIENT:
                raise
            said.append(shorten(error.details or error.message, 300))
            if isinstance(error, KfpRefusedError) and way is not _by_artifact:
                refusal = refusal or error.message
    return Nowhere("\n".join(dict.fromkeys(said)), refusal)


def _by_pod(core: Core, place: Place) -> Copy:
    """The API server's own route: it knows a log by the name of its pod."""
    return _by_route(core, place, place.attempt.pod)


def _by_node(core: Core, place: Place) -> Copy:
    """The same: where pods are named as nodes were, archives may be too."""
    return _by_route(core, place, place.attempt.node_id)


def _by_route(core: Core, place: Place, name: str) -> Copy:
    request = requests.read_archived_log(place.run.run_id, name, last=KEPT)
    return _text(core.api.answer(request), place)


def _by_artifact(core: Core, place: Place) -> Copy:
    """The log as an artifact of the node, where Argo archives logs."""
    request = requests.read_artifact(place.run.run_id, place.attempt.node_id, "main-logs", last=2 * KEPT)
    answer = core.api.answer(request)
    _, _, encoded = answer.body.rstrip(b"\n }").removesuffix(b'"').rpartition(b'"')
    encoded = encoded[len(encoded) % 4 :]  # counted from the end also when its beginning is not here
    try:
        text = binascii.a2b_base64(encoded)
    except binascii.Error as error:
        raise kfp_error("kfp-error", status=answer.status, text=f"no base64: {error}") from None
    return Copy.of_archive(text, whole=not answer.dropped)


def _by_page(core: Core, place: Place) -> Copy:
    """The route of KFP's own page, which a gateway leads to."""
    day = f"{place.run.created_at:%Y-%m-%d}" if place.run.created_at else ""
    request = requests.read_log_of_ui(place.attempt.pod, place.namespace, place.run.run_id, day, last=KEPT)
    return _text(core.api.answer(request), place)


WAYS: tuple[Callable[[Core, Place], Copy], ...] = (_by_pod, _by_node, _by_artifact, _by_page)


def _text(answer: Response, place: Place) -> Copy:
    """The log in `answer`; an error may be all of it, or come after what could be read."""
    start = answer.body.rfind(b"\n", 0, len(answer.body.rstrip())) + 1
    refused = _refusal(answer.body[start:])
    if refused is None or (start and _BROKEN not in refused.error_message):
        return Copy.of_archive(answer.body, whole=not answer.dropped)
    if start:
        return Copy.of_archive(answer.body[:start], whole=not answer.dropped)
    raise kfp_error(
        "not-found",
        thing="log",
        ref=place.attempt.pod,
        ns=place.namespace,
        list="runs",
        details=refused.error_message,
    )


def _refusal(line: bytes) -> _Refused | None:
    try:
        return msgspec.json.decode(line, type=_Refused)
    except NOT_JSON:
        return None
