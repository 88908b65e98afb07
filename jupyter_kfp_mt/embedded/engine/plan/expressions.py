"""Conditions of tasks: the part of CEL that the KFP compiler writes, parsed and evaluated, never `eval`.

```text
or    = and ("||" and)*          compare = unary (("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") unary)?
and   = compare ("&&" compare)*  unary   = ("!" | "-") unary | literal | value | "(" or ")" | call "(" or ")"
value = inputs.parameter_values['name']          literal = 'text' | "text" | number | true | false | null
call  = int | double | string | bool | size
```
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .values import render_text


class ExpressionError(ValueError):
    """A condition that cannot be read, or not be evaluated with these values."""


class _Token(NamedTuple):
    kind: str
    text: str


# The compiler writes a text between quotes as it is, quotes in it too: one ends where something may follow.
_TOKENS = re.compile(
    r"""\s*(?:inputs\.parameter_values\[(?P<value>'[^'\]]*'|"[^"\]]*")\]
    |(?P<string>(?P<quote>['"])(?:\\.|.)*?(?P=quote)(?=\s*(?:$|\)|&&|\|\||==|!=|<|>|in\b)))
    |(?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||[<>!()-]))""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = re.compile(r"\\(?:([abfnrtv\\'\"`?])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = {"true": True, "false": False, "null": None}
_Eval = Callable[[Mapping[str, Any]], Any]


def evaluate(condition: str, values: Mapping[str, Any]) -> bool:
    """Return whether `condition` holds for the inputs `values`; raises ExpressionError."""
    answer = compile_condition(condition)(values)
    if not isinstance(answer, bool):
        raise ExpressionError(f"“{condition}” is not true or false but {answer!r}")
    return answer


def compile_condition(condition: str) -> _Eval:
    """Return a function from inputs to the condition's value; raises ExpressionError."""
    parser = _ConditionParser(_tokens(condition))
    result = parser.either()
    if parser.next.kind != "end":
        raise ExpressionError(f"unexpected “{parser.next.text}” in “{condition}”")
    return result


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKENS.match(text, at)
        if match is None:
            raise ExpressionError(f"cannot read “{text[at : at + 20]}” in “{text}”")
        kind = next(name for name in ("value", "string", "number", "word", "sign") if match[name] is not None)
        found.append(_Token(kind, match[kind]))
        at = match.end()
    return [*found, _Token("end", "end")]


class _ConditionParser:
    """One function a line of the grammar; each returns the evaluation of what it read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> str:
        if self.next.kind in {"sign", "word"} and self.next.text in texts:
            self._at += 1
            return self._tokens[self._at - 1].text
        return ""

    def either(self) -> _Eval:
        left = self._both()
        while self._take("||"):
            left = _either(left, self._both())
        return left

    def _both(self) -> _Eval:
        left = self._compare()
        while self._take("&&"):
            left = _both(left, self._compare())
        return left

    def _compare(self) -> _Eval:
        left = self._unary()
        sign = self._take("==", "!=", "<", "<=", ">", ">=", "in")
        return _compare(sign, left, self._unary()) if sign else left

    def _unary(self) -> _Eval:
        if self._take("!"):
            inner = self._unary()
            return lambda values: not _truth(inner(values))
        if self._take("-"):
            inner = self._unary()
            return lambda values: -_number(inner(values))
        if self._take("("):
            return self._closed(self.either())
        return self._atom()

    def _closed(self, inner: _Eval) -> _Eval:
        if not self._take(")"):
            raise ExpressionError("a bracket is not closed")
        return inner

    def _atom(self) -> _Eval:
        kind, text = self.next
        self._at += 1
        if kind == "value":
            return _value(text[1:-1])
        if kind == "string":
            return _constant(_text(text))
        if kind == "number":
            return _constant(_number_of(text))
        if kind == "word" and text in _WORDS:
            return _constant(_WORDS[text])
        if kind == "word" and text in _CALLS and self._take("("):
            return _call(_CALLS[text], self._closed(self.either()))
        raise ExpressionError(f"cannot read “{text}”")


def _text(quoted: str) -> str:
    """The text between quotes; a backslash that begins no escape of CEL is one."""

    def one(match: re.Match[str]) -> str:
        letter, *codes = match.groups()
        if letter:
            return _ESCAPED.get(letter, letter)
        return chr(int(next(code for code in codes if code), 16))

    return _ESCAPES.sub(one, quoted[1:-1])


def _number_of(text: str) -> int | float:
    # beyond its length Python refuses to read an int
    return int(text) if text.isdecimal() and len(text) < 4000 else float(text)


def _constant(value: Any) -> _Eval:
    return lambda _values: value


def _value(name: str) -> _Eval:
    def get(values: Mapping[str, Any]) -> Any:
        if name not in values:
            raise ExpressionError(f"there is no value for {name}")
        return values[name]

    return get


def _either(left: _Eval, right: _Eval) -> _Eval:
    return lambda values: _truth(left(values)) or _truth(right(values))


def _both(left: _Eval, right: _Eval) -> _Eval:
    return lambda values: _truth(left(values)) and _truth(right(values))


def _compare(sign: str, left: _Eval, right: _Eval) -> _Eval:
    if sign == "==":
        return lambda values: _equal(left(values), right(values))
    if sign == "!=":
        return lambda values: not _equal(left(values), right(values))
    if sign == "in":
        return lambda values: _contains(right(values), left(values))
    order = _ORDER[sign]

    def compare(values: Mapping[str, Any]) -> bool:
        one, two = left(values), right(values)
        if _kind(one) != _kind(two) or _kind(one) not in {"number", "text", "bool"}:
            raise ExpressionError(f"{one!r} and {two!r} have no order")
        return order(one, two)

    return compare


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def _equal(one: Any, two: Any) -> bool:
    return _kind(one) == _kind(two) and bool(one == two)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, (list, dict)):
        return any(_equal(item, part) for item in whole)
    raise ExpressionError(f"{whole!r} is not a list")


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ExpressionError(f"{value!r} is not true or false")


def _number(value: Any) -> int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"{value!r} is not a number")


def _call(function: Callable[[Any], Any], inner: _Eval) -> _Eval:
    def call(values: Mapping[str, Any]) -> Any:
        value = inner(values)
        try:
            return function(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ExpressionError(f"{value!r} cannot be converted") from error

    return call


def _to_bool(value: Any) -> bool:
    if value in ("true", "false", True, False):
        return value in ("true", True)
    raise ValueError(value)


_CALLS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "double": float,
    "string": render_text,
    "bool": _to_bool,
    "size": len,
}
