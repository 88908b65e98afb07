"""The engine: one thread that asks every run's plan what is next, starts it, and stores what became of it.

One turn of the loop: take commands and ends → dispatch under the limit, fairly → store every change in one
transaction → start what the store now knows to be running → wait.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from ...models import TaskValues
from ...pipeline_spec import Package
from ...run_rules import FINAL_STATES
from ..store import RecurringRunRow, RunRow, Store
from ..store.tasks import Result, TaskRow
from .execution.active import ActiveRun, for_retry, given_up, pipeline_of
from .execution.attempts import STOPPED, Attempts, ask_to_stop
from .execution.cache import fingerprint, is_there
from .execution.folders import LogPart, RunFolder, task_environment
from .execution.mounts import Mounts
from .execution.packages import Packages
from .execution.problems import Problem, problems_of
from .execution.volumes import Claims, home_of
from .loop.containment import Containment
from .loop.mailbox import Mailbox
from .loop.removal import Removal
from .loop.timers import Timers
from .plan.nodes import Node, State
from .recurring import RecurringRuns
from .scheduler import choose_run

log = logging.getLogger(__name__)
Clock = Callable[[], float]
_POLL = 0.1  # seconds between looks at attempts that another engine started
_LOOK = 1.0  # seconds between looks at recurring runs


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine may use; 0 and "" are the machine's own measure."""

    tasks: int = 0  # at once; 0: one for each core
    log_bytes: int = 16 * 1024 * 1024  # of one attempt
    executor: str = ""  # "fork" or "subprocess"; "": JUPYTER_KFP_MT_EXECUTOR, else what the machine can do


class Engine:
    """Runs what the store holds; every public method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        clock: Clock = time.time,
        packages: Packages | None = None,
    ) -> None:
        self._store = store
        self._runs_folder = folder / "runs"
        self._limit = limits.tasks or os.cpu_count() or 1
        self._limits = limits
        self._volumes = folder / "volumes"
        self._removal = Removal(folder / "removed")
        self._mounts = Mounts(folder)
        self._clock = clock
        self._environment = task_environment(os.environ)
        self._runs: dict[str, ActiveRun] = {}
        self._recurring = RecurringRuns(store, clock)
        self._served: dict[str, int] = {}
        self._timers = Timers()
        self._containment = Containment(self._give_up)
        self._commands = Mailbox()
        self._selector = selectors.DefaultSelector()
        self._attempts = Attempts(
            packages=packages or Packages(folder / "packages"),
            executor=limits.executor,
            clock=clock,
            selector=self._selector,
            commands=self._commands,
            timers=self._timers,
            containment=self._containment,
        )
        self._stopping = False
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._loop, name="kfp-engine", daemon=True)

    # ---- called from any thread

    def start(self) -> None:
        """Go to work, first on the runs that are not finished."""
        self._runs_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._removal.start()
        self._selector.register(self._commands, selectors.EVENT_READ)
        self._commands.put(lambda: self._containment.apart("runs that were deleted", self._sweep))
        for run_id in self._store.runs.unfinished():
            self._ask(run_id, self._open)
        self._thread.start()

    def stop(self) -> None:
        """Stop working; tasks that run go on, and the next engine finds them."""
        self._commands.put(self._end)
        self._thread.join()
        self._attempts.close()
        self._selector.close()
        self._commands.close()

    def problems(self, package: Package) -> list[Problem]:
        """Return the tasks of `package` that cannot run here."""
        return problems_of(package, self._mounts.fault)

    def submit(self, run_id: str) -> None:
        """Start a stored run."""
        self._ask(run_id, self._open)

    def terminate(self, run_id: str) -> None:
        """Stop a run and all its processes; again makes no difference."""
        self._ask(run_id, self._terminate)

    def retry(self, run_id: str) -> None:
        """Run again what did not succeed of a run that has ended; when this returns, the run is RUNNING."""
        with self._store.db.write():
            row = self._store.runs.get(run_id)
            if row is None or row.state not in FINAL_STATES:
                return
            self._store.tasks.save(for_retry(pipeline_of(row), self._store.tasks.of_run(run_id)))
            self._store.runs.set_state(run_id, "RUNNING", finished_at=0)
        self._ask(run_id, self._open)

    def forget(self, run_id: str) -> None:
        """Stop a run that is being deleted, and remove its files and steps."""
        self._ask(run_id, self._forget)

    def empty(self, namespace: str) -> None:
        """Remove the volumes of a namespace that is being deleted, once its runs have been told to end."""
        home = home_of(self._volumes, namespace)
        remove = partial(self._removal.put, home)
        self._commands.put(lambda: self._containment.apart(f"the volumes of {namespace}", remove))

    def read_log(
        self, run_id: str, task_id: str, *, attempt: int = 0, offset: int = 0, limit: int = 1 << 20
    ) -> LogPart:
        """Return a part of a task's log, of its newest attempt by default; raises LookupError."""
        task = self._store.tasks.get(run_id, task_id, values=False)
        if task is None or attempt > task.attempt:
            raise LookupError(task_id)
        number = attempt or task.attempt
        if number == 0:
            return LogPart(complete=task.state in FINAL_STATES)
        attempt_folder = RunFolder(self._runs_folder, run_id).attempt(task.task_id, number)
        part = attempt_folder.log_part(
            offset, limit or 1 << 20, over=number < task.attempt or task.state in FINAL_STATES
        )
        return msgspec.structs.replace(part, attempt=number, truncated=part.size > self._limits.log_bytes)

    def _ask(self, run_id: str, command: Callable[[str], None]) -> None:
        self._commands.put(lambda: self._containment.for_run(run_id, lambda: command(run_id)))

    # ---- the engine's thread

    def _end(self) -> None:
        self._stopping = True

    def _loop(self) -> None:
        while not self._stopping:
            try:
                if not self._containment.apart("a turn of its loop", self._turn):
                    time.sleep(_LOOK)
            except sqlite3.OperationalError as error:
                # A full disk, mostly. Nothing is lost: what is not stored is not shown and not started.
                log.warning("the store cannot be written (%s); trying again", error)
                time.sleep(_LOOK)

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._pause()):
            if key.data is None:
                self._commands.hush()
            else:
                self._attempts.ended(key.data)
        self._commands.run_all()
        self._keep_time()
        self._fire()
        self._attempts.look()
        self._dispatch()
        self._save()
        if self._attempts.launch() or any(run.plan.changed for run in self._runs.values()):
            self._commands.put(lambda: None)  # the next turn follows at once

    def _pause(self) -> float:
        wait = min(self._timers.next(), self._next_look) - time.monotonic()
        return max(0.0, min(wait, _POLL) if self._attempts.any_found else wait)

    def _keep_time(self) -> None:
        for timer in self._timers.take():
            self._containment.for_run(timer.run_id, timer.action)

    def _fire(self) -> None:
        """Start the recurring runs that are due."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK
        self._store.db.keep_room()
        for row in self._recurring.due():
            name = f"recurring run {row.recurring_run_id}"
            if not self._containment.apart(name, partial(self._fire_one, row)):
                self._recurring.put_aside(row.recurring_run_id)

    def _fire_one(self, row: RecurringRunRow) -> None:
        run_id = self._recurring.fire(row)
        if run_id:
            self._ask(run_id, self._open)

    # ---- runs

    def _open(self, run_id: str) -> None:
        row = self._store.runs.get(run_id)
        if row is None or run_id in self._runs or row.state in FINAL_STATES:
            return
        try:
            self._begin(self._active(row, self._store.tasks.of_run(run_id)))
        except (ValueError, OSError) as error:
            self._give_up(run_id, f"It cannot run: {error}")
        else:
            if row.state == "CANCELING":
                self._terminate(run_id)

    def _active(self, row: RunRow, tasks: list[TaskRow]) -> ActiveRun:
        folder = RunFolder(self._runs_folder, row.run_id)
        tenant = home_of(self._volumes, row.namespace)
        run = ActiveRun(
            row=row,
            tasks=tasks,
            folder=folder,
            claims=Claims(tenant=tenant, run=folder.volumes, remove=self._removal.put),
            sources=self._store.tenants,
            environment=self._environment,
            log_limit=self._limits.log_bytes,
        )
        self._runs[row.run_id] = run
        return run

    def _begin(self, run: ActiveRun) -> None:
        run.start(self._clock())
        for node in run.plan.resumed:
            self._attempts.find(run, node)
        deadline = run.pipeline.settings.active_deadline_seconds
        if deadline and not run.plan.over:
            left = run.row.created_at + deadline - self._clock()
            reason = f"The run took more than {deadline} s."
            self._timers.after(max(0.0, left), run.run_id, lambda: self._cancel(run, reason))

    def _terminate(self, run_id: str) -> None:
        run = self._runs.get(run_id)
        if run is None or run.terminating:
            return
        self._store.runs.set_state(run_id, "CANCELING")
        run.terminating = True
        self._cancel(run, STOPPED)

    def _cancel(self, run: ActiveRun, reason: str) -> None:
        if not run.plan.over:
            self._attempts.stop(run, run.plan.cancel(reason, self._clock()))

    def _give_up(self, run_id: str, reason: str) -> None:
        """End a run as it is: nothing of its plan can be relied on."""
        run = self._runs.get(run_id)
        self._drop(run_id)
        self._attempts.abandon(run_id)
        if run is not None and run.removed:
            self._ask(run_id, self._forget)
        else:
            end = partial(self._store_end, run_id, reason)
            self._commands.put(lambda: self._containment.apart(f"the end of run {run_id}", end))

    def _store_end(self, run_id: str, reason: str) -> None:
        now = self._clock()

        def steps() -> None:
            self._store.tasks.save(given_up(self._store.tasks.of_run(run_id), reason, now))

        with self._store.db.write():
            self._containment.apart(f"the steps of run {run_id}", steps)
            self._store.runs.set_state(run_id, "FAILED", finished_at=int(now), error=reason)

    def _forget(self, run_id: str) -> None:
        run = self._runs.get(run_id)
        if run is not None:
            run.removed = True
            self._cancel(run, STOPPED)
            if not run.plan.over:
                return  # its processes end first; `_let_go` comes back here
            self._drop(run_id)
        borrowed = self._store.tasks.borrowed_from(run_id)
        self._store.tasks.remove(run_id)
        for each in (run_id, *(other for other in borrowed if self._store.runs.get(other) is None)):
            lent = self._store.tasks.lent(each)
            for path in RunFolder(self._runs_folder, each).removable(keep_artifacts=lent):
                self._removal.put(path)

    def _sweep(self) -> None:
        """Remove what is left of runs whose deletion was cut short."""
        for path in self._runs_folder.iterdir():
            if self._store.runs.get(path.name) is None:
                with contextlib.suppress(ValueError):  # a file of somebody else
                    self._sweep_run(path.name)

    def _sweep_run(self, run_id: str) -> None:
        pids = RunFolder(self._runs_folder, run_id).supervisors()
        for pid in pids:
            ask_to_stop(pid)
        if pids:  # they end first: what they write would remain
            self._timers.after(_POLL, run_id, partial(self._sweep_run, run_id))
        else:
            self._forget(run_id)

    # ---- tasks

    def _dispatch(self) -> None:
        """Take ready steps, tenant by tenant and run by run, while there is room."""
        while True:
            room = len(self._attempts) < self._limit
            run = choose_run(self._runs.values(), self._served, room=room)
            if run is None:
                return
            self._containment.for_run(run.run_id, partial(self._take_next, run))

    def _take_next(self, run: ActiveRun) -> None:
        node = run.plan.ready[0]
        result = self._result(run, node)
        run.plan.ready.popleft()
        made = run.by_itself(node)
        if made is not None:
            self._make(run, node, made)
        elif result is not None:
            node.started_at = now = self._clock()
            run.plan.succeeded(node, result.outputs, now, cached_from=result.run_id)
        else:
            self._attempts.take(run, node)

    def _result(self, run: ActiveRun, node: Node) -> Result | None:
        """What an earlier task of the same kind made, if `node` may take it."""
        mark = fingerprint(run.pipeline, node)
        result = self._store.tasks.result(run.row.namespace, mark) if mark else None
        return result if result is not None and is_there(result.outputs) else None

    def _make(self, run: ActiveRun, node: Node, made: Callable[[], TaskValues]) -> None:
        run.plan.started(node, node.attempt + 1, self._clock())
        try:
            run.plan.succeeded(node, made(), self._clock())
        except (ValueError, OSError, RecursionError) as error:
            self._attempts.failed(run, node, str(error), exit_code=1)

    # ---- the store

    def _save(self) -> None:
        """Store all changes in one transaction; runs that are over are let go."""
        changed = [run for run in self._runs.values() if run.plan.changed]
        if not changed:
            return
        with self._store.db.write():
            for run in changed:
                self._containment.for_run(run.run_id, partial(self._save_run, run))
        for run in changed:
            run.stored()
            if run.plan.over and self._runs.get(run.run_id) is run:
                self._let_go(run)

    def _save_run(self, run: ActiveRun) -> None:
        if run.removed:
            return
        if not run.begun:
            self._store.runs.begin(run.run_id)
        self._store.tasks.save(run.rows())
        for mark, outputs in run.results.items():
            self._store.tasks.keep_result(run.row.namespace, mark, run.run_id, outputs)
        if run.plan.over:
            self._finish(run)

    def _finish(self, run: ActiveRun) -> None:
        # As on a cluster: a terminated run ends FAILED.
        state = "SUCCEEDED" if run.plan.root.state is State.SUCCEEDED else "FAILED"
        error = "" if state == "SUCCEEDED" else run.fault()
        self._store.runs.set_state(run.run_id, state, finished_at=int(self._clock()), error=error)

    def _let_go(self, run: ActiveRun) -> None:
        self._drop(run.run_id)
        if run.removed:
            self._ask(run.run_id, self._forget)

    def _drop(self, run_id: str) -> None:
        self._runs.pop(run_id, None)
        self._served.pop(run_id, None)
        self._timers.drop(run_id)
