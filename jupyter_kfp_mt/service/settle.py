"""What became of submits without a clear answer (kfp-api §2.3, "Exactly-once submit")."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple

from ..client import runs as requests
from ..errors import KfpError, KfpNotFoundError
from ..models import Phase, Run
from .core import Core
from .journal import Intent, Stage

DAY = 24 * 3600.0  # seconds after which only a person who looks at the list is told
RARELY = 300.0  # seconds between two looks when KFP has not answered for long
AT_ONCE = 5  # attempts looked up with one page of runs


class Settling(NamedTuple):
    """How long an unclear submit is looked up before it counts as "did not start"; seconds."""

    answer: float = 60.0  # for the answer of the POST itself
    first: float = 0.5  # between two looks, twice as long each time
    longest: float = 8.0
    bound: float = 120.0  # since it was sent: 55 s deadline, 50 s lock wait, and a margin
    sending: float = 70.0  # after which nobody can still be waiting for the answer of the POST
    surplus: tuple[float, ...] = (60.0, 300.0, 600.0)  # when one that was sent again is looked for once more


def look(core: Core, intent: Intent, settling: Settling) -> Run | None:
    """Look the run of `intent` up once, write down what is known, and return the run if it is there.

    Only KFP's own "not found" is evidence, and only after the bound; anything else means to ask again.
    """
    try:
        run = core.api.call(requests.get_run(intent.run_id))
    except KfpNotFoundError:
        if core.clock.now().timestamp() - intent.sent_at >= settling.bound:
            core.journal.settle(intent.run_id, Stage.LOST)
        return None
    except KfpError:
        return None
    core.journal.settle(intent.run_id, Stage.ACCEPTED)
    return run


def overdue(core: Core, intent: Intent) -> bool:
    """Whether a run that is not there cannot come any more, by the usual patience."""
    return core.clock.now().timestamp() - intent.sent_at >= Settling().bound


def wait(core: Core, intent: Intent, settling: Settling) -> Run | None:
    """Look until the run of `intent` is there or is given up; None then."""
    pause = settling.first
    while True:
        run = look(core, intent, settling)
        if run is not None:
            return run
        known = core.journal.find(intent.run_id)
        if known is None or known.stage not in (Stage.SENDING, Stage.UNCLEAR):
            return None
        left = intent.sent_at + settling.bound - core.clock.now().timestamp()
        core.clock.sleep(min(pause, max(left, settling.first)))
        pause = min(settling.longest, pause * 2)


def reconcile(core: Core, settling: Settling) -> list[Run]:
    """Settle what can be settled with a look each, and return what is still not confirmed as rows.

    Costs nothing while nothing is open. Attempts of a process that is gone are adopted.
    """
    where = core.context.server, core.context.namespace
    open_ones = core.journal.unsettled(*where)
    now = core.clock.now().timestamp()
    for intent in open_ones[-AT_ONCE:]:
        if intent.stage is Stage.UNCLEAR or now - intent.sent_at > settling.sending:
            look(core, intent, settling)
    _end_surplus(core, settling, now)
    return [unconfirmed(core, intent) for intent in core.journal.unsettled(*where)] if open_ones else []


def pending(core: Core) -> list[Intent]:
    """Return the attempts of the last day on this server, in any namespace, that need another look."""
    since = core.clock.now().timestamp() - DAY
    return [each for each in core.journal.pending(since) if each.server == core.context.server]


def next_look(intents: list[Intent], settling: Settling, now: float) -> float | None:
    """Return the seconds until the first of `intents` needs another look, None when there is none.

    Two looks are as far apart as the attempt is old, so a server that stays away is asked ever more rarely.
    """
    return min((max(settling.first, _wait(each, settling, now)) for each in intents), default=None)


def _wait(intent: Intent, settling: Settling, now: float) -> float:
    age = now - intent.sent_at
    if intent.stage is Stage.SURPLUS:
        looks = settling.surplus[intent.looks : intent.looks + 1]
        return settling.bound + looks[0] - age if looks else 0.0
    if intent.stage is Stage.SENDING and age < settling.sending:
        return settling.sending - age
    return min(age, settling.longest if age < settling.bound else RARELY)


def unconfirmed(core: Core, intent: Intent) -> Run:
    """Return the row of an attempt that KFP has not confirmed."""
    experiment = core.caches.experiments.get(intent.experiment_id)
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


def _end_surplus(core: Core, settling: Settling, now: float) -> None:
    """End runs that turned up after they had been given up and sent again."""
    for intent in core.journal.surplus(core.context.server, core.context.namespace):
        if intent.looks >= len(settling.surplus):
            core.journal.settle(intent.run_id, Stage.LOST)
        elif now - intent.sent_at - settling.bound >= settling.surplus[intent.looks]:
            core.journal.looked(intent.run_id)
            _end(core, intent)


def _end(core: Core, intent: Intent) -> None:
    try:
        core.api.call(requests.get_run(intent.run_id))
        core.api.call(requests.change_run(intent.run_id, "terminate"))
    except KfpNotFoundError:
        return
    except KfpError as error:
        if error.code != "bad-input":  # it has already ended
            return
    try:
        core.api.call(requests.delete_run(intent.run_id))
    except KfpError:
        return  # the next look tries again
    core.journal.settle(intent.run_id, Stage.REFUSED)
