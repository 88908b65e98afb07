"""`jupyter kfp …`: the commands of `%kfp` in a terminal and for scripts, and the care of the embedded server.

Answers go to stdout, with `--json` as one document with KFP's field names; messages and errors go to stderr.
Exit codes: 0 done, 1 the run failed, 2 wrong usage, 3 not connected or no credential, 4 refused, 5 unclear or
time limit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import __version__, commands
from ..commands import Text
from ..errors import KfpConnectionError, KfpError, RunFailed
from ..models import DoctorReport, Run, Status
from ..settings import load_settings
from . import documents, tenants
from .desk import Desk
from .front import Terminal
from .serve import serve
from .words import HELP, read_globals

if TYPE_CHECKING:
    from ..context import Environment

__all__ = ["COMMANDS", "main"]

COMMANDS = (serve, *tenants.COMMANDS)  # those that only the command line has


def main(words: Sequence[str] | None = None, *, environment: Environment | None = None) -> int:
    """Do what the words of the command line say and return the exit code.

    `environment` is where Kubeflow Pipelines is looked for, this process's own by default.
    """
    given = list(sys.argv[1:] if words is None else words)
    terminal = Terminal(json="--json" in given, quiet="--quiet" in given)
    try:
        return _do(terminal, given, environment)
    except KfpError as error:
        if isinstance(error, RunFailed) and terminal.json and terminal.watched:
            terminal.answer(documents.encode(terminal.watched))
        terminal.show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has seen enough, as in `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _do(terminal: Terminal, given: list[str], environment: Environment | None) -> int:
    """One command: do it, answer, and say with the exit code how it went."""
    options, words = read_globals(given)
    if words == ["--version"]:
        terminal.answer(__version__)
        return 0
    if words[:1] in (["--help"], ["-h"]):
        words = ["help", *words[1:]]
    desk = Desk(terminal, load_settings(), options, COMMANDS, environment)
    result = commands.perform(desk, words)
    if words == ["help"]:
        result = Text(f"{result}\n{HELP}")
    if isinstance(result, Run) and not terminal.json:
        result = desk.service().view_run(result)
    terminal.show(result)
    return _exit_code(result)


def _exit_code(result: object) -> int:
    """A status without a connection is told, and is still no success."""
    if isinstance(result, Status) and not result.connected:
        return KfpConnectionError.exit_code
    if isinstance(result, DoctorReport):
        return result.exit_code
    return 0
