"""Fair scheduling: which run starts a task next, fair between tenants and between the runs of a tenant."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .execution.active import ActiveRun

_STALE = 100  # entries of a queue that may be out of date, beside as many as there are runs


@dataclass(slots=True, eq=False)
class _Entry:
    """A run as it is counted."""

    run: ActiveRun
    order: int
    running: int = 0
    served: int = 0  # when it was last chosen
    key: tuple[int, int] | None = None  # its place in the queue; None without a ready task


@dataclass(slots=True, eq=False)
class _Tenant:
    running: int = 0
    served: int = 0
    entries: dict[str, _Entry] = field(default_factory=dict)
    queue: list[tuple[int, int, int, int, _Entry]] = field(default_factory=list)  # a heap

    def find_first(self) -> _Entry | None:
        """Return the run that is next among those of the tenant."""
        while self.queue and self.queue[0][4].key != self.queue[0][:2]:
            heapq.heappop(self.queue)
        return self.queue[0][4] if self.queue else None


class Scheduler:
    """The open runs, kept so that a choice looks at tenants, and not at all runs."""

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._numbers = count(1)

    def add(self, run: ActiveRun) -> None:
        """Take a run in."""
        tenant = self._tenants.setdefault(run.row.namespace, _Tenant())
        tenant.entries[run.run_id] = _Entry(run, next(self._numbers))

    def update(self, run: ActiveRun) -> None:
        """Count a run again, after something has happened to it; does nothing for one that was dropped."""
        tenant = self._tenants.get(run.row.namespace)
        entry = tenant.entries.get(run.run_id) if tenant is not None else None
        if tenant is None or entry is None or entry.run is not run:
            return
        tenant.running += run.running - entry.running
        entry.running = run.running
        key = (entry.running, entry.served) if run.plan.ready else None
        if key == entry.key:
            return
        entry.key = key
        if key is not None:
            heapq.heappush(tenant.queue, (*key, entry.order, next(self._numbers), entry))
        if len(tenant.queue) > 2 * len(tenant.entries) + _STALE:
            tenant.queue = [item for item in tenant.queue if item[4].key == item[:2]]
            heapq.heapify(tenant.queue)

    def drop(self, run: ActiveRun) -> None:
        """Let a run go."""
        tenant = self._tenants.get(run.row.namespace)
        entry = tenant.entries.pop(run.run_id, None) if tenant is not None else None
        if tenant is None or entry is None:
            return
        tenant.running -= entry.running
        entry.key = None
        if not tenant.entries:
            del self._tenants[run.row.namespace]

    def choose(self, *, room: bool) -> ActiveRun | None:
        """Return the run whose first ready task starts next; None when there is none or no `room` for it.

        For a tenant of which nothing runs there is always room: the long tasks of others do not hold it up.

        The tenant with the fewest running tasks comes first, then its run with the fewest; among equals the
        one that has waited longest.
        """
        waiting = [
            (tenant.running, tenant.served, number, tenant, entry)
            for number, tenant in enumerate(self._tenants.values())
            if (room or tenant.running == 0) and (entry := tenant.find_first()) is not None
        ]
        if not waiting:
            return None
        *_, tenant, entry = min(waiting, key=lambda each: each[:3])
        entry.served = tenant.served = next(self._numbers)
        self.update(entry.run)
        return entry.run
