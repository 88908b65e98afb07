"""The attempts under way of all runs: made, started, found again, stopped, and read when they have ended.

```text
take ─► (stored) ─► launch ─► [packages] ─► started ─► ended ─► succeeded | failed (tried again after a pause)
find ─► of an engine before this one: looked at now and then, or begun if it never was
```
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import threading
from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from ....errors import KfpError
from ..loop.containment import Containment
from ..loop.mailbox import Mailbox
from ..loop.timers import Timers
from ..plan.components import python_code
from ..plan.nodes import Node, State
from .active import ActiveRun
from .cache import fingerprint
from .folders import Attempt, Exit, read_exit
from .launchers import Handle, Launcher, choose_launcher
from .outputs import read_outputs
from .packages import RUNTIME, Packages

STOPPED = "The run was terminated."


class Under(msgspec.Struct, kw_only=True, eq=False):
    """An attempt under way: told of by a handle, or found after a restart and looked at now and then."""

    run: ActiveRun
    node: Node
    attempt: Attempt
    handle: Handle | None = None
    found: bool = False


class Attempts:
    """Makes attempts of the steps of runs and tells their plans how they ended; for the engine's thread."""

    def __init__(
        self,
        *,
        packages: Packages,
        executor: str,
        clock: Callable[[], float],
        selector: selectors.BaseSelector,
        commands: Mailbox,
        timers: Timers,
        containment: Containment,
    ) -> None:
        self._packages = packages
        self._executor = executor
        self._clock = clock
        self._selector = selector  # handles are registered with their `Under` as data
        self._commands = commands
        self._timers = timers
        self._containment = containment
        self._launcher: Launcher | None = None
        self._under: dict[tuple[str, str], Under] = {}
        self._to_launch: list[Under] = []

    def __len__(self) -> int:
        """How many there are, those that wait for packages included."""
        return len(self._under)

    @property
    def any_found(self) -> bool:
        """Whether there are some that only looking tells of."""
        return any(under.found for under in self._under.values())

    def take(self, run: ActiveRun, node: Node) -> None:
        """Make an attempt of `node`, to be launched once the store knows of it."""
        number = node.attempt + 1
        run.plan.started(node, number, self._clock())
        try:
            attempt = run.folder.make_attempt(run.task_id(node), number)
        except OSError as error:
            self.failed(run, node, f"Its folder could not be made: {error.strerror}.")
        else:
            self._prepare(Under(run=run, node=node, attempt=attempt))

    def find(self, run: ActiveRun, node: Node) -> None:
        """Go on with an attempt that an engine before this one had begun, or was about to begin."""
        attempt = run.folder.attempt(run.task_id(node), node.attempt)
        if attempt.exit() is None and not attempt.supervisor() and attempt.void():
            attempt = run.folder.make_attempt(run.task_id(node), node.attempt)
            self._prepare(Under(run=run, node=node, attempt=attempt))
            return
        self._under[run.run_id, node.path] = Under(run=run, node=node, attempt=attempt, found=True)
        run.running += 1

    def launch(self) -> bool:
        """Start the attempts that are stored as running; returns whether more are to be launched at once."""
        waiting, self._to_launch = self._to_launch, []
        for under in waiting:
            self._containment.for_run(under.run.run_id, partial(self._launch, under))
        return bool(self._to_launch)

    def look(self) -> None:
        """Look at the attempts that only looking tells of."""
        for under in [under for under in self._under.values() if under.found]:
            self._containment.for_run(under.run.run_id, partial(self._look, under))

    def ended(self, under: Under) -> None:
        """The handle of an attempt tells that it has ended: read what it left, and tell the plan."""
        if self._is_wanted(under):  # its run may have been given up a moment ago
            self._containment.for_run(under.run.run_id, partial(self._ended, under))

    def abandon(self, run_id: str) -> None:
        """Stop all attempts of a run and hear of them no more."""
        for key, under in [(key, under) for key, under in self._under.items() if key[0] == run_id]:
            del self._under[key]
            # One step of what is broken already must not keep the others running.
            with contextlib.suppress(OSError, KeyError, ValueError):
                self._release(under)
            with contextlib.suppress(OSError, ValueError):
                pid = 0 if under.attempt.void() else under.attempt.supervisor()
                if pid:
                    ask_to_stop(pid)

    def _look(self, under: Under) -> None:
        if under.attempt.exit() is not None or not under.attempt.supervisor():
            self._ended(under)

    def _ended(self, under: Under) -> None:
        ended = under.attempt.exit() or _told(under.handle)
        if ended is None and under.attempt.supervisor():
            self._release(under)
            under.found = True
            return
        if ended is None and under.attempt.void():
            # The fork server went before the supervisor came to be: nothing has run.
            if under.run.plan.cancelling:
                self._failed(under, STOPPED)
                return
            self._close(under)
            attempt = under.run.folder.make_attempt(under.run.task_id(under.node), under.node.attempt)
            self._prepare(Under(run=under.run, node=under.node, attempt=attempt))
            return
        ended = ended or under.attempt.exit()  # it may have come since
        if ended is None:
            self._failed(under, "The process that watched it is gone.", exit_code=-9)
        elif ended.code != 0:
            self._failed(under, ended.reason, exit_code=ended.code)
        else:
            self._succeeded(under)

    def failed(self, run: ActiveRun, node: Node, reason: str, *, exit_code: int | None = None) -> None:
        """Tell the plan that an attempt failed; the next one, if there is one, comes after its pause."""
        pause = run.plan.failed(node, reason, self._clock(), exit_code=exit_code)
        if pause is None:
            return

        def again() -> None:
            if node.state is State.PENDING:
                run.plan.ready.append(node)

        self._timers.after(pause, run.run_id, again)

    def stop(self, run: ActiveRun, nodes: Iterable[Node]) -> None:
        """Stop the attempts of these steps; how they ended is told to the plan when they have."""
        for path in [node.path for node in nodes]:
            under = self._under.get((run.run_id, path))
            if under is not None:
                self._kill(under)

    def close(self) -> None:
        """Watch no more; what runs goes on."""
        for under in self._under.values():
            self._release(under)
        if self._launcher is not None:
            self._launcher.close()

    def _prepare(self, under: Under) -> None:
        self._under[under.run.run_id, under.node.path] = under
        under.run.running += 1
        self._to_launch.append(under)

    def _is_wanted(self, under: Under) -> bool:
        """Whether it was not given up while it waited."""
        return self._under.get((under.run.run_id, under.node.path)) is under

    def _launch(self, under: Under) -> None:
        try:
            if self._is_wanted(under):
                self._start(under)
        except (ValueError, KfpError, OSError, RecursionError) as error:
            self._failed(under, str(error) if not isinstance(error, KfpError) else _sentence(error))

    def _start(self, under: Under) -> None:
        run, node = under.run, under.node
        container = run.pipeline.executor(node.component).container
        code = python_code(container) if container is not None else None
        wanted = code.requirements if code is not None else tuple(container.requirements if container else ())
        runtime, paths = self._packages.runtime(), self._packages.ready(wanted)
        if runtime is None or paths is None:
            lacking = RUNTIME if runtime is None else wanted
            threading.Thread(target=self._install, args=(under, lacking), daemon=True).start()
            return
        if self._launcher is None:
            executor = self._executor or os.environ.get("JUPYTER_KFP_MT_EXECUTOR", "")
            self._launcher = choose_launcher(executor, runtime)
        job = run.maker.make(node, run.task_id(node), under.attempt, paths)
        under.handle = self._launcher.start(job)
        self._selector.register(under.handle.fileno(), selectors.EVENT_READ, under)

    def _install(self, under: Under, requirements: tuple[str, ...]) -> None:
        """In a thread: make the folder of packages, then come back, whatever happens."""
        reason = "The engine failed while it installed packages."
        try:
            self._packages.install(requirements)
            reason = ""
        except KfpError as error:
            reason = _sentence(error)
        except OSError as error:
            reason = f"Its packages could not be installed: {error}."
        finally:
            back = partial(self._installed, under, reason)
            self._commands.put(lambda: self._containment.for_run(under.run.run_id, back))

    def _installed(self, under: Under, fault: str) -> None:
        if fault and self._is_wanted(under):
            self._failed(under, fault)
        elif not fault:
            self._to_launch.append(under)

    def _kill(self, under: Under) -> None:
        if under.handle is None and not under.found:
            # Not begun: it waits for its turn to be launched, or for packages.
            self._close(under)
            under.run.plan.failed(under.node, STOPPED, self._clock())
            return
        pid = under.attempt.supervisor()
        if pid:
            ask_to_stop(pid)
        elif under.attempt.exit() is None:
            # Its supervisor is about to claim the attempt, or has just gone: ask again.
            self._timers.after(0.02, under.run.run_id, lambda: self._kill_again(under))

    def _kill_again(self, under: Under) -> None:
        if self._is_wanted(under):
            self._kill(under)

    def _succeeded(self, under: Under) -> None:
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

    def _failed(self, under: Under, reason: str, *, exit_code: int | None = None) -> None:
        self._close(under)
        self.failed(under.run, under.node, reason, exit_code=exit_code)

    def _close(self, under: Under) -> None:
        if self._under.pop((under.run.run_id, under.node.path), None) is not None:
            under.run.running -= 1
        self._release(under)

    def _release(self, under: Under) -> None:
        if under.handle is not None:
            self._selector.unregister(under.handle.fileno())
            under.handle.close()
            under.handle = None


def _told(handle: Handle | None) -> Exit | None:
    """What the supervisor said of the end: all there is when its file could not be written."""
    with contextlib.suppress(OSError):
        return None if handle is None else read_exit(os.read(handle.fileno(), 65536))
    return None


def ask_to_stop(supervisor: int) -> None:
    """Ask a supervisor to stop its attempt; without effect when it has just ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(supervisor, signal.SIGTERM)
        os.kill(supervisor, signal.SIGCONT)  # its task may have stopped it


def _sentence(error: KfpError) -> str:
    return f"{error.message} {error.why} [{error.code}]"
