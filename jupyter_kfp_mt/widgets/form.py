"""`SubmitForm`: a form for a pipeline's parameters, which starts a run."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from ipywidgets import HTML, Button, Dropdown, HBox, Output, Text, VBox
from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Instance, Unicode, observe, validate
from traitlets.utils.bunch import Bunch

from .. import display
from ..connection import connect
from ..errors import KfpError, kfp_error
from ..models import CachePolicy, Inspection, ParameterSpec, Run, Source
from ..pipeline_spec.parameters import check_values
from ..plain_text import clean
from ..service import KfpService
from .live_view import Listener, Listeners, close_tree
from .parameter_field import ParameterField

_LABEL = {"width": "12em"}


class SubmitForm(VBox):
    """Fields for the parameters of `source`: a path, a function, a `Source`; the button Run is `submit()`.

    `values` are the values by parameter. Setting a wrong value raises at once; a value typed wrongly is in
    `errors` and shown beside its field.
    """

    source = AnyTrait(None, allow_none=True, help="what to run")
    experiment = Unicode("Default", help="the experiment; created if it does not exist")
    name = Unicode(help="the run's name; empty: the pipeline's name with the time")
    values = Dict(help="values of the parameters")
    cache = Unicode(CachePolicy.COMPILED.value, help="compiled, on or off")
    valid = Bool(False, read_only=True, help="whether the form can be sent")
    errors = Dict(read_only=True, help="what is wrong, by parameter")
    busy = Bool(False, read_only=True, help="whether a submit is under way")
    run = Instance(Run, allow_none=True, read_only=True, help="the last run that the form started")

    def __init__(
        self,
        source: Source | str | Path | Callable[..., Any] | None = None,
        experiment: str | None = None,
        *,
        service: KfpService | None = None,
    ) -> None:
        self._service = service
        self._inspection: Inspection | None = None
        self._proposed: Inspection | None = None  # of a source under validation
        self._fields: dict[str, ParameterField] = {}
        self._mirroring = False
        self._submitted = Listeners(self._complain)
        self._failed = Listeners(self._complain)
        self._head, self._notice = HTML(), HTML()
        self._rows = VBox()
        self._more = Output()  # output of callbacks
        self._controls = self._make_controls()
        super().__init__((self._head, self._notice, self._rows, *self._controls, self._more))
        self.experiment = experiment or "Default"
        self.source = source
        if source is None:
            self._ask_for_source()

    @property
    def service(self) -> KfpService:
        """The service that the form acts through; found as `connect()` finds it."""
        if self._service is None:
            self._service = connect()
        return self._service

    def request(self) -> dict[str, Any]:
        """Return what would be sent; raises `bad-input` for a wrong value. Sends nothing."""
        return {
            "source": self.source,
            "parameters": self._check_fields(),
            "experiment": self.experiment,
            "name": self.name,
            "cache": self.cache,
        }

    def submit(self, wait: bool = False) -> Run:
        """Start the run and return it, with `wait` after it has ended; raises KfpError."""
        request = self.request()
        self.set_trait("busy", True)
        try:
            run = self.service.submit(**request)
        finally:
            self.set_trait("busy", False)
        self.set_trait("run", run)
        with self._more:
            self._submitted.call_all(run)
        return self.service.wait(run.run_id) if wait else run

    def use_service(self, service: KfpService) -> None:
        """Start runs in another namespace."""
        self._service = service
        self._describe_source()

    def reset(self) -> None:
        """Restore the defaults."""
        self.values = {}
        self.name = ""

    def on_submitted(self, function: Listener) -> None:
        """Call `function` with each run that the form starts."""
        self._submitted.add(function)

    def on_error(self, function: Listener) -> None:
        """Call `function` with each KfpError of the button."""
        self._failed.add(function)

    def close(self) -> None:
        """Remove the form and its fields."""
        close_tree(self)
        super().close()

    # controls

    def _make_controls(self) -> tuple[HBox, ...]:
        experiment, name = Text(value=self.experiment), Text(placeholder="made from the pipeline's name")
        cache = Dropdown(options=[("As compiled", "compiled"), ("On", "on"), ("Off", "off")])
        for control, trait in ((experiment, "experiment"), (name, "name"), (cache, "cache")):
            self._link(control, trait)
        self._button = Button(
            description="Run", button_style="primary", tooltip="Start the run.", disabled=True
        )
        reset = Button(description="Reset all", tooltip="Restore the defaults.")
        self._button.on_click(lambda _button: self._act(self.submit))
        reset.on_click(lambda _button: self._act(self.reset))
        self._foot = HTML()
        return (
            HBox((HTML("Experiment", layout=_LABEL), experiment)),
            HBox((HTML("Run name", layout=_LABEL), name)),
            HBox((HTML("Cache", layout=_LABEL), cache)),
            HBox((self._button, reset, self._foot)),
        )

    def _link(self, control: Text | Dropdown, trait: str) -> None:
        """Keep a control and a trait of the form in sync."""
        control.observe(lambda change: setattr(self, trait, change.new), "value")
        self.observe(lambda change: setattr(control, "value", change.new), trait)

    # changes

    @validate("source")
    def _check_source(self, proposal: Bunch) -> object:
        """Read the source before accepting it: an unusable one raises and changes nothing."""
        self._proposed = None if proposal.value is None else self.service.inspect(proposal.value)
        return proposal.value

    @observe("source")
    def _take_source(self, _change: Bunch) -> None:
        self._notice.value = ""
        self._inspection = self._proposed
        close_tree(self._rows)
        self._fields = {
            spec.name: ParameterField(spec, self._source_name, self._on_field) for spec in self._specs
        }
        self._rows.children = tuple(self._fields.values())
        self._mirror_fields()
        self._describe_source()

    @validate("values")
    def _check_values(self, proposal: Bunch) -> dict[str, Any]:
        if self._mirroring:
            return dict(proposal.value)
        wanted = dict(proposal.value)
        unknown = wanted.keys() - {spec.name for spec in self._specs}
        given = [spec for spec in self._specs if unknown or spec.name in wanted]
        checked = check_values(given, wanted, self._source_name)
        defaults = {spec.name: spec.default for spec in self._specs if spec.has_default}
        return {**defaults, **checked}  # as the fields show them, so that listeners are called once

    @observe("values")
    def _show_values(self, change: Bunch) -> None:
        if self._mirroring:
            return
        for name, field in self._fields.items():
            if name in change.new:
                field.set_value(change.new[name])
            else:
                field.reset()
        self._mirror_fields()

    @validate("cache")
    def _check_cache(self, proposal: Bunch) -> str:
        if proposal.value not in {mode.value for mode in CachePolicy}:
            problem = f"“{proposal.value}” is not compiled, on or off"
            raise kfp_error("bad-input", field="cache", problem=problem, next='write form.cache = "off"')
        return str(proposal.value)

    def _on_field(self, _field: ParameterField) -> None:
        self._mirror_fields()

    def _mirror_fields(self) -> None:
        """Copy the values of the fields into the traits."""
        self._mirroring = True
        try:
            given = {name: field.value() for name, field in self._fields.items() if not field.error}
            self.values = {name: value for name, (there, value) in given.items() if there}
        finally:
            self._mirroring = False
        self.set_trait("errors", {name: field.error for name, field in self._fields.items() if field.error})
        self.set_trait("valid", self._inspection is not None and not self.errors)
        self._button.disabled = not self.valid

    # texts

    @property
    def _specs(self) -> list[ParameterSpec]:
        return self._inspection.pipeline.parameters if self._inspection else []

    @property
    def _source_name(self) -> str:
        if isinstance(self.source, (str, Path)):
            return Path(self.source).name
        return self._inspection.pipeline.name if self._inspection else ""

    def _check_fields(self) -> dict[str, Any]:
        if self._inspection is None:
            raise kfp_error("bad-input", field="source", problem="it is needed", next="set form.source")
        given = {name: field.value() for name, field in self._fields.items()}
        values = check_values(
            self._specs, {name: value for name, (there, value) in given.items() if there}, self._source_name
        )
        defaults = {spec.name: spec.default for spec in self._specs if spec.has_default}
        return {
            name: value for name, value in values.items() if name not in defaults or defaults[name] != value
        }

    def _describe_source(self) -> None:
        if self._inspection is None:
            self._ask_for_source()
            return
        about = self._inspection.pipeline
        self._head.value = (
            f"<b>{escape(clean(about.name))}</b> {escape(clean(about.description))}"
            f"<br><small>{about.tasks} tasks</small>"
        )
        self._foot.value = escape(f"Runs in {self.service.namespace}.")

    def _ask_for_source(self) -> None:
        self._head.value = "Choose what to run. Parameters appear here."

    def _act(self, work: Callable[[], object]) -> None:
        self._notice.value = ""
        try:
            work()
        except KfpError as error:
            self._notice.value = display.draw_html(display.describe_error(error))
            self._failed.call_all(error)

    def _complain(self, sentence: str) -> None:
        self._notice.value = display.draw_html(display.describe_sentence(sentence))
