"""The values of a run's parameters, checked by the types the pipeline gives them. Pure.

KFP checks too little and too late: 3.7 passes for an integer, and a value of the wrong kind fails in a task.
So every surface checks here before anything is sent. The page has the same rules in TypeScript
(`labextension/src/values/check.ts`); both are tested against `labextension/test/data/parameters.json`.

Source: the checks in `backend/src/apiserver/template/v2_template.go` of github.com/kubeflow/pipelines; the
`runtime_config` of a run carries values as `google.protobuf.Value`, in which every number is a double.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ..errors import KfpError, kfp_error
from ..models import ParameterSpec, ParameterType
from .jsontext import MAX_DEPTH, MAX_INTEGER, BadJson, TooLarge, read_json

MAX_PARAMETER_BYTES = 1024 * 1024  # of all values as JSON; a Kubernetes object takes 1.5 MiB

_WORDS = {
    ParameterType.INTEGER: "an integer",
    ParameterType.NUMBER: "a number",
    ParameterType.STRING: "text",
    ParameterType.BOOLEAN: "true or false",
    ParameterType.LIST: "a list",
    ParameterType.STRUCT: "a JSON object",
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
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"(?![+-]?[1-9][0-9]{0,2},[0-9]{3}$)[+-]?[0-9]+,[0-9]+")  # 1,000 may be 1000
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[_ '\u00a0\u202f][0-9]{3})+(?:\.[0-9]+)?")


class TypedText(str):
    """A value as a person typed it: it becomes what the pipeline wants, where any other text stays text."""

    __slots__ = ()


def word_of(kind: ParameterType) -> str:
    """Return the noun that people read for a parameter type: “integer”, “number”, “text”, …"""
    return _WORDS.get(kind, kind.value).removeprefix("an ").removeprefix("a ")


def check_values(specs: Iterable[ParameterSpec], values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return `values` as they are sent; raises `bad-input` naming the first that does not fit.

    Nothing is sent for a parameter that may be left out and has no value, or an empty text where text is not
    what it wants.
    """
    known = {spec.name: spec for spec in specs}
    for name in values:
        if name not in known:
            raise _unknown(name, known, source)
    result: dict[str, Any] = {}
    for name, spec in known.items():
        value = values.get(name)
        if _is_left_out(spec, name in values, value):
            if not (spec.has_default or spec.optional):
                raise _wrong(spec, "a value is needed", source)
            continue  # null is never valid on the wire, not even for an optional parameter
        try:
            result[name] = _fit(spec, _read_text(spec, value) if isinstance(value, TypedText) else value)
        except _Misfit as error:
            raise _wrong(spec, error.problem, source, why=error.why, write=error.write) from None
    _check_size(result)
    return result


def _is_left_out(spec: ParameterSpec, given: bool, value: Any) -> bool:
    if isinstance(value, TypedText):
        return spec.type is not ParameterType.STRING and not value.strip()
    return value is None and (not given or spec.optional)


class _Misfit(Exception):  # noqa: N818 - describes the value
    """A value does not fit its parameter."""

    def __init__(self, problem: str, *, why: str = "", write: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.why = why
        self.write = write


def _read_text(spec: ParameterSpec, text: TypedText) -> Any:
    """Return the value that `text` stands for; raises `_Misfit`."""
    if spec.type is ParameterType.STRING:
        return str(text)
    if spec.type in (ParameterType.LIST, ParameterType.STRUCT):
        return _read_json(spec, str(text))
    word = text.strip()
    if spec.type is ParameterType.INTEGER:
        return _read_integer(word)
    if spec.type is ParameterType.NUMBER:
        return _read_number(word)
    if spec.type is ParameterType.BOOLEAN:
        if word.lower() not in ("true", "false"):
            raise _Misfit(f"{quote(word)} is not true or false")
        return word.lower() == "true"
    return word


def _read_integer(word: str) -> int:
    if not _INTEGER.fullmatch(word):
        raise _Misfit(f"{quote(word)} is not an integer", write=_meant_integer(word))
    if abs(float(word)) > MAX_INTEGER:
        raise _too_large(word)
    return int(word)


def _read_number(word: str) -> float:
    if not _NUMBER.fullmatch(word):
        raise _Misfit(f"{quote(word)} is not a number", write=_meant_number(word))
    if not math.isfinite(float(word)):
        raise _too_large(word)
    return float(word)


def _read_json(spec: ParameterSpec, text: str) -> Any:
    try:
        value = read_json(text)
    except TooLarge as error:
        raise _too_large(str(error)) from None
    except BadJson as error:
        raise _Misfit(str(error)) from None
    if not isinstance(value, _PYTHON[spec.type]):
        raise _Misfit(f"{quote(text.strip())} is not {_WORDS[spec.type]}")
    return value


def _meant_number(word: str) -> str:
    """Return how the number that `word` seems to mean is written; empty where one could be mistaken."""
    candidates = (
        word.replace(",", ".") if _DECIMAL_COMMA.fullmatch(word) else word,
        re.sub(r"[^0-9.+-]", "", word) if _GROUPED.fullmatch(word) else word,
        re.sub("^\u2212", "-", word),  # the typographic minus
    )
    return next((each for each in candidates if _PLAIN_NUMBER.fullmatch(each)), "")


def _meant_integer(word: str) -> str:
    meant = _meant_number(word)
    if not meant or not float(meant).is_integer() or abs(float(meant)) > MAX_INTEGER:
        return ""
    return str(int(float(meant)))


def _too_large(value: Any) -> _Misfit:
    return _Misfit(f"{quote(value)} is too large", why="KFP carries numbers as 64-bit floating point.")


def _fit(spec: ParameterSpec, value: Any) -> Any:
    """Return `value` as the parameter wants it; raises `_Misfit`."""
    wanted = _PYTHON.get(spec.type)
    if wanted is None:
        raise _Misfit("KFP sets this itself")
    if spec.type is ParameterType.INTEGER and isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one kind of number
    if not isinstance(value, wanted) or (isinstance(value, bool) and spec.type is not ParameterType.BOOLEAN):
        raise _Misfit(f"{quote(value)} is not {_WORDS[spec.type]}")
    if spec.type is ParameterType.NUMBER and isinstance(value, int):
        value = _as_double(value)
    value = _sendable(value, 0)
    if spec.literals and value not in spec.literals:
        choices = ", ".join(quote(choice) for choice in spec.literals)
        raise _Misfit(f"{quote(value)} is not one of {choices}")
    return value


def _as_double(value: int) -> float:
    try:
        return value if abs(value) <= MAX_INTEGER else float(value)
    except OverflowError:
        raise _too_large(value) from None


def _sendable(value: Any, depth: int) -> Any:
    """Return `value` in the types that JSON has; raises `_Misfit`."""
    if depth > MAX_DEPTH:
        raise _Misfit("the value is nested too deep")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise _Misfit("a key is not text")
        return {_sendable(key, depth): _sendable(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sendable(inner, depth + 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise _Misfit(f"{quote(value)} is not a number that JSON knows")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise _too_large(value)
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        raise _Misfit("the text holds half a character")
    if value is not None and not isinstance(value, (str, int, float)):
        raise _Misfit(f"a {type(value).__name__} is not JSON data")
    return value


def _check_size(values: dict[str, Any]) -> None:
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


def _wrong(spec: ParameterSpec, problem: str, source: str, *, why: str = "", write: str = "") -> KfpError:
    """Return the error of a parameter; `write` is what its value seems to mean."""
    default = f" (default {_plain(spec.default)})" if spec.has_default else ""
    example = write or (spec.literals[0] if spec.literals else _EXAMPLES.get(spec.type))
    return kfp_error(
        "bad-input",
        field=spec.name,
        problem=problem,
        why=why or f"{source} wants {spec.name}: {word_of(spec.type)}{default}.",
        next=f"write {spec.name}={_plain(example)}" if example is not None else "",
    )


def quote(value: Any) -> str:
    """Return `value` as a message quotes it, at most 60 characters: “three”."""
    text = _plain(value)
    return f"“{text if len(text) <= 60 else text[:59] + '…'}”"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) <= MAX_INTEGER
        return str(int(value) if whole else value)
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError, OverflowError):
        return str(value)
