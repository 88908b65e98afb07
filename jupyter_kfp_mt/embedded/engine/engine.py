"""The engine: one thread that asks every run's plan what is next, starts it, and stores what became of it.

One turn of the loop: take commands and ends → dispatch under the limit, fairly → store every change in one
transaction → start what the store now knows to be running → wait.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ...errors import KfpError
from ...spec import Package
from ..store import FINAL, RunRow, Store
from ..store.tasks import Result, TaskRow
from .active import ActiveRun, for_retry, pipeline_of
from .cache import fingerprint, is_there
from .components import python_code
from .folders import Attempt, LogPart, RunFolder, task_environment
from .ir import Importer, read_pipeline
from .launchers import Handle, Launcher, choose_launcher
from .mailbox import Mailbox
from .nodes import Node, State
from .outputs import read_outputs
from .packages import RUNTIME, Packages
from .problems import Problem, find_problems
from .recurring import RecurringRuns
from .turns import next_run

log = logging.getLogger(__name__)
Clock = Callable[[], float]
_POLL = 0.1  # seconds between looks at attempts that another engine started
_RESERVE = 4 * 1024 * 1024  # bytes
_LOOK = 1.0  # seconds between looks at recurring runs
_STOPPED = "The run was terminated."


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine may use; 0 and "" are the machine's own measure."""

    tasks: int = 0  # at once; 0: one for each core
    log_bytes: int = 16 * 1024 * 1024  # of one attempt
    executor: str = ""  # "fork" or "subprocess"; "": JUPYTER_KFP_MT_EXECUTOR, else what the machine can do


class _Under(msgspec.Struct, kw_only=True):
    """An attempt under way: told of by a handle, or found after a restart and looked at now and then."""

    run: ActiveRun
    node: Node
    attempt: Attempt
    handle: Handle | None = None
    found: bool = False


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
        self._reserve = folder / "reserve"  # room for the last changes when a task has filled the disk
        self._limit = limits.tasks or os.cpu_count() or 1
        self._limits = limits
        self._clock = clock
        self._packages = packages or Packages(folder / "packages")
        self._environment = task_environment(os.environ)
        self._launcher: Launcher | None = None
        self._runs: dict[str, ActiveRun] = {}
        self._under: dict[tuple[str, str], _Under] = {}
        self._to_launch: list[_Under] = []
        self._recurring = RecurringRuns(store, clock)
        self._timers: list[tuple[float, str, Callable[[], None]]] = []
        self._served: dict[str, int] = {}
        self._commands = Mailbox()
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._loop, name="kfp-engine", daemon=True)

    # ---- called from any thread

    def start(self) -> None:
        """Go to work, first on the runs that are not finished."""
        self._runs_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(OSError):
            self._reserve.write_bytes(bytes(_RESERVE))
        self._selector.register(self._commands, selectors.EVENT_READ)
        self._commands.put(self._sweep)
        for run_id in self._store.runs.unfinished():
            self._commands.put(lambda run_id=run_id: self._open(run_id))  # type: ignore[misc] # mypy#12557
        self._thread.start()

    def stop(self) -> None:
        """Stop working; tasks that run go on, and the next engine finds them."""
        self._commands.put(self._end)
        self._thread.join()
        if self._launcher is not None:
            self._launcher.close()
        self._selector.close()
        self._commands.close()

    def problems(self, package: Package) -> list[Problem]:
        """Return the tasks of `package` that cannot run here."""
        return find_problems(read_pipeline(package.pipeline_spec, package.platform_spec or None))

    def submit(self, run_id: str) -> None:
        """Start a stored run."""
        self._commands.put(lambda: self._open(run_id))

    def terminate(self, run_id: str) -> None:
        """Stop a run and all its processes; again makes no difference."""
        self._commands.put(lambda: self._terminate(run_id))

    def retry(self, run_id: str) -> None:
        """Run again what did not succeed of a run that has ended; when this returns, the run is RUNNING."""
        row = self._store.runs.get(run_id)
        if row is None or row.state not in FINAL:
            return
        with self._store.db.write():
            self._store.tasks.save(for_retry(pipeline_of(row), self._store.tasks.of_run(run_id)))
            self._store.runs.set_state(run_id, "RUNNING", finished_at=0)
        self._commands.put(lambda: self._open(run_id))

    def forget(self, run_id: str) -> None:
        """Stop a run that is being deleted, and remove its files and steps."""
        self._commands.put(lambda: self._forget(run_id))

    def read_log(
        self, run_id: str, task_id: str, *, attempt: int = 0, offset: int = 0, limit: int = 1 << 20
    ) -> LogPart:
        """Return a part of a task's log, of its newest attempt by default; raises LookupError."""
        task = self._store.tasks.get(run_id, task_id)
        if task is None or attempt > task.attempt:
            raise LookupError(task_id)
        number = attempt or task.attempt
        if number == 0:
            return LogPart(complete=task.state in FINAL)
        attempt_folder = RunFolder(self._runs_folder, run_id).attempt(task.task_id, number)
        part = attempt_folder.log_part(
            offset, limit or 1 << 20, over=number < task.attempt or task.state in FINAL
        )
        return msgspec.structs.replace(part, attempt=number, truncated=part.size > self._limits.log_bytes)

    # ---- the engine's thread

    def _end(self) -> None:
        self._stopping = True

    def _loop(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(self._pause()):
                if key.data is None:
                    self._commands.hush()
                else:
                    self._ended(key.data)
            try:
                self._turn()
            except sqlite3.OperationalError:
                # A full disk, mostly. Nothing is lost: what is not stored is not shown and not started.
                log.exception("the store cannot be written; trying again")
                self._reserve.unlink(missing_ok=True)
                time.sleep(_LOOK)
        for under in self._under.values():
            self._release(under)

    def _turn(self) -> None:
        self._commands.run_all()
        self._keep_time()
        self._fire()
        self._look_at_found()
        self._dispatch()
        self._save()
        self._launch()

    def _pause(self) -> float:
        waits = [when - time.monotonic() for when, _, _ in self._timers]
        waits.append(self._next_look - time.monotonic())
        if any(under.found for under in self._under.values()):
            waits.append(_POLL)
        return max(0.0, min(waits))

    def _keep_time(self) -> None:
        now = time.monotonic()
        due = [timer for timer in self._timers if timer[0] <= now]
        self._timers = [timer for timer in self._timers if timer[0] > now]
        for _, _, action in due:
            action()

    def _fire(self) -> None:
        """Start the recurring runs that are due."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK
        for run_id in self._recurring.fire():
            self._open(run_id)

    def _after(self, seconds: float, run: ActiveRun, action: Callable[[], None]) -> None:
        self._timers.append((time.monotonic() + seconds, run.run_id, action))

    # ---- runs

    def _open(self, run_id: str) -> None:
        row = self._store.runs.get(run_id)
        if row is None or run_id in self._runs or row.state in FINAL:
            return
        if row.state != "CANCELING":
            self._store.runs.set_state(run_id, "RUNNING")
        try:
            self._begin(self._active(row, self._store.tasks.of_run(run_id)))
        except (msgspec.ValidationError, ValueError, OSError) as error:
            self._runs.pop(run_id, None)
            now = int(self._clock())
            self._store.runs.set_state(run_id, "FAILED", finished_at=now, error=f"It cannot run: {error}")
            return
        if row.state == "CANCELING":
            self._terminate(run_id)

    def _active(self, row: RunRow, tasks: list[TaskRow]) -> ActiveRun:
        run = ActiveRun(
            row=row,
            tasks=tasks,
            folder=RunFolder(self._runs_folder, row.run_id),
            sources=self._store.tenants,
            environment=self._environment,
            log_limit=self._limits.log_bytes,
        )
        self._runs[row.run_id] = run
        return run

    def _begin(self, run: ActiveRun) -> None:
        run.start(self._clock())
        for node in run.plan.resumed:
            self._find(run, node)
        deadline = run.pipeline.settings.active_deadline_seconds
        if deadline and not run.plan.over:
            left = run.row.created_at + deadline - self._clock()
            self._after(
                max(0.0, left), run, lambda: self._cancel(run, f"The run took more than {deadline} s.")
            )

    def _terminate(self, run_id: str) -> None:
        run = self._runs.get(run_id)
        if run is None or run.terminating:
            return
        self._store.runs.set_state(run_id, "CANCELING")
        run.terminating = True
        self._cancel(run, _STOPPED)

    def _cancel(self, run: ActiveRun, reason: str) -> None:
        if run.plan.over:
            return
        running = {node.path for node in run.plan.cancel(reason, self._clock())}
        for under in list(self._under.values()):
            if under.run is run and under.node.path in running:
                self._kill(under)

    def _kill(self, under: _Under) -> None:
        if under.handle is None and not under.found:
            # Not begun: it waits for its turn to be launched, or for packages.
            self._close(under)
            under.run.plan.failed(under.node, _STOPPED, self._clock())
            return
        pid = under.attempt.supervisor()
        if pid:
            _stop(pid)
        elif under.attempt.exit() is None:
            # Its supervisor is about to claim the attempt, or has just gone: ask again.
            self._after(0.02, under.run, lambda: self._kill_again(under))

    def _kill_again(self, under: _Under) -> None:
        if self._is_wanted(under):
            self._kill(under)

    def _forget(self, run_id: str) -> None:
        run = self._runs.get(run_id)
        if run is not None:
            run.removed = True
            self._cancel(run, _STOPPED)
            if not run.plan.over:
                return  # its processes end first; `_finish` comes back here
            self._runs.pop(run_id, None)
        lent = self._store.tasks.lent(run_id)
        self._store.tasks.remove(run_id)
        RunFolder(self._runs_folder, run_id).remove(keep_artifacts=lent)

    def _sweep(self) -> None:
        """Remove what is left of runs whose deletion was cut short."""
        for path in self._runs_folder.iterdir():
            if self._store.runs.get(path.name) is None:
                with contextlib.suppress(ValueError):  # a file of somebody else
                    for pid in RunFolder(self._runs_folder, path.name).supervisors():
                        _stop(pid)
                    self._forget(path.name)

    # ---- tasks

    def _dispatch(self) -> None:
        """Take ready steps, tenant by tenant and run by run, while there is room."""
        while True:
            room = len(self._under) < self._limit
            run = next_run(self._runs.values(), self._served, room=room)
            if run is None:
                return
            node = run.plan.ready[0]
            result = self._result(run, node)
            run.plan.ready.popleft()
            importer = run.pipeline.executor(node.component).importer
            if importer is not None:
                self._import(run, node, importer)
            elif result is not None:
                node.started_at = now = self._clock()
                run.plan.succeeded(node, result.outputs, now, cached_from=result.run_id)
            else:
                self._take(run, node)

    def _result(self, run: ActiveRun, node: Node) -> Result | None:
        """What an earlier task of the same kind made, if `node` may take it."""
        mark = fingerprint(run.pipeline, node)
        result = self._store.tasks.result(run.row.namespace, mark) if mark else None
        return result if result is not None and is_there(result.outputs) else None

    def _import(self, run: ActiveRun, node: Node, importer: Importer) -> None:
        run.plan.started(node, node.attempt + 1, self._clock())
        try:
            run.plan.succeeded(node, run.import_artifact(node, importer), self._clock())
        except (ValueError, OSError, RecursionError) as error:
            self._failed_attempt(run, node, str(error), exit_code=1)

    def _take(self, run: ActiveRun, node: Node) -> None:
        """Make an attempt of `node`, to be launched once the store knows of it."""
        number = node.attempt + 1
        run.plan.started(node, number, self._clock())
        try:
            attempt = run.folder.make_attempt(run.task_id(node), number)
        except OSError as error:
            self._failed_attempt(run, node, f"Its folder could not be made: {error.strerror}.")
        else:
            self._prepare(_Under(run=run, node=node, attempt=attempt))

    def _prepare(self, under: _Under) -> None:
        self._under[under.run.run_id, under.node.path] = under
        under.run.running += 1
        self._to_launch.append(under)

    def _launch(self) -> None:
        """Start the attempts that are stored as running."""
        waiting, self._to_launch = self._to_launch, []
        for under in filter(self._is_wanted, waiting):
            try:
                self._start(under)
            except (ValueError, KfpError, OSError, RecursionError) as error:
                self._failed(under, str(error) if not isinstance(error, KfpError) else _sentence(error))
        if self._to_launch or any(run.plan.changed for run in self._runs.values()):
            self._commands.put(lambda: None)

    def _start(self, under: _Under) -> None:
        run, node = under.run, under.node
        container = run.pipeline.executor(node.component).container
        code = python_code(container) if container is not None else None
        wanted = code.requirements if code is not None else ()
        runtime, paths = self._packages.runtime(), self._packages.ready(wanted)
        if runtime is None or paths is None:
            lacking = RUNTIME if runtime is None else wanted
            threading.Thread(target=self._install, args=(under, lacking), daemon=True).start()
            return
        if self._launcher is None:
            executor = self._limits.executor or os.environ.get("JUPYTER_KFP_MT_EXECUTOR", "")
            self._launcher = choose_launcher(executor, runtime)
        job = run.maker.make(node, run.task_id(node), under.attempt, paths)
        under.handle = self._launcher.start(job)
        self._selector.register(under.handle.fileno(), selectors.EVENT_READ, under)

    def _install(self, under: _Under, requirements: tuple[str, ...]) -> None:
        """In a thread: make the folder of packages, then come back."""
        try:
            self._packages.install(requirements)
        except KfpError as error:
            reason = _sentence(error)
            self._commands.put(lambda: self._failed(under, reason) if self._is_wanted(under) else None)
        else:
            self._commands.put(lambda: self._to_launch.append(under))

    def _is_wanted(self, under: _Under) -> bool:
        """Whether it was not given up while it waited."""
        return self._under.get((under.run.run_id, under.node.path)) is under

    def _find(self, run: ActiveRun, node: Node) -> None:
        """Go on with an attempt that an engine before this one had begun, or was about to begin."""
        attempt = run.folder.attempt(run.task_id(node), node.attempt)
        if attempt.exit() is None and not attempt.supervisor() and attempt.void():
            attempt = run.folder.make_attempt(run.task_id(node), node.attempt)
            self._prepare(_Under(run=run, node=node, attempt=attempt))
            return
        self._under[run.run_id, node.path] = _Under(run=run, node=node, attempt=attempt, found=True)
        run.running += 1

    def _look_at_found(self) -> None:
        for under in [under for under in self._under.values() if under.found]:
            if under.attempt.exit() is not None or not under.attempt.supervisor():
                self._ended(under)

    def _ended(self, under: _Under) -> None:
        """An attempt has ended: read what it left, and tell the plan."""
        ended = under.attempt.exit()
        if ended is None and under.attempt.supervisor():
            self._release(under)
            under.found = True
            return
        if ended is None and under.attempt.void():
            # The fork server went before the supervisor came to be: nothing has run.
            self._close(under)
            attempt = under.run.folder.make_attempt(under.run.task_id(under.node), under.node.attempt)
            self._prepare(_Under(run=under.run, node=under.node, attempt=attempt))
            return
        ended = ended or under.attempt.exit()  # it may have come since
        if ended is None:
            self._failed(under, "The process that watched it is gone.", exit_code=-9)
        elif ended.code != 0:
            self._failed(under, ended.reason, exit_code=ended.code)
        else:
            self._succeeded(under)

    def _succeeded(self, under: _Under) -> None:
        run, node = under.run, under.node
        try:
            made = run.maker.output_artifacts(node, run.task_id(node))
            outputs = read_outputs(node.component, under.attempt, made)
        except (ValueError, OSError, RecursionError) as error:  # whatever a task can make of its outputs
            self._failed(under, str(error), exit_code=0)
            return
        self._close(under)
        mark = fingerprint(run.pipeline, node)
        if mark:
            run.results[mark] = outputs
        run.plan.succeeded(node, outputs, self._clock())

    def _failed(self, under: _Under, reason: str, *, exit_code: int | None = None) -> None:
        self._close(under)
        self._failed_attempt(under.run, under.node, reason, exit_code=exit_code)

    def _failed_attempt(
        self, run: ActiveRun, node: Node, reason: str, *, exit_code: int | None = None
    ) -> None:
        """Tell the plan; the next attempt, if there is one, comes after its pause."""
        pause = run.plan.failed(node, reason, self._clock(), exit_code=exit_code)
        if pause is None:
            return

        def again() -> None:
            if node.state is State.PENDING:
                run.plan.ready.append(node)

        self._after(pause, run, again)

    def _close(self, under: _Under) -> None:
        if self._under.pop((under.run.run_id, under.node.path), None) is not None:
            under.run.running -= 1
        self._release(under)

    def _release(self, under: _Under) -> None:
        if under.handle is not None:
            self._selector.unregister(under.handle.fileno())
            under.handle.close()
            under.handle = None

    # ---- the store

    def _save(self) -> None:
        """Store all changes in one transaction; runs that are over are let go."""
        changed = [run for run in self._runs.values() if run.plan.changed]
        if not changed:
            return
        with self._store.db.write():
            for run in changed:
                if not run.removed:
                    self._store.tasks.save(run.rows())
                    for mark, outputs in run.results.items():
                        self._store.tasks.keep_result(run.row.namespace, mark, run.run_id, outputs)
                    if run.plan.over:
                        self._finish(run)
        for run in changed:
            run.stored()
            if run.plan.over:
                self._let_go(run)

    def _finish(self, run: ActiveRun) -> None:
        # As on a cluster: a terminated run ends FAILED.
        state = "SUCCEEDED" if run.plan.root.state is State.SUCCEEDED else "FAILED"
        error = "" if state == "SUCCEEDED" else run.fault()
        self._store.runs.set_state(run.run_id, state, finished_at=int(self._clock()), error=error)

    def _let_go(self, run: ActiveRun) -> None:
        self._runs.pop(run.run_id, None)
        self._served.pop(run.run_id, None)
        self._timers = [timer for timer in self._timers if timer[1] != run.run_id]
        if run.removed:
            self._forget(run.run_id)


def _stop(supervisor: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.kill(supervisor, signal.SIGTERM)


def _sentence(error: KfpError) -> str:
    return f"{error.message} {error.why} [{error.code}]"
