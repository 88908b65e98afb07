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
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ...bounds import RunBounds
from ...models import TaskValues
from ...pipeline_spec import Package
from ...run_rules import FINAL_STATES
from ..store import RecurringRunRow, RunRow, Store
from ..store.tasks import Result, TaskRow
from .execution.active import ActiveRun, end_tasks, read_stored_pipeline, reset_for_retry
from .execution.attempts import STOPPED, Attempts, ask_to_stop
from .execution.cache import fingerprint, outputs_exist
from .execution.copies import Copier
from .execution.folders import LogPart, RunFolder
from .execution.launchers import choose_launcher
from .execution.machine import prepare_machine
from .execution.mount_probe import MountProbe
from .execution.packages import Packages
from .execution.problems import Problem, find_package_problems
from .execution.unknown_folders import UnknownFolders
from .execution.volumes import VolumeClaims, find_claims_folder
from .loop.commands import CommandQueue
from .loop.containment import Containment
from .loop.current_run import CurrentRun
from .loop.remover import FolderRemover
from .loop.timers import Timers
from .plan.nodes import State, TaskNode
from .recurring import IsAllowed, RecurringRunController
from .scheduler import choose_run

log = logging.getLogger(__name__)
_POLL_INTERVAL = 0.1  # seconds between polls of attempts that a previous engine process started
_MOST_CRASHES = 3  # of the server at the same work of a run, before the run is set aside
_MOST_NAMES = 10  # of folders in one line of the log
_SLICE = 0.03  # seconds of a turn for each kind of work of which one tenant may have very much
_TASKS_PER_CORE, _FEWEST_TASKS = 4, 8  # most tasks wait, for the network or for each other
_LAST_TRY = 1.0  # seconds before the last try of such a run: all others come first
_INTERVAL = 1.0  # seconds between checks of recurring runs, and before the loop tries again after an error


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine may use; 0 and "" mean that the machine decides."""

    tasks: int = 0  # running at once; 0: four for each core, at least eight
    log_bytes: int = 16 * 1024 * 1024  # of one attempt
    run: RunBounds = RunBounds()
    turn: float = 15.0  # seconds; an engine counts as hung when one of its turns takes longer
    executor: str = ""  # "fork" or "subprocess"; "": JUPYTER_KFP_MT_EXECUTOR, else what works here


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
        self._limit = limits.tasks or max(_FEWEST_TASKS, _TASKS_PER_CORE * (os.cpu_count() or 1))
        self._limits = limits
        self._volumes = folder / "volumes"
        self._remover = FolderRemover(folder / "removed")
        self._unknown = UnknownFolders(store, folder)
        self._mounts = MountProbe(folder)
        self._clock = clock
        self._machine = prepare_machine(os.environ, folder)
        self._runs: dict[str, ActiveRun] = {}
        self._suspects: set[str] = set()  # those that may have ended its process, to be opened last
        self._recurring = RecurringRunController(store, clock, is_allowed)
        self._unopened: deque[str] = deque()  # runs of the previous engine, still to be opened
        self._served: dict[str, int] = {}
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
        self._suspects.update(self._store.runs.list_crashed(_MOST_CRASHES - 1))
        self._selector.register(self._commands, selectors.EVENT_READ)
        self._commands.put(lambda: self._containment.contain("folders without a run", self._sweep))
        unfinished = self._store.runs.list_unfinished()
        self._unopened.extend(run_id for run_id in unfinished if run_id not in self._suspects)
        for run_id in self._suspects:
            self._timers.add(_LAST_TRY, run_id, partial(self._open_suspect, run_id))
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
        self._enqueue(run_id, self._open_run)

    def terminate(self, run_id: str) -> None:
        """Stop a run and all its processes; idempotent."""
        self._enqueue(run_id, self._terminate)

    def retry(self, run_id: str) -> None:
        """Run the unsuccessful tasks of an ended run again; the run is RUNNING when this returns."""
        with self._store.db.write():
            row = self._store.runs.get(run_id)
            if row is None or row.state not in FINAL_STATES:
                return
            tasks = self._store.tasks.list_of_run(run_id)
            self._store.tasks.save(reset_for_retry(read_stored_pipeline(row), tasks))
            self._store.runs.set_state(run_id, "RUNNING", finished_at=0)
        self._enqueue(run_id, self._open_run)

    def forget(self, run_id: str) -> None:
        """Stop a run that is being deleted, and remove its files and tasks."""
        self._enqueue(run_id, self._forget)

    def remove_volumes(self, namespace: str) -> None:
        """Remove the volumes of a namespace that is being deleted, after its runs have been stopped."""
        remove = partial(self._remove_volumes, namespace)
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

    def _enqueue(self, run_id: str, command: Callable[[str], None]) -> None:
        self._commands.put(lambda: self._containment.contain_run(run_id, lambda: command(run_id)))

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
        self._store_failure(work.run_id, reason)
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
        self._open_runs()
        self._grow_runs()
        self._run_timers()
        self._do_every_second()
        self._attempts.poll()
        self._dispatch()
        self._save()
        if self._attempts.launch() or any(run.plan.changed for run in self._runs.values()):
            self._commands.put(lambda: None)  # start the next turn immediately

    def _timeout(self) -> float:
        if self._unopened or any(run.plan.grows for run in self._runs.values()):
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
            self._enqueue(run_id, self._open_run)

    # ---- runs

    def _open_runs(self) -> None:
        """Open some of the runs that the previous engine left."""
        until = time.monotonic() + _SLICE
        while self._unopened and time.monotonic() < until:
            run_id = self._unopened[0]
            self._containment.contain_run(run_id, partial(self._open_run, run_id))
            self._unopened.popleft()  # only now: a full disk raises, and the next turn tries again

    def _open_suspect(self, run_id: str) -> None:
        self._suspects.discard(run_id)
        self._open_run(run_id)

    def _grow_runs(self) -> None:
        """Let loops grow for a moment, those of the smallest runs first: nobody waits for a huge one."""
        growing = [run for run in self._runs.values() if run.plan.grows]
        until = time.monotonic() + _SLICE
        for run in sorted(growing, key=lambda run: len(run.plan.nodes)):
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

    def _open_run(self, run_id: str) -> None:
        row = self._store.runs.get(run_id)
        if row is None or run_id in self._runs or row.state in FINAL_STATES:
            return
        try:
            self._start_run(self._activate(row, self._store.tasks.list_of_run(run_id)))
        except (ValueError, OSError) as error:
            self._give_up(run_id, f"It cannot run: {error}")
        else:
            if row.state == "CANCELING":
                self._terminate(run_id)

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
        self._runs[row.run_id] = run
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

    def _terminate(self, run_id: str) -> None:
        self._open_run(run_id)  # after a restart it may still be waiting for that
        run = self._runs.get(run_id)
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

    def _give_up(self, run_id: str, reason: str) -> None:
        """End a run as FAILED without its plan, which can no longer be trusted."""
        run = self._runs.get(run_id)
        self._drop(run_id)
        self._attempts.abandon(run_id)
        if run is not None and run.removed:
            self._enqueue(run_id, self._forget)
        else:
            end = partial(self._store_failure, run_id, reason)
            self._commands.put(lambda: self._containment.contain(f"the end of run {run_id}", end))

    def _store_failure(self, run_id: str, reason: str) -> None:
        now = self._clock()

        def store_tasks() -> None:
            self._store.tasks.save(end_tasks(self._store.tasks.list_of_run(run_id), reason, now))

        with self._store.db.write():
            self._containment.contain(f"the tasks of run {run_id}", store_tasks)
            self._store.runs.set_state(run_id, "FAILED", finished_at=int(now), error=reason)

    def _forget(self, run_id: str) -> None:
        run = self._runs.get(run_id)
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
            self._end_leftover(run_id, self._forget)
            return
        borrowed = self._store.tasks.list_cache_sources(run_id)
        self._store.tasks.remove(run_id)
        deleted = [other for other in borrowed if self._store.folders.is_deleted(f"runs/{other}")]
        for each in (run_id, *deleted):
            lent = self._store.tasks.is_borrowed(each)
            for path in RunFolder(self._runs_folder, each).removable_paths(keep_artifacts=lent):
                self._remover.put(path)
            if not lent:
                self._store.folders.remove(f"runs/{each}")

    def _remove_volumes(self, namespace: str) -> None:
        self._remover.put(find_claims_folder(self._volumes, namespace))
        self._store.folders.remove(f"volumes/{namespace}")

    def _sweep(self) -> None:
        """Complete deletions that were interrupted, and set folders aside that the store does not know."""
        for path in self._store.folders.list_deleted():
            kind, _, name = path.partition("/")
            if kind == "volumes":
                self._remove_volumes(name)
            elif self._store.runs.get(name) is None:
                self._containment.contain_run(name, partial(self._end_leftover, name, self._forget))
            else:  # it was made again since
                self._store.folders.remove(path)
        unknown = self._unknown.find()
        if unknown:
            log.warning(
                "%d folders in runs/ belong to no run of the store and go to removed/;"
                " `jupyter kfp serve --recover` brings them back: %s",
                len(unknown),
                ", ".join(unknown[:_MOST_NAMES]),
            )
        for name in unknown:
            set_aside = partial(self._end_leftover, name, self._unknown.set_aside)
            self._containment.contain_run(name, set_aside)

    def _end_leftover(self, run_id: str, then: Callable[[str], None]) -> None:
        """Stop what still runs in the folder of a run without a row; then deal with the folder."""
        pids = RunFolder(self._runs_folder, run_id).find_supervisors()
        for pid in pids:
            ask_to_stop(pid)
        if pids:  # they must end first, or files that they write later would remain
            self._timers.add(_POLL_INTERVAL, run_id, partial(self._end_leftover, run_id, then))
        else:
            then(run_id)

    # ---- tasks

    def _dispatch(self) -> None:
        """Start ready tasks, fairly between tenants and runs, while there is room."""
        while True:
            room = len(self._attempts) < self._limit
            run = choose_run(self._runs.values(), self._served, room=room)
            if run is None:
                return
            self._containment.contain_run(run.run_id, partial(self._start_next, run), run.plan.ready[0].path)

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

    # ---- the store

    def _save(self) -> None:
        """Store all changes in one transaction, then release the runs that are over."""
        for run in [run for run in self._runs.values() if run.plan.exceeded]:
            self._containment.contain_run(run.run_id, partial(self._cancel_exceeding, run))
        changed = [run for run in self._runs.values() if run.plan.changed]
        if not changed:
            return
        with self._store.db.write():
            for run in changed:
                self._containment.contain_run(run.run_id, partial(self._save_run, run))
        for run in changed:
            run.mark_stored()
            if run.plan.over and self._runs.get(run.run_id) is run:
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
            self._enqueue(run.run_id, self._forget)
            self._enqueue(run.run_id, self._open_run)  # it may have been made again meanwhile

    def _drop(self, run_id: str) -> None:
        self._runs.pop(run_id, None)
        self._served.pop(run_id, None)
        self._timers.drop(run_id)
