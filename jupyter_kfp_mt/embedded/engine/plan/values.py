"""Parameter values: conversion to the type that the IR declares, placeholders, and the text form."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ....bounds import TextRoom

_INTEGER, _DOUBLE, _STRING, _BOOLEAN = "NUMBER_INTEGER", "NUMBER_DOUBLE", "STRING", "BOOLEAN"
_LIST, _STRUCT = "LIST", "STRUCT"
_OVERHEAD = 64  # bytes that any value takes, however short
_PLACEHOLDER = re.compile(r"\{\{\$([^{}]*)\}\}")
_INPUT = re.compile(r"\.inputs\.parameters\[(?:'([^']*)'|\"([^\"]*)\")\]$")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_STEP = re.compile(r"\[(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|(\d+))\]")


class ValueTypeError(ValueError):
    """A value does not fit the type of its parameter."""


def render_text(value: Any) -> str:
    """Return `value` as KFP writes it into a string: numbers without an exponent, the rest as compact JSON.

    Whole numbers have no point, keys are sorted, and null is empty (kubeflow/pipelines,
    backend/src/v2/metadata/converter.go).
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        text = format(Decimal(repr(value)), "f")
        return text.removesuffix(".0")
    return json.dumps(restore_integers(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def parse(text: str, parameter_type: str) -> Any:
    """Parse the file of an output parameter as KFP's launcher does; raises ValueTypeError.

    It is stricter than JSON about integers, and accepts what shell programs write: `.5`, `007`, `1` for true.
    """
    reader = _READERS.get(parameter_type)
    if reader is None:
        return coerce(text, parameter_type)
    value = reader(text.strip())
    if value is None:
        raise ValueTypeError(f"{shorten(text)} is not a {parameter_type}")
    return value


def restore_integers(value: Any) -> Any:
    """Return a value of the IR with whole numbers as `int`; the IR stores every number as a double."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [restore_integers(item) for item in value]
    if isinstance(value, dict):
        return {key: restore_integers(item) for key, item in value.items()}
    return value


def coerce(value: Any, parameter_type: str) -> Any:
    """Convert `value` to `parameter_type`; raises ValueTypeError.

    Anything becomes text for STRING, as in KFP's driver: the items of a loop over an untyped list have that
    type. For every other type, text is parsed as JSON. KFP's driver refuses that; here such an item can also
    be used as an int. Every number fits NUMBER_INTEGER, as in KFP's driver: the items of a loop over
    `[1, 0.5]` have the type of the first.
    """
    if parameter_type == _STRING:
        return render_text(value)
    if parameter_type == _INTEGER and isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else value
    if isinstance(value, str) and parameter_type in _FITS:
        value = _read_text(value, parameter_type)
    if parameter_type == _INTEGER and isinstance(value, float) and value.is_integer():
        return int(value)
    if parameter_type == _DOUBLE and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if parameter_type in _FITS and not _FITS[parameter_type](value):
        raise ValueTypeError(f"{shorten(value)} is not a {parameter_type}")
    return value


def shorten(value: Any, limit: int = 80) -> str:
    """Return at most `limit` characters of `value`, for a sentence."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _parse_integer(text: str) -> int | None:
    value = int(text) if re.fullmatch(r"[+-]?0*[0-9]{1,19}", text) else 1 << 64
    return value if -(1 << 63) <= value < 1 << 63 else None


def _parse_double(text: str) -> float | None:
    is_one = _NUMBER.fullmatch(text)
    value = float(text) if is_one else math.inf
    return value if math.isfinite(value) else None


_TRUTH = {
    **dict.fromkeys(("1", "t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("0", "f", "F", "false", "False", "FALSE"), False),
}
_READERS: dict[str, Callable[[str], Any]] = {
    _INTEGER: _parse_integer,
    _DOUBLE: _parse_double,
    _BOOLEAN: _TRUTH.get,
}


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


def _read_text(text: str, parameter_type: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        if parameter_type == _BOOLEAN and text in {"True", "False"}:
            return text == "True"
        raise ValueTypeError(f"{shorten(text)} is not a {parameter_type}") from None


_FITS: dict[str, Callable[[Any], bool]] = {
    _INTEGER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    _DOUBLE: lambda value: isinstance(value, float),
    _BOOLEAN: lambda value: isinstance(value, bool),
    _LIST: lambda value: isinstance(value, list),
    _STRUCT: lambda value: isinstance(value, dict),
}


def select(value: Any, expression: str) -> Any:
    """Evaluate the selector `parseJson(string_value)["key"]…` on `value`; raises ValueTypeError."""
    if not expression:
        return value
    match = re.fullmatch(r"parseJson\(string_value\)((?:\[[^\]]*\])+)", expression)
    if match is None:
        raise ValueTypeError(f"“{expression}” is not supported here")
    if isinstance(value, str):
        value = _read_text(value, _STRUCT)
    for double, single, index in _STEP.findall(match[1]):
        try:
            value = value[int(index) if index else double or single]
        except (KeyError, IndexError, TypeError):
            raise ValueTypeError(f"{shorten(value)} has no {index or double or single}") from None
    return value


def fill(
    value: Any,
    inputs: Mapping[str, Any],
    placeholders: Mapping[str, str],
    room: TextRoom | None = None,
) -> Any:
    """Fill the placeholders in a constant of the pipeline, but not those in the values that are filled in.

    `placeholders` has the placeholders of the run and the task (`.pipeline_job_name`, without the `$`). One
    without a value stays as it is. Raises TextTooLongError when there is no `room` for what they become.
    """
    if isinstance(value, str) and (name := _find_whole_input(value)):
        return inputs.get(name, value)
    return _Filling(inputs, placeholders, room or TextRoom()).fill(value)


def find_references(value: Any) -> set[str]:
    """Return the names of the inputs whose placeholders occur in a constant of the pipeline."""
    if isinstance(value, str):
        matches = (_INPUT.match(text) for text in _PLACEHOLDER.findall(value))
        return {source[1] or source[2] for source in matches if source is not None}
    parts = value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else []
    return set().union(*(find_references(part) for part in parts))


class _Filling:
    """Fills one constant."""

    def __init__(self, inputs: Mapping[str, Any], placeholders: Mapping[str, str], room: TextRoom) -> None:
        self._inputs = inputs
        self._placeholders = placeholders
        self._room = room

    def fill(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._fill_text(value)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        return value

    def _fill_text(self, text: str) -> Any:
        if "{{$" not in text:
            return text
        if name := _find_whole_input(text):
            value = self._inputs.get(name, text)
            self._room.take(measure(value, self._room.left))
            return value
        return _PLACEHOLDER.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        source = _INPUT.match(match[1])
        if source is None:
            text = self._placeholders.get(match[1], match[0])
        else:
            name = source[1] or source[2]
            text = render_text(self._inputs[name]) if name in self._inputs else match[0]
        self._room.take(len(text))
        return text


def _find_whole_input(text: str) -> str:
    """Return the name of the input whose placeholder is all of `text`; empty for any other text."""
    whole = _PLACEHOLDER.fullmatch(text) if text.startswith("{{$") else None
    source = _INPUT.match(whole[1]) if whole is not None else None
    return (source[1] or source[2]) if source is not None else ""


def measure(value: Any, most: int) -> int:
    """Return about how many bytes a value takes, in memory and as JSON; stops beyond `most`."""
    size, waiting = 0, [value]
    while waiting and size <= most:
        part = waiting.pop()
        size += _OVERHEAD
        if isinstance(part, str):
            size += len(part)
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part
            waiting += part.values()
    return size


def parse_seconds(duration: str) -> float:
    """Return the seconds of a duration in the IR (`"60s"`, `"1.5s"`); 0 without one."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)s", duration)
    return float(match[1]) if match is not None else 0.0
