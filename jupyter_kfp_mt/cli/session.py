"""State shared by the terminal-only commands: terminal, settings, the folder of the embedded server."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..commands import Command, Session
from ..commands.grammar import usage_error
from ..errors import KfpConnectionError
from ..models import Status
from ..results import Text
from ..settings import KfpSettings
from .options import GlobalOptions
from .terminal import PROGRAM, Terminal

if TYPE_CHECKING:
    from ..context import Context, Environment
    from ..service import KfpService


class TerminalSession(Session):
    """The session of one command line."""

    def __init__(
        self,
        terminal: Terminal,
        settings: KfpSettings,
        options: GlobalOptions,
        commands: tuple[Command, ...],
        environment: Environment | None = None,
    ) -> None:
        self.settings = _apply(options, settings)
        super().__init__(
            partial(_connect, environment=environment),
            terminal,
            program=PROGRAM,
            namespace=options.namespace,
            settings=self.settings,
            more=commands,
            environment=environment,
        )
        self.terminal = terminal
        self.namespace = options.namespace or settings.namespace
        self.data_option = f" --data {shlex.quote(str(self.data_dir))}" if options.data else ""

    @property
    def data_dir(self) -> Path:
        """The folder of the embedded server."""
        return Path(self.settings.data_dir)

    @cached_property
    def cluster(self) -> Context | None:
        """The cluster that commands talk to; None where that is the embedded server, or nothing is found."""
        from ..context import NOTHING_FOUND, detect
        from ..kube import read_environment_with_kubeconfig

        try:
            context = detect(self._environment or read_environment_with_kubeconfig(), self.settings)
        except KfpConnectionError as error:
            if error.code not in NOTHING_FOUND:
                raise
            return None
        return None if context.embedded else context

    def use(self, namespace: str) -> Status:
        """Refuse: a command line ends, and the next one starts afresh."""
        name = namespace or "NAMESPACE"
        raise usage_error(
            "A terminal does not stay in a namespace.",
            why="Each command says where it works, or takes what was found.",
            next_step=f"write --namespace {name}, or export JUPYTER_KFP_MT_NAMESPACE={name}",
        )

    def result(self, document: dict[str, Any], text: str) -> object:
        """Return the result of a command: `document` for `--json`, else `text`."""
        return document if self.terminal.json else Text(text)


def _apply(options: GlobalOptions, settings: KfpSettings) -> KfpSettings:
    """Return `settings` with the options of the command line, which win."""
    return settings.replace(
        endpoint=options.endpoint or settings.endpoint,
        data_dir=str(Path(options.data).absolute()) if options.data else settings.data_dir,
    )


def _connect(
    *,
    settings: KfpSettings | None,
    start_embedded: bool | None,
    say: Callable[[str], None],
    environment: Environment | None,
) -> KfpService:
    """Connect; imports here what that needs, so that `help` starts at once."""
    from ..connection import connect

    return connect(
        settings=settings,
        start_embedded=start_embedded,
        say=say,
        environment=environment,
    )
