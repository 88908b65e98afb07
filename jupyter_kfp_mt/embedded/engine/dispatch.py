"""Starts ready tasks: as attempts, from the cache, or in the engine itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...models import TaskValues
from ..store import Store
from ..store.tasks import Result
from .execution.active import ActiveRun
from .execution.attempts import Attempts
from .execution.cache import fingerprint, outputs_exist
from .loop.containment import Containment
from .plan.nodes import TaskNode
from .scheduler import Scheduler

_SLICE = 0.03  # seconds of a turn: tasks from the cache take no slot, and a loop may have very many


class Dispatcher:
    """Starts tasks while there is room; used in the engine's thread only."""

    def __init__(
        self,
        store: Store,
        runs_folder: Path,
        *,
        limit: int,
        attempts: Attempts,
        containment: Containment,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._runs_folder = runs_folder
        self._limit = limit
        self._attempts = attempts
        self._containment = containment
        self._clock = clock

    def dispatch(self, scheduler: Scheduler) -> bool:
        """Start ready tasks while there is room, for a moment; returns whether more may be started."""
        until = time.monotonic() + _SLICE
        while time.monotonic() < until:
            run = scheduler.choose(room=len(self._attempts) < self._limit)
            if run is None:
                return False
            self._containment.contain_run(run.run_id, partial(self._start_next, run), run.plan.ready[0].path)
            scheduler.update(run)
        return True

    def _start_next(self, run: ActiveRun) -> None:
        node = run.plan.ready[0]
        result = self._find_cached(run, node)
        run.plan.ready.popleft()
        action = run.find_inline_action(node)
        if action is not None:
            self._run_inline(run, node, action)
        elif result is not None:
            node.started_at = now = self._clock()
            run.plan.record_success(node, result.outputs, now, cached_from=result.run_id)
        else:
            self._attempts.add(run, node)

    def _find_cached(self, run: ActiveRun, node: TaskNode) -> Result | None:
        """Return the cached result that `node` may use; None without one."""
        try:
            mark = fingerprint(run.pipeline, node)
        except ValueError:
            return None  # its inputs cannot be resolved, and its attempt will say why
        result = self._store.tasks.find_result(run.row.namespace, mark) if mark else None
        return result if result is not None and outputs_exist(result.outputs, self._runs_folder) else None

    def _run_inline(self, run: ActiveRun, node: TaskNode, action: Callable[[], TaskValues]) -> None:
        run.plan.record_start(node, node.attempt + 1, self._clock())
        try:
            run.plan.record_success(node, action(), self._clock())
        except (ValueError, OSError, RecursionError) as error:
            self._attempts.record_failure(run, node, str(error), exit_code=1)
