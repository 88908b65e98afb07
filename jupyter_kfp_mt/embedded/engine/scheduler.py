"""Fair scheduling: which run starts a task next, fair between tenants and between the runs of a tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .execution.active import ActiveRun


def choose_run(runs: Iterable[ActiveRun], served: dict[str, int], *, room: bool) -> ActiveRun | None:
    """Return the run whose first ready task starts next; None when there is none or no `room` for it.

    For a tenant of which nothing runs there is always room: the long tasks of others do not hold it up.

    The tenant with the fewest running tasks comes first, then its run with the fewest; among equals the one
    that has waited longest. `served` remembers when each run was last chosen.
    """
    waiting = [run for run in runs if run.plan.ready]
    if not waiting:
        return None
    if len(waiting) == 1 and room:
        return waiting[0]
    load: dict[str, int] = {}
    latest: dict[str, int] = {}
    for run in runs:
        name = run.row.namespace
        load[name] = load.get(name, 0) + run.running
        latest[name] = max(latest.get(name, 0), served.get(run.run_id, 0))
    if not room:
        waiting = [run for run in waiting if load[run.row.namespace] == 0]
        if not waiting:
            return None
    chosen = min(
        waiting,
        key=lambda run: (
            load[run.row.namespace],
            latest[run.row.namespace],
            run.running,
            served.get(run.run_id, 0),
        ),
    )
    served[chosen.run_id] = 1 + max(served.values(), default=0)
    return chosen
