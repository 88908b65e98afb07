"""The compiled pipeline (IR 2.1.0) as values: the parts that decide what runs.

Field names are those of `pipeline_spec.proto` and `kubernetes_executor_config.proto`, in snake case. Fields
that are not here (display settings) make no difference on one machine; `problems.py` finds what must be
refused.

```text
ir.py          tasks, their inputs and components
executors.py   what runs the code of a component
kubernetes.py  what kfp-kubernetes sets
pipeline.py    the whole, and how it is read
```
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec


class SpecMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message of the IR; unknown fields are ignored."""


class TaskOutputParameter(SpecMessage, frozen=True, kw_only=True):
    """A reference to an output parameter of a sibling task."""

    producer_task: str = ""
    output_parameter_key: str = ""


class TaskOutputArtifact(SpecMessage, frozen=True, kw_only=True):
    """A reference to an output artifact of a sibling task."""

    producer_task: str = ""
    output_artifact_key: str = ""


class FinalStatus(SpecMessage, frozen=True, kw_only=True):
    """A reference to the sibling whose final status an exit task receives."""

    producer_task: str = ""


class RuntimeValue(SpecMessage, frozen=True, kw_only=True):
    """A constant of the pipeline; its strings may contain placeholders."""

    constant: Any = None
    runtime_parameter: str = ""


class InputParameter(SpecMessage, frozen=True, kw_only=True):
    """The source of an input parameter."""

    task_output_parameter: TaskOutputParameter | None = None
    runtime_value: RuntimeValue | None = None
    component_input_parameter: str = ""
    task_final_status: FinalStatus | None = None
    parameter_expression_selector: str = ""


class InputArtifact(SpecMessage, frozen=True, kw_only=True):
    """The source of an input artifact."""

    task_output_artifact: TaskOutputArtifact | None = None
    component_input_artifact: str = ""


class TaskInputs(SpecMessage, frozen=True, kw_only=True):
    """The inputs of a task by name."""

    parameters: dict[str, InputParameter] = {}
    artifacts: dict[str, InputArtifact] = {}


class ParameterDefinition(SpecMessage, frozen=True, kw_only=True):
    """An input or output parameter of a component."""

    parameter_type: str = ""
    default_value: Any = msgspec.UNSET
    is_optional: bool = False
    literals: list[Any] = []  # the only values allowed; empty: any
    # Not in the IR; only for the outputs of Argo templates:
    read_from: str = ""  # the output artifact whose file has the value
    trimmed: bool = False  # a newline at the end is not part of the value


class ArtifactType(SpecMessage, frozen=True, kw_only=True):
    """The type of an artifact, by the title of its schema (`system.Model`)."""

    schema_title: str = "system.Artifact"
    schema_version: str = "0.0.1"
    instance_schema: str = ""


class ArtifactDefinition(SpecMessage, frozen=True, kw_only=True):
    """An input or output artifact of a component."""

    artifact_type: ArtifactType = ArtifactType()
    is_artifact_list: bool = False
    is_optional: bool = False


class Definitions(SpecMessage, frozen=True, kw_only=True):
    """The inputs, or the outputs, of a component."""

    parameters: dict[str, ParameterDefinition] = {}
    artifacts: dict[str, ArtifactDefinition] = {}


class ParameterSelector(SpecMessage, frozen=True, kw_only=True):
    """An output parameter of a task inside a DAG that becomes an output of the DAG."""

    producer_subtask: str = ""
    output_parameter_key: str = ""


class OneOf(SpecMessage, frozen=True, kw_only=True):
    """The output of the first of these tasks that ran (`dsl.OneOf`)."""

    parameter_selectors: list[ParameterSelector] = []


class DagParameterOutput(SpecMessage, frozen=True, kw_only=True):
    """The source of an output parameter of a DAG."""

    value_from_parameter: ParameterSelector | None = None
    value_from_oneof: OneOf | None = None


class ArtifactSelector(SpecMessage, frozen=True, kw_only=True):
    """An output artifact of a task inside a DAG."""

    producer_subtask: str = ""
    output_artifact_key: str = ""


class DagArtifactOutput(SpecMessage, frozen=True, kw_only=True):
    """The source of an output artifact of a DAG: the first selector whose task made it."""

    artifact_selectors: list[ArtifactSelector] = []


class DagOutputs(SpecMessage, frozen=True, kw_only=True):
    """The outputs of a DAG by name."""

    parameters: dict[str, DagParameterOutput] = {}
    artifacts: dict[str, DagArtifactOutput] = {}


class Named(SpecMessage, frozen=True, kw_only=True):
    """A message with nothing but a name: a reference or a label."""

    name: str = ""


class CachingOptions(SpecMessage, frozen=True, kw_only=True):
    """Whether a task may use results of earlier runs."""

    enable_cache: bool = False
    cache_key: str = ""


class TriggerPolicy(SpecMessage, frozen=True, kw_only=True):
    """When a task starts: a condition on its inputs, and the required states of its upstream tasks."""

    condition: str = ""
    strategy: str = ""

    @property
    def after_failure(self) -> bool:
        """Whether the task starts even after its upstream tasks failed."""
        return self.strategy == "ALL_UPSTREAM_TASKS_COMPLETED"


class ParameterItems(SpecMessage, frozen=True, kw_only=True):
    """The items of a loop: JSON text, or an input of the loop."""

    raw: str = ""
    input_parameter: str = ""


class ParameterIterator(SpecMessage, frozen=True, kw_only=True):
    """A loop over values."""

    items: ParameterItems = ParameterItems()
    item_input: str = ""


class ArtifactItems(SpecMessage, frozen=True, kw_only=True):
    """The input of a loop over artifacts that has the items."""

    input_artifact: str = ""


class ArtifactIterator(SpecMessage, frozen=True, kw_only=True):
    """A loop over artifacts."""

    items: ArtifactItems = ArtifactItems()
    item_input: str = ""


class IteratorPolicy(SpecMessage, frozen=True, kw_only=True):
    """How many iterations may run at once; 0 means no limit."""

    parallelism_limit: int = 0


class TaskRetryPolicy(SpecMessage, frozen=True, kw_only=True):
    """How often, and after which delays (`"60s"`), a failed task is retried."""

    max_retry_count: int = 0
    backoff_duration: str = ""
    backoff_factor: float = 2.0
    backoff_max_duration: str = ""


class TaskSpec(SpecMessage, frozen=True, kw_only=True, dict=True):
    """A task of a DAG."""

    component_ref: Named = Named()
    task_info: Named = Named()
    inputs: TaskInputs = TaskInputs()
    dependent_tasks: list[str] = []
    caching_options: CachingOptions = CachingOptions()
    trigger_policy: TriggerPolicy = TriggerPolicy()
    parameter_iterator: ParameterIterator | None = None
    artifact_iterator: ArtifactIterator | None = None
    iterator_policy: IteratorPolicy = IteratorPolicy()
    retry_policy: TaskRetryPolicy = TaskRetryPolicy()

    @cached_property  # the runs of a pipeline share its tasks
    def upstream(self) -> frozenset[str]:
        """The siblings that must have ended before this task can start."""
        sources = [
            parameter.task_output_parameter or parameter.task_final_status
            for parameter in self.inputs.parameters.values()
        ]
        artifacts = [artifact.task_output_artifact for artifact in self.inputs.artifacts.values()]
        named = [source.producer_task for source in (*sources, *artifacts) if source is not None]
        return frozenset([*self.dependent_tasks, *named])


class Dag(SpecMessage, frozen=True, kw_only=True):
    """Tasks, and the outputs of the DAG that they produce."""

    tasks: dict[str, TaskSpec] = {}
    outputs: DagOutputs = DagOutputs()


ENV, VOLUMES = "ENV", "KUBERNETES_VOLUMES"  # fields of a `dsl.TaskConfig`


class TaskConfigPassthrough(SpecMessage, frozen=True, kw_only=True):
    """Settings of a task that its `dsl.TaskConfig` is given, and whether they apply to the task as well."""

    field: str = ""
    apply_to_task: bool = False


class Component(SpecMessage, frozen=True, kw_only=True):
    """A component: a DAG, or code to run, with its inputs and outputs."""

    dag: Dag | None = None
    executor_label: str = ""
    input_definitions: Definitions = Definitions()
    output_definitions: Definitions = Definitions()
    task_config_passthroughs: list[TaskConfigPassthrough] = []

    def passes_on(self, field: str) -> bool:
        """Whether a `dsl.TaskConfig` of the component is given these settings."""
        return any(each.field == field for each in self.task_config_passthroughs)

    def applies(self, field: str) -> bool:
        """Whether these settings hold for the task itself."""
        return all(each.apply_to_task for each in self.task_config_passthroughs if each.field == field)
