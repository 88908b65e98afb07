"""Which task of a compiled pipeline waits for which: the edges of the run view's graph. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..models import PlannedTask
from . import Package, components
from .schema import upstream


class _Flat(NamedTuple):
    """A component with its groups taken apart: what its tasks wait for, which are first, which last."""

    needs: dict[str, set[str]]
    first: set[str]
    last: set[str]


def plan(package: Package) -> list[PlannedTask]:
    """Return the tasks that executors run, each with the tasks it waits for.

    Groups (sub-pipelines, loops, conditions) are taken apart: who waits for a group waits for its last tasks.
    """
    flat = _flat(package.pipeline_spec["root"], components(package), {})
    return [PlannedTask(name=name, needs=sorted(needs - {name})) for name, needs in flat.needs.items()]


def _flat(component: Mapping[str, Any], known: Mapping[str, Any], seen: dict[str, _Flat]) -> _Flat:
    """Take `component` apart; `seen` keeps it from growing with each use of a component."""
    tasks = component.get("dag", {}).get("tasks", {})
    parts = {name: _part(name, task["componentRef"]["name"], known, seen) for name, task in tasks.items()}
    waits = {name: [other for other in upstream(task) if other in parts] for name, task in tasks.items()}
    waited_for = {other for others in waits.values() for other in others}
    needs: dict[str, set[str]] = {}
    for name, part in parts.items():
        before = {task for other in waits[name] for task in parts[other].last}
        for task, inner in part.needs.items():
            needs.setdefault(task, set()).update(inner, before if task in part.first else ())
    return _Flat(
        needs,
        first={task for name, part in parts.items() if not waits[name] for task in part.first},
        last={task for name, part in parts.items() if name not in waited_for for task in part.last},
    )


def _part(name: str, reference: str, known: Mapping[str, Any], seen: dict[str, _Flat]) -> _Flat:
    if "dag" not in known[reference]:
        return _Flat({name: set()}, {name}, {name})
    if reference not in seen:
        seen[reference] = _flat(known[reference], known, seen)
    return seen[reference]
