"""The compiled pipeline (IR 2.1.0) as values: the parts of it that decide what runs.

Field names are those of `pipeline_spec.proto` and `kubernetes_executor_config.proto`, in snake case. What is
not listed here (resource requests, display settings) changes nothing on one machine; what must be refused is
found by `problems.py`.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message of the IR; unknown fields are left alone."""


class TaskOutputParameter(_Message, frozen=True, kw_only=True):
    """Which output of which sibling."""

    producer_task: str = ""
    output_parameter_key: str = ""


class TaskOutputArtifact(_Message, frozen=True, kw_only=True):
    """Which artifact of which sibling."""

    producer_task: str = ""
    output_artifact_key: str = ""


class FinalStatus(_Message, frozen=True, kw_only=True):
    """The sibling whose end is told to an exit task."""

    producer_task: str = ""


class RuntimeValue(_Message, frozen=True, kw_only=True):
    """A value written in the pipeline; strings in it may hold placeholders."""

    constant: Any = None
    runtime_parameter: str = ""


class InputParameter(_Message, frozen=True, kw_only=True):
    """Where one input parameter comes from."""

    task_output_parameter: TaskOutputParameter | None = None
    runtime_value: RuntimeValue | None = None
    component_input_parameter: str = ""
    task_final_status: FinalStatus | None = None
    parameter_expression_selector: str = ""


class InputArtifact(_Message, frozen=True, kw_only=True):
    """Where one input artifact comes from."""

    task_output_artifact: TaskOutputArtifact | None = None
    component_input_artifact: str = ""


class TaskInputs(_Message, frozen=True, kw_only=True):
    """The inputs of a task by name."""

    parameters: dict[str, InputParameter] = {}
    artifacts: dict[str, InputArtifact] = {}


class ParameterDefinition(_Message, frozen=True, kw_only=True):
    """A parameter that a component takes or gives."""

    parameter_type: str = ""
    default_value: Any = msgspec.UNSET
    is_optional: bool = False
    literals: list[Any] = []  # the only values it takes; empty: any
    # Not in IR, of outputs of Argo templates only:
    read_from: str = ""  # the output artifact whose file has the value
    trimmed: bool = False  # a line end at its end is not part of the value


class ArtifactType(_Message, frozen=True, kw_only=True):
    """The kind of an artifact, by the title of its schema (`system.Model`)."""

    schema_title: str = "system.Artifact"
    schema_version: str = "0.0.1"
    instance_schema: str = ""


class ArtifactDefinition(_Message, frozen=True, kw_only=True):
    """An artifact that a component takes or gives."""

    artifact_type: ArtifactType = ArtifactType()
    is_artifact_list: bool = False
    is_optional: bool = False


class Definitions(_Message, frozen=True, kw_only=True):
    """The inputs, or the outputs, of a component."""

    parameters: dict[str, ParameterDefinition] = {}
    artifacts: dict[str, ArtifactDefinition] = {}


class ParameterSelector(_Message, frozen=True, kw_only=True):
    """An output of a task inside a DAG that becomes an output of the DAG."""

    producer_subtask: str = ""
    output_parameter_key: str = ""


class OneOf(_Message, frozen=True, kw_only=True):
    """The first of these that ran (`dsl.OneOf`)."""

    parameter_selectors: list[ParameterSelector] = []


class DagParameterOutput(_Message, frozen=True, kw_only=True):
    """Where an output parameter of a DAG comes from."""

    value_from_parameter: ParameterSelector | None = None
    value_from_oneof: OneOf | None = None


class ArtifactSelector(_Message, frozen=True, kw_only=True):
    """An artifact of a task inside a DAG."""

    producer_subtask: str = ""
    output_artifact_key: str = ""


class DagArtifactOutput(_Message, frozen=True, kw_only=True):
    """Where an output artifact of a DAG comes from: the first selector that has it."""

    artifact_selectors: list[ArtifactSelector] = []


class DagOutputs(_Message, frozen=True, kw_only=True):
    """The outputs of a DAG by name."""

    parameters: dict[str, DagParameterOutput] = {}
    artifacts: dict[str, DagArtifactOutput] = {}


class Named(_Message, frozen=True, kw_only=True):
    """A reference, or a label, that is a name and nothing else."""

    name: str = ""


class CachingOptions(_Message, frozen=True, kw_only=True):
    """Whether results of earlier runs may be taken."""

    enable_cache: bool = False
    cache_key: str = ""


class TriggerPolicy(_Message, frozen=True, kw_only=True):
    """When a task starts: a condition on its inputs, and what its upstream tasks must have come to."""

    condition: str = ""
    strategy: str = ""

    @property
    def after_failure(self) -> bool:
        """Whether the task starts however its upstream tasks ended."""
        return self.strategy == "ALL_UPSTREAM_TASKS_COMPLETED"


class ParameterItems(_Message, frozen=True, kw_only=True):
    """What a loop goes over: JSON text, or an input of the loop."""

    raw: str = ""
    input_parameter: str = ""


class ParameterIterator(_Message, frozen=True, kw_only=True):
    """A loop over values."""

    items: ParameterItems = ParameterItems()
    item_input: str = ""


class ArtifactItems(_Message, frozen=True, kw_only=True):
    """The list of artifacts that a loop goes over."""

    input_artifact: str = ""


class ArtifactIterator(_Message, frozen=True, kw_only=True):
    """A loop over artifacts."""

    items: ArtifactItems = ArtifactItems()
    item_input: str = ""


class IteratorPolicy(_Message, frozen=True, kw_only=True):
    """How many iterations may be under way at once; 0 is no limit."""

    parallelism_limit: int = 0


class TaskRetryPolicy(_Message, frozen=True, kw_only=True):
    """How often, and after which pauses (`"60s"`), a failed task is tried again."""

    max_retry_count: int = 0
    backoff_duration: str = ""
    backoff_factor: float = 2.0
    backoff_max_duration: str = ""


class TaskSpec(_Message, frozen=True, kw_only=True):
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

    @property
    def upstream(self) -> frozenset[str]:
        """The siblings that must have ended before this task can start."""
        sources = [
            parameter.task_output_parameter or parameter.task_final_status
            for parameter in self.inputs.parameters.values()
        ]
        artifacts = [artifact.task_output_artifact for artifact in self.inputs.artifacts.values()]
        named = [source.producer_task for source in (*sources, *artifacts) if source is not None]
        return frozenset([*self.dependent_tasks, *named])


class Dag(_Message, frozen=True, kw_only=True):
    """Tasks and what becomes of their outputs."""

    tasks: dict[str, TaskSpec] = {}
    outputs: DagOutputs = DagOutputs()


class Component(_Message, frozen=True, kw_only=True):
    """Something that takes inputs and gives outputs: a DAG, or code that is run."""

    dag: Dag | None = None
    executor_label: str = ""
    input_definitions: Definitions = Definitions()
    output_definitions: Definitions = Definitions()


class EnvVar(_Message, frozen=True, kw_only=True):
    """A variable of a container."""

    name: str
    value: str = ""


class Resources(_Message, frozen=True, kw_only=True):
    """What a container asks for; only accelerators matter here."""

    accelerator: dict[str, Any] = {}


class Container(_Message, frozen=True, kw_only=True):
    """An image and the command to run in it."""

    image: str = ""
    command: list[str] = []
    args: list[str] = []
    env: list[EnvVar] = []
    resources: Resources = Resources()
    # Not in IR, of Argo templates only:
    requirements: list[str] = []  # packages that it asks for
    files: dict[str, str] = {}  # input artifacts that are written from texts, with placeholders


class Importer(_Message, frozen=True, kw_only=True):
    """An artifact that exists already."""

    artifact_uri: RuntimeValue = RuntimeValue()
    type_schema: ArtifactType = ArtifactType()
    metadata: dict[str, Any] = {}
    reimport: bool = False
    download_to_workspace: bool = False


class Executor(_Message, frozen=True, kw_only=True):
    """How the code of a component is run."""

    container: Container | None = None
    importer: Importer | None = None
    custom_job: dict[str, Any] = {}
    resolver: dict[str, Any] = {}


class Deployment(_Message, frozen=True, kw_only=True):
    """The executors by label."""

    executors: dict[str, Executor] = {}


class KeyToEnv(_Message, frozen=True, kw_only=True):
    """Which key becomes which variable."""

    secret_key: str = ""
    config_map_key: str = ""
    env_var: str = ""


class SourceAsEnv(_Message, frozen=True, kw_only=True):
    """Keys of a secret or a config map as variables."""

    secret_name: str = ""
    secret_name_parameter: InputParameter | None = None
    config_map_name: str = ""
    config_map_name_parameter: InputParameter | None = None
    key_to_env: list[KeyToEnv] = []
    optional: bool = False


class SourceAsFiles(_Message, frozen=True, kw_only=True):
    """A secret or a config map as a folder of files."""

    secret_name: str = ""
    secret_name_parameter: InputParameter | None = None
    config_map_name: str = ""
    config_map_name_parameter: InputParameter | None = None
    mount_path: str = ""
    optional: bool = False


class ClaimMount(_Message, frozen=True, kw_only=True):
    """A claim on a volume at a place; the last three are an older way to write its name."""

    mount_path: str = ""
    sub_path: str = ""
    pvc_name_parameter: InputParameter | None = None
    constant: str = ""
    component_input_parameter: str = ""
    task_output_parameter: TaskOutputParameter | None = None

    @property
    def name(self) -> InputParameter:
        """Where its name comes from."""
        return self.pvc_name_parameter or InputParameter(
            runtime_value=RuntimeValue(constant=self.constant) if self.constant else None,
            component_input_parameter=self.component_input_parameter,
            task_output_parameter=self.task_output_parameter,
        )


class ScratchMount(_Message, frozen=True, kw_only=True):
    """An empty folder of one task alone at a place."""

    volume_name: str = ""
    mount_path: str = ""


class FieldAsEnv(_Message, frozen=True, kw_only=True):
    """A field of the pod as a variable (`metadata.namespace`)."""

    name: str = ""
    field_path: str = ""


class KubernetesExecutor(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of kfp-kubernetes for one executor; an unknown one might change what it does."""

    secret_as_env: list[SourceAsEnv] = []
    config_map_as_env: list[SourceAsEnv] = []
    field_path_as_env: list[FieldAsEnv] = []
    active_deadline_seconds: int = 0
    secret_as_volume: list[SourceAsFiles] = []
    config_map_as_volume: list[SourceAsFiles] = []
    pvc_mount: list[ClaimMount] = []
    generic_ephemeral_volume: list[ScratchMount] = []
    empty_dir_mounts: list[ScratchMount] = []
    # Without effect on one machine:
    node_selector: Any = None
    node_affinity: Any = None
    pod_affinity: Any = None
    tolerations: Any = None
    pod_metadata: Any = None
    image_pull_secret: Any = None
    image_pull_policy: Any = None
    security_context: Any = None
    enabled_shared_memory: Any = None

    @property
    def scratch(self) -> list[ScratchMount]:
        """The empty folders that the task gets."""
        return self.empty_dir_mounts + self.generic_ephemeral_volume


class PipelineSettings(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the whole pipeline (`dsl.PipelineConfig`); the last ones are without effect here."""

    workspace: dict[str, Any] | None = None
    active_deadline_seconds: int = 0
    resource_ttl_on_completion: Any = None
    resource_ttl_on_success: Any = None
    resource_ttl_on_failure: Any = None


class CompiledPipeline(_Message, frozen=True, kw_only=True):
    """A compiled pipeline with its platform settings."""

    pipeline_info: Named = Named()
    root: Component = Component()
    components: dict[str, Component] = {}
    deployment_spec: Deployment = Deployment()
    schema_version: str = ""
    sdk_version: str = ""
    default_pipeline_root: str = ""
    kubernetes: dict[str, KubernetesExecutor] = {}
    settings: PipelineSettings = PipelineSettings()

    def component(self, task: TaskSpec) -> Component:
        """The component of `task`; an empty one when the pipeline does not have it."""
        return self.components.get(task.component_ref.name, Component())

    def executor(self, component: Component) -> Executor:
        """How the code of `component` is run."""
        return self.deployment_spec.executors.get(component.executor_label, Executor())

    def platform(self, component: Component) -> KubernetesExecutor:
        """The Kubernetes settings of `component`."""
        return self.kubernetes.get(component.executor_label, KubernetesExecutor())


class _PlatformDeployment(_Message, frozen=True, kw_only=True):
    executors: dict[str, KubernetesExecutor] = {}


class _Platform(_Message, frozen=True, kw_only=True):
    deployment_spec: _PlatformDeployment = _PlatformDeployment()
    pipeline_config: PipelineSettings = PipelineSettings()


class _Platforms(_Message, frozen=True, kw_only=True):
    kubernetes: _Platform = _Platform()


class _PlatformSpec(_Message, frozen=True, kw_only=True):
    platforms: _Platforms = _Platforms()


def read_pipeline(pipeline_spec: dict[str, Any], platform_spec: dict[str, Any] | None) -> CompiledPipeline:
    """Return the pipeline of two parsed documents; raises msgspec.ValidationError."""
    pipeline = msgspec.convert(pipeline_spec, CompiledPipeline, strict=False)
    platform = msgspec.convert(platform_spec or {}, _PlatformSpec, strict=False).platforms.kubernetes
    return msgspec.structs.replace(
        pipeline, kubernetes=platform.deployment_spec.executors, settings=platform.pipeline_config
    )
