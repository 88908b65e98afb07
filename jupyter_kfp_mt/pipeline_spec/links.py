"""Finds what a pipeline takes from nowhere: inputs that nobody declares, and artifacts from outside. Pure.

KFP accepts both and fails when the run gets there: its driver finds no such input in the DAG around the task
(`resolveInputParameter` in backend/src/v2/driver/resolve.go), and a run can only be given values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_CHANNEL = "pipelinechannel--"
# The SDK writes the item of a loop into DAGs around the loop, too; nothing reads it there.
_ITEM = "loop-item"
_CHOICE = "-oneof-"  # in the name of a `dsl.OneOf`


class BrokenLink(msgspec.Struct, frozen=True, kw_only=True):
    """A task that takes something of `source`, a DAG around or beside it, which does not have it."""

    task: str
    wanted: str
    source: str
    is_list: bool = False  # over which the task loops

    @property
    def problem(self) -> str:
        """What is wrong, as the end of a sentence."""
        return f"it takes {self.wanted} of {self.source}, which has none"

    @property
    def why(self) -> str:
        """How it came about (kubeflow/pipelines 12390, 13273)."""
        if self.is_list:
            return _LOST_LIST
        return _LOST_CHOICE if _CHOICE in self.wanted else ""

    @property
    def cure(self) -> str:
        """What to write instead."""
        if self.is_list:
            return _KEEP_ITEM
        return _KEEP_CHOICE if _CHOICE in self.wanted else "Correct the pipeline."


class NeededArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that a pipeline needs from outside."""

    name: str
    type: str  # without its namespace: `Dataset`

    @property
    def problem(self) -> str:
        """What is wrong, as the end of a sentence."""
        article = "an" if self.type[:1] in "AEIOU" else "a"
        return f"{article} {self.type} is needed, and a run can only be given values"


_LOST_LIST = (
    "The SDK loses the list of a loop that is inside another loop, a condition or an exit handler, if a text"
    ' (f"…") mentions its item.'
)
_LOST_CHOICE = "The SDK loses a dsl.OneOf that is first used by a condition or a loop."
_KEEP_CHOICE = "Give it to a task, and use the output of that."
_KEEP_ITEM = "Give the task the item as an input of its own, with no text around it."


def find_broken_links(spec: Mapping[str, Any]) -> list[BrokenLink]:
    """Return what tasks take from where it is not, in the order of the pipeline."""
    broken: list[BrokenLink] = []
    components: Mapping[str, Any] = spec.get("components", {})
    for name, component in [("the pipeline", spec["root"]), *_name_dags(spec, components)]:
        tasks = component.get("dag", {}).get("tasks", {})
        for task_name, task in tasks.items():
            looped = task.get("parameterIterator", {}).get("items", {}).get("inputParameter", "")
            missing = [(key, wanted, name) for key, wanted in _list_missing(task, component)]
            missing += _list_missing_outputs(task, tasks, components)
            for key, wanted, source in missing:
                short = wanted.removeprefix(_CHANNEL)
                broken.append(BrokenLink(task=task_name, wanted=short, source=source, is_list=key == looped))
    return broken


def find_needed_artifacts(spec: Mapping[str, Any]) -> list[NeededArtifact]:
    """Return the artifacts without which the pipeline cannot run."""
    definitions = spec["root"].get("inputDefinitions", {}).get("artifacts", {})
    return [
        NeededArtifact(name=name, type=_read_type(definition))
        for name, definition in definitions.items()
        if not definition.get("isOptional")
    ]


def is_single_component(spec: Mapping[str, Any]) -> bool:
    """Whether the SDK has compiled a component by itself, into a pipeline of one task of its name."""
    tasks = spec["root"].get("dag", {}).get("tasks", {})
    return list(tasks) == [spec["pipelineInfo"]["name"]]


def _name_dags(
    spec: Mapping[str, Any], components: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Generate the DAGs in use by the name of the first task that has them."""
    seen: set[str] = set()
    waiting = [spec["root"]]
    while waiting:
        for name, task in waiting.pop(0).get("dag", {}).get("tasks", {}).items():
            reference = task.get("componentRef", {}).get("name", "")
            component = components.get(reference, {})
            if reference not in seen and "dag" in component:
                seen.add(reference)
                waiting.append(component)
                yield name, component


def _list_missing(task: Mapping[str, Any], around: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Generate the inputs of `task` that the DAG around it lacks, each with its name there."""
    for kind, field in (
        ("parameters", "componentInputParameter"),
        ("artifacts", "componentInputArtifact"),
    ):
        declared = around.get("inputDefinitions", {}).get(kind, {})
        for key, source in task.get("inputs", {}).get(kind, {}).items():
            name = source.get(field, "")
            if name and name not in declared and _ITEM not in name:
                yield key, name


def _list_missing_outputs(
    task: Mapping[str, Any], siblings: Mapping[str, Any], components: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Generate (input, output, sibling) for what `task` takes of DAGs beside it that do not pass it on."""
    for kind, field, output_key in (
        ("parameters", "taskOutputParameter", "outputParameterKey"),
        ("artifacts", "taskOutputArtifact", "outputArtifactKey"),
    ):
        for key, source in task.get("inputs", {}).get(kind, {}).items():
            producer = source.get(field, {}).get("producerTask", "")
            reference = siblings.get(producer, {}).get("componentRef", {}).get("name", "")
            dag = components.get(reference, {}).get("dag")
            wanted = source.get(field, {}).get(output_key, "")
            if dag is not None and wanted not in dag.get("outputs", {}).get(kind, {}) and _ITEM not in wanted:
                yield key, wanted, producer


def _read_type(definition: Mapping[str, Any]) -> str:
    title = definition.get("artifactType", {}).get("schemaTitle", "") or "system.Artifact"
    kind = str(title).rpartition(".")[2]
    return f"list of {kind}s" if definition.get("isArtifactList") else kind
