"""State that commands share: the service of one kernel or command line, and the front that shows things."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..errors import PROGRAM, KfpConnectionError, KfpError, error_from_body, kfp_error
from ..models import Check, DoctorReport, Origin, Run, RunView, Status

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
    """Shows things while a command runs: in a cell or in a terminal."""

    def say(self, message: str) -> None:
        """Show one sentence that is not part of the result."""

    def write(self, text: str) -> None:
        """Show a part of a result that comes in parts."""

    def show_progress(self, run: Run, view: Callable[[], RunView]) -> None:
        """Show the state of a run that a command waits for; `view` asks for its tasks."""

    def show_check(self, check: Check) -> None:
        """Show a check of the doctor as soon as it is known; the result is the report."""


class Session:
    """A user's connection to Kubeflow Pipelines; connects when first needed, and again after a loss."""

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
        find_origin: Callable[[], Origin | None] = lambda: None,
    ) -> None:
        self.front = front
        self.program = program
        self.variables: Mapping[str, object] = {} if variables is None else variables
        self.more = tuple(more)  # commands of this front alone
        self.sleep = sleep
        self.find_origin = find_origin  # the notebook, and the cell that is running
        self._connect = connect
        self._settings = settings
        self._environment = environment  # None: this process's own
        self._namespace = namespace  # chosen by the user; empty: the one that was found
        self._found: KfpService | None = None  # in the namespace that detection found
        self._service: KfpService | None = None  # in the chosen namespace
        self._last: dict[str, str] = {}  # namespace → newest run of this session

    def service(self, *, start: bool = False) -> KfpService:
        """Return the service; `start` starts the embedded server if nothing else is found."""
        if self._found is not None and self._is_gone(self._found):
            self.forget_service()
        if self._found is None:
            self._found = self._connect(
                settings=self._settings, start_embedded=True if start else None, say=self.front.say
            )
        if self._service is None:
            self._service = self._found.in_namespace(self._namespace) if self._namespace else self._found
        return self._service

    @property
    def connected(self) -> KfpService | None:
        """The service, if there is one already."""
        return self._service

    @staticmethod
    def _is_gone(service: KfpService) -> bool:
        """Whether it is of an embedded server that has stopped since: the next one may be elsewhere."""
        from ..context.embedded import is_gone  # imported with the connection

        return is_gone(service.context)

    def load_settings(self) -> KfpSettings:
        """Return the settings that were given, else those of this process."""
        from ..settings import load_settings

        return self._settings or load_settings()

    def forget_service(self) -> None:
        """Connect again at the next use."""
        self._found = self._service = None

    def use(self, namespace: str) -> Status:
        """Work in `namespace` from now on; an empty one stands for the namespace that was found.

        Raises the error of a namespace that cannot be used, and changes nothing then.
        """
        before = self._namespace, self._found, self._service
        self._namespace, self._service = namespace, None
        try:
            status = self.status()
            if status.error is not None and before[1] is not None:
                self.forget_service()  # the profile may be newer than the connection
                status = self.status()
            if status.error is not None:
                raise error_from_body(status.error)
        except KfpError:
            self._namespace, self._found, self._service = before
            raise
        return status

    def status(self) -> Status:
        """Return who, where, and whether it works; a connection error is part of the status, never raised."""
        try:
            return self.service().status()
        except KfpConnectionError as error:
            return Status(connected=False, namespace=self._namespace, error=error.body)

    def examine(self) -> DoctorReport:
        """Check the connection step by step; errors are part of the report, never raised."""
        from ..doctor import examine

        return examine(
            self._settings,
            environment=self._environment,
            namespace=self._namespace,
            on_check=self.front.show_check,
        )

    def remember(self, run: Run) -> Run:
        """Make `run` the one that `@last` means, and return it."""
        self._last[run.namespace] = run.run_id
        return run

    def find_run(self, reference: object) -> Run:
        """Return the run of a word, a Run or a card; raises `not-found`, `ambiguous` or `bad-input`."""
        service = self.service()
        known = getattr(reference, "value", reference)  # `$name` carries its variable
        if isinstance(known, (list, tuple)):
            return self._find_one(str(reference), known)
        run_id = getattr(known, "run_id", "")
        if isinstance(run_id, str) and run_id:
            return service.get_run(run_id)
        word = known if isinstance(known, str) else str(reference)
        if word == "@last" and service.namespace in self._last:
            return service.get_run(self._last[service.namespace])
        if not word:
            raise kfp_error(
                "bad-input", field="RUN", problem="it is empty", next="write an id, a name or @last"
            )
        return service.find_run(word)

    def find_runs(self, references: Sequence[object]) -> list[Run]:
        """Return the runs of words, of which each may stand for a list of runs; raises as `find_run`."""
        every: list[object] = []
        for reference in references:
            known = getattr(reference, "value", reference)
            every += known if isinstance(known, (list, tuple)) else [reference]
        if not every:
            raise kfp_error("bad-input", field="RUN", problem=f"“{references[0]}” is empty")
        return [self.find_run(each) for each in every]

    def _find_one(self, word: str, known: Sequence[object]) -> Run:
        if len(known) == 1:
            return self.find_run(known[0])
        problem = f"“{word}” is a list of {len(known)}"
        raise kfp_error("bad-input", field="RUN", problem=problem, next="write one run")
