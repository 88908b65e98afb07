"""`KfpPanel`: status, runs and a submit form in a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipywidgets import Button, Dropdown, HBox, Text, VBox
from traitlets import Dict, Instance, List, Unicode, observe
from traitlets.utils.bunch import Bunch

from .. import display
from ..display import PHASE_LABELS, Block
from ..errors import KfpConnectionError, KfpError, error_from_body
from ..models import Phase, Run, Status
from ..run_rules import FILTERABLE, may_retry, may_terminate
from ..service import KfpService
from .form import SubmitForm
from .live_view import Listener, Listeners, LiveView
from .table import RunsTable

_STEP = 20  # runs that “More” adds
_STATES = (("All states", ""), *((PHASE_LABELS[phase].word, phase.value) for phase in FILTERABLE))


class KfpPanel(LiveView):
    """Status, the runs of a namespace, and a form for the next one.

    `connection` is `connected` or `not connected`; `filter` and `selected` are those of `RunsTable`.
    """

    namespace = Unicode(help="the namespace of the runs")
    connection = Unicode("not connected", read_only=True, help="`connected` or `not connected`")
    filter = Dict(help="which runs, by the names of `KfpService.list_runs`")
    runs = List(Instance(Run), read_only=True, help="the runs, as models")
    selected = List(Unicode(), help="ids of the chosen runs")

    def __init__(self, namespace: str | None = None, *, service: KfpService | None = None) -> None:
        super().__init__(service)
        self._status = Status(connected=False)
        self._table: RunsTable | None = None
        self._selected = Listeners(self._complain)
        self._source = Text(placeholder="pipeline.yaml", continuous_update=False)
        self._form = SubmitForm(service=service)
        self._form.on_submitted(lambda _run: self.refresh())
        self._body = VBox()
        self._actions = self._make_actions()
        self._more = Button(description="More", tooltip="List more runs.", layout={"display": "none"})
        self._more.on_click(lambda _button: self._change_filter(limit=len(self.runs) + _STEP))
        parts = (self._make_controls(), self._form, self._body, self._actions, self._more)
        self._controls.children = (VBox(parts),)
        self._show_form(False)
        self.namespace = namespace or ""
        self._act(self._update)
        if namespace and self._status.error is not None:
            self.close()
            raise error_from_body(self._status.error)

    def refresh(self) -> None:
        """Update everything now."""
        self._act(self._update)

    def on_select(self, function: Listener) -> None:
        """Call `function` with the ids when other runs are chosen."""
        self._selected.add(function)

    def close(self) -> None:
        """Remove the panel and everything in it."""
        self._form.close()
        if self._table is not None:
            self._table.close()
        super().close()

    def _make_controls(self) -> HBox:
        search = Text(placeholder="Search runs", continuous_update=False)
        state = Dropdown(options=_STATES)
        new = Button(description="New run", tooltip="Show or hide the form.")
        again = Button(description="Refresh", tooltip="Ask again now.")
        search.observe(lambda change: self._change_filter(search=change.new), "value")
        state.observe(lambda change: self._change_filter(state=[change.new] if change.new else []), "value")
        self._source.observe(lambda change: self._act(lambda: self._take_source(change.new)), "value")
        new.on_click(lambda _button: self._show_form(self._form.layout.display == "none"))
        again.on_click(lambda _button: self.refresh())
        return HBox((search, state, again, new, self._source))

    def _make_actions(self) -> HBox:
        """Return the buttons that act on the chosen runs; those that no chosen run allows are off."""
        works: dict[str, tuple[Callable[[KfpService, str], object], Callable[[Phase], bool]]] = {
            "Terminate": (lambda service, run_id: service.terminate(run_id), may_terminate),
            "Retry": (lambda service, run_id: service.retry(run_id), may_retry),
            "Archive": (lambda service, run_id: service.archive(run_id), lambda _phase: True),
        }
        self._allowed: dict[Button, Callable[[Phase], bool]] = {}
        for name, (work, allows) in works.items():
            button = Button(description=name, disabled=True, tooltip=f"{name} the chosen runs.")
            button.on_click(lambda _button, work=work, allows=allows: self._act_on_chosen(work, allows))
            self._allowed[button] = allows
        return HBox(tuple(self._allowed))

    def _act_on_chosen(
        self, work: Callable[[KfpService, str], object], allows: Callable[[Phase], bool]
    ) -> None:
        """Do `work` with each chosen run that allows it; the first error is shown at the end."""
        failed: list[KfpError] = []
        for run in self.runs:
            if run.run_id in self.selected and allows(run.phase):
                try:
                    work(self.service, run.run_id)
                except KfpError as error:
                    failed.append(error)
        self._act(self._update)
        if failed:
            self._show_error(failed[0])

    def _offer_actions(self) -> None:
        chosen = [run for run in self.runs if run.run_id in self.selected]
        for button, allows in self._allowed.items():
            button.disabled = not any(allows(run.phase) for run in chosen)

    def _change_filter(self, **wanted: Any) -> None:
        merged = {**self.filter, **wanted}
        self.filter = {name: value for name, value in merged.items() if value}

    def _take_source(self, word: str) -> None:
        self._form.source = word or None

    def _show_form(self, shown: bool) -> None:
        self._form.layout.display = self._source.layout.display = None if shown else "none"

    @observe("namespace")
    def _change_namespace(self, change: Bunch) -> None:
        if change.old or self._service is not None:
            self._act(self._update)

    @observe("filter")
    def _filter_table(self, change: Bunch) -> None:
        if self._table is not None:
            self._table.filter = change.new

    @observe("selected")
    def _select(self, change: Bunch) -> None:
        if self._table is not None:
            self._table.selected = change.new
        self._offer_actions()
        self._selected.call_all(list(change.new))

    def _update(self) -> bool:
        """Ask for the status, then the runs; without a connection show the error and keep the last rows."""
        try:
            if self.namespace and self.namespace != self.service.namespace:
                self._service = self.service.in_namespace(self.namespace)
                self._form.use_service(self.service)
            self._status = self.service.status()
        except KfpConnectionError as error:
            self._status = Status(connected=False, namespace=self.namespace, error=error.body)
        usable = self._status.connected and self._status.error is None
        self.set_trait("connection", "connected" if usable else "not connected")
        self._draw()
        if not usable and self._table is not None and self._status.connected:
            self.set_trait("runs", [])  # those of the namespace before
            self._body.layout.display = "none"
        if usable:
            self._body.layout.display = None
            self.namespace = self.service.namespace
            self._list()
        return False

    def _list(self) -> None:
        if self._table is None:
            self._table = RunsTable(service=self.service, **self.filter)
            self._table.show_list_alone()
            self._table.observe(lambda change: self.set_trait("runs", change.new), "runs")
            self._table.observe(lambda change: setattr(self, "selected", change.new), "selected")
            self._body.children = (self._table,)
            self._form.use_service(self.service)
            self.set_trait("runs", list(self._table.runs))
        else:
            self._table.use_service(self.service)
            self.set_trait("runs", list(self._table.runs))
        self._more.layout.display = None if self._table.total_size > len(self.runs) else "none"
        self._offer_actions()

    def _block(self) -> Block:
        return display.block_of(self._status)
