"""The launcher of all attempts: started in a thread when it is needed, as that takes a second or more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..loop.commands import CommandQueue
from .jobs import Job
from .launchers import Handle, Launcher, NotReadyError
from .packages import Packages


class LaunchPad:
    """Keeps the launcher ready; used in the engine's thread only."""

    def __init__(
        self,
        packages: Packages,
        make_launcher: Callable[[Sequence[str]], Launcher],
        commands: CommandQueue,
    ) -> None:
        self._packages = packages
        self._make_launcher = make_launcher
        self._commands = commands
        self._launcher: Launcher | None = None
        self._preparing = False
        self._fault = ""  # why it could not be started, until an attempt has it as its reason

    def is_ready(self) -> bool:
        """Whether attempts can be started, or fail to; if not, the engine is woken when they can.

        The launcher starts outside of any run: if the server is killed meanwhile, none is to blame.
        """
        runtime = self._packages.find_runtime()
        if runtime is None:  # the first attempt installs it
            return True
        if self._launcher is None:
            self._launcher = self._make_launcher(runtime)
        if not self._launcher.ready and not self._preparing and not self._fault:
            self._preparing = True
            threading.Thread(target=self._prepare, args=(self._launcher,), daemon=True).start()
        return not self._preparing

    def start(self, job: Job) -> Handle:
        """Start the supervisor of `job`; raises NotReadyError if that may work later, LaunchError."""
        fault, self._fault = self._fault, ""
        if self._launcher is None:
            raise NotReadyError("there is no launcher")
        try:
            return self._launcher.start(job)
        except NotReadyError as error:
            raise (OSError(fault) if fault else error) from None

    def wake(self, *, restart: bool) -> None:
        """Make what starts supervisors go on, or end it: a supervisor is overdue."""
        if self._launcher is not None:
            self._launcher.wake(restart=restart)

    def close(self) -> None:
        """Launch no more."""
        if self._launcher is not None:
            self._launcher.close()

    def _prepare(self, launcher: Launcher) -> None:
        fault = "the engine failed while it prepared its tasks"
        try:
            launcher.prepare()
            fault = ""
        except OSError as error:
            fault = str(error)
        finally:
            self._commands.put(lambda: self._finish(fault))

    def _finish(self, fault: str) -> None:
        self._preparing, self._fault = False, fault
