"""`KfpPanel`: who and where, the runs, and a form, in a cell."""

from __future__ import annotations

from typing import Any

from ipywidgets import Button, Dropdown, HBox, Text, VBox
from traitlets import Dict, Instance, List, Unicode, observe

from .. import display
from ..display import Block
from ..errors import KfpError
from ..models import Run, Status
from ..service import KfpService
from .form import SubmitForm
from .picture import Listener, Picture
from .table import RunsTable

_STATES = ("", "RUNNING", "FAILED", "SUCCEEDED", "PENDING", "CANCELED")


class KfpPanel(Picture):
    """Who and where, the runs of a namespace, and a form for the next one.

    `connection` is `connected` or `not connected`; `filter` and `selected` are those of the table of runs.
    """

    namespace = Unicode(help="the namespace that is shown")
    connection = Unicode(read_only=True, help="`connected` or `not connected`")
    filter = Dict(help="which runs, by the names of `KfpService.list_runs`")
    runs = List(Instance(Run), read_only=True, help="the runs, as models")
    selected = List(Unicode(), help="ids of the chosen runs")

    def __init__(self, namespace: str | None = None, *, service: KfpService | None = None) -> None:
        super().__init__(service)
        self._status = Status(connected=False)
        if namespace:
            self._service = self.service.in_namespace(namespace)
        self._table = RunsTable(service=self.service)
        for trait in ("filter", "selected"):
            self._table.observe(lambda change: setattr(self, change.name, change.new), trait)
        self._table.observe(lambda change: self.set_trait("runs", change.new), "runs")
        self._form = SubmitForm(service=self.service)
        self._form.layout.display = "none"
        self._form.on_submitted(lambda _run: self.refresh())
        self._controls.children = (VBox((self._make_controls(), self._table, self._form)),)
        self.namespace = self.service.namespace
        self.refresh()

    def refresh(self) -> None:
        """Ask for everything now."""
        self._look()

    def on_select(self, function: Listener) -> None:
        """Call `function` with the ids when other runs are chosen."""
        self._table.on_select(function)

    def close(self) -> None:
        """Remove the panel and everything in it."""
        self._table.close()
        self._form.close()
        super().close()

    def _make_controls(self) -> HBox:
        search = Text(placeholder="Search runs", continuous_update=False)
        state = Dropdown(options=[(value.capitalize() or "All states", value) for value in _STATES])
        source = Text(placeholder="pipeline.yaml", continuous_update=False)
        new = Button(description="New run", tooltip="Show or hide the form.")
        search.observe(lambda change: self._narrow(search=change.new), "value")
        state.observe(lambda change: self._narrow(state=[change.new] if change.new else []), "value")
        source.observe(
            lambda change: self._act(lambda: setattr(self._form, "source", change.new or None)), "value"
        )
        new.on_click(lambda _button: self._toggle_form())
        self._source = source
        self._source.layout.display = "none"
        return HBox((search, state, new, source))

    def _narrow(self, **wanted: Any) -> None:
        merged = {**self.filter, **wanted}
        self.filter = {name: value for name, value in merged.items() if value}

    def _toggle_form(self) -> None:
        shown = "none" if self._form.layout.display != "none" else None
        self._form.layout.display = self._source.layout.display = shown

    @observe("namespace")
    def _move(self, change: Any) -> None:
        if change.new and change.new != self.service.namespace:
            self._service = self.service.in_namespace(change.new)
            self._table.move(self.service)
            self._form.move(self.service)
            self.refresh()

    @observe("filter")
    def _filter_table(self, change: Any) -> None:
        self._act(lambda: setattr(self._table, "filter", change.new))

    @observe("selected")
    def _select_in_table(self, change: Any) -> None:
        self._table.selected = change.new

    def _look(self) -> bool:
        self._status = self.service.status()
        self.set_trait("connection", "connected" if self._status.connected else "not connected")
        if self._status.connected:
            try:
                self._table.refresh()
            except KfpError as error:
                self._show_error(error)
        self._draw()
        return False

    def _block(self) -> Block:
        return display.block_of(self._status)
