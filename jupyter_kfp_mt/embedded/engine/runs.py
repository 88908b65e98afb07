"""The runs that the engine has open: how each is opened, grows, is stopped, stored and let go."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from ...run_rules import FINAL_STATES
from ..store import RunRow, Store
from ..store.tasks import TaskRow
from .execution.active import ActiveRun, end_tasks
from .execution.attempts import STOPPED, Attempts
from .execution.copies import Copier
from .execution.folders import RunFolder
from .execution.machine import Machine
from .execution.volumes import VolumeClaims, find_claims_folder
from .leftovers import Leftovers
from .limits import Limits
from .loop.commands import CommandQueue
from .loop.containment import Containment
from .loop.remover import FolderRemover
from .loop.timers import Timers
from .plan.nodes import State
from .scheduler import Scheduler

_SLICE = 0.03  # seconds of a turn for each kind of work of which one tenant may have very much
_LAST_TRY = 1.0  # seconds before a run is opened that may have ended the server: all others come first


class OpenRuns:
    """The open runs; used in the engine's thread only."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        limits: Limits,
        machine: Machine,
        attempts: Attempts,
        leftovers: Leftovers,
        remover: FolderRemover,
        commands: CommandQueue,
        containment: Containment,
        timers: Timers,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._runs_folder = folder / "runs"
        self._volumes = folder / "volumes"
        self._limits = limits
        self._machine = machine
        self._attempts = attempts
        self._leftovers = leftovers
        self._remover = remover
        self._commands = commands
        self._containment = containment
        self._timers = timers
        self._clock = clock
        self.scheduler = Scheduler()
        self._active: dict[str, ActiveRun] = {}
        self._growing: dict[str, ActiveRun] = {}  # those whose loops are still to grow
        self._changed: dict[str, ActiveRun] = {}  # those that differ from what is stored
        self._suspects: set[str] = set()  # those that may have ended its process, to be opened last
        self._unopened: deque[str] = deque()  # runs of the previous engine, still to be opened

    @property
    def hurry(self) -> bool:
        """Whether there is more to do at once."""
        return bool(self._unopened or self._growing)

    @property
    def changed(self) -> bool:
        """Whether something is not stored yet."""
        return bool(self._changed)

    def take_over(self, unfinished: Iterable[str], suspects: Iterable[str]) -> None:
        """Open the runs of the previous engine, bit by bit, and last those that may have ended it."""
        self._suspects.update(suspects)
        self._unopened.extend(run_id for run_id in unfinished if run_id not in self._suspects)
        for run_id in self._suspects:
            self._timers.add(_LAST_TRY, run_id, partial(self._open_suspect, run_id))

    def review(self) -> None:
        """Look at the runs for which something was done: all others are as they were, and may be many."""
        for run_id in self._containment.worked_on:
            run = self._active.get(run_id)
            if run is not None:
                self.scheduler.update(run)
                _keep(self._growing, run, kept=run.plan.grows)
                _keep(self._changed, run, kept=bool(run.plan.changed or run.plan.exceeded))
        self._containment.worked_on.clear()

    def enqueue(self, run_id: str, command: Callable[[str], None]) -> None:
        """Let the engine's thread do something for a run."""
        self._commands.put(lambda: self._containment.contain_run(run_id, lambda: command(run_id)))

    def open_some(self) -> None:
        """Open some of the runs that the previous engine left."""
        until = time.monotonic() + _SLICE
        while self._unopened and time.monotonic() < until:
            run_id = self._unopened[0]
            self._containment.contain_run(run_id, partial(self.open, run_id))
            self._unopened.popleft()  # only now: a full disk raises, and the next turn tries again

    def _open_suspect(self, run_id: str) -> None:
        self._suspects.discard(run_id)
        self.open(run_id)

    def grow(self) -> None:
        """Let loops grow for a moment, those of the smallest runs first: nobody waits for a huge one."""
        until = time.monotonic() + _SLICE
        for run in sorted(self._growing.values(), key=lambda run: len(run.plan.nodes)):
            self._containment.contain_run(run.run_id, partial(self._grow_run, run, until))
            if time.monotonic() > until:
                return

    def _grow_run(self, run: ActiveRun, until: float) -> None:
        run.plan.grow(self._clock())
        while run.plan.grows and time.monotonic() < until:
            run.plan.grow(self._clock())
        self._adopt_resumed(run)

    def _adopt_resumed(self, run: ActiveRun) -> None:
        while run.plan.resumed:
            self._attempts.adopt(run, run.plan.resumed.pop(0))

    def open(self, run_id: str) -> None:
        """Open a stored run, unless it is open or has ended."""
        row = self._store.runs.get(run_id)
        if row is None or run_id in self._active or row.state in FINAL_STATES:
            return
        try:
            self._start_run(self._activate(row, self._store.tasks.list_of_run(run_id)))
        except (ValueError, OSError) as error:
            self.give_up(run_id, f"It cannot run: {error}")
        else:
            if row.state == "CANCELING":
                self.terminate(run_id)

    def _activate(self, row: RunRow, tasks: list[TaskRow]) -> ActiveRun:
        folder = RunFolder(self._runs_folder, row.run_id)
        tenant = find_claims_folder(self._volumes, row.namespace)
        claims = VolumeClaims(tenant=tenant, run=folder.volumes, remove=self._remover.put)
        run = ActiveRun(
            row=row,
            tasks=tasks,
            folder=folder,
            claims=claims,
            sources=self._store.tenants,
            machine=self._machine,
            log_limit=self._limits.log_bytes,
            bounds=self._limits.run,
            copier=Copier(
                folder=folder,
                claims=claims,
                bounds=self._limits.run,
                is_own_run=partial(self._is_of_namespace, row.namespace),
            ),
        )
        self._active[row.run_id] = run
        self.scheduler.add(run)
        return run

    def _is_of_namespace(self, namespace: str, run_id: str) -> bool:
        row = self._store.runs.get(run_id)
        return row is not None and row.namespace == namespace

    def _start_run(self, run: ActiveRun) -> None:
        run.start(self._clock())
        self._adopt_resumed(run)
        deadline = run.pipeline.settings.active_deadline_seconds
        if deadline and not run.plan.over:
            left = run.row.created_at + deadline - self._clock()
            reason = f"The run took more than {deadline} s."
            self._timers.add(max(0.0, left), run.run_id, lambda: self._cancel(run, reason))

    def terminate(self, run_id: str) -> None:
        """Stop the tasks of a run."""
        self.open(run_id)  # after a restart it may still be waiting for that
        run = self._active.get(run_id)
        if run is None or run.terminating:
            return
        self._store.runs.set_state(run_id, "CANCELING")
        run.terminating = True
        self._cancel(run, STOPPED)

    def _cancel(self, run: ActiveRun, reason: str) -> None:
        if not run.plan.over:
            running = run.plan.cancel(reason, self._clock())
            self._adopt_resumed(run)
            self._attempts.stop(run, running)

    def _cancel_exceeding(self, run: ActiveRun) -> None:
        reason, run.plan.exceeded = run.plan.exceeded, ""
        self._cancel(run, reason)

    def give_up(self, run_id: str, reason: str) -> None:
        """End a run as FAILED without its plan, which can no longer be trusted."""
        run = self._active.get(run_id)
        self._drop(run_id)
        self._attempts.abandon(run_id)
        if run is not None and run.removed:
            self.enqueue(run_id, self.forget)
        else:
            end = partial(self.store_failure, run_id, reason)
            self._commands.put(lambda: self._containment.contain(f"the end of run {run_id}", end))

    def store_failure(self, run_id: str, reason: str) -> None:
        """Store that a run has failed, by its rows alone."""
        now = self._clock()

        def store_tasks() -> None:
            self._store.tasks.save(end_tasks(self._store.tasks.list_of_run(run_id), reason, now))

        with self._store.db.write():
            self._containment.contain(f"the tasks of run {run_id}", store_tasks)
            self._store.runs.set_state(run_id, "FAILED", finished_at=int(now), error=reason)

    def forget(self, run_id: str) -> None:
        """Stop a deleted run, then remove its files and tasks."""
        run = self._active.get(run_id)
        if run is not None:
            run.removed = True
            self._cancel(run, STOPPED)
            if not run.plan.over:
                return  # its processes must end first; `_release` calls this again
            self._drop(run_id)
        elif run_id in self._unopened or run_id in self._suspects:  # its processes may run
            self._suspects.discard(run_id)
            with contextlib.suppress(ValueError):
                self._unopened.remove(run_id)
            self._leftovers.end(run_id, self.forget)
            return
        self._leftovers.remove(run_id)

    def save(self) -> None:
        """Store all changes in one transaction, then release the runs that are over."""
        for run in [run for run in self._changed.values() if run.plan.exceeded]:
            self._containment.contain_run(run.run_id, partial(self._cancel_exceeding, run))
        changed = [run for run in self._changed.values() if run.plan.changed]
        if not changed:
            return
        with self._store.db.write():
            for run in changed:
                self._containment.contain_run(run.run_id, partial(self._save_run, run))
        for run in changed:
            run.mark_stored()
            self._changed.pop(run.run_id, None)
            if run.plan.over and self._active.get(run.run_id) is run:
                self._release(run)

    def _save_run(self, run: ActiveRun) -> None:
        if run.removed:
            return
        if not run.is_stored:
            self._store.runs.set_running(run.run_id)
        self._store.tasks.save(run.changed_rows())
        for mark, outputs in run.results.items():
            self._store.tasks.keep_result(run.row.namespace, mark, run.run_id, outputs)
        if run.plan.over:
            self._store_end(run)

    def _store_end(self, run: ActiveRun) -> None:
        # A terminated run ends FAILED, as on a cluster.
        state = "SUCCEEDED" if run.plan.root.state is State.SUCCEEDED else "FAILED"
        error = "" if state == "SUCCEEDED" else run.describe_failure()
        self._store.runs.set_state(run.run_id, state, finished_at=int(self._clock()), error=error)

    def _release(self, run: ActiveRun) -> None:
        self._drop(run.run_id)
        if run.removed:
            self.enqueue(run.run_id, self.forget)
            self.enqueue(run.run_id, self.open)  # it may have been made again meanwhile

    def _drop(self, run_id: str) -> None:
        run = self._active.pop(run_id, None)
        if run is not None:
            self.scheduler.drop(run)
        self._growing.pop(run_id, None)
        self._changed.pop(run_id, None)
        self._timers.drop(run_id)


def _keep(runs: dict[str, ActiveRun], run: ActiveRun, *, kept: bool) -> None:
    """Put a run in or out."""
    if kept:
        runs[run.run_id] = run
    else:
        runs.pop(run.run_id, None)
