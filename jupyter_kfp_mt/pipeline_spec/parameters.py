"""The values of a run's parameters, checked by the types the pipeline gives them.

KFP checks too little and too late (3.7 passes for an integer, a wrong name is found by a task), so every
surface and the embedded server check here first. Source of the rules: kfp-api, "Pipeline packages and runtime
config".
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ..errors import KfpError, kfp_error
from ..models import ParameterSpec, ParameterType

MAX_PARAMETER_BYTES = 1024 * 1024  # of all values as JSON; a Kubernetes object takes 1.5 MiB

_WORDS = {
    ParameterType.INTEGER: "an integer",
    ParameterType.NUMBER: "a number",
    ParameterType.STRING: "text",
    ParameterType.BOOLEAN: "true or false",
    ParameterType.LIST: "a list",
    ParameterType.STRUCT: "a mapping",
}
_EXAMPLES = {
    ParameterType.INTEGER: "3",
    ParameterType.NUMBER: "0.5",
    ParameterType.STRING: "text",
    ParameterType.BOOLEAN: "true",
    ParameterType.LIST: '["a", "b"]',
    ParameterType.STRUCT: '{"a": 1}',
}
_PYTHON = {
    ParameterType.INTEGER: (int,),
    ParameterType.NUMBER: (int, float),
    ParameterType.STRING: (str,),
    ParameterType.BOOLEAN: (bool,),
    ParameterType.LIST: (list, tuple),
    ParameterType.STRUCT: (dict,),
}


def word_of(kind: ParameterType) -> str:
    """Return the noun that people read for a parameter type: “integer”, “number”, “text”, …"""
    return _WORDS.get(kind, kind.value).removeprefix("an ").removeprefix("a ")


def checked(specs: Iterable[ParameterSpec], values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return `values` as they are sent; raises `bad-input` naming the first that does not fit."""
    known = {spec.name: spec for spec in specs}
    for name in values:
        if name not in known:
            raise _unknown(name, known, source)
    result: dict[str, Any] = {}
    for name, spec in known.items():
        value = values.get(name)
        if value is None and (name not in values or spec.optional):
            if not (spec.has_default or spec.optional):
                raise _wrong(spec, "a value is needed", source)
            continue  # null is never valid on the wire, not even for an optional parameter
        result[name] = _fitting(spec, value, source)
    _bounded(result)
    return result


def coerced(specs: Iterable[ParameterSpec], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with text turned into the type wanted, where it can be."""
    known = {spec.name: spec for spec in specs}
    return {
        name: _from_text(known[name].type, value) if name in known and isinstance(value, str) else value
        for name, value in values.items()
    }


def _from_text(kind: ParameterType, text: str) -> Any:
    if kind is ParameterType.STRING:
        return text
    try:
        if kind is ParameterType.INTEGER:
            return int(text)
        if kind is ParameterType.NUMBER:
            return float(text)
        if kind is ParameterType.BOOLEAN:
            return {"true": True, "false": False}[text.strip().lower()]
        return msgspec.json.decode(text)
    except (ValueError, KeyError, RecursionError):
        return text  # `checked` says what is wrong with it


def _fitting(spec: ParameterSpec, value: Any, source: str) -> Any:
    wanted = _PYTHON.get(spec.type)
    if wanted is None:
        raise _wrong(spec, "KFP sets this itself", source)
    if spec.type is ParameterType.INTEGER and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and spec.type is not ParameterType.BOOLEAN):
        raise _wrong(spec, f"{shown(value)} is not {_WORDS[spec.type]}", source)
    value = _sendable(spec, value, source, 0)
    if spec.literals and value not in spec.literals:
        choices = ", ".join(shown(choice) for choice in spec.literals)
        raise _wrong(spec, f"{shown(value)} is not one of {choices}", source)
    return value


def _sendable(spec: ParameterSpec, value: Any, source: str, depth: int) -> Any:
    """`value` in the types JSON has, or the error that says why it cannot be sent."""
    if depth > 50:
        raise _wrong(spec, "the value is nested too deep", source)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise _wrong(spec, "a key is not text", source)
        return {
            _sendable(spec, k, source, depth + 1): _sendable(spec, v, source, depth + 1)
            for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_sendable(spec, inner, source, depth + 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise _wrong(spec, f"{shown(value)} is not a number that JSON knows", source)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _wrong(spec, f"{shown(value)} is larger than 64 bits", source)
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        raise _wrong(spec, "the text holds half a character", source)
    if value is not None and not isinstance(value, (str, int, float)):
        raise _wrong(spec, f"a {type(value).__name__} is not JSON data", source)
    return value


def _bounded(values: dict[str, Any]) -> None:
    size = len(msgspec.json.encode(values))
    if size > MAX_PARAMETER_BYTES:
        raise kfp_error(
            "too-large",
            thing="The set of parameters",
            size=f"It has {size / 2**20:.1f} MiB",
            limit="1.0 MiB",
            next="Write large values to a file and pass its address.",
        )


def _unknown(name: str, known: Mapping[str, ParameterSpec], source: str) -> KfpError:
    close = difflib.get_close_matches(name, known, 1)
    takes = f"{source} takes {', '.join(sorted(known))}." if known else f"{source} takes no parameters."
    return kfp_error(
        "bad-input",
        field=name,
        problem="the pipeline has no such parameter",
        why=takes,
        next=f"Did you mean “{close[0]}”?" if close else "",
    )


def _wrong(spec: ParameterSpec, problem: str, source: str) -> KfpError:
    default = f" (default {_plain(spec.default)})" if spec.has_default else ""
    example = spec.literals[0] if spec.literals else _EXAMPLES.get(spec.type)
    return kfp_error(
        "bad-input",
        field=spec.name,
        problem=problem,
        why=f"{source} wants {spec.name}: {word_of(spec.type)}{default}.",
        next=f"write {spec.name}={_plain(example)}" if example is not None else "",
    )


def shown(value: Any) -> str:
    """Return `value` as a message quotes it, at most 60 characters: “three”."""
    text = _plain(value)
    return f"“{text if len(text) <= 60 else text[:59] + '…'}”"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError, OverflowError):
        return str(value)
