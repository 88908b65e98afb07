"""The messages of a compiled pipeline (IR 2.1.0), and the check of a document against them.

Source: `api/v2alpha1/pipeline_spec.proto` in github.com/kubeflow/pipelines. A KFP server reads a spec
strictly: an unknown field makes the document "not a pipeline spec". Like protojson, the check takes names in
snake_case, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

SCHEMA_VERSION = "2.1.0"
MAX_NESTING = 50  # of components
PIPELINE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")  # backend/src/apiserver/common/utils.go:35

# field → "text", "flag", "number", "value" (any JSON), "struct" (any mapping), "duration", "[x]" list of x,
# "{x}" mapping of x, a name of `ENUMS`, else the message's name.
MESSAGES: dict[str, dict[str, str]] = {
    "pipeline": {
        "pipelineInfo": "pipelineInfo",
        "deploymentSpec": "struct",
        "sdkVersion": "text",
        "schemaVersion": "text",
        "components": "{component}",
        "root": "component",
        "defaultPipelineRoot": "text",
    },
    "pipelineInfo": {"name": "text", "displayName": "text", "description": "text"},
    "component": {
        "inputDefinitions": "inputs",
        "outputDefinitions": "outputs",
        "dag": "dag",
        "executorLabel": "text",
        "singlePlatformSpecs": "[struct]",
        "taskConfigPassthroughs": "[struct]",
    },
    "inputs": {"artifacts": "{inputArtifact}", "parameters": "{inputParameter}"},
    "inputArtifact": {
        "artifactType": "artifactType",
        "isArtifactList": "flag",
        "isOptional": "flag",
        "description": "text",
    },
    "artifactType": {
        "schemaTitle": "text",
        "schemaUri": "text",
        "instanceSchema": "text",
        "schemaVersion": "text",
    },
    "inputParameter": {
        "type": "oldType",
        "parameterType": "parameterType",
        "defaultValue": "value",
        "isOptional": "flag",
        "description": "text",
        "literals": "[value]",
    },
    "outputs": {"artifacts": "{outputArtifact}", "parameters": "{outputParameter}"},
    "outputArtifact": {
        "artifactType": "artifactType",
        "properties": "struct",
        "customProperties": "struct",
        "metadata": "struct",
        "isArtifactList": "flag",
        "description": "text",
    },
    "outputParameter": {"type": "oldType", "parameterType": "parameterType", "description": "text"},
    "dag": {"tasks": "{task}", "outputs": "dagOutputs"},
    "task": {
        "taskInfo": "name",
        "inputs": "taskInputs",
        "dependentTasks": "[text]",
        "cachingOptions": "caching",
        "componentRef": "name",
        "triggerPolicy": "trigger",
        "artifactIterator": "artifactIterator",
        "parameterIterator": "parameterIterator",
        "retryPolicy": "retry",
        "iteratorPolicy": "iteratorPolicy",
    },
    "name": {"name": "text"},
    "taskInputs": {"parameters": "{taskParameter}", "artifacts": "{taskArtifact}"},
    "taskParameter": {
        "taskOutputParameter": "producedParameter",
        "runtimeValue": "runtimeValue",
        "componentInputParameter": "text",
        "taskFinalStatus": "producer",
        "parameterExpressionSelector": "text",
    },
    "producedParameter": {"producerTask": "text", "outputParameterKey": "text"},
    "producer": {"producerTask": "text"},
    "runtimeValue": {"constantValue": "struct", "runtimeParameter": "text", "constant": "value"},
    "taskArtifact": {"taskOutputArtifact": "producedArtifact", "componentInputArtifact": "text"},
    "producedArtifact": {"producerTask": "text", "outputArtifactKey": "text"},
    "caching": {"enableCache": "flag", "cacheKey": "text"},
    "trigger": {"condition": "text", "strategy": "strategy"},
    "artifactIterator": {"items": "artifactItems", "itemInput": "text"},
    "artifactItems": {"inputArtifact": "text"},
    "parameterIterator": {"items": "parameterItems", "itemInput": "text"},
    "parameterItems": {"raw": "text", "inputParameter": "text"},
    "retry": {
        "maxRetryCount": "number",
        "backoffDuration": "duration",
        "backoffFactor": "number",
        "backoffMaxDuration": "duration",
    },
    "iteratorPolicy": {"parallelismLimit": "number"},
    "dagOutputs": {"artifacts": "{dagArtifact}", "parameters": "{dagParameter}"},
    "dagArtifact": {"artifactSelectors": "[artifactSelector]"},
    "artifactSelector": {"producerSubtask": "text", "outputArtifactKey": "text"},
    "dagParameter": {"valueFromParameter": "parameterSelector", "valueFromOneof": "parameterSelectors"},
    "parameterSelector": {"producerSubtask": "text", "outputParameterKey": "text"},
    "parameterSelectors": {"parameterSelectors": "[parameterSelector]"},
}

ENUMS: dict[str, tuple[str, ...]] = {  # by number
    "parameterType": (
        "PARAMETER_TYPE_ENUM_UNSPECIFIED",
        "NUMBER_DOUBLE",
        "NUMBER_INTEGER",
        "STRING",
        "BOOLEAN",
        "LIST",
        "STRUCT",
        "TASK_FINAL_STATUS",
        "TASK_CONFIG",
    ),
    "oldType": ("PRIMITIVE_TYPE_UNSPECIFIED", "INT", "DOUBLE", "STRING"),
    "strategy": (
        "TRIGGER_STRATEGY_UNSPECIFIED",
        "ALL_UPSTREAM_TASKS_SUCCEEDED",
        "ALL_UPSTREAM_TASKS_COMPLETED",
    ),
}
_SCALARS: dict[str, tuple[tuple[type, ...], str]] = {
    "text": ((str,), "text"),
    "flag": ((bool,), "true or false"),
    "number": ((int, float), "a number"),
    "struct": ((dict,), "a mapping"),
    "duration": ((str, dict), "a duration"),
}

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
Path = tuple[str | int, ...]


class Misfit(ValueError):  # noqa: N818 - describes the document
    """The document is not a pipeline; `path` leads to the first reason."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


def conform(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return `document` as the SDK writes one (camelCase, enum names, no nulls); raises `Misfit`."""
    spec = _conform_message(document, "pipeline", ())
    if "root" not in spec:
        raise Misfit((), "`root` is missing")
    name = spec.get("pipelineInfo", {}).get("name", "")
    if not PIPELINE_NAME.fullmatch(name):
        wanted = "lower-case letters, digits and hyphens, at most 128"
        raise Misfit(("pipelineInfo", "name"), f"the pipeline's name “{name}” is not made of {wanted}")
    version = spec.get("schemaVersion", "")
    if version != SCHEMA_VERSION:
        raise Misfit(("schemaVersion",), f"`schemaVersion` is “{version}”, not “{SCHEMA_VERSION}”")
    _check_references(spec)
    return spec


def _conform_message(value: Any, message: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit(path, f"`{_last(path)}` is not a mapping")
    fields = MESSAGES[message]
    result: dict[str, Any] = {}
    for key, inner in value.items():
        name = key if key in fields else _camel(key)
        if name not in fields:
            raise Misfit((*path, key), f"“{key}” is not a field of a compiled pipeline")
        if name in result:
            raise Misfit((*path, key), f"“{key}” is there twice")
        if inner is not None or fields[name] == "value":
            result[name] = _conform_field(inner, fields[name], (*path, key))
    return result


def _conform_field(value: Any, kind: str, path: Path) -> Any:
    if kind == "value":
        return value
    if kind.startswith("{"):
        if not isinstance(value, dict):
            raise Misfit(path, f"`{_last(path)}` is not a mapping")
        return {key: _conform_field(inner, kind[1:-1], (*path, key)) for key, inner in value.items()}
    if kind.startswith("["):
        if not isinstance(value, list):
            raise Misfit(path, f"`{_last(path)}` is not a list")
        return [_conform_field(inner, kind[1:-1], (*path, index)) for index, inner in enumerate(value)]
    if kind in ENUMS:
        return _conform_enum(value, ENUMS[kind], path)
    if kind not in _SCALARS:
        return _conform_message(value, kind, path)
    if kind == "number" and isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value) if set(value) & set(".eE") else int(value)  # as protojson accepts it
    types, word = _SCALARS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise Misfit(path, f"`{_last(path)}` is not {word}")
    return value


def _conform_enum(value: Any, names: tuple[str, ...], path: Path) -> str:
    """Return the name of an enum value; like protojson, take its number, too."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    if isinstance(value, str) and value in names:
        return value
    raise Misfit(path, f"`{_last(path)}` is none of {', '.join(names[1:])}")


def _check_references(spec: dict[str, Any]) -> None:
    components: dict[str, Any] = spec.get("components", {})
    executors = spec.get("deploymentSpec", {}).get("executors", {})
    if "dag" not in spec["root"]:
        raise Misfit(("root",), "`root` has no tasks")
    for path, component in (
        (("root",), spec["root"]),
        *((("components", n), c) for n, c in components.items()),
    ):
        if ("dag" in component) == ("executorLabel" in component):
            raise Misfit(path, f"“{path[-1]}” has neither tasks nor an executor, or both")
        label = component.get("executorLabel")
        if label is not None and not isinstance(_get(executors, label), dict):
            raise Misfit((*path, "executorLabel"), f"the executor “{label}” is missing")
        if "dag" in component:
            _check_dag(component["dag"], components, (*path, "dag"))
    contained = {name: set(_list_references(component)) for name, component in components.items()}
    _refuse_cycle(
        contained,
        lambda names: Misfit(("components", names[0]), f"components contain each other: {' → '.join(names)}"),
    )
    _refuse_depth(contained)


def _check_dag(dag: dict[str, Any], components: dict[str, Any], path: Path) -> None:
    tasks: dict[str, Any] = dag.get("tasks", {})
    needs: dict[str, set[str]] = {}
    for name, task in tasks.items():
        place = (*path, "tasks", name)
        reference = task.get("componentRef", {}).get("name", "")
        if reference not in components:
            raise Misfit(place, f"task “{name}”: the component “{reference}” is missing")
        needs[name] = set(list_upstream(task))
        for other in sorted(needs[name]):
            if other not in tasks:
                raise Misfit(place, f"task “{name}” waits for “{other}”, which is missing")
    _refuse_cycle(
        needs,
        lambda names: Misfit((*path, "tasks", names[0]), f"tasks wait for each other: {' → '.join(names)}"),
    )


def list_upstream(task: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the sibling tasks that `task` waits for."""
    yield from task.get("dependentTasks", ())
    inputs = task.get("inputs", {})
    for kind, keys in (
        ("parameters", ("taskOutputParameter", "taskFinalStatus")),
        ("artifacts", ("taskOutputArtifact",)),
    ):
        for source in inputs.get(kind, {}).values():
            for key in keys:
                if key in source:
                    yield source[key].get("producerTask", "")


def _list_references(component: Mapping[str, Any]) -> Iterator[str]:
    for task in component.get("dag", {}).get("tasks", {}).values():
        yield task["componentRef"]["name"]


def _refuse_cycle(edges: Mapping[str, set[str]], error: Callable[[list[str]], Misfit]) -> None:
    """Raise `error(names)` if `edges` lead from a name back to itself.

    A depth-first search on a stack of its own: a name is entered, then left after everything behind it, and
    one that is met between the two closes a cycle.
    """
    done: set[str] = set()
    trail: dict[str, None] = {}  # entered and not left: an ordered set
    for start in edges:
        pending: list[tuple[str, bool]] = [(start, True)]
        while pending:
            name, entering = pending.pop()
            if not entering:
                del trail[name]
                done.add(name)
            elif name in trail:
                names = list(trail)
                raise error([*names[names.index(name) :], name])
            elif name not in done:
                trail[name] = None
                pending.append((name, False))
                pending.extend((other, True) for other in sorted(edges.get(name, ())))


def _refuse_depth(edges: Mapping[str, set[str]]) -> None:
    """Raise `Misfit` if components, known to be free of cycles, are nested too deep for recursion."""
    level, depth = set(edges), 0
    while level:
        level = set().union(*(edges.get(name, set()) for name in level))
        depth += 1
        if depth > MAX_NESTING:
            raise Misfit(("components",), f"components are nested more than {MAX_NESTING} levels deep")


def _get(mapping: Any, key: str) -> Any:
    return mapping.get(key) if isinstance(mapping, dict) else None


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def _last(path: Path) -> str:
    return str(path[-1]) if path else "the document"
