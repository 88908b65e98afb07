"""The magics: a line goes to the commands, their result to the notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from ..commands import Connect, Session, perform, split_line
from ..display import render_check
from ..errors import KfpConnectionError, body_for_notebook
from ..lists import RunList
from ..models import Check, Run, RunView, Status
from .cards import Cards
from .cell import run_cell
from .completion import complete_line
from .origin import find_origin
from .serve import serve

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..settings import KfpSettings


_KEPT_RUNS = 20  # newest runs that completion offers


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
            find_origin=lambda: find_origin(shell),
        )
        self._seen: list[Run] = []
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
        self._remember(result)
        if isinstance(result, Run) and self.cards.live:
            self.cards.show(result)  # also where the result goes into a variable
        return result

    def complete(self, _shell: object, event: Any) -> list[str]:
        """Return the completions at the cursor (IPython's `complete_command` hook)."""
        text, symbol = event.text_until_cursor, event.symbol
        word = "" if text.endswith((" ", "\t")) else text.split()[-1]
        known = len(word) - len(symbol)  # IPython completes only the part after its last delimiter
        return [each[known:] for each in complete_line(text, self._seen, self.session.variables)]

    def _remember(self, result: object) -> None:
        """Remember the newest runs that were shown, for completion."""
        runs = [result] if isinstance(result, Run) else result if isinstance(result, RunList) else []
        merged = {run.run_id: run for run in (*runs, *self._seen)}
        self._seen = list(merged.values())[:_KEPT_RUNS]

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
