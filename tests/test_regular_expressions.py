"""No text of a stranger takes longer than its length allows: regular expressions match in one way only."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_kfp_mt
from jupyter_kfp_mt.embedded.engine.plan.expressions import ExpressionError, compile_condition
from jupyter_kfp_mt.service.explain import clean_lines
from tests.regex_steps import count_steps, write_worst_texts

MANY = 20_000  # steps
# These see texts of any length, so they have to be linear; the others see messages and lines that are cut.
ENDLESS = (
    "client.responses._JWT_SHAPED",
    "embedded.api.shared.protojson._BLANKS",
    "embedded.api.shared.protojson._TOKEN",
    "embedded.argo.tags.TAG",
    "embedded.engine.plan.values._NUMBER",
    "embedded.engine.plan.values._PLACEHOLDER",
    "pipeline_spec.jsontext._NUMBER",
    "pipeline_spec.jsontext._TEXT",
    "pipeline_spec.parameters._DECIMAL_COMMA",
    "pipeline_spec.parameters._GROUPED",
    "pipeline_spec.parameters._INTEGER",
    "pipeline_spec.parameters._NUMBER",
    "pipeline_spec.parameters._PLAIN_NUMBER",
    "plain_text._CONTROLS",
    "plain_text._ESCAPES",
)


def find_patterns(names: tuple[str, ...] = ()) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Generate the regular expressions of all modules, or of those that hold one of `names`."""
    for info in pkgutil.walk_packages(jupyter_kfp_mt.__path__, "jupyter_kfp_mt."):
        if info.name.endswith("__main__") or ".worker." in info.name:  # these run by path
            continue
        module = info.name.removeprefix("jupyter_kfp_mt.")
        if names and not any(name.rpartition(".")[0] == module for name in names):
            continue
        for name, value in vars(importlib.import_module(info.name)).items():
            rows = value if isinstance(value, (list, tuple)) else [value]
            for pattern in (part for row in rows for part in (row if isinstance(row, tuple) else [row])):
                if isinstance(pattern, re.Pattern):
                    yield f"{info.name}.{name}", pattern


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


def find_written_patterns() -> Iterator[tuple[str, str, int]]:
    """Generate the regular expressions that stand in a call, such as `re.fullmatch("…", text)`."""
    for path in sorted(Path(jupyter_kfp_mt.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if not (isinstance(node, ast.Call) and isinstance(called, ast.Attribute) and node.args):
                continue
            pattern = node.args[0]
            if ast.unparse(called.value) == "re" and isinstance(pattern, ast.Constant):
                words = ast.unparse(node)
                flags = sum(flag for flag in (re.DOTALL, re.IGNORECASE, re.MULTILINE) if flag.name in words)
                if isinstance(pattern.value, str):
                    yield f"{path.name}:{node.lineno}", pattern.value, flags


def measure_growth(pattern: str, flags: int, times: int, *, whole: bool, starts: bool = False) -> float:
    """Return how many times the steps on the worst text are those on the worst of half its length."""
    small, large = (
        max([count_steps(pattern, flags, text, whole=whole, limit=MANY) for text in texts], default=1)
        for texts in (write_worst_texts(pattern, flags, each, starts=starts) for each in (times, 2 * times))
    )
    return large / small if large < MANY else float("inf")


@pytest.mark.slow  # it walks through all modules
@pytest.mark.timeout(600)
def test_no_pattern_grows_faster_than_the_square_of_its_text() -> None:
    patterns = {(each.pattern, each.flags & ~re.UNICODE): name for name, each in find_patterns()}
    patterns |= {(pattern, flags): place for place, pattern, flags in find_written_patterns()}
    assert len(patterns) > 200
    fast = {
        name
        for (pattern, flags), name in patterns.items()
        if isinstance(pattern, str)
        for whole in (False, True)
        if measure_growth(pattern, flags, 5, whole=whole) > 5.5
    }
    assert not fast


@pytest.mark.parametrize("name", ENDLESS)
def test_patterns_for_texts_of_any_length_are_linear(name: str) -> None:
    pattern = dict(find_patterns(tuple(ENDLESS)))[f"jupyter_kfp_mt.{name}"]
    for whole in (False, True):
        if whole or name.startswith(("client", "plain_text", "embedded")):
            assert measure_growth(pattern.pattern, pattern.flags, 15, whole=whole, starts=True) < 3


@pytest.mark.parametrize(
    ("pattern", "least"),
    [(r"'(?:\\.|.)*?'", 6), ("(a+)+b", 6), ("(?:a|[^b])*b", 6), (r"[0-9]+\.?[0-9]*", 3), ("(a*)*b", 3)],
)
def test_a_pattern_that_grows_fast_is_found(pattern: str, least: float) -> None:
    assert measure_growth(pattern, 0, 10, whole=True) > least


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
