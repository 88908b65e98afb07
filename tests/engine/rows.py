"""Rows of the feature table: a pipeline that checks itself, and how its run must end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from kfp import dsl

from jupyter_kfp_mt.models import Task

component = dsl.component(base_image="python:3.11", install_kfp_package=False)
Check = Callable[[dict[str, Task]], None]


def build_pipeline(function: Callable[..., None]) -> Any:
    """Build a pipeline on a short stack: options of a task read the source of each frame."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(dsl.pipeline, function).result()


def _unchecked(_tasks: dict[str, Task]) -> None:
    """Check nothing: the pipeline has checked itself."""


@dataclass(frozen=True)
class Row:
    feature: str
    pipeline: Any
    parameters: dict[str, Any] = field(default_factory=dict)
    state: str = "SUCCEEDED"
    check: Check = _unchecked
    note: str = ""

    @property
    def name(self) -> str:
        return str(self.pipeline.name)


def states(**expected: str) -> Check:
    """Return a check of the states of tasks by name; underscores stand for hyphens."""

    def check(tasks: dict[str, Task]) -> None:
        actual = {name: tasks[name.replace("_", "-")].state for name in expected}
        assert actual == expected

    return check
