"""No text of a stranger takes longer than its length allows: regular expressions match in one way only."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import jupyter_kfp_mt
from jupyter_kfp_mt.embedded.engine.plan.expressions import ExpressionError, compile_condition
from jupyter_kfp_mt.service.explain import clean_lines

try:
    from re import _parser as sre_parse  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse  # type: ignore[no-redef]

_CHARACTERS = [chr(code) for code in range(256)]


def find_patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Generate the regular expressions of all modules."""
    for info in pkgutil.walk_packages(jupyter_kfp_mt.__path__, "jupyter_kfp_mt."):
        if info.name.endswith("__main__") or ".worker." in info.name:  # these run by path
            continue
        for name, value in vars(importlib.import_module(info.name)).items():
            rows = value if isinstance(value, (list, tuple)) else [value]
            for pattern in (part for row in rows for part in (row if isinstance(row, tuple) else [row])):
                if isinstance(pattern, re.Pattern):
                    yield f"{info.name}.{name}", pattern


def is_ambiguous(pattern: str, flags: int) -> bool:
    """Whether a repeat has two alternatives that begin alike, or nothing but another repeat.

    Each such turn can be taken in two ways, so a text that does not match is tried in 2ⁿ ways.
    """
    return _is_ambiguous(sre_parse.parse(pattern, flags), flags)


def _is_ambiguous(items: Any, flags: int) -> bool:
    for operation, argument in items:
        kind, inner = str(operation), []
        if kind in {"MAX_REPEAT", "MIN_REPEAT"}:
            _, most, body = argument
            if _is_endless(most) and _has_two_ways(_unwrap(body), flags):
                return True
            inner = [body]
        elif kind in {"SUBPATTERN", "BRANCH"}:
            inner = argument[1] if kind == "BRANCH" else [argument[-1]]
        if any(_is_ambiguous(each, flags) for each in inner):
            return True
    return False


def _is_endless(most: Any) -> bool:
    return str(most) == "MAXREPEAT"


def _unwrap(items: Any) -> Any:
    while len(items) == 1 and str(items[0][0]) == "SUBPATTERN":
        items = items[0][1][-1]
    return items


def _has_two_ways(body: Any, flags: int) -> bool:
    if len(body) != 1:
        return False
    kind, argument = str(body[0][0]), body[0][1]
    if kind in {"MAX_REPEAT", "MIN_REPEAT"}:
        return _is_endless(argument[1])
    if kind != "BRANCH":
        return False
    firsts = [_first_characters(branch, flags) for branch in argument[1]]
    return any(one & two for number, one in enumerate(firsts) for two in firsts[:number])


def _first_characters(items: Any, flags: int) -> set[str]:
    kind, argument = str(items[0][0]), items[0][1]
    if kind == "LITERAL":
        return {chr(argument)}
    if kind == "NOT_LITERAL":
        return {one for one in _CHARACTERS if one != chr(argument)}
    if kind == "ANY":
        return {one for one in _CHARACTERS if one != "\n" or flags & re.DOTALL}
    if kind == "IN":
        negated = str(argument[0][0]) == "NEGATE"
        listed = {chr(value) for operation, value in argument if str(operation) == "LITERAL"}
        for operation, value in argument:
            if str(operation) == "RANGE":
                listed |= {chr(code) for code in range(value[0], value[1] + 1)}
        return {one for one in _CHARACTERS if one not in listed} if negated else listed
    return set()


def grow(function: Callable[[str], object], small: str, large: str) -> float:
    """Return how many times the work for `small` the work for `large` is."""

    def work(text: str) -> float:
        times = []
        for _ in range(5):
            before = time.thread_time()
            function(text)
            times.append(time.thread_time() - before)
        return min(times)

    return work(large) / work(small)


def test_no_pattern_is_ambiguous() -> None:
    patterns = dict(find_patterns())
    assert len(patterns) > 100
    found = [name for name, one in patterns.items() if is_ambiguous(one.pattern, one.flags)]
    assert not found


@pytest.mark.parametrize("pattern", [r"'(?:\\.|.)*?'", "(a+)+b", "(?:a|[^b])*b"])
def test_an_ambiguous_pattern_is_found(pattern: str) -> None:
    assert is_ambiguous(pattern, 0)


@pytest.mark.parametrize(
    "head", ["'{}'x", '"{}"x', "{}", "('{}' == 'a"], ids=["single", "double", "bare", "open"]
)
def test_conditions_grow_with_their_length(head: str) -> None:
    def read(text: str) -> None:
        with pytest.raises(ExpressionError):
            compile_condition(text)

    assert grow(read, head.format("\\" * 20), head.format("\\" * 30)) < 5


def test_logs_grow_with_their_length() -> None:
    head = "[KFP Executor 2026-01-01 00:00:00,000 INFO]: Got executor_input:\n{\n"
    assert grow(clean_lines, head * 800, head * 3200) < 9
