"""Counts what a pipeline grows to before it does: a few kilobytes of IR can describe any number of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ....models import TaskValues
from .ir import TaskSpec
from .pipeline import CompiledPipeline
from .values import measure


def count_steps(pipeline: CompiledPipeline, arguments: Mapping[str, Any], most: int) -> int:
    """Count the steps that a run with these arguments is sure to have; stops beyond `most`.

    What is inside of a condition, or of a loop over items that a task makes, is not sure.
    """
    lengths = {
        name: len(value)
        for name, definition in pipeline.root.input_definitions.parameters.items()
        if isinstance(value := arguments.get(name, definition.default_value), list)
    }
    total, waiting = 1, [(pipeline.root, 1, lengths)]
    while waiting and total <= most:
        component, times, lengths = waiting.pop()
        for task in component.dag.tasks.values() if component.dag else ():
            total += times
            inner = pipeline.component(task)
            if total > most or inner.dag is None or task.trigger_policy.condition:
                continue
            given = _find_lengths(task, lengths)
            items = 1
            if task.parameter_iterator is not None:
                source = task.parameter_iterator.items
                items = given.get(source.input_parameter, 0) if source.input_parameter else _count(source.raw)
                total += times * items
            if items and task.artifact_iterator is None:
                waiting.append((inner, times * items, given))
    return total


def _find_lengths(task: TaskSpec, lengths: Mapping[str, int]) -> dict[str, int]:
    """Return the lengths of the lists among the inputs of `task`, as far as they are known."""
    found = {}
    for name, source in task.inputs.parameters.items():
        constant = source.runtime_value.constant if source.runtime_value is not None else None
        length = (
            len(constant) if isinstance(constant, list) else lengths.get(source.component_input_parameter)
        )
        if length is not None and not source.parameter_expression_selector:
            found[name] = length
    return found


def _count(items: str) -> int:
    try:
        return len(msgspec.json.decode(items, type=list[msgspec.Raw]))
    except msgspec.DecodeError:
        return 0


def measure_values(values: TaskValues, most: int) -> int:
    """Return about how many bytes the inputs or outputs of a task take; stops beyond `most`."""
    artifacts = [[one.uri, one.name, one.metadata] for listed in values.artifacts.values() for one in listed]
    return measure([values.parameters, artifacts], most)
