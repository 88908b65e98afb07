"""What is known of the tasks of a run before it starts: constants, defaults, and the values of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from .components import resolve_arguments
from .executors import Container
from .inputs import InputError, resolve_run_inputs
from .ir import Component, InputParameter, TaskSpec
from .pipeline import CompiledPipeline
from .values import ValueTypeError, fill, render_text, restore_integers, select

Known = Mapping[str, Any]  # inputs by name; one without a value is left out
UNKNOWN = object()  # the value of an input that a task gives


class ForeseenTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task, its component, and what is known of its inputs."""

    name: str
    spec: TaskSpec
    component: Component
    known: Known


def walk_tasks(pipeline: CompiledPipeline, arguments: Mapping[str, Any]) -> Iterator[ForeseenTask]:
    """Generate the tasks of all components in use, once for each component: it may be used many times."""
    try:
        given: Known = resolve_run_inputs(pipeline.root, arguments).parameters
    except InputError:  # reported elsewhere
        given = dict.fromkeys(pipeline.root.input_definitions.parameters, UNKNOWN)
    seen: set[str] = set()
    waiting = [(pipeline.root, given)]
    while waiting:
        around, known_around = waiting.pop()
        below = []
        for name, task in (around.dag.tasks if around.dag else {}).items():
            component = pipeline.component(task)
            known = _foresee_inputs(task, component, known_around)
            yield ForeseenTask(name=name, spec=task, component=component, known=known)
            if task.component_ref.name not in seen:
                seen.add(task.component_ref.name)
                below.append((component, known))
        waiting += reversed(below)


def foresee_command(container: Container, known: Known) -> list[str]:
    """Return the words that `container` runs; placeholders of what is not known yet stay."""
    words = resolve_arguments([*container.command, *container.args], known)
    return [render_text(fill(word, _without_unknown(known), {})) for word in words]


def _foresee_inputs(task: TaskSpec, component: Component, around: Known) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name, source in task.inputs.parameters.items():
        if source.runtime_value is None and (value := _foresee(source, around)) is not None:
            known[name] = value
    given = _without_unknown(known)
    for name, source in task.inputs.parameters.items():
        if source.runtime_value is not None and source.runtime_value.constant is not None:
            value = fill(restore_integers(source.runtime_value.constant), given, {})
            open_ended = source.parameter_expression_selector or "{{$" in render_text(value)
            known[name] = UNKNOWN if open_ended else value
    for name, artifact in task.inputs.artifacts.items():
        if artifact.task_output_artifact is not None or artifact.component_input_artifact in around:
            known[name] = UNKNOWN
    for iterator in (task.parameter_iterator, task.artifact_iterator):
        if iterator is not None:
            known[iterator.item_input] = UNKNOWN
    for name, definition in component.input_definitions.parameters.items():
        default = definition.default_value
        if name not in known and default is not msgspec.UNSET and default is not None:
            known[name] = restore_integers(default)
    return known


def _foresee(source: InputParameter, around: Known) -> Any:
    """Return the value of an input from elsewhere; None without one."""
    if source.task_output_parameter is not None or source.task_final_status is not None:
        return UNKNOWN
    name = source.component_input_parameter
    value = around.get(name, UNKNOWN if "loop-item" in name else None)
    if value is UNKNOWN or value is None:
        return value
    try:
        return select(value, source.parameter_expression_selector)
    except ValueTypeError:  # the task will fail
        return UNKNOWN


def _without_unknown(known: Known) -> dict[str, Any]:
    return {name: value for name, value in known.items() if value is not UNKNOWN}
