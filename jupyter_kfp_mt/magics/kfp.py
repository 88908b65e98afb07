"""The magics: a line goes to the commands, their result to the notebook."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from ..commands import COMMANDS, Connect, Session, perform, split_line
from ..display import render_check
from ..errors import KfpConnectionError, body_for_notebook
from ..models import Check, Run, RunView, Status
from ..service.submit.origin import find_origin
from .cards import Cards
from .cell import cell_run, run_cell
from .completion import complete_line, complete_options, split_last
from .known import KnownNames
from .serve import serve

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..settings import KfpSettings


# `%kfp …`, `name = %kfp …` and `%%kfp …`, up to the cursor
_LINE = re.compile(r"\s*(?:[^\W\d]\w*\s*=\s*)?(?:(?P<cell>%%)|%)kfp\s(?P<words>.*)\Z", re.DOTALL)


@magics_class
class KfpMagics(Magics):
    """`%kfp` and `%%kfp`."""

    def __init__(
        self, shell: InteractiveShell, connect: Connect, *, live: bool, settings: KfpSettings | None = None
    ) -> None:
        super().__init__(shell)
        self.session = Session(
            connect,
            self,
            variables=shell.user_ns,
            settings=settings,
            more=(serve,),
            find_origin=find_origin,
        )
        self.known = KnownNames(shell.user_ns)
        self.cards = Cards(
            shell, self._view_now, live=live, pace=lambda: self.session.service().poll_interval
        )

    @no_var_expand
    @line_cell_magic
    def kfp(self, line: str, cell: str | None = None) -> object:
        """Kubeflow Pipelines: `%kfp help` lists the commands; `%%kfp` runs the cell as a pipeline."""
        words = split_line(line, self.session.variables)
        try:
            result = perform(self.session, words) if cell is None else run_cell(self.session, words, cell)
        except KfpConnectionError as error:
            self.session.forget_service()  # the next command looks for a server again
            raise error.replace(command=body_for_notebook(error.body).command) from None
        finally:
            self.cards.forget_checks()
        if isinstance(result, Status) and result.error is not None:
            result = msgspec.structs.replace(result, error=body_for_notebook(result.error))
        self.known.remember(result)
        if isinstance(result, Run) and self.cards.live:
            self.cards.show(result)  # also where the result goes into a variable
        return result

    def complete(self, line: str) -> tuple[str, list[str]] | None:
        """Return the last word of a line and what it may become; None where the line is not one of ours.

        A word that nothing is known for stays: else IPython would offer names of Python.
        """
        match = _LINE.match(line)
        if match is None:
            return None
        word = "" if line[-1:] in (" ", "\t") else split_last(match["words"])
        if match["cell"]:
            offered = complete_options(cell_run, match["words"], self.known)
        else:
            self.known.look(lambda: self.session.connected)
            every = (*COMMANDS, *self.session.more)
            offered = complete_line(match["words"], every, self.known)
        return word, offered or [word]

    def say(self, message: str) -> None:
        """Print one sentence that is not part of the result."""
        sys.stdout.write(f"{message}\n")

    def write(self, text: str) -> None:
        """Print a part of a log that the user follows."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def show_progress(self, run: Run, _view: Callable[[], RunView]) -> None:
        """Update the card of a run that a command waits for."""
        if self.cards.live:
            self.cards.update(run)

    def show_check(self, check: Check) -> None:
        """Show a check of the doctor as soon as it is known."""
        if self.cards.live:
            self.cards.show_check(check)
        else:
            self.write(f"{render_check(check)}\n")

    def _view_now(self, run: Run) -> RunView:
        service = self.session.service()
        if run.namespace and run.namespace != service.namespace:
            service = service.in_namespace(run.namespace)
        return service.view_run(run.run_id)
