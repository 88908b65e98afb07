"""The running attempts of all runs: started, adopted after a restart, stopped, and read at their end.

```text
add   ─► (stored) ─► launch ─► [packages] ─► started ─► ended ─► succeeded | failed (retried after a pause)
adopt ─► an attempt of a previous engine process: polled, or launched if it never started
```
An attempt is launched only after the store says that it runs. So after a crash the store may name an attempt
that never started, but nothing ever runs that the store does not know of.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from ....errors import KfpError
from ....models import TaskValues
from ..loop.commands import CommandQueue
from ..loop.containment import Containment
from ..loop.timers import Timers
from ..plan.components import find_python_code
from ..plan.nodes import State, TaskNode
from .active import ActiveRun
from .cache import fingerprint
from .copies import Copy, CopyProcess
from .folders import AttemptFolder, Exit, parse_exit
from .launch_pad import LaunchPad
from .launchers import Handle, Launcher, NotReadyError
from .outputs import find_left_artifacts, read_outputs
from .packages import RUNTIME, Packages

log = logging.getLogger(__name__)
STOPPED = "The run was terminated."
_TRIES = 3  # to launch an attempt
_CLAIM_PAUSE = 0.02  # seconds between looks at an attempt that is being claimed
_ASK_PAUSE = 0.5  # seconds between requests to stop: its task can stop a supervisor again at any moment
_WAKE_SECONDS = 2.0  # that a supervisor may take to claim an attempt before the fork server is woken
_RESTART_SECONDS = 30.0  # and before it is replaced
_ASK_SECONDS = 4.0  # after these the supervisor is killed, and everything below it with it


class RunningAttempt(msgspec.Struct, kw_only=True, eq=False):
    """A running attempt: watched by a process handle, or polled if adopted after a restart."""

    run: ActiveRun
    node: TaskNode
    folder: AttemptFolder
    handle: Handle | None = None
    adopted: bool = False
    copy: CopyProcess | None = None  # its code has ended, and its files are being copied
    outputs: TaskValues = TaskValues()  # once they are copied
    launched_at: float = 0  # by the monotonic clock; 0 once its supervisor has claimed it
    tries: int = 0  # to launch it, that found the launcher not ready
    asked_at: float = 0  # by the monotonic clock: when its supervisor was first asked to stop


class Attempts:
    """Runs the attempts of all tasks and records how they ended; used in the engine's thread only."""

    def __init__(
        self,
        *,
        packages: Packages,
        make_launcher: Callable[[Sequence[str]], Launcher],
        clock: Callable[[], float],
        selector: selectors.BaseSelector,
        commands: CommandQueue,
        timers: Timers,
        containment: Containment,
        discard: Callable[[Path], None],
    ) -> None:
        self._packages = packages
        self._pad = LaunchPad(packages, make_launcher, commands)
        self._clock = clock
        self._selector = selector  # handles are registered with their attempt as data
        self._commands = commands
        self._timers = timers
        self._containment = containment
        self._discard = discard  # deletes a folder in the background
        self._running: dict[tuple[str, str], RunningAttempt] = {}
        self._to_launch: list[RunningAttempt] = []

    def __len__(self) -> int:
        """Return the number of attempts, including those that wait for packages."""
        return len(self._running)

    @property
    def any_adopted(self) -> bool:
        """Whether any attempt must be polled."""
        return any(attempt.adopted for attempt in self._running.values())

    def add(self, run: ActiveRun, node: TaskNode) -> None:
        """Add an attempt of `node`; it is launched once the store says that it runs."""
        number = node.attempt + 1
        run.plan.record_start(node, number, self._clock())
        try:
            folder = run.folder.make_attempt(run.task_id(node), number)
        except OSError as error:
            self.record_failure(run, node, f"Its folder could not be made: {error.strerror}.")
        else:
            self._queue_launch(RunningAttempt(run=run, node=node, folder=folder))

    def adopt(self, run: ActiveRun, node: TaskNode) -> None:
        """Adopt an attempt that a previous engine process started or was about to start.

        Without an exit and a living supervisor it may never have started, or a supervisor may be about to
        claim it. Taking the claim decides: if we get it, nothing has run and the attempt is launched again.
        """
        folder = run.folder.attempt(run.task_id(node), node.attempt)
        if folder.read_exit() is None and not folder.find_supervisor() and folder.prevent_start():
            self._queue_launch(self._make_again(run, node))
            return
        adopted = RunningAttempt(run=run, node=node, folder=folder, adopted=True)
        self._running[run.run_id, node.path] = adopted
        run.running += 1

    def launch(self) -> bool:
        """Start the attempts that are stored as running; returns whether more can be launched at once."""
        if not self._to_launch or not self._pad.is_ready():
            return False
        waiting, self._to_launch = self._to_launch, []
        for attempt in waiting:
            self._containment.contain_run(
                attempt.run.run_id, partial(self._launch, attempt), attempt.node.path
            )
        return bool(self._to_launch)

    def poll(self) -> None:
        """Check the adopted attempts: no handle reports their end."""
        for attempt in [each for each in self._running.values() if each.adopted]:
            poll = partial(self._poll_attempt, attempt)
            self._containment.contain_run(attempt.run.run_id, poll, attempt.node.path)

    def wake_overdue(self) -> None:
        """Wake the launcher if a supervisor is overdue; replace it if that does not help.

        A task can stop the fork server, as it is of the same user. No other run would start any more.
        """
        now = time.monotonic()
        for attempt in [each for each in self._running.values() if each.handle and each.launched_at]:
            late = now - attempt.launched_at
            if attempt.folder.is_claimed():
                attempt.launched_at = 0
            elif late > _WAKE_SECONDS:
                restart = late > _RESTART_SECONDS
                self._pad.wake(restart=restart)
                if restart:
                    log.warning("the fork server did not start a task for %.0f s and is replaced", late)
                    attempt.launched_at = 0

    def handle_end(self, attempt: RunningAttempt) -> None:
        """Handle the end of an attempt that its handle reports."""
        if self._is_current(attempt):  # its run may have been abandoned a moment ago
            read = partial(self._read_end, attempt)
            self._containment.contain_run(attempt.run.run_id, read, attempt.node.path)

    def abandon(self, run_id: str) -> None:
        """Stop all attempts of a run and ignore how they end."""
        for key in [key for key in self._running if key[0] == run_id]:
            attempt = self._running.pop(key)
            # The run is broken already: an error with one task must not keep the others running.
            with contextlib.suppress(OSError, KeyError, ValueError):
                self._close_handle(attempt)
            with contextlib.suppress(OSError, ValueError):
                if not attempt.folder.prevent_start():
                    self._end_supervisor(attempt)

    def _poll_attempt(self, attempt: RunningAttempt) -> None:
        if attempt.folder.read_exit() is not None or not attempt.folder.find_supervisor():
            self._read_end(attempt)

    def _read_end(self, attempt: RunningAttempt) -> None:
        if attempt.copy is not None:
            self._finish_copies(attempt, attempt.copy.read_fault())
            return
        end = attempt.folder.read_exit() or _read_handle(attempt.handle)
        if end is None and attempt.folder.find_supervisor():
            # The fork server died, its supervisor did not: only polling tells how it ends.
            self._close_handle(attempt)
            attempt.adopted = True
            return
        if end is None and attempt.folder.prevent_start():
            # The fork server died before it forked the supervisor: nothing has run.
            if attempt.run.plan.cancelling:
                self._fail(attempt, STOPPED)
                return
            self._remove(attempt)
            self._queue_launch(self._make_again(attempt.run, attempt.node))
            return
        end = end or attempt.folder.read_exit()  # it may have been written since
        if end is None:
            self._fail(attempt, "The process that watched it is gone.", exit_code=-9)
        elif end.code != 0:
            declared = attempt.run.job_builder.declare_artifacts(
                attempt.node, attempt.run.task_id(attempt.node)
            )
            attempt.node.left = find_left_artifacts(attempt.folder, declared)
            self._fail(attempt, end.reason, exit_code=end.code)
        else:
            self._succeed(attempt, end)

    def record_failure(
        self, run: ActiveRun, node: TaskNode, reason: str, *, exit_code: int | None = None
    ) -> None:
        """Record in the plan that an attempt failed, and schedule the next one if there is one."""
        pause = run.plan.record_failure(node, reason, self._clock(), exit_code=exit_code)
        if pause is None:
            return

        def retry() -> None:
            if node.state is State.PENDING:
                run.plan.ready.append(node)

        self._timers.add(pause, run.run_id, retry)

    def stop(self, run: ActiveRun, nodes: Iterable[TaskNode]) -> None:
        """Stop the attempts of these tasks; the plan learns how they ended once they have."""
        for path in [node.path for node in nodes]:
            attempt = self._running.get((run.run_id, path))
            if attempt is not None:
                self._stop_attempt(attempt)

    def close(self) -> None:
        """Stop watching; running attempts go on."""
        for attempt in self._running.values():
            self._close_handle(attempt)
        self._pad.close()

    def _queue_launch(self, attempt: RunningAttempt) -> None:
        self._running[attempt.run.run_id, attempt.node.path] = attempt
        attempt.run.running += 1
        self._to_launch.append(attempt)

    @staticmethod
    def _make_again(run: ActiveRun, node: TaskNode) -> RunningAttempt:
        """Make a new folder for an attempt that never started; its number stays."""
        folder = run.folder.make_attempt(run.task_id(node), node.attempt)
        return RunningAttempt(run=run, node=node, folder=folder)

    def _is_current(self, attempt: RunningAttempt) -> bool:
        """Whether the attempt was not removed while it waited."""
        return self._running.get((attempt.run.run_id, attempt.node.path)) is attempt

    def _launch(self, attempt: RunningAttempt) -> None:
        try:
            if self._is_current(attempt):
                self._start(attempt)
        except (ValueError, KfpError, OSError, RecursionError) as error:
            if isinstance(error, NotReadyError) and attempt.tries < _TRIES:
                attempt.tries += 1
                self._to_launch.append(attempt)
                return
            reason = str(error) if not isinstance(error, KfpError) else _describe_error(error)
            attempt.folder.write_log(f"{reason}\n")  # where people look for it
            self._fail(attempt, reason)

    def _start(self, attempt: RunningAttempt) -> None:
        run, node = attempt.run, attempt.node
        executor = run.pipeline.executor(node.component)
        if executor.importer is not None:
            self._start_copies(attempt, *run.import_artifact(node))
            return
        container = executor.container
        code = find_python_code(container) if container is not None else None
        wanted = code.requirements if code is not None else tuple(container.requirements if container else ())
        runtime, paths = self._packages.find_runtime(), self._packages.find(wanted)
        if runtime is None or paths is None:
            lacking = RUNTIME if runtime is None else wanted
            threading.Thread(target=self._install, args=(attempt, lacking), daemon=True).start()
            return
        job = run.job_builder.build(node, run.task_id(node), attempt.folder, paths)
        attempt.handle = self._pad.start(job)
        attempt.launched_at = time.monotonic()
        self._selector.register(attempt.handle.fileno(), selectors.EVENT_READ, attempt)

    def _install(self, attempt: RunningAttempt, requirements: tuple[str, ...]) -> None:
        """Install packages, in a thread, then return to the engine's thread, whatever happened."""
        reason = "The engine failed while it installed packages."
        try:
            self._packages.install(requirements)
            reason = ""
        except KfpError as error:
            reason = _describe_error(error)
            attempt.folder.write_log(error.details)
        except OSError as error:
            reason = f"Its packages could not be installed: {error}."
        finally:
            finish = partial(self._finish_install, attempt, reason)
            self._commands.put(lambda: self._containment.contain_run(attempt.run.run_id, finish))

    def _finish_install(self, attempt: RunningAttempt, fault: str) -> None:
        if fault and self._is_current(attempt):
            self._fail(attempt, fault)
        elif not fault:
            self._to_launch.append(attempt)

    def _stop_attempt(self, attempt: RunningAttempt) -> None:
        if attempt.copy is not None or (attempt.handle is None and not attempt.adopted):
            # Nothing of its own runs: it waits to be launched, for packages, or for copies.
            self._remove(attempt)
            attempt.run.plan.record_failure(attempt.node, STOPPED, self._clock())
            return
        if self._end_supervisor(attempt) or attempt.folder.read_exit() is not None:
            return  # its end is reported as any other
        if attempt.folder.prevent_start():
            # Its supervisor has not claimed it, for example because the fork server is stopped.
            self._fail(attempt, STOPPED)
        else:  # its supervisor has just ended
            self._timers.add(_CLAIM_PAUSE, attempt.run.run_id, lambda: self._stop_again(attempt))

    def _end_supervisor(self, attempt: RunningAttempt) -> bool:
        """Make the supervisor of an attempt stop, however often it takes; returns whether there is one."""
        pid = attempt.folder.find_supervisor()
        if pid:
            attempt.asked_at = attempt.asked_at or time.monotonic()
            ask_to_stop(pid, insist=time.monotonic() - attempt.asked_at > _ASK_SECONDS)
            self._timers.add(_ASK_PAUSE, attempt.run.run_id, partial(self._end_supervisor, attempt))
        return bool(pid)

    def _stop_again(self, attempt: RunningAttempt) -> None:
        if self._is_current(attempt):
            self._stop_attempt(attempt)

    def _succeed(self, attempt: RunningAttempt, end: Exit) -> None:
        run, node = attempt.run, attempt.node
        try:
            declared = run.job_builder.declare_artifacts(node, run.task_id(node))
            view = run.job_builder.make_view(node, attempt.folder, mounts=end.mounts)
            outputs, copies = read_outputs(node.component, attempt.folder, view, declared)
            if copies and run.plan.cancelling:
                self._fail(attempt, STOPPED)
                return
            if copies:
                self._start_copies(attempt, outputs, copies)
                return
        except (ValueError, OSError, RecursionError) as error:  # a task can write anything as its outputs
            self._fail(attempt, str(error), exit_code=0)
            return
        self._record_success(attempt, outputs)

    def _start_copies(self, attempt: RunningAttempt, outputs: TaskValues, copies: list[Copy]) -> None:
        """Copy files in a process of its own; the attempt ends when that has."""
        self._close_handle(attempt)
        attempt.adopted, attempt.outputs = False, outputs
        attempt.copy = attempt.handle = attempt.run.copier.start(copies, attempt.folder)
        self._selector.register(attempt.handle.fileno(), selectors.EVENT_READ, attempt)

    def _finish_copies(self, attempt: RunningAttempt, fault: str) -> None:
        if fault:
            end = attempt.folder.read_exit()
            self._fail(attempt, fault, exit_code=end.code if end is not None else None)
        else:
            self._record_success(attempt, attempt.outputs)

    def _record_success(self, attempt: RunningAttempt, outputs: TaskValues) -> None:
        run, node = attempt.run, attempt.node
        self._remove(attempt)
        mark = fingerprint(run.pipeline, node)
        if mark:
            run.results[mark] = outputs
        run.plan.record_success(node, outputs, self._clock())

    def _fail(self, attempt: RunningAttempt, reason: str, *, exit_code: int | None = None) -> None:
        self._remove(attempt)
        self.record_failure(attempt.run, attempt.node, reason, exit_code=exit_code)

    def _remove(self, attempt: RunningAttempt) -> None:
        if self._running.pop((attempt.run.run_id, attempt.node.path), None) is not None:
            attempt.run.running -= 1
        self._close_handle(attempt)
        attempt.folder.remove_own(self._discard)

    def _close_handle(self, attempt: RunningAttempt) -> None:
        if attempt.handle is not None:
            self._selector.unregister(attempt.handle.fileno())
            attempt.handle.close()
            attempt.handle = None


def _read_handle(handle: Handle | None) -> Exit | None:
    """Return the end that the supervisor sent: the only report when its file could not be written."""
    with contextlib.suppress(OSError):
        return None if handle is None else parse_exit(os.read(handle.fileno(), 65536))
    return None


def ask_to_stop(supervisor: int, *, insist: bool = False) -> None:
    """Ask a supervisor to stop its attempt, or kill it; does nothing when it has just ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(supervisor, signal.SIGKILL if insist else signal.SIGTERM)
        os.kill(supervisor, signal.SIGCONT)  # its task may have stopped it


def _describe_error(error: KfpError) -> str:
    return f"{error.message} {error.why} [{error.code}]"
