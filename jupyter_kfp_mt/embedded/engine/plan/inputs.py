"""Resolves the inputs of tasks, the items of loops, and the outputs of DAGs and loops."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from ....models import Artifact, TaskValues
from .ir import Component, DagParameterOutput, InputArtifact, InputParameter
from .nodes import State, TaskNode
from .values import ValueTypeError, coerce, fill, find_references, restore_integers, select, shorten

_ABSENT = object()
_PART = "-subvar-"  # in the name of an input: a part of the item of a loop


class InputError(ValueError):
    """A task cannot start with the outputs of its upstream tasks; the text is for users."""


def resolve_task_inputs(node: TaskNode, placeholders: Mapping[str, str]) -> TaskValues:
    """Return the inputs of `node`; `placeholders` has the placeholders of the run; raises InputError.

    Values from elsewhere are resolved first, because constants may mention them. An input without a value is
    left out: either the component has a default, or the input is optional.
    """
    values = {
        name: value
        for name, source in node.spec.inputs.parameters.items()
        if source.runtime_value is None
        and (value := _resolve_parameter(node, source, placeholders)) is not _ABSENT
    }
    given = dict(values)  # constants do not see each other, or their order would matter
    sources = {name for name, source in node.spec.inputs.parameters.items() if source.runtime_value is None}
    for name, source in node.spec.inputs.parameters.items():
        if source.runtime_value is not None:
            lacking = find_references(source.runtime_value.constant) & (sources - given.keys())
            if lacking:
                raise InputError(f"There is no value for {min(lacking)}, which its input {name} contains.")
            constant = fill(restore_integers(source.runtime_value.constant), given, placeholders)
            if constant is not None:
                values[name] = select(constant, source.parameter_expression_selector)
    artifacts = {
        name: resolved
        for name, source in node.spec.inputs.artifacts.items()
        if (resolved := _resolve_artifacts(node, source)) is not None
    }
    return TaskValues(parameters=_convert(values, node.component), artifacts=artifacts)


def resolve_run_inputs(component: Component, arguments: Mapping[str, Any]) -> TaskValues:
    """Return the inputs of the run: `arguments` and the defaults of the pipeline; raises InputError."""
    given = {name: value for name, value in arguments.items() if value is not None}
    values = _convert(given, component)
    for name, definition in component.input_definitions.parameters.items():
        if name not in values and not definition.is_optional:
            raise InputError(f"There is no value for the parameter {name}.")
    return TaskValues(parameters=values)


def resolve_setting(node: TaskNode, source: InputParameter, placeholders: Mapping[str, str]) -> Any:
    """Return the value of a setting that is written like an input (a secret's name); None without one."""
    if source.runtime_value is not None:
        return fill(restore_integers(source.runtime_value.constant), node.inputs.parameters, placeholders)
    value = _resolve_parameter(node, source, placeholders)
    return None if value is _ABSENT else value


def find_missing_input(node: TaskNode) -> str:
    """Return the name of the first required input that `node` lacks; empty when it has all."""
    definitions = node.component.input_definitions
    for name, parameter in definitions.parameters.items():
        if name not in node.inputs.parameters and not parameter.is_optional:
            return name
    for name, artifact in definitions.artifacts.items():
        if name not in node.inputs.artifacts and not artifact.is_optional:
            return name
    return ""


def read_loop_items(node: TaskNode) -> list[Any]:
    """Return the items of the loop `node`; raises InputError when they are not a list."""
    artifacts, parameters = node.spec.artifact_iterator, node.spec.parameter_iterator
    if artifacts is not None:
        return list(node.inputs.artifacts.get(artifacts.items.input_artifact, []))
    if parameters is None:
        return []
    source = parameters.items
    value = node.inputs.parameters.get(source.input_parameter) if source.input_parameter else source.raw
    try:
        items = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        items = value
    if not isinstance(items, list):
        raise InputError(f"The loop cannot iterate over {shorten(items)}: it is not a list.")
    return items


def resolve_iteration_inputs(loop: TaskNode, item: Any) -> TaskValues:
    """Return the inputs of the iteration of `loop` for `item`; raises InputError."""
    if loop.spec.artifact_iterator is not None:
        name = loop.spec.artifact_iterator.item_input
        artifacts = {**loop.inputs.artifacts, name: [item]}
        return msgspec.structs.replace(loop.inputs, artifacts=artifacts)
    if loop.spec.parameter_iterator is None:
        return loop.inputs
    name = loop.spec.parameter_iterator.item_input
    values = {**_select_for_iterations(loop), name: item}
    return msgspec.structs.replace(loop.inputs, parameters=_convert(values, loop.component))


def _select_for_iterations(loop: TaskNode) -> dict[str, Any]:
    """Return the inputs of `loop` for its iterations: without the list of items, unless they use it.

    Each iteration is stored with its inputs: the list in all of them would take its length squared.
    """
    iterator, dag = loop.spec.parameter_iterator, loop.component.dag
    listed = iterator.items.input_parameter if iterator is not None else ""
    if dag is None or "loop-item" in listed:  # inner loops look that up
        return loop.inputs.parameters
    used = {
        source.component_input_parameter
        for task in dag.tasks.values()
        for source in task.inputs.parameters.values()
    }
    return {name: value for name, value in loop.inputs.parameters.items() if name != listed or name in used}


def collect_dag_outputs(node: TaskNode) -> TaskValues:
    """Return the outputs of a DAG as its tasks gave them; missing ones are left out.

    The types that a DAG declares are not those of its values: the compiler declares what leaves a loop, or a
    condition after one, as the list that `dsl.Collected` makes of it.
    """
    dag = node.component.dag
    if dag is None:
        return TaskValues()
    picked = {name: _pick_dag_output(node, source) for name, source in dag.outputs.parameters.items()}
    parameters = {name: value for name, value in picked.items() if value is not _ABSENT}
    artifacts = {}
    for name, selected in dag.outputs.artifacts.items():
        for selector in selected.artifact_selectors:
            child = node.children.get(selector.producer_subtask)
            if child is not None and selector.output_artifact_key in child.outputs.artifacts:
                artifacts[name] = child.outputs.artifacts[selector.output_artifact_key]
                break
    return TaskValues(parameters=parameters, artifacts=artifacts)


def collect_loop_outputs(loop: TaskNode) -> TaskValues:
    """Return the outputs of all iterations as lists, in the order of the items (`dsl.Collected`)."""
    outputs = [loop.children[f"iteration-{number}"].outputs for number in range(len(loop.items))]
    dag = loop.component.dag
    if dag is None:
        return TaskValues()
    parameters = {
        name: [one.parameters[name] for one in outputs if name in one.parameters]
        for name in dag.outputs.parameters
    }
    artifacts = {
        name: [artifact for one in outputs for artifact in one.artifacts.get(name, [])]
        for name in dag.outputs.artifacts
    }
    return TaskValues(parameters=parameters, artifacts=artifacts)


def _resolve_parameter(node: TaskNode, source: InputParameter, placeholders: Mapping[str, str]) -> Any:
    if source.task_output_parameter is not None:
        wanted = source.task_output_parameter
        producer = _find_sibling(node, wanted.producer_task)
        value = producer.outputs.parameters.get(wanted.output_parameter_key, _ABSENT) if producer else _ABSENT
    elif source.task_final_status is not None:
        resource = placeholders.get(".pipeline_job_resource_name", "")
        return _make_final_status(node, source.task_final_status.producer_task, resource)
    else:
        value = _look_up(node, source.component_input_parameter)
    if value is _ABSENT or value is None:
        return _ABSENT
    try:
        return select(value, source.parameter_expression_selector)
    except ValueTypeError as error:
        raise InputError(f"{error}.") from error


def _look_up(node: TaskNode, name: str) -> Any:
    """Return the input `name` of the DAG around `node`.

    Two gaps of the compiler (2.17) are filled here. It does not pass the item of an outer loop on to an inner
    one: since the name is unique in the pipeline, outer DAGs are searched. It does not select the part of an
    item that a text mentions (`f"{item.a}"`): the name of that input, `…-subvar-a`, tells which part it is.
    """
    scope = node.parent
    while scope is not None:
        if name in scope.inputs.parameters:
            return scope.inputs.parameters[name]
        if "loop-item" not in name:
            break
        scope = scope.parent
    whole, mark, key = name.rpartition(_PART)
    item = _look_up(node, whole) if mark and "loop-item" in whole else _ABSENT
    return _ABSENT if item is _ABSENT else select(item, f'parseJson(string_value)["{key}"]')


def _resolve_artifacts(node: TaskNode, source: InputArtifact) -> list[Artifact] | None:
    if source.task_output_artifact is not None:
        producer = _find_sibling(node, source.task_output_artifact.producer_task)
        if producer is None:
            return None
        return producer.outputs.artifacts.get(source.task_output_artifact.output_artifact_key)
    return node.parent.inputs.artifacts.get(source.component_input_artifact) if node.parent else None


def _find_sibling(node: TaskNode, name: str) -> TaskNode | None:
    return node.parent.children.get(name) if node.parent is not None else None


def _make_final_status(node: TaskNode, producer: str, resource: str) -> dict[str, Any]:
    """Return how `producer` ended, in the form of `dsl.PipelineTaskFinalStatus`.

    Success is `COMPLETE`, the word of ML Metadata, which KFP 2.17 passes on (driver/resolve.go).
    """
    ended = _find_sibling(node, producer)
    state = ended.state if ended is not None else State.SKIPPED
    status: dict[str, Any] = {
        "state": "COMPLETE" if state is State.SUCCEEDED else state.value,
        "pipelineJobResourceName": resource,
        "pipelineTaskName": producer,
    }
    if ended is not None and state is not State.SUCCEEDED:
        cause = ended.failed or ended
        status["error"] = {"code": 2, "message": f"{cause.name}: {cause.reason}" if cause.reason else ""}
    return status


def _convert(values: Mapping[str, Any], component: Component) -> dict[str, Any]:
    """Convert `values` to the types that `component` declares, and add its defaults."""
    typed = dict(values)
    for name, definition in component.input_definitions.parameters.items():
        if name not in typed:
            default = definition.default_value
            if default is msgspec.UNSET or default is None:
                continue
            typed[name] = restore_integers(default)
        if component.dag is not None and _PART in name:
            continue  # the compiler gives all parts of an item one type
        try:
            typed[name] = coerce(typed[name], definition.parameter_type)
        except ValueTypeError as error:
            raise InputError(f"Input {name}: {error}.") from error
        if name in values and definition.literals and typed[name] not in definition.literals:
            allowed = ", ".join(map(shorten, restore_integers(definition.literals)))
            raise InputError(f"Input {name}: {shorten(typed[name])} is none of {allowed}.")
    return typed


def _pick_dag_output(node: TaskNode, source: DagParameterOutput) -> Any:
    selectors = source.value_from_oneof.parameter_selectors if source.value_from_oneof else []
    for selector in [source.value_from_parameter, *selectors]:
        child = node.children.get(selector.producer_subtask) if selector is not None else None
        if selector and child and selector.output_parameter_key in child.outputs.parameters:
            return child.outputs.parameters[selector.output_parameter_key]
    return _ABSENT
