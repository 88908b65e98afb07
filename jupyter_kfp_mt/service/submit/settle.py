"""What became of submits without a clear answer (kfp-api §2.3, "Exactly-once submit")."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import NamedTuple

from ...client import filters
from ...client import runs as requests
from ...errors import KfpError, KfpNotFoundError
from ...models import Phase, Run
from ..backend import Backend
from ..state.journal import OPEN, Intent, Stage

DAY = 24 * 3600.0  # seconds after which only a person who looks at the list is told
RARELY = 300.0  # seconds between two looks when KFP has not answered for long
AT_ONCE = 5  # attempts looked up with one page of runs
SKEW = 60.0  # seconds that two clocks may differ
_OWN_IDS = re.compile(r"v?(0|1)\.|v?2\.0\.0-")  # versions of KFP that take no id from a client


class Settling(NamedTuple):
    """How long an unclear submit is looked up before it counts as "did not start"; seconds."""

    answer: float = 60.0  # for the answer of the POST itself
    first: float = 0.5  # between two looks, twice as long each time
    longest: float = 8.0
    bound: float = 120.0  # since it was sent: 55 s deadline, 50 s lock wait, and a margin
    sending: float = 70.0  # after which nobody can still be waiting for the answer of the POST
    surplus: tuple[float, ...] = (60.0, 300.0, 600.0)  # when one that was sent again is looked for once more


def look_up(backend: Backend, intent: Intent, *, late: bool) -> Run | None:
    """Look the run of `intent` up once, write down what is known, and return the run if it is there.

    Only KFP's own "not found" is evidence, and only when it is too `late` for the run to come; anything else
    means to ask again.
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
    """Return the run of `intent` on a server that gives ids of its own: KFP before 2.0 does.

    The first of its name in its experiment that is not older than the attempt, and that no other attempt is.
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
    found = [run for run in backend.api.call(request).runs if run.created_at and run.created_at >= sent]
    return next((run for run in reversed(found) if backend.journal.find(run.run_id) is None), None)


def is_overdue(backend: Backend, intent: Intent) -> bool:
    """Whether a run that is not there cannot come any more, by the usual patience."""
    return backend.clock.now().timestamp() - intent.sent_at >= Settling().bound


def wait_until_settled(backend: Backend, intent: Intent, settling: Settling, age: float) -> Run | None:
    """Look until the run of `intent` is there, or until the bound, whatever the clock is set to meanwhile.

    `age` is how many seconds ago it was sent. None is of a run that is given up; one that KFP tells nothing
    of to the end is returned as not confirmed.
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
            return None
        if late:
            return to_unconfirmed_run(backend, intent)
        backend.clock.sleep(min(pause, until - backend.clock.monotonic()))
        pause = min(settling.longest, pause * 2)


def reconcile(backend: Backend, settling: Settling) -> list[Run]:
    """Settle what can be settled with a look each, and return what is still not confirmed as rows.

    Costs nothing while nothing is open. Attempts of a process that is gone are adopted.
    """
    where = backend.context.server, backend.context.namespace
    open_ones = backend.journal.list_unsettled(*where)
    now = backend.clock.now().timestamp()
    for intent in open_ones[-AT_ONCE:]:
        age = now - intent.sent_at
        if age < -SKEW:  # the clock was set back: it counts from now
            backend.journal.redate(intent.run_id, now)
        elif intent.stage is Stage.UNCLEAR or age > settling.sending:
            look_up(backend, intent, late=age >= settling.bound)
    _end_surplus(backend, settling, now)
    return (
        [to_unconfirmed_run(backend, intent) for intent in backend.journal.list_unsettled(*where)]
        if open_ones
        else []
    )


def list_pending(backend: Backend) -> list[Intent]:
    """Return the attempts of the last day on this server, in any namespace, that need another look."""
    since = backend.clock.now().timestamp() - DAY
    return [each for each in backend.journal.list_pending(since) if each.server == backend.context.server]


def seconds_to_next_look(intents: list[Intent], settling: Settling, now: float) -> float | None:
    """Return the seconds until the first of `intents` needs another look, None when there is none.

    Two looks are as far apart as the attempt is old, so a server that stays away is asked ever more rarely.
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
    """Return the row of an attempt that KFP has not confirmed."""
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
    """End runs that turned up after they had been given up and sent again."""
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
        if error.code != "bad-input":  # it has already ended
            return
    try:
        backend.api.call(requests.delete_run(intent.run_id))
    except KfpError:
        return  # the next look tries again
    backend.journal.settle(intent.run_id, Stage.REFUSED)
