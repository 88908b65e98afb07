"""The graph of a compiled pipeline: which task waits for which. Pure.

The run view draws the tasks that executors run. In the spec they stand in components that contain each other,
and edges exist only between siblings: a task that waits for a loop really waits for the last tasks inside it.
So groups are flattened here, from the inside out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..models import PlannedTask
from . import Package
from .schema import list_upstream


class _FlatComponent(NamedTuple):
    """The tasks of a component, with those of the components inside it in place of its groups."""

    needs: dict[str, set[str]]  # task → the tasks it waits for
    first: set[str]  # tasks that wait for none of the component: they inherit what the group waits for
    last: set[str]  # tasks that none of the component waits for: what waits for the group waits for them


def plan_tasks(package: Package) -> list[PlannedTask]:
    """Return the tasks that executors run, each with the tasks it waits for.

    Only names tell tasks apart, as a run's tasks are: a component that is used twice shows its tasks
    once, with the edges of both uses, and never an edge of a task to itself.
    """
    flat = _flatten(package.pipeline_spec["root"], package.components, {})
    return [PlannedTask(name=name, needs=sorted(needs - {name})) for name, needs in flat.needs.items()]


def _flatten(
    component: Mapping[str, Any], known: Mapping[str, Any], done: dict[str, _FlatComponent]
) -> _FlatComponent:
    """Flatten `component`; `done` holds the result of each: nested uses can multiply to 2^40."""
    tasks = component.get("dag", {}).get("tasks", {})
    parts = {name: _part(name, task["componentRef"]["name"], known, done) for name, task in tasks.items()}
    waits = {name: [other for other in list_upstream(task) if other in parts] for name, task in tasks.items()}
    waited_for = {other for others in waits.values() for other in others}
    needs: dict[str, set[str]] = {}
    for name, part in parts.items():
        before = {task for other in waits[name] for task in parts[other].last}
        for task, inner in part.needs.items():
            # what a group waits for, only its first tasks wait for: the others wait for those
            needs.setdefault(task, set()).update(inner, before if task in part.first else ())
    return _FlatComponent(
        needs,
        first={task for name, part in parts.items() if not waits[name] for task in part.first},
        last={task for name, part in parts.items() if name not in waited_for for task in part.last},
    )


def _part(
    name: str, reference: str, known: Mapping[str, Any], done: dict[str, _FlatComponent]
) -> _FlatComponent:
    """Return a task of an executor as a component of one task, or the flat component of a group."""
    if "dag" not in known[reference]:
        return _FlatComponent({name: set()}, {name}, {name})
    if reference not in done:
        done[reference] = _flatten(known[reference], known, done)
    return done[reference]
