"""Evaluates the conditions of tasks: the part of CEL that KFP's compiler writes; no Python code is ever run.

```text
or    = and ("||" and)*          compare = unary (("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") unary)?
and   = compare ("&&" compare)*  unary   = ("!" | "-") unary | literal | value | "(" or ")" | call "(" or ")"
value = inputs.parameter_values['name']          literal = 'text' | "text" | number | true | false | null
call  = int | double | string | bool | size
```
A condition is compiled to nested functions from the inputs to a value, so that `problems.py` can check it
before there are any inputs. Types are those of CEL, which are stricter than Python's: `1 == true` is false,
and values of different types have no order.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .values import render_text


class ExpressionError(ValueError):
    """A condition cannot be parsed, or not be evaluated with these inputs."""


class _Token(NamedTuple):
    kind: str
    text: str


_TOKENS = re.compile(
    r"""\s*(?:inputs\.parameter_values\[(?P<value>'[^'\]]*'|"[^"\]]*")\]
    |(?P<quote>['"])
    |(?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||[<>!()-]))""",
    re.VERBOSE,
)
_ESCAPE_OR_QUOTE = re.compile(r"\\.|['\"]", re.DOTALL)
_AFTER_TEXT = re.compile(r"\s*(?:$|\)|&&|\|\||==|!=|<|>|in\b)")
_ESCAPES = re.compile(r"\\(?:([abfnrtv\\'\"`?])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LONGEST = 64 * 1024  # characters of a condition: the engine reads it in the thread of all tenants
_WORDS = {"true": True, "false": False, "null": None}
_Eval = Callable[[Mapping[str, Any]], Any]


def evaluate(condition: str, values: Mapping[str, Any]) -> bool:
    """Return whether `condition` holds for the inputs `values`; raises ExpressionError."""
    result = compile_condition(condition)(values)
    if not isinstance(result, bool):
        raise ExpressionError(f"“{condition}” is not true or false but {result!r}")
    return result


def compile_condition(condition: str) -> _Eval:
    """Return a function from the inputs to the value of the condition; raises ExpressionError."""
    if len(condition) > _LONGEST:
        raise ExpressionError(f"it is longer than {_LONGEST} characters")
    parser = _ConditionParser(_tokenize(condition))
    result = parser.parse_or()
    if parser.next.kind != "end":
        raise ExpressionError(f"unexpected “{parser.next.text}” in “{condition}”")
    return result


def _tokenize(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKENS.match(text, at)
        if match is None:
            raise ExpressionError(f"cannot read “{text[at : at + 20]}” in “{text}”")
        kind = next(name for name in ("value", "quote", "number", "word", "sign") if match[name] is not None)
        at = match.end()
        if kind == "quote":
            at = _find_end_of_text(text, match.start("quote"))
            tokens.append(_Token("string", text[match.start("quote") : at]))
        else:
            tokens.append(_Token(kind, match[kind]))
    return [*tokens, _Token("end", "end")]


def _find_end_of_text(text: str, start: int) -> int:
    """Return where the quoted text that begins at `start` is over.

    The compiler puts a text between quotes without escaping the quotes and backslashes in it. So a quote ends
    the text only where an operator, a closing bracket or the end of the condition follows, and a quote behind
    a backslash only if no other does: `'C:\\'`.
    """
    escaped = 0
    for match in _ESCAPE_OR_QUOTE.finditer(text, start + 1):
        if match[0][-1] == text[start] and _AFTER_TEXT.match(text, match.end()):
            if len(match[0]) == 1:
                return match.end()
            escaped = match.end()
    if not escaped:
        raise ExpressionError(f"cannot read “{text[start : start + 20]}” in “{text}”")
    return escaped


class _ConditionParser:
    """A recursive descent parser: one method for each rule, which returns what evaluates the parsed part."""

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

    def parse_or(self) -> _Eval:
        left = self._parse_and()
        while self._take("||"):
            left = _make_or(left, self._parse_and())
        return left

    def _parse_and(self) -> _Eval:
        left = self._parse_comparison()
        while self._take("&&"):
            left = _make_and(left, self._parse_comparison())
        return left

    def _parse_comparison(self) -> _Eval:
        left = self._parse_unary()
        sign = self._take("==", "!=", "<", "<=", ">", ">=", "in")
        return _make_comparison(sign, left, self._parse_unary()) if sign else left

    def _parse_unary(self) -> _Eval:
        if self._take("!"):
            inner = self._parse_unary()
            return lambda values: not _require_bool(inner(values))
        if self._take("-"):
            inner = self._parse_unary()
            return lambda values: -_require_number(inner(values))
        if self._take("("):
            return self._expect_bracket(self.parse_or())
        return self._parse_atom()

    def _expect_bracket(self, inner: _Eval) -> _Eval:
        if not self._take(")"):
            raise ExpressionError("a bracket is not closed")
        return inner

    def _parse_atom(self) -> _Eval:
        kind, text = self.next
        self._at += 1
        if kind == "value":
            return _make_lookup(text[1:-1])
        if kind == "string":
            return _make_constant(_unquote(text))
        if kind == "number":
            return _make_constant(_parse_number(text))
        if kind == "word" and text in _WORDS:
            return _make_constant(_WORDS[text])
        if kind == "word" and text in _CALLS and self._take("("):
            return _make_call(_CALLS[text], self._expect_bracket(self.parse_or()))
        raise ExpressionError(f"cannot read “{text}”")


def _unquote(quoted: str) -> str:
    """Return the text between quotes; a backslash before anything but an escape of CEL stays."""

    def one(match: re.Match[str]) -> str:
        letter, *codes = match.groups()
        if letter:
            return _ESCAPED.get(letter, letter)
        return chr(int(next(code for code in codes if code), 16))

    return _ESCAPES.sub(one, quoted[1:-1])


def _parse_number(text: str) -> int | float:
    # Python refuses to parse longer ones as an int
    return int(text) if text.isdecimal() and len(text) < 4000 else float(text)


def _make_constant(value: Any) -> _Eval:
    return lambda _values: value


def _make_lookup(name: str) -> _Eval:
    def get(values: Mapping[str, Any]) -> Any:
        if name not in values:
            raise ExpressionError(f"there is no value for {name}")
        return values[name]

    return get


def _make_or(left: _Eval, right: _Eval) -> _Eval:
    return lambda values: _require_bool(left(values)) or _require_bool(right(values))


def _make_and(left: _Eval, right: _Eval) -> _Eval:
    return lambda values: _require_bool(left(values)) and _require_bool(right(values))


def _make_comparison(sign: str, left: _Eval, right: _Eval) -> _Eval:
    if sign == "==":
        return lambda values: _is_equal(left(values), right(values))
    if sign == "!=":
        return lambda values: not _is_equal(left(values), right(values))
    if sign == "in":
        return lambda values: _contains(right(values), left(values))
    order = _ORDERINGS[sign]

    def compare(values: Mapping[str, Any]) -> bool:
        one, two = left(values), right(values)
        if _type_name(one) != _type_name(two) or _type_name(one) not in {"number", "text", "bool"}:
            raise ExpressionError(f"{one!r} and {two!r} have no order")
        return order(one, two)

    return compare


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def _is_equal(one: Any, two: Any) -> bool:
    return _type_name(one) == _type_name(two) and bool(one == two)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, (list, dict)):
        return any(_is_equal(item, part) for item in whole)
    raise ExpressionError(f"{whole!r} is not a list")


def _require_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ExpressionError(f"{value!r} is not true or false")


def _require_number(value: Any) -> int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"{value!r} is not a number")


def _make_call(function: Callable[[Any], Any], inner: _Eval) -> _Eval:
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
