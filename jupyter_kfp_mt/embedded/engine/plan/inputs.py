"""Where the values of a step come from and where they go: inputs, items of loops, outputs of DAGs. Pure."""

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


class InputError(ValueError):
    """A step cannot start with what the steps before it gave; the text is for people."""


def resolve_task_inputs(node: TaskNode, known: Mapping[str, str]) -> TaskValues:
    """Return what `node` starts with; `known` are the placeholders of the run; raises InputError.

    An input without a value is left out: the default of the component stands, or the input is optional.
    """
    values = {
        name: value
        for name, source in node.task.inputs.parameters.items()
        if source.runtime_value is None and (value := _resolve_parameter(node, source, known)) is not _ABSENT
    }
    given = dict(values)  # one constant is not read into another: their order would decide
    sources = {name for name, source in node.task.inputs.parameters.items() if source.runtime_value is None}
    for name, source in node.task.inputs.parameters.items():
        if source.runtime_value is not None:
            lacking = find_references(source.runtime_value.constant) & (sources - given.keys())
            if lacking:
                raise InputError(f"There is no value for {min(lacking)}, which its input {name} is made of.")
            constant = fill(restore_integers(source.runtime_value.constant), given, known)
            if constant is not None:
                values[name] = select(constant, source.parameter_expression_selector)
    artifacts = {
        name: found
        for name, source in node.task.inputs.artifacts.items()
        if (found := _resolve_artifacts(node, source)) is not None
    }
    return TaskValues(parameters=_convert(values, node.component), artifacts=artifacts)


def resolve_run_inputs(component: Component, arguments: Mapping[str, Any]) -> TaskValues:
    """Return the inputs of the whole run: `arguments` and the pipeline's defaults; raises InputError."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return TaskValues(parameters=_convert(given, component))


def resolve_setting(node: TaskNode, source: InputParameter, known: Mapping[str, str]) -> Any:
    """Return the value of a setting written like an input (the name of a secret); None without one."""
    if source.runtime_value is not None:
        return fill(restore_integers(source.runtime_value.constant), node.inputs.parameters, known)
    value = _resolve_parameter(node, source, known)
    return None if value is _ABSENT else value


def find_missing_input(node: TaskNode) -> str:
    """Return the name of the first input that `node` needs and does not have; empty when it has all."""
    definitions = node.component.input_definitions
    for name, parameter in definitions.parameters.items():
        if name not in node.inputs.parameters and not parameter.is_optional:
            return name
    for name, artifact in definitions.artifacts.items():
        if name not in node.inputs.artifacts and not artifact.is_optional:
            return name
    return ""


def read_loop_items(node: TaskNode) -> list[Any]:
    """Return what the loop `node` goes over; raises InputError when that is no list."""
    artifacts, parameters = node.task.artifact_iterator, node.task.parameter_iterator
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
        raise InputError(f"The loop cannot go over {shorten(items)}: it is not a list.")
    return items


def resolve_iteration_inputs(loop: TaskNode, item: Any) -> TaskValues:
    """Return the inputs of the iteration of `loop` for `item`; raises InputError."""
    if loop.task.artifact_iterator is not None:
        name = loop.task.artifact_iterator.item_input
        artifacts = {**loop.inputs.artifacts, name: [item]}
        return msgspec.structs.replace(loop.inputs, artifacts=artifacts)
    if loop.task.parameter_iterator is None:
        return loop.inputs
    name = loop.task.parameter_iterator.item_input
    values = {**loop.inputs.parameters, name: item}
    return msgspec.structs.replace(loop.inputs, parameters=_convert(values, loop.component))


def collect_dag_outputs(node: TaskNode) -> TaskValues:
    """Return the outputs of a DAG from those of its steps; what was not made is left out."""
    dag = node.component.dag
    if dag is None:
        return TaskValues()
    definitions = node.component.output_definitions.parameters
    parameters = {}
    for name, source in dag.outputs.parameters.items():
        value = _pick_dag_output(node, source)
        if value is not _ABSENT:
            # What is collected from a loop is declared as a list by all that is in the loop, too.
            kind = definitions[name].parameter_type if name in definitions and not node.in_loop else ""
            parameters[name] = coerce(value, kind) if kind else value
    artifacts = {}
    for name, selected in dag.outputs.artifacts.items():
        for selector in selected.artifact_selectors:
            child = node.children.get(selector.producer_subtask)
            if child is not None and selector.output_artifact_key in child.outputs.artifacts:
                artifacts[name] = child.outputs.artifacts[selector.output_artifact_key]
                break
    return TaskValues(parameters=parameters, artifacts=artifacts)


def collect_loop_outputs(loop: TaskNode) -> TaskValues:
    """Return the outputs of all iterations of `loop` as lists in the order of the items (`dsl.Collected`)."""
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


def _resolve_parameter(node: TaskNode, source: InputParameter, known: Mapping[str, str]) -> Any:
    if source.task_output_parameter is not None:
        wanted = source.task_output_parameter
        producer = _find_sibling(node, wanted.producer_task)
        value = producer.outputs.parameters.get(wanted.output_parameter_key, _ABSENT) if producer else _ABSENT
    elif source.task_final_status is not None:
        resource = known.get(".pipeline_job_resource_name", "")
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
    """The input `name` of the DAG around `node`.

    The compiler (2.17) forgets to hand the item of an outer loop on to an inner one; the name is unique in
    the pipeline, so it is looked for further out. It also forgets to take the part of an item that a text
    mentions (`f"{item.a}"`); the name of that input tells which part it is.
    """
    scope = node.parent
    while scope is not None:
        if name in scope.inputs.parameters:
            return scope.inputs.parameters[name]
        if "loop-item" not in name:
            break
        scope = scope.parent
    whole, mark, key = name.rpartition("-subvar-")
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
    """How `producer` ended, as `dsl.PipelineTaskFinalStatus` reads it."""
    ended = _find_sibling(node, producer)
    state = ended.state if ended is not None else State.SKIPPED
    status: dict[str, Any] = {
        "state": state.value,
        "pipelineJobResourceName": resource,
        "pipelineTaskName": producer,
    }
    if ended is not None and state is not State.SUCCEEDED:
        cause = ended.failed or ended
        status["error"] = {"code": 2, "message": f"{cause.name}: {cause.reason}" if cause.reason else ""}
    return status


def _convert(values: Mapping[str, Any], component: Component) -> dict[str, Any]:
    """`values` in the types that `component` declares, with its defaults."""
    typed = dict(values)
    for name, definition in component.input_definitions.parameters.items():
        if name not in typed:
            default = definition.default_value
            if default is msgspec.UNSET or default is None:
                continue
            typed[name] = restore_integers(default)
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
