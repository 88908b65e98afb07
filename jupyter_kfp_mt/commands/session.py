"""What commands work with: the service of one kernel or command line, and who shows things."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..errors import PROGRAM, KfpConnectionError, KfpError, error_from_body, kfp_error
from ..models import Check, DoctorReport, Run, RunView, Status

if TYPE_CHECKING:
    from ..context import Environment
    from ..service import KfpService
    from ..settings import KfpSettings
    from .grammar import Command


class Connect(Protocol):
    """Opens the service, as `jupyter_kfp_mt.connect` does."""

    def __call__(
        self,
        *,
        settings: KfpSettings | None,
        start_embedded: bool | None,
        say: Callable[[str], None],
    ) -> KfpService:
        """Find Kubeflow Pipelines; raises KfpConnectionError."""


class Front(Protocol):
    """Where a command shows things before it has its answer: a cell, or a terminal."""

    def say(self, message: str) -> None:
        """Tell the person one sentence that is not part of the answer."""

    def write(self, text: str) -> None:
        """Show a part of an answer that comes in parts."""

    def watch(self, run: Run, view: Callable[[], RunView]) -> None:
        """Show how a run that is waited for stands now; `view` asks for its tasks."""

    def checked(self, row: Check) -> None:
        """Show a check of the doctor as soon as it is known; the report is the answer."""


class Session:
    """One person's line to Kubeflow Pipelines; connects when first needed, and again after a loss."""

    def __init__(
        self,
        connect: Connect,
        front: Front,
        *,
        program: str = PROGRAM,
        namespace: str = "",
        settings: KfpSettings | None = None,
        variables: Mapping[str, object] | None = None,
        more: Sequence[Command] = (),
        sleep: Callable[[float], None] = time.sleep,
        environment: Environment | None = None,
    ) -> None:
        self.front = front
        self.program = program
        self.variables: Mapping[str, object] = {} if variables is None else variables
        self.more = tuple(more)  # commands that this front has besides the common ones
        self.sleep = sleep
        self._connect = connect
        self._settings = settings
        self._environment = environment  # None: this process's own
        self._namespace = namespace  # the one that was chosen; empty: the one that was found
        self._found: KfpService | None = None  # in the namespace that was found
        self._service: KfpService | None = None  # in the namespace that was chosen
        self._last: dict[str, str] = {}  # namespace → newest run from here

    def service(self, *, start: bool = False) -> KfpService:
        """The service; with `start` the embedded server is started where there is nothing else."""
        if self._found is None:
            self._found = self._connect(
                settings=self._settings, start_embedded=True if start else None, say=self.front.say
            )
        if self._service is None:
            self._service = self._found.in_namespace(self._namespace) if self._namespace else self._found
        return self._service

    def forget_service(self) -> None:
        """Connect again at the next use."""
        self._found = self._service = None

    def use(self, namespace: str) -> Status:
        """Work in `namespace` from now on; an empty one is the namespace found by itself.

        Raises the error of a namespace that cannot be used; then nothing has changed.
        """
        before = self._namespace, self._found, self._service
        self._namespace, self._service = namespace, None
        try:
            status = self.status()
            if status.error is not None and before[1] is not None:
                self.forget_service()  # perhaps a profile that was added since we connected
                status = self.status()
            if status.error is not None:
                raise error_from_body(status.error)
        except KfpError:
            self._namespace, self._found, self._service = before
            raise
        return status

    def status(self) -> Status:
        """Who, where, and does it work; trouble is told in the status, never raised."""
        try:
            return self.service().status()
        except KfpConnectionError as error:
            return Status(connected=False, namespace=self._namespace, error=error.body)

    def examine(self) -> DoctorReport:
        """Check the connection step by step; trouble is told, never raised."""
        from ..doctor import examine

        return examine(
            self._settings,
            environment=self._environment,
            namespace=self._namespace,
            on_check=self.front.checked,
        )

    def remember(self, run: Run) -> Run:
        """Make `run` the one that `@last` means, and return it."""
        self._last[run.namespace] = run.run_id
        return run

    def find_run(self, reference: object) -> Run:
        """The run that a word, a Run or a card means; raises `not-found`, `ambiguous` or `bad-input`."""
        service = self.service()
        known = getattr(reference, "value", reference)  # what `$name` stands for
        run_id = getattr(known, "run_id", "")
        if isinstance(run_id, str) and run_id:
            return service.get_run(run_id)
        word = str(reference)
        if word == "@last" and service.namespace in self._last:
            return service.get_run(self._last[service.namespace])
        if not word:
            raise kfp_error(
                "bad-input", field="RUN", problem="it is empty", next="write an id, a name or @last"
            )
        return service.find_run(word)


def bulk_error(done: int, failures: list[tuple[str, KfpError]]) -> KfpError:
    """The error of an action on several things of which some failed, in the class of the first failure."""
    first = failures[0][1]
    reasons = "; ".join(f"{reference}: {error.message}" for reference, error in failures[:5])
    message = f"{done} of {done + len(failures)} done."
    return first.replace(message=message, why=reasons, details="", request_id="")
