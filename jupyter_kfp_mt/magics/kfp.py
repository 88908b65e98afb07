"""The magics: a line of words to the commands, their answer to the notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from ..commands import Connect, Session, perform, split
from ..display import render_check
from ..errors import KfpConnectionError
from ..lists import RunList
from ..models import Check, Run, RunView
from .cards import Cards
from .cell import run_cell
from .completion import offered

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


_KEPT = 20  # runs that completion offers


@magics_class
class KfpMagics(Magics):
    """`%kfp` and `%%kfp`."""

    def __init__(self, shell: InteractiveShell, connect: Connect, *, live: bool) -> None:
        super().__init__(shell)
        self.session = Session(connect, self, variables=shell.user_ns)
        self._seen: list[Run] = []
        self.cards = Cards(shell, self._look, live=live, pace=lambda: self.session.service().poll_interval)

    @no_var_expand
    @line_cell_magic
    def kfp(self, line: str, cell: str | None = None) -> object:
        """Kubeflow Pipelines: `%kfp help` lists the commands; `%%kfp` runs the cell as a pipeline."""
        words = split(line, self.session.variables)
        try:
            result = perform(self.session, words) if cell is None else run_cell(self.session, words, cell)
        except KfpConnectionError:
            self.session.forget_service()  # the next command looks anew for a server
            raise
        finally:
            self.cards.forget_checks()
        self._keep(result)
        if isinstance(result, Run) and self.cards.live:
            self.cards.show(result)  # also where the answer goes into a variable
        return result

    def complete(self, _shell: object, event: Any) -> list[str]:
        """Offer what may stand at the cursor (IPython's `complete_command` hook)."""
        text, symbol = event.text_until_cursor, event.symbol
        word = "" if text.endswith((" ", "\t")) else text.split()[-1]
        known = len(word) - len(symbol)  # IPython takes the part after its last delimiter for the word
        return [each[known:] for each in offered(text, self._seen, self.session.variables)]

    def _keep(self, result: object) -> None:
        """Remember the newest runs that were seen, for completion."""
        found = [result] if isinstance(result, Run) else result if isinstance(result, RunList) else []
        merged = {run.run_id: run for run in (*found, *self._seen)}
        self._seen = list(merged.values())[:_KEPT]

    def say(self, message: str) -> None:
        """Tell the person one sentence beside the answer."""
        sys.stdout.write(f"{message}\n")

    def write(self, text: str) -> None:
        """Show a part of a log that is followed."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def watch(self, run: Run, _view: Callable[[], RunView]) -> None:
        """Show how a run that is waited for stands."""
        if self.cards.live:
            self.cards.update(run)

    def checked(self, row: Check) -> None:
        """Show a check of the doctor as soon as it is known."""
        if self.cards.live:
            self.cards.checked(row)
        else:
            self.write(f"{render_check(row)}\n")

    def _look(self, run: Run) -> RunView:
        service = self.session.service()
        if run.namespace and run.namespace != service.namespace:
            service = service.in_namespace(run.namespace)
        return service.view_run(run.run_id)
