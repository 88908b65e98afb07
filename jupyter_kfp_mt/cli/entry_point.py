"""The entry point of `jupyter kfp`: reads the words, performs the command, returns the exit code.

Results go to stdout, with `--json` as one document with KFP's field names; messages and errors go to stderr.
`options.HELP` lists the exit codes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import __version__, commands
from ..errors import KfpConnectionError, KfpError, KfpRefusedError, RunFailed, RunTimeout
from ..models import DoctorReport, Identity, Phase, Run, RunView, Status
from ..results import Text
from ..settings import load_settings
from . import documents, profiles
from .backup import backup
from .completion import completion
from .options import HELP, read_options
from .serve import serve
from .session import TerminalSession
from .terminal import Terminal

if TYPE_CHECKING:
    from ..context import Environment

COMMANDS = (serve, backup, completion, *profiles.COMMANDS)  # in addition to those of `%kfp`


def main(words: Sequence[str] | None = None, *, environment: Environment | None = None) -> int:
    """Perform the command line `words` and return the exit code.

    `environment` is where to look for Kubeflow Pipelines, by default this process's own.
    """
    given = list(sys.argv[1:] if words is None else words)
    terminal = Terminal(json="--json" in given, quiet="--quiet" in given)
    try:
        return _perform(terminal, given, environment)
    except KfpError as error:
        if isinstance(error, RunFailed) and terminal.json and terminal.watched:
            terminal.write_result(documents.encode(terminal.watched))
        terminal.show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of the pipe has gone, as in `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _perform(terminal: Terminal, given: list[str], environment: Environment | None) -> int:
    """Perform one command, show its result and return the exit code."""
    options, words = read_options(given)
    if words == ["--version"]:
        terminal.write_result(__version__)
        return 0
    session = TerminalSession(terminal, load_settings(), options, COMMANDS, environment)
    result = commands.perform(session, words)
    if words in (["help"], ["-h"], ["--help"]):
        result = Text(f"{result}\n{HELP}")
    code = _exit_code(result)
    if isinstance(result, Run) and not terminal.json:
        unconfirmed = result.phase is Phase.UNCONFIRMED  # KFP stays away: there is nobody to ask
        result = RunView(run=result) if unconfirmed else session.service().view_run(result)
    terminal.show(result)
    return code


def _exit_code(result: object) -> int:
    """Return 0 for success; printing the status of a connection that does not work exits non-zero."""
    if isinstance(result, Identity):
        return _exit_code(result.status)
    if isinstance(result, Status) and not result.connected:
        return KfpConnectionError.exit_code
    if isinstance(result, Status) and result.error is not None:
        return KfpRefusedError.exit_code
    if isinstance(result, DoctorReport):
        return result.exit_code
    if isinstance(result, Run) and result.phase is Phase.UNCONFIRMED:
        return RunTimeout.exit_code
    return 0
