"""What the verbs of the command line alone work with: terminal, settings, the server's folder."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..commands import Command, Session
from ..settings import KfpSettings
from .front import PROGRAM, Terminal
from .words import Globals

if TYPE_CHECKING:
    from ..context import Environment
    from ..service import KfpService


class Desk(Session):
    """The session of one command line."""

    def __init__(
        self,
        terminal: Terminal,
        settings: KfpSettings,
        options: Globals,
        commands: tuple[Command, ...],
        environment: Environment | None = None,
    ) -> None:
        super().__init__(
            partial(_connect, environment=environment),
            terminal,
            program=PROGRAM,
            namespace=options.namespace,
            settings=_with(settings, options),
            more=commands,
            environment=environment,
        )
        self.terminal = terminal
        self.settings = settings
        self.namespace = options.namespace or settings.namespace
        self.data_option = f" --data {shlex.quote(str(self.data_dir))}" if options.data else ""

    @property
    def data_dir(self) -> Path:
        """The folder of the embedded server that is meant."""
        return Path(self.settings.data_dir)


def _with(settings: KfpSettings, options: Globals) -> KfpSettings:
    """What was said on the command line wins."""
    settings.endpoint = options.endpoint or settings.endpoint
    settings.data_dir = str(Path(options.data).absolute()) if options.data else settings.data_dir
    return settings


def _connect(
    *,
    settings: KfpSettings | None,
    start_embedded: bool | None,
    say: Callable[[str], None],
    environment: Environment | None,
) -> KfpService:
    """Connect; what that needs is imported now, so that `help` starts at once."""
    from ..connection import connect

    return connect(
        settings=settings,
        start_embedded=start_embedded,
        say=say,
        environment=environment,
    )
