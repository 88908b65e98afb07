"""Find out what became of submits that got no clear response.

The run may appear late. KFP may work on a POST whose response was lost until the deadline that it was given:
55 seconds by `Grpc-Timeout`, before which it has to have created the Workflow. Then it inserts the run, which
no deadline and no lost connection cancels: it waits for a lock of the database for 50 seconds at most
(`innodb_lock_wait_timeout`, MySQL's own default). So a run that KFP does not know 105 seconds after it got
the POST did not start; 15 seconds are for the way there and for KFP's own "not found".

The bound cannot be shorter. A response that was reset or replaced on the way says nothing about when the
request arrives, or whether KFP sees that its caller has gone: a gateway may hold both back. A shorter
deadline would fail submits to a busy KFP, which asks Kubernetes five times a second (`ClientQPS`), and more
than once for each of them. Whatever can be known earlier is known from the response itself
(client/workflow_errors.py, client/gateway_errors.py) and does not come here.

On PostgreSQL a lock has no bound (`lock_timeout` is 0). A run that appears after it was given up is ended if
it was submitted again, see `_end_surplus`.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import NamedTuple

from ...client import filters
from ...client import runs as requests
from ...errors import KfpError, KfpNotFoundError, kfp_error
from ...models import Phase, Run
from ..backend import Backend
from ..state.journal import OPEN, Intent, Stage

DAY = 24 * 3600.0  # seconds after which only lists look an attempt up
RARELY = 300.0  # seconds between two looks when KFP has not responded for long
AT_ONCE = 5  # attempts to look up for one page of runs
SKEW = 60.0  # seconds that two clocks may differ
_OWN_IDS = re.compile(r"v?(0|1)\.|v?2\.0\.0-")  # versions of KFP that ignore an id of the client


class Settling(NamedTuple):
    """How long to look up an unclear submit before it counts as not started, in seconds."""

    timeout: float = 60.0  # of the POST itself
    first: float = 0.5  # between two looks, doubled each time
    longest: float = 8.0
    bound: float = 120.0  # since it was sent: 55 s deadline, 50 s lock wait, and a margin
    again: tuple[float, ...] = (0.2, 0.4, 0.8, 1.6)  # pauses before sending again what did not arrive
    sending: float = 70.0  # after which no process can still be waiting for the response of the POST
    surplus: tuple[float, ...] = (60.0, 300.0, 600.0)  # when to look again for a run that was submitted again


def look_up(backend: Backend, intent: Intent, *, late: bool) -> Run | None:
    """Look the run of `intent` up once, note the outcome in the journal, and return the run if it exists.

    Only KFP's own "not found" is evidence, and only when it is too `late` for the run to appear; after
    anything else, ask again.
    """
    try:
        run = _find_run(backend, intent, late=late)
    except KfpError:
        return None
    if run is None and late:
        backend.journal.settle(intent.run_id, Stage.LOST)
    if run is not None:
        backend.journal.accept(intent.run_id, run.run_id)
    return run


def _find_run(backend: Backend, intent: Intent, *, late: bool) -> Run | None:
    try:
        return backend.api.call(requests.get_run(intent.run_id))
    except KfpNotFoundError:
        return _find_by_name(backend, intent) if late else None


def _find_by_name(backend: Backend, intent: Intent) -> Run | None:
    """Return the run of `intent` on a server that assigns ids itself, as KFP before 2.0 does.

    It is the oldest of its name in its experiment that is not older than the attempt and that does not belong
    to another attempt.
    """
    if not _OWN_IDS.match(backend.health().tag_name):
        return None
    named = [filters.equals("display_name", intent.display_name)]
    request = requests.list_runs(
        backend.namespace(),
        named,
        experiment_id=intent.experiment_id,
        sort_by="created_at desc",
        page_size=50,
    )
    sent = datetime.fromtimestamp(intent.sent_at - SKEW, timezone.utc)
    candidates = [run for run in backend.api.call(request).runs if run.created_at and run.created_at >= sent]
    return next((run for run in reversed(candidates) if backend.journal.find(run.run_id) is None), None)


def is_overdue(backend: Backend, intent: Intent) -> bool:
    """Whether a run that KFP does not know cannot appear any more."""
    return backend.clock.now().timestamp() - intent.sent_at >= Settling().bound


def wait_until_settled(backend: Backend, intent: Intent, settling: Settling, age: float) -> Run:
    """Look for the run of `intent` until it exists or the bound is reached; it was sent `age` seconds ago.

    Raises `not-started`, and returns the unconfirmed run if KFP has not responded by then. The bound is
    measured by the monotonic clock, which nobody sets.
    """
    until = backend.clock.monotonic() + settling.bound - min(max(age, 0.0), settling.bound)
    pause = settling.first
    while True:
        late = backend.clock.monotonic() >= until
        run = look_up(backend, intent, late=late)
        if run is not None:
            return run
        known = backend.journal.find(intent.run_id)
        if known is None or known.stage not in OPEN:
            raise not_started_error(intent)
        if known.sent_at > intent.sent_at:  # its process has sent it again
            until += known.sent_at - intent.sent_at
            intent, late = known, False
        if late:
            return to_unconfirmed_run(backend, intent)
        backend.clock.sleep(max(0.0, min(pause, until - backend.clock.monotonic())))
        pause = min(settling.longest, pause * 2)


def reconcile(backend: Backend, settling: Settling) -> list[Run]:
    """Look up each open attempt once, and return those that are still unconfirmed as rows.

    Makes no call while nothing is open. Attempts of a process that has died are adopted.
    """
    where = backend.context.server, backend.context.namespace
    open_ones = backend.journal.list_unsettled(*where)
    now = backend.clock.now().timestamp()
    for intent in open_ones[-AT_ONCE:]:
        age = now - intent.sent_at
        if age < -SKEW:  # the clock was set back: count from now
            backend.journal.redate(intent.run_id, now)
        elif intent.stage is Stage.UNCLEAR or age > settling.sending:
            look_up(backend, intent, late=age >= settling.bound)
    _end_surplus(backend, settling, now)
    return (
        [to_unconfirmed_run(backend, intent) for intent in backend.journal.list_unsettled(*where)]
        if open_ones
        else []
    )


def find_absent(backend: Backend, intent: Intent) -> Run:
    """Return what is known of an attempt whose id KFP does not know; raises `not-started`."""
    if intent.stage in OPEN:
        overdue = is_overdue(backend, intent)
        run = look_up(backend, intent, late=True) if overdue else None
        if run is not None:
            return run
        known = backend.journal.find(intent.run_id)
        if not overdue or (known is not None and known.stage in OPEN):
            return to_unconfirmed_run(backend, intent)
    raise not_started_error(intent)


def not_started_error(intent: Intent, cause: KfpError | None = None, *, embedded: bool = False) -> KfpError:
    """Return the error of an attempt that came to nothing; `cause` is why KFP was not reached, if so."""
    if cause is None:
        return kfp_error("not-started", name=intent.display_name)
    return kfp_error(
        "not-started/embedded" if embedded else "not-started/unreached",
        name=intent.display_name,
        why=cause.why,
        command=cause.command,
        details=cause.details,
        request_id=cause.request_id,
    )


def list_pending(backend: Backend) -> list[Intent]:
    """Return the attempts of the last day on this server, in any namespace, that need another look."""
    since = backend.clock.now().timestamp() - DAY
    return [each for each in backend.journal.list_pending(since) if each.server == backend.context.server]


def seconds_to_next_look(intents: list[Intent], settling: Settling, now: float) -> float | None:
    """Return the seconds until the first of `intents` needs another look, None when there is none.

    The pause grows with the age of the attempt, so an absent server is asked less and less often.
    """
    return min((max(settling.first, _seconds_to_look(each, settling, now)) for each in intents), default=None)


def _seconds_to_look(intent: Intent, settling: Settling, now: float) -> float:
    age = now - intent.sent_at
    if intent.stage is Stage.SURPLUS:
        looks = settling.surplus[intent.looks : intent.looks + 1]
        return settling.bound + looks[0] - age if looks else 0.0
    if intent.stage is Stage.SENDING and age < settling.sending:
        return settling.sending - age
    return min(age, settling.longest if age < settling.bound else RARELY)


def to_unconfirmed_run(backend: Backend, intent: Intent) -> Run:
    """Return an attempt that KFP has not confirmed as a row of a list."""
    experiment = backend.caches.experiments.get(intent.experiment_id)
    return Run(
        run_id=intent.run_id,
        experiment_id=intent.experiment_id,
        display_name=intent.display_name,
        created_at=datetime.fromtimestamp(intent.sent_at, timezone.utc),
        namespace=intent.namespace,
        experiment_name=experiment.display_name if experiment else "",
        phase=Phase.UNCONFIRMED,
        mine=True,
    )


def _end_surplus(backend: Backend, settling: Settling, now: float) -> None:
    """End runs that appeared after they had been given up and submitted again."""
    for intent in backend.journal.list_surplus(backend.context.server, backend.context.namespace):
        if intent.looks >= len(settling.surplus):
            backend.journal.settle(intent.run_id, Stage.LOST)
        elif now - intent.sent_at - settling.bound >= settling.surplus[intent.looks]:
            backend.journal.count_look(intent.run_id)
            _end_run(backend, intent)


def _end_run(backend: Backend, intent: Intent) -> None:
    try:
        backend.api.call(requests.get_run(intent.run_id))
        backend.api.call(requests.change_run(intent.run_id, "terminate"))
    except KfpNotFoundError:
        return
    except KfpError as error:
        if error.code != "bad-input":  # "bad-input": it has already ended
            return
    try:
        backend.api.call(requests.delete_run(intent.run_id))
    except KfpError:
        return  # the next look tries again
    backend.journal.settle(intent.run_id, Stage.REFUSED)
