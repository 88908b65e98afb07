"""Counts the steps of a backtracking matcher, and writes texts on which a pattern needs many of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

try:
    from re import _parser as sre_parse  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse  # type: ignore[no-redef]

_CHARACTERS = [chr(code) for code in (*range(0x20, 0x7F), *range(0x20), 0xE9, 0x201C, 0x201D)]
_ENDING = "\x00"  # what hardly any pattern takes


class TooManyStepsError(Exception):
    """The count has passed its limit."""


def parse(pattern: str, flags: int) -> Any:
    """Return the parts of a pattern."""
    return sre_parse.parse(pattern, flags)


def count_steps(pattern: str, flags: int, text: str, *, whole: bool, limit: int) -> int:
    """Return how many steps a search in `text` takes, or a match with the whole of it, at most `limit`."""
    matcher = _Matcher(text, flags, limit)
    items = parse(pattern, flags)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 100_000))
    try:
        for start in range(1 if whole else len(text) + 1):
            if matcher.match(items, 0, start, lambda end: not whole or end == len(text)):
                break
    except TooManyStepsError:
        return limit
    return matcher.steps


def write_worst_texts(pattern: str, flags: int, times: int, *, starts: bool) -> set[str]:
    """Write texts that repeat what the repeats of a pattern take, and that do not match in the end.

    With `starts`, what comes before a repeat is repeated, too: a search begins at each.
    """
    repeats = _find_repeats(list(parse(pattern, flags)), "", flags)
    texts = {(prefix, unit) for prefix, unit in repeats if prefix or unit}
    plain = {prefix + unit * times + _ENDING for prefix, unit in texts}
    return plain | ({(prefix + unit) * times for prefix, unit in texts} if starts else set())


def _find_repeats(items: list[Any], prefix: str, flags: int) -> Iterator[tuple[str, str]]:
    """Generate each endless repeat: a text for what comes before it, and one for a turn of it."""
    for place, (operation, argument) in enumerate(items):
        before = prefix + "".join(_example([each], flags) for each in items[:place])
        kind = str(operation)
        if kind in {"MAX_REPEAT", "MIN_REPEAT"}:
            _, most, body = argument
            if str(most) == "MAXREPEAT" or most > 20:
                yield before, _example(list(body), flags) or "x"
                following = _example(items[place + 1 : place + 2], flags)
                if following:
                    yield before, following
            yield from _find_repeats(list(body), before, flags)
        elif kind == "SUBPATTERN":
            yield from _find_repeats(list(argument[-1]), before, flags)
        elif kind == "BRANCH":
            for branch in argument[1]:
                yield from _find_repeats(list(branch), before, flags)


def _example(items: list[Any], flags: int) -> str:
    """Return a text that the parts match."""
    text = ""
    for operation, argument in items:
        kind = str(operation)
        if kind == "LITERAL":
            text += chr(argument)
        elif kind in {"NOT_LITERAL", "ANY", "IN"}:
            text += next((one for one in "a1 _" if _fits(kind, argument, one, flags)), "") or next(
                (one for one in _CHARACTERS if _fits(kind, argument, one, flags)), ""
            )
        elif kind in {"MAX_REPEAT", "MIN_REPEAT"}:
            text += _example(list(argument[2]), flags) * argument[0]
        elif kind == "SUBPATTERN":
            text += _example(list(argument[-1]), flags)
        elif kind == "BRANCH":
            text += _example(list(argument[1][0]), flags)
    return text


def _fits(kind: str, argument: Any, one: str, flags: int) -> bool:
    if flags & re.IGNORECASE:
        one = one.lower()
    if kind == "LITERAL":
        wanted = chr(argument)
        return one == (wanted.lower() if flags & re.IGNORECASE else wanted)
    if kind == "NOT_LITERAL":
        return ord(one) != argument
    if kind == "ANY":
        return one != "\n" or bool(flags & re.DOTALL)
    negated, found = False, False
    for operation, value in argument:
        name = str(operation)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found = found or ord(one) == value
        elif name == "RANGE":
            found = found or value[0] <= ord(one) <= value[1]
        else:
            found = found or _is_in_category(str(value), one)
    return found is not negated


def _is_in_category(name: str, one: str) -> bool:
    kinds: dict[str, Callable[[str], bool]] = {
        "DIGIT": str.isdigit,
        "SPACE": str.isspace,
        "WORD": lambda each: each.isalnum() or each == "_",
    }
    plain = name.removeprefix("CATEGORY_").removeprefix("NOT_")
    return kinds[plain](one) is ("NOT_" not in name)


class _Matcher:
    """Matches as Python's `re` does, and counts."""

    def __init__(self, text: str, flags: int, limit: int) -> None:
        self.steps = 0
        self._text = text
        self._flags = flags
        self._limit = limit

    def match(self, items: Any, place: int, at: int, then: Callable[[int], bool]) -> bool:
        self.steps += 1
        if self.steps > self._limit:
            raise TooManyStepsError
        if place == len(items):
            return then(at)
        kind, argument = str(items[place][0]), items[place][1]

        def go_on(position: int) -> bool:
            return self.match(items, place + 1, position, then)

        if kind in {"LITERAL", "NOT_LITERAL", "ANY", "IN"}:
            return (
                at < len(self._text) and _fits(kind, argument, self._text[at], self._flags) and go_on(at + 1)
            )
        if kind == "SUBPATTERN":
            return self.match(argument[-1], 0, at, go_on)
        if kind == "BRANCH":
            return any(self.match(branch, 0, at, go_on) for branch in argument[1])
        if kind in {"MAX_REPEAT", "MIN_REPEAT"}:
            return self._repeat(argument, 0, at, go_on, lazy=kind == "MIN_REPEAT")
        if kind == "AT":
            return self._is_at(str(argument), at) and go_on(at)
        if kind in {"ASSERT", "ASSERT_NOT"}:
            direction, inner = argument
            begin = at if direction > 0 else at - inner.getwidth()[0]
            found = begin >= 0 and self.match(inner, 0, begin, lambda end: direction > 0 or end == at)
            return found is (kind == "ASSERT") and go_on(at)
        raise AssertionError(f"unknown: {kind}")

    def _repeat(
        self, argument: Any, count: int, at: int, go_on: Callable[[int], bool], *, lazy: bool
    ) -> bool:
        least, most, body = argument

        def turn() -> bool:
            def again(end: int) -> bool:
                moved = end != at or count < least
                return moved and self._repeat(argument, count + 1, end, go_on, lazy=lazy)

            return (str(most) == "MAXREPEAT" or count < most) and self.match(body, 0, at, again)

        def leave() -> bool:
            return count >= least and go_on(at)

        return (leave() or turn()) if lazy else (turn() or leave())

    def _is_at(self, where: str, at: int) -> bool:
        text, many = self._text, bool(self._flags & re.MULTILINE)
        if where in {"AT_BEGINNING", "AT_BEGINNING_STRING"}:
            return at == 0 or (many and where == "AT_BEGINNING" and text[at - 1] == "\n")
        if where in {"AT_END", "AT_END_STRING"}:
            if at == len(text) or (many and where == "AT_END" and text[at] == "\n"):
                return True
            return where == "AT_END" and text[at:] == "\n"
        around = [0 <= place < len(text) and _is_in_category("WORD", text[place]) for place in (at - 1, at)]
        return (around[0] is not around[1]) is (where == "AT_BOUNDARY")
