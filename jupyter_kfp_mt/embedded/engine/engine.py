"""The engine: one thread that asks the plan of every run what is next, starts it, and stores the result.

One turn of the loop: read commands and ended attempts → start ready tasks, fairly and up to the limit → store
every change in one transaction → launch the attempts that are now stored as running → wait.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ...pipeline_spec import Package
from ...run_rules import FINAL_STATES
from ..store import RecurringRunRow, Store
from .dispatch import Dispatcher
from .execution.active import read_stored_pipeline, reset_for_retry
from .execution.attempts import Attempts, ask_to_stop
from .execution.folders import LogPart, RunFolder
from .execution.launchers import choose_launcher
from .execution.machine import prepare_machine
from .execution.mount_probe import MountProbe
from .execution.packages import Packages
from .execution.problems import Problem, find_package_problems
from .leftovers import Leftovers
from .limits import Limits
from .loop.commands import CommandQueue
from .loop.containment import Containment
from .loop.current_run import CurrentRun
from .loop.remover import FolderRemover
from .loop.timers import Timers
from .recurring import IsAllowed, RecurringRunController
from .runs import OpenRuns

log = logging.getLogger(__name__)
_POLL_INTERVAL = 0.1  # seconds between polls of attempts that a previous engine process started
_MOST_CRASHES = 3  # of the server at the same work of a run, before the run is set aside
_INTERVAL = 1.0  # seconds between checks of recurring runs, and before the loop tries again after an error


class Engine:
    """Executes the stored runs; every public method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
        packages: Packages | None = None,
        *,
        is_allowed: IsAllowed,
    ) -> None:
        self._store = store
        self._runs_folder = folder / "runs"
        self._limits = limits
        self._remover = FolderRemover(folder / "removed")
        self._mounts = MountProbe(folder)
        self._clock = clock
        self._machine = prepare_machine(os.environ, folder)
        self._recurring = RecurringRunController(store, clock, is_allowed)
        self._timers = Timers()
        self._current = CurrentRun(folder / "current-run")
        self._containment = Containment(self._give_up, self._current)
        self._commands = CommandQueue()
        self._selector = selectors.DefaultSelector()
        executor = limits.executor or os.environ.get("JUPYTER_KFP_MT_EXECUTOR", "")
        self._attempts = Attempts(
            packages=packages or Packages(folder / "packages"),
            make_launcher=partial(choose_launcher, executor),
            clock=clock,
            selector=self._selector,
            commands=self._commands,
            timers=self._timers,
            containment=self._containment,
            discard=self._remover.put_in_place,
        )
        self._leftovers = Leftovers(
            store, folder, remover=self._remover, containment=self._containment, timers=self._timers
        )
        self._runs = OpenRuns(
            store,
            folder,
            limits=limits,
            machine=self._machine,
            attempts=self._attempts,
            leftovers=self._leftovers,
            remover=self._remover,
            commands=self._commands,
            containment=self._containment,
            timers=self._timers,
            clock=clock,
        )
        self._dispatcher = Dispatcher(
            store,
            self._runs_folder,
            limit=limits.slots,
            attempts=self._attempts,
            containment=self._containment,
            clock=clock,
        )
        self._stopping = False
        self._turned = time.monotonic()  # when its last turn began
        self._trouble = ""  # of that turn
        self._next_check = 0.0
        self._thread = threading.Thread(target=self._run, name="kfp-engine", daemon=True)

    # ---- called from any thread

    def start(self) -> None:
        """Start working, first on the runs that are not finished."""
        self._runs_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._remover.start()
        self._count_crash()
        self._selector.register(self._commands, selectors.EVENT_READ)
        sweep = partial(self._leftovers.sweep, self._runs.forget)
        self._commands.put(lambda: self._containment.contain("folders without a run", sweep))
        crashed = self._store.runs.list_crashed(_MOST_CRASHES - 1)
        self._runs.take_over(self._store.runs.list_unfinished(), crashed)
        self._thread.start()

    def stop(self) -> None:
        """Stop working; running tasks go on, and the next engine adopts them."""
        self._commands.put(self._request_stop)
        self._thread.join(self._limits.turn)
        if self._thread.is_alive():
            log.error("the engine does not stop; the next one goes on with its tasks")
            return
        self._attempts.close()
        self._current.close()
        self._selector.close()
        self._commands.close()

    def find_problems(self, package: Package, arguments: Mapping[str, Any]) -> list[Problem]:
        """Return the tasks of `package` that cannot run here with these values of the run."""
        return find_package_problems(
            package, arguments, self._mounts.limit(), self._machine.which, bounds=self._limits.run
        )

    def find_fault(self) -> str:
        """Return why no task can start at the moment; empty when all is well."""
        still = time.monotonic() - self._turned
        return self._trouble or (
            f"The engine has not moved for {still:.0f} s." if still > self._limits.turn else ""
        )

    def submit(self, run_id: str) -> None:
        """Start a stored run."""
        self._runs.enqueue(run_id, self._runs.open)

    def terminate(self, run_id: str) -> None:
        """Stop a run and all its processes; idempotent."""
        self._runs.enqueue(run_id, self._runs.terminate)

    def retry(self, run_id: str) -> None:
        """Run the unsuccessful tasks of an ended run again; the run is RUNNING when this returns."""
        with self._store.db.write():
            row = self._store.runs.get(run_id)
            if row is None or row.state not in FINAL_STATES:
                return
            tasks = self._store.tasks.list_of_run(run_id)
            self._store.tasks.save(reset_for_retry(read_stored_pipeline(row), tasks))
            self._store.runs.set_state(run_id, "RUNNING", finished_at=0)
        self._runs.enqueue(run_id, self._runs.open)

    def forget(self, run_id: str) -> None:
        """Stop a run that is being deleted, and remove its files and tasks."""
        self._runs.enqueue(run_id, self._runs.forget)

    def remove_volumes(self, namespace: str) -> None:
        """Remove the volumes of a namespace that is being deleted, after its runs have been stopped."""
        remove = partial(self._leftovers.remove_volumes, namespace)
        self._commands.put(lambda: self._containment.contain(f"the volumes of {namespace}", remove))

    def read_log(
        self, run_id: str, task_id: str, *, attempt: int = 0, offset: int = 0, limit: int = 1 << 20
    ) -> LogPart:
        """Return a part of the log of a task, of its newest attempt by default; raises LookupError."""
        task = self._store.tasks.get(run_id, task_id, values=False)
        if task is None or attempt > task.attempt:
            raise LookupError(task_id)
        number = attempt or task.attempt
        if number == 0:
            return LogPart(complete=task.state in FINAL_STATES)
        attempt_folder = RunFolder(self._runs_folder, run_id).attempt(task.task_id, number)
        part = attempt_folder.read_log(
            offset, limit or 1 << 20, over=number < task.attempt or task.state in FINAL_STATES
        )
        return msgspec.structs.replace(part, attempt=number, truncated=part.size > self._limits.log_bytes)

    def _count_crash(self) -> None:
        """Count what the server was working on when it was killed or crashed; end the run the third time.

        Without that, a run that takes the server down would do so again after each start.
        """
        work = self._current.open()
        if work is None:
            self._store.runs.forget_crashes()
            return
        crashes = self._store.runs.count_crash(work.run_id, work.task)
        log.warning("the server ended while it worked on run %s (%d times)", work.run_id, crashes)
        row = self._store.runs.get(work.run_id)
        if crashes < _MOST_CRASHES or row is None or row.state in FINAL_STATES:
            return
        where = f"task {work.task} of this run" if work.task else "this run"
        reason = f"The server ended {crashes} times while it worked on {where}, so the run was set aside."
        self._runs.store_failure(work.run_id, reason)
        with contextlib.suppress(ValueError):
            for pid in RunFolder(self._runs_folder, work.run_id).find_supervisors():
                ask_to_stop(pid)

    # ---- in the engine's thread

    def _request_stop(self) -> None:
        self._stopping = True

    def _run(self) -> None:
        while not self._stopping:
            self._turned = time.monotonic()
            try:
                well = self._containment.contain("a turn of the loop", self._run_once)
                self._trouble = "" if well else "The engine failed; server.log says why."
            except sqlite3.OperationalError as error:
                # Usually a full disk. Nothing is lost: what is not stored is neither shown nor started.
                log.warning("the store cannot be written (%s); trying again", error)
                self._trouble = f"The store cannot be written: {error}."
            if self._trouble:
                time.sleep(_INTERVAL)

    def _run_once(self) -> None:
        for key, _ in self._selector.select(self._timeout()):
            if key.data is None:
                self._commands.clear_wakeup()
            else:
                self._attempts.handle_end(key.data)
        self._commands.run_all()
        self._runs.open_some()
        self._runs.review()
        self._runs.grow()
        self._run_timers()
        self._do_every_second()
        self._attempts.poll()
        self._runs.review()
        more = self._dispatcher.dispatch(self._runs.scheduler)
        self._runs.review()
        self._runs.save()
        more = self._attempts.launch() or more
        self._runs.review()
        if more or self._runs.changed:
            self._commands.put(lambda: None)  # start the next turn immediately

    def _give_up(self, run_id: str, reason: str) -> None:
        self._runs.give_up(run_id, reason)

    def _timeout(self) -> float:
        if self._runs.hurry:
            return 0.0
        wait = min(self._timers.next_due(), self._next_check) - time.monotonic()
        return max(0.0, min(wait, _POLL_INTERVAL) if self._attempts.any_adopted else wait)

    def _run_timers(self) -> None:
        for timer in self._timers.take_due():
            self._containment.contain_run(timer.run_id, timer.action)

    def _do_every_second(self) -> None:
        """Start the recurring runs that are due, and check what may have gone wrong."""
        if time.monotonic() < self._next_check:
            return
        self._next_check = time.monotonic() + _INTERVAL
        self._attempts.wake_overdue()
        self._store.db.keep_room()
        for row in self._recurring.find_due():
            name = f"recurring run {row.recurring_run_id}"
            if not self._containment.contain(name, partial(self._start_recurring_run, row)):
                self._recurring.set_aside(row.recurring_run_id)

    def _start_recurring_run(self, row: RecurringRunRow) -> None:
        run_id = self._recurring.fire(row)
        if run_id:
            self._runs.enqueue(run_id, self._runs.open)
