"""One field of the submit form: label, control and error, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any

from ipywidgets import HTML, Checkbox, Dropdown, HBox, Text, Textarea, ValueWidget

from ..errors import KfpError
from ..models import ParameterSpec, ParameterType
from ..pipeline_spec import TypedText, word_of
from ..pipeline_spec.parameters import check_values
from ..plain_text import clean

_WIDE = {"width": "22em"}
_ERROR = "color:var(--jp-error-color1, #d32f2f)"
_DIM = "color:var(--jp-ui-font-color2, GrayText)"


class ParameterField(HBox):
    """A parameter of the pipeline as a control of its type.

    `changed` is called with the field after each change by the user. `error` is empty for a valid value.
    """

    def __init__(self, spec: ParameterSpec, source: str, changed: Callable[[ParameterField], None]) -> None:
        self.spec = spec
        self.error = ""
        self._value: tuple[bool, Any] = (False, None)
        self._source = source
        self._changed = changed
        self._setting = False
        self._control = _make_control(spec)
        self._problem = HTML()
        label = HTML(
            f'<span title="{escape(clean(spec.description))}">{escape(clean(spec.name))} '
            f'<small style="{_DIM}">{word_of(spec.type)}</small></span>',
            layout={"width": "12em"},
        )
        super().__init__((label, self._control, self._problem))
        self.reset()
        self._control.observe(self._on_change, "value")

    def reset(self) -> None:
        """Restore the default, or clear the field."""
        self.set_value(self.spec.default if self.spec.has_default else None)

    def set_value(self, value: Any) -> None:
        """Show `value`."""
        self._setting = True
        try:
            self._control.value = _control_value(self.spec, value, self._control)
        finally:
            self._setting = False
        self._check()

    def value(self) -> tuple[bool, Any]:
        """Return whether a value is sent, and the value; a text that cannot be read stays text."""
        return self._value

    def _read_control(self) -> tuple[bool, Any]:
        raw = self._control.value
        if isinstance(self._control, (Checkbox, Dropdown)):
            return raw is not None, raw
        if raw == "" and not (self.spec.type is ParameterType.STRING and self.spec.default == ""):
            return False, None
        return True, TypedText(raw)

    def _check(self) -> None:
        given, value = self._value = self._read_control()
        try:
            sent = check_values([self.spec], {self.spec.name: value} if given else {}, self._source)
        except KfpError as error:
            self.error = error.message
            hint = f" {error.next_step}." if error.next_step else ""
            self._problem.value = (
                f'<span role="alert" style="{_ERROR}">✗ {escape(clean(error.message + hint))}</span>'
            )
        else:
            self.error = ""
            given, value = self._value = self.spec.name in sent, sent.get(self.spec.name)
            rest = "optional, not sent" if not given else "default" if value == self.spec.default else ""
            self._problem.value = f'<small style="{_DIM}">{rest}</small>'

    def _on_change(self, _change: object) -> None:
        if not self._setting:
            self._check()
            self._changed(self)


def _make_control(spec: ParameterSpec) -> ValueWidget:
    if spec.literals:
        choices = [(str(choice), choice) for choice in spec.literals]
        if not spec.has_default:
            choices.insert(0, ("–", None))
        return Dropdown(options=choices, layout=_WIDE)
    if spec.type is ParameterType.BOOLEAN and (spec.has_default or not spec.optional):
        return Checkbox(indent=False, layout=_WIDE)
    if spec.type in (ParameterType.LIST, ParameterType.STRUCT):
        return Textarea(rows=2, placeholder="JSON", layout=_WIDE)
    return Text(layout=_WIDE)


def _control_value(spec: ParameterSpec, value: Any, control: ValueWidget) -> Any:
    if isinstance(control, Dropdown):
        return value
    if isinstance(control, Checkbox):
        return bool(value)
    if value is None:
        return ""
    return value if spec.type is ParameterType.STRING else json.dumps(value, ensure_ascii=False)
