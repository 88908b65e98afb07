"""Split a line of `%kfp` into words, as a shell does; `$name` takes a variable, braces stay.

`$run.run_id` takes an attribute, and is `$run` with a text behind it where there is no such attribute.
`**name` is `$name`, as Python writes a dict of arguments.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from .grammar import did_you_mean, usage_error

_VALUE = re.compile(
    r"(?:(?P<key>[^\s=$'\"]+)=)?\$(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<path>(?:\.[A-Za-z][A-Za-z0-9_]*)*)"
)
_NAME = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_MISSING = object()
_LITERAL = "\ue000"  # stands for a quoted "$" while the words are split; private use, in no name


class VariableWord(str):
    """A word that stands for a variable of the notebook: its text, and the value with its type."""

    __slots__ = ("value",)

    value: object

    def __new__(cls, text: str, value: object) -> VariableWord:
        """Return the word `text` that carries `value`."""
        word = super().__new__(cls, text)
        word.value = value
        return word


def split_line(line: str, variables: Mapping[str, object]) -> list[str]:
    """Return the words of `line`; raises KfpUsageError for an open quote or a name that is not defined."""
    try:
        words = shlex.split(_mark_literals(line))
    except ValueError as error:
        raise usage_error("A quote is not closed.", why=str(error)) from None
    return [_resolve(word, variables) for word in words]


def _mark_literals(line: str) -> str:
    """Replace each `$` that a backslash or single quotes protect, so that it stays a dollar."""
    marked: list[str] = []
    quote, escaped = "", False
    for char in line:
        if char == "$" and (quote == "'" or escaped):
            marked[-1:] = [_LITERAL] if escaped else [*marked[-1:], _LITERAL]
            escaped = False
            continue
        marked.append(char)
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote = char
    return "".join(marked)


def _resolve(word: str, variables: Mapping[str, object]) -> str:
    if word.startswith("**") and word[2:].isidentifier():
        return VariableWord(word, _value(word[2:], variables))
    match = _VALUE.fullmatch(word)
    if match and not word.startswith("-"):
        value = _value(match["name"], variables)
        for name in match["path"].split(".")[1:]:
            value = getattr(value, name, _MISSING)
        if value is not _MISSING and not (match["path"] and callable(value)):
            return VariableWord(word.replace(_LITERAL, "$"), value)
    return _NAME.sub(lambda name: str(_value(name[1], variables)), word).replace(_LITERAL, "$")


def _value(name: str, variables: Mapping[str, object]) -> object:
    if name not in variables:
        near = did_you_mean(name, [key for key in variables if not key.startswith("_")])
        raise usage_error(
            f"“${name}” is not defined here.{near}", next_step=f"define {name}, or write '${name}'"
        )
    return variables[name]
