"""The display of results in a notebook: rich forms of models, and cards of runs that stay up to date."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from .. import display
from ..errors import KfpError, KfpNotFoundError, KfpNotStartedError
from ..models import Check, Run, RunView
from ..ticker import Ticker

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.lib.pretty import RepresentationPrinter


class Cards:
    """Cards in the outputs of a notebook; a background thread keeps those of unfinished runs up to date.

    `view_now` asks for a run as it is now. `live` says whether an output can change later: a kernel's can, a
    terminal's cannot. `pace` returns the seconds between two updates.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        view_now: Callable[[Run], RunView],
        *,
        live: bool,
        pace: Callable[[], float],
    ) -> None:
        self._shell = shell
        self._view_now = view_now
        self.live = live
        self._pace = pace
        self.ticker = Ticker()
        self._shown: dict[str, tuple[int, str]] = {}  # run → the cell that shows it, its display id
        self._checks: list[str] = []
        self._checks_id = ""

    def register(self) -> None:
        """Register the display of our models with the shell."""
        formatter = self._shell.display_formatter
        if formatter is None:
            return
        formatters = formatter.formatters
        for kind in display.KINDS:
            formatters["text/plain"].for_type(kind, _pretty)
            formatters["text/html"].for_type(kind, display.render_html)
        for kind in display.TEXTS:
            formatters["text/plain"].for_type(kind, _pretty)
        formatter.ipython_display_formatter.for_type(Run, self.show)

    def show(self, run: Run) -> None:
        """Show `run` as a card, once per cell."""
        if self.live and self._card_here(run):
            return
        display_id = uuid.uuid4().hex
        self._shown[run.run_id] = (self._shell.execution_count, display_id)
        try:
            view = self._view_now(run)
        except KfpError:  # show what is known
            view = RunView(run=run)
        self._publish(view, display_id, update=False)
        if self.live and not view.run.ended:
            self.ticker.add(display_id, lambda: self._refresh(run, display_id), every=self._pace())

    def update(self, run: Run) -> None:
        """Update the card of `run` in this cell, or show one."""
        display_id = self._card_here(run)
        if not display_id:
            self.show(run)
        else:
            self._refresh(run, display_id)

    def show_check(self, check: Check) -> None:
        """Show a check of the doctor below those before it, until `forget_checks`."""
        self._checks.append(display.render_check(check))
        self._show_checks("\n".join(self._checks), update=len(self._checks) > 1)

    def forget_checks(self) -> None:
        """Clear the checks, once the report is there."""
        if self._checks:
            self._checks.clear()
            self._show_checks("", update=True)

    def _show_checks(self, text: str, *, update: bool) -> None:
        self._checks_id = self._checks_id if update else uuid.uuid4().hex
        transient = {"display_id": self._checks_id}
        self._shell.display_pub.publish({"text/plain": text}, metadata={}, transient=transient, update=update)

    def close(self) -> None:
        """Stop the updates; the cards stay as they are."""
        self.ticker.close()

    def _card_here(self, run: Run) -> str:
        cell, display_id = self._shown.get(run.run_id, (-1, ""))
        return display_id if cell == self._shell.execution_count else ""

    def _refresh(self, run: Run, display_id: str) -> bool:
        try:
            view = self._view_now(run)
        except KfpNotStartedError as error:
            self._publish_block(display.describe_error(error), display_id, update=True)
            return True
        except KfpNotFoundError:  # deleted: the card stays as it was
            return True
        self._publish(view, display_id, update=True)
        return view.run.ended

    def _publish(self, view: RunView, display_id: str, *, update: bool) -> None:
        note = "" if view.run.ended else f"State at {datetime.now().astimezone():%H:%M}"
        self._publish_block(display.describe_view(view, note=note), display_id, update=update)

    def _publish_block(self, card: display.Block, display_id: str, *, update: bool) -> None:
        self._shell.display_pub.publish(
            {"text/plain": display.draw_text(card), "text/html": display.draw_html(card)},
            metadata={},
            transient={"display_id": display_id},
            update=update,
        )


def _pretty(value: object, printer: RepresentationPrinter, _cycle: object) -> None:
    printer.text(display.render_text(value).rstrip("\n"))  # type: ignore[no-untyped-call]  # IPython's has no types
