"""Unwrap the attempts of Argo nodes: a Workflow reads the same with and without a default retry. Pure.

KFP 2.17's own manifests set `templateDefaults.retryStrategy`, so Argo wraps every node, graphs too, in a
Retry node: `load` is a Retry that holds `load(0)`. Nobody after this pass knows. Source: Argo's
workflow/controller/operator.go (`processNodeRetries`), which names attempt number N of node X `X(N)`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from ...models import Task
from .workflow import Node, Workflow

_ATTEMPT = re.compile(r"(.*)\((\d+)\)\Z", re.DOTALL)


class Unwrapped(NamedTuple):
    """A Workflow without wrappers, and the node that each of its nodes was reported as, by the new id."""

    workflow: Workflow
    reported_as: dict[str, Node]


def unwrap(workflow: Workflow) -> Unwrapped:
    """Return `workflow` with each wrapper replaced by its last attempt.

    A graph keeps its wrapper's id and a pod its own, for pods are named after it. A Retry of several pods
    stays: these are the attempts that people see. Where the default changed while the Workflow ran, what ran
    before in a node counts as an earlier attempt.
    """
    wrappers = _wrappers(workflow.nodes.values())
    if not wrappers:
        return Unwrapped(workflow, {})
    return _Unwrapping(workflow, wrappers).result()


def drop_attempts(tasks: Iterable[Task]) -> list[Task]:
    """Return `task_details` without the attempts of wrapped nodes and the nameless tasks of the cache.

    The launcher registers the latter through v1alpha1; they have nothing but times and an `execution_id`.
    """
    named = [task for task in tasks if task.display_name or task.type]
    names = Counter(task.display_name for task in named)
    return [task for task in named if not _is_attempt(task.display_name, names)]


def _is_attempt(name: str, names: Counter[str]) -> bool:
    attempt = _ATTEMPT.match(name)
    return attempt is not None and names[attempt[1]] > 0


def _wrappers(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    """The attempts of each wrapper, in their order, by the wrapper's id."""
    known = list(nodes)
    by_name = {node.name: node for node in known}
    numbered: dict[str, list[tuple[int, Node]]] = {}
    for node in known:
        attempt = _ATTEMPT.match(node.name)
        wrapper = by_name.get(attempt[1]) if attempt is not None else None
        if attempt is not None and wrapper is not None:
            numbered.setdefault(wrapper.id, []).append((int(attempt[2]), node))
    return {key: [node for _, node in sorted(pairs, key=_number)] for key, pairs in numbered.items()}


def _number(pair: tuple[int, Node]) -> int:
    return pair[0]


class _Unwrapping:
    """One pass over a Workflow."""

    def __init__(self, workflow: Workflow, wrappers: dict[str, list[Node]]) -> None:
        self._workflow = workflow
        self._nodes = workflow.nodes
        self._names: dict[str, str] = {}
        self._wrapper_of = {node.id: self._nodes[key] for key, tries in wrappers.items() for node in tries}
        self._kept = {key for key, tries in wrappers.items() if len(tries) > 1 and tries[-1].type == "Pod"}
        self._last = {key: tries[-1] for key, tries in wrappers.items() if key not in self._kept}
        self._moved: dict[str, str] = {}  # an id that is gone → the one in its place
        self._superseded: set[str] = set()  # what is inside of these belongs to an earlier attempt
        for key, last in self._last.items():
            old, new = (key, last.id) if last.type == "Pod" else (last.id, key)
            self._moved[old] = new
            self._superseded.update(node.id for node in wrappers[key][:-1])
            if self._nodes[key].type != "Retry":
                self._superseded.add(key)

    def result(self) -> Unwrapped:
        """Return the Workflow without wrappers."""
        nodes: dict[str, Node] = {}
        reported_as: dict[str, Node] = {}
        for node in self._nodes.values():
            wrapper = self._wrapper_of.get(node.id)
            if self._is_inside_superseded(node) or (wrapper is not None and wrapper.id in self._last):
                continue
            if node.id in self._last:
                merged = self._merge(node)
                nodes[merged.id] = merged
                reported_as[merged.id] = node
            else:
                nodes[node.id] = self._rewrite(node, node.children or [])
        nodes = {key: _without_lost_children(node, nodes) for key, node in nodes.items()}
        status = msgspec.structs.replace(self._workflow.status, nodes=nodes)
        return Unwrapped(msgspec.structs.replace(self._workflow, status=status), reported_as)

    def _merge(self, wrapper: Node) -> Node:
        """The last attempt, in the place of its wrapper."""
        last, repeats = self._last[wrapper.id], wrapper.type == "Retry"
        node = self._rewrite(last, [*(last.children or []), *((wrapper.children or []) if repeats else [])])
        return msgspec.structs.replace(
            node,
            id=self._moved.get(last.id, last.id),
            display_name=wrapper.display_name,
            boundary_id=self._moved.get(wrapper.boundary_id, wrapper.boundary_id),
            phase=last.phase if last.type == "Pod" else wrapper.phase,
            message=last.message or wrapper.message,
            started_at=wrapper.started_at if repeats else last.started_at,
            finished_at=wrapper.finished_at if repeats else last.finished_at,
        )

    def _rewrite(self, node: Node, children: Iterable[str]) -> Node:
        moved = (self._moved.get(child, child) for child in children)
        return msgspec.structs.replace(
            node,
            name=self._name(node),
            boundary_id=self._moved.get(node.boundary_id, node.boundary_id),
            children=list(dict.fromkeys(moved)),
        )

    def _is_inside_superseded(self, node: Node) -> bool:
        around, seen = node.boundary_id, set[str]()
        while around and around not in seen:
            if around in self._superseded:
                return True
            seen.add(around)
            around = self._nodes[around].boundary_id if around in self._nodes else ""
        return False

    def _name(self, node: Node) -> str:
        """The name of `node` without the numbers of the attempts around it."""
        if node.id not in self._names:
            self._names[node.id] = node.name  # ends a circle, which no Argo makes
            self._names[node.id] = self._unwrapped_name(node)
        return self._names[node.id]

    def _unwrapped_name(self, node: Node) -> str:
        wrapper = self._wrapper_of.get(node.id)
        if wrapper is not None:
            kept = wrapper.id in self._kept
            return self._name(wrapper) + (node.name[len(wrapper.name) :] if kept else "")
        around = self._nodes.get(node.boundary_id)
        if around is None or not node.name.startswith(f"{around.name}."):
            return node.name
        return self._name(around) + node.name[len(around.name) :]


def _without_lost_children(node: Node, nodes: dict[str, Node]) -> Node:
    children = [child for child in node.children or [] if child in nodes and child != node.id]
    return msgspec.structs.replace(node, children=children or None)
