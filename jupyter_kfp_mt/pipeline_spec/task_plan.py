"""The tasks of a compiled pipeline: their names, and how many there are. Pure.

A list of runs reads this from the raw spec of every run that is not over, so only the fields that count are
decoded: microseconds where a full parse takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ..models import NOT_JSON
from .schema import MAX_NESTING


class TaskPlan(NamedTuple):
    """The tasks that executors run, as the pipeline tells before a run."""

    names: frozenset[str] = frozenset()  # empty where the spec is not known
    total: int | None = None  # None where the spec is not known or a loop decides


def read_task_plan(raw: msgspec.Raw) -> TaskPlan:
    """Return the plan in the spec of a run, which is either bare or beside a platform part."""
    try:
        spec = msgspec.json.decode(raw, type=_Spec)
    except NOT_JSON:
        return TaskPlan()
    spec = spec.pipeline_spec or spec
    if spec.root.dag is None:
        return TaskPlan()
    names = {
        name
        for component in (spec.root, *spec.components.values())
        if component.dag
        for name, task in component.dag.tasks.items()
        if not _is_graph(spec.components.get(task.component_ref.name))
    }
    count = _count(spec.root, spec.components, {}, 0)
    return TaskPlan(frozenset(names), None if count.has_loops else count.tasks)


def count_tasks(pipeline_spec: Mapping[str, Any]) -> int:
    """Return the number of tasks in a spec that was checked; those in a loop count once."""
    spec = msgspec.convert(pipeline_spec, _Spec)
    return _count(spec.root, spec.components, {}, 0).tasks


class _Reference(msgspec.Struct, frozen=True):
    name: str = ""


class _Iterator(msgspec.Struct, frozen=True):
    """Only its presence counts."""


class _Task(msgspec.Struct, frozen=True, rename="camel"):
    component_ref: _Reference = _Reference()
    parameter_iterator: _Iterator | None = None
    artifact_iterator: _Iterator | None = None

    @property
    def is_loop(self) -> bool:
        return self.parameter_iterator is not None or self.artifact_iterator is not None


class _Dag(msgspec.Struct, frozen=True):
    tasks: dict[str, _Task] = {}


class _Component(msgspec.Struct, frozen=True):
    dag: _Dag | None = None


class _Spec(msgspec.Struct, frozen=True):
    root: _Component = _Component()
    components: dict[str, _Component] = {}
    pipeline_spec: _Spec | None = None


class _Count(NamedTuple):
    tasks: int
    has_loops: bool = False  # so that only the run tells how many tasks there are


def _is_graph(component: _Component | None) -> bool:
    return component is not None and component.dag is not None


def _count(
    component: _Component, known: dict[str, _Component], seen: dict[str, _Count], depth: int
) -> _Count:
    """Count the tasks of `component`.

    `seen` holds each component's count: 40 levels of two uses each stand for 2^40 tasks. A raw spec is not
    checked, so components that contain each other end at the depth that a checked one may have.
    """
    tasks, has_loops = 0, depth > MAX_NESTING
    for task in component.dag.tasks.values() if component.dag and not has_loops else ():
        name = task.component_ref.name
        inner = known.get(name)
        if name not in seen:
            seen[name] = _count(inner, known, seen, depth + 1) if inner and inner.dag else _Count(1)
        tasks += seen[name].tasks
        has_loops = has_loops or task.is_loop or seen[name].has_loops
    return _Count(tasks, has_loops)
