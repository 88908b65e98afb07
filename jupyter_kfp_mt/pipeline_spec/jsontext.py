"""Typed JSON (RFC 8259) → a value, or the first place where it is wrong. Pure.

`json` words its errors differently from one Python version to the next, and browsers do the same with
`JSON.parse`. This scanner and the page's (`labextension/src/values/jsonerror.ts`) find the same place and
expect the same there, so that a form and a command line say one sentence.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 50  # of values in values
MAX_INTEGER = 2**53 - 1  # KFP carries numbers as doubles: beyond it, another integer would arrive
_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"true|false|null")
_TEXT = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.+-])", re.ASCII)
_EXPECTED = {
    "value": "a value",
    "key": "a name in double quotes",
    "colon": "“:”",
    "comma": "“,” or the end of the list",
    "quote": "a closing double quote",
    "end": "the end",
    "escape": '\\n, \\" or another escape',
    "number": "a number such as 0.5",
}


class BadJson(ValueError):  # noqa: N818 - describes the text
    """The text is not JSON, or is more than KFP can carry; the message says what is wrong with it."""


class TooLarge(BadJson):
    """A number in the text would arrive as another one."""


def read_json(text: str) -> Any:
    """Return the value of `text`; raises `BadJson`."""
    _Scanner(text).check()
    return json.loads(text)


class _Scanner:
    """Goes through a text and stops at the first character that cannot be."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def check(self) -> None:
        """Raise `BadJson` unless the whole text is one value."""
        self._value(0)
        self._skip(_SPACE)
        if self._at < len(self._text):
            raise self._error("end")

    def _value(self, depth: int) -> None:
        self._skip(_SPACE)
        first = self._next()
        if depth > MAX_DEPTH:
            raise BadJson("the value is nested too deep")
        if first == "{":
            self._members("}", depth, keys=True)
        elif first == "[":
            self._members("]", depth, keys=False)
        elif first == '"':
            self._string()
        elif first == "-" or first in set("0123456789"):
            self._number()
        elif not self._skip(_WORD):
            raise self._error("value")

    def _members(self, end: str, depth: int, *, keys: bool) -> None:
        self._at += 1
        self._skip(_SPACE)
        if self._next() == end:
            self._at += 1
            return
        while True:
            if keys:
                self._key()
            self._value(depth + 1)
            self._skip(_SPACE)
            if self._next() == end:
                self._at += 1
                return
            self._take(",", "comma")

    def _key(self) -> None:
        self._skip(_SPACE)
        if self._next() != '"':
            raise self._error("key")
        self._string()
        self._skip(_SPACE)
        self._take(":", "colon")

    def _string(self) -> None:
        self._at += 1
        self._skip(_TEXT)
        if self._next() == "\\":
            raise self._error("escape")
        self._take('"', "quote")

    def _number(self) -> None:
        match = _NUMBER.match(self._text, self._at)
        if match is None:
            raise self._error("number")
        number = match[0]
        whole = match[1] is None and match[2] is None
        if abs(float(number)) > MAX_INTEGER if whole else float(number) in (float("inf"), float("-inf")):
            raise TooLarge(number)
        self._at = match.end()

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match is not None

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, character: str, expected: str) -> None:
        if self._next() != character:
            raise self._error(expected)
        self._at += 1

    def _error(self, expected: str) -> BadJson:
        line = self._text.count("\n", 0, self._at) + 1
        column = self._at - self._text.rfind("\n", 0, self._at)
        instead = f"found “{self._next()}”" if self._next() else "but the text ends"
        return BadJson(f"line {line}, column {column}: expected {_EXPECTED[expected]}, {instead}")
