"""`RunsTable`: a table of runs in a cell."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from ipywidgets import Button, SelectMultiple
from traitlets import Dict, Instance, List, Unicode, observe, validate
from traitlets.utils.bunch import Bunch

from .. import display
from ..display import Block
from ..errors import kfp_error
from ..lists import RunList
from ..models import Run
from ..plain_text import clean
from ..service import KfpService
from .live_view import Listener, Listeners, LiveView

if TYPE_CHECKING:
    import pandas as pd

FILTERS = (
    "state",
    "search",
    "experiment",
    "pipeline",
    "recurring_run",
    "archived",
    "sort_by",
    "limit",
    "metrics",
)


class RunsTable(LiveView):
    """The runs that fit the filter (`state`, `search`, `experiment`, `pipeline`, `archived`, `limit`, …).

    `runs` holds models, `selected` the ids of the chosen ones. Both stay up to date while displayed.
    """

    filter = Dict(help="which runs, by the names of `KfpService.list_runs`")
    runs = List(Instance(Run), read_only=True, help="the runs, as models")
    selected = List(Unicode(), help="ids of the chosen runs")

    def __init__(self, *, service: KfpService | None = None, **filters: Any) -> None:
        super().__init__(service)
        self._runs = RunList([], total_size=0)
        self._selected = Listeners(self._complain)
        self._choice = SelectMultiple(rows=5, layout={"width": "max-content", "max_width": "100%"})
        self._choice.observe(self._choose, "value")
        refresh = Button(description="Refresh", tooltip="Ask again now.")
        refresh.on_click(lambda _button: self._act(self.refresh))
        self._refresh = refresh
        self._controls.children = (self._choice, refresh)
        self.filter = filters
        if not filters:
            self.refresh()

    def refresh(self) -> None:
        """Ask for the runs now; raises KfpError."""
        self._update()

    @property
    def total_size(self) -> int:
        """How many runs fit the filter, listed or not."""
        return self._runs.total_size

    def show_list_alone(self) -> None:
        """Show the runs once, as the list in which they are chosen, for a place that has its own buttons."""
        self._html.layout.display = self._refresh.layout.display = "none"
        self._choice.rows = 12

    def use_service(self, service: KfpService) -> None:
        """Show the runs of `service`, which may be in another namespace."""
        if service is not self._service:
            self._service = service
            self._take(RunList([], total_size=0))
        self.refresh()

    def to_df(self) -> pd.DataFrame:
        """The runs as a DataFrame; raises KfpError without pandas."""
        return self._runs.to_df()

    def on_select(self, function: Listener) -> None:
        """Call `function` with the ids when others are chosen."""
        self._selected.add(function)

    @validate("filter")
    def _check_filter(self, proposal: Bunch) -> dict[str, Any]:
        for name in proposal.value:
            if name not in FILTERS:
                near = difflib.get_close_matches(name, FILTERS, n=1)
                raise kfp_error(
                    "bad-input",
                    field="filter",
                    problem=f"“{name}” is not one of {', '.join(FILTERS)}",
                    next=f"Did you mean “{near[0]}”?" if near else "",
                )
        return dict(proposal.value)

    @observe("filter")
    def _ask_again(self, _change: object) -> None:
        self.refresh()

    @observe("selected")
    def _show_selected(self, change: Bunch) -> None:
        known = {run.run_id for run in self.runs}
        self._choice.value = tuple(run_id for run_id in change.new if run_id in known)
        self._selected.call_all(list(change.new))

    def _choose(self, change: Bunch) -> None:
        self.selected = list(change.new)

    def _update(self) -> bool:
        runs = self.service.list_runs(**self.filter)
        self._take(runs)
        return False  # a new run may start any time

    def _take(self, runs: RunList) -> None:
        if list(runs) != list(self._runs):
            self._runs = runs
            self.set_trait("runs", list(runs))
            self._offer(runs)
        self._draw()

    def _offer(self, runs: list[Run]) -> None:
        """Offer the runs for selection; selected runs stay selected while they are listed."""
        kept = [run_id for run_id in self.selected if run_id in {run.run_id for run in runs}]
        self._choice.options = [(_option_text(run), run.run_id) for run in runs]
        self._choice.value = tuple(kept)

    def _block(self) -> Block:
        return display.block_of(self._runs)


def _option_text(run: Run) -> str:
    label = display.label_of(run.phase, run.state)
    about = (clean(run.experiment_name), display.format_time(run.created_at), display.shorten_id(run.run_id))
    return f"{label.sign} {label.word}  {clean(run.display_name)} · {' · '.join(filter(None, about))}"
