"""The compiled pipeline (IR 2.1.0) as values: the parts that decide what runs.

Field names are those of `pipeline_spec.proto` and `kubernetes_executor_config.proto`, in snake case. Fields
that are not here (resource requests, display settings) make no difference on one machine; `problems.py` finds
what must be refused.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message of the IR; unknown fields are ignored."""


class TaskOutputParameter(_Message, frozen=True, kw_only=True):
    """A reference to an output parameter of a sibling task."""

    producer_task: str = ""
    output_parameter_key: str = ""


class TaskOutputArtifact(_Message, frozen=True, kw_only=True):
    """A reference to an output artifact of a sibling task."""

    producer_task: str = ""
    output_artifact_key: str = ""


class FinalStatus(_Message, frozen=True, kw_only=True):
    """A reference to the sibling whose final status an exit task receives."""

    producer_task: str = ""


class RuntimeValue(_Message, frozen=True, kw_only=True):
    """A constant of the pipeline; its strings may contain placeholders."""

    constant: Any = None
    runtime_parameter: str = ""


class InputParameter(_Message, frozen=True, kw_only=True):
    """The source of an input parameter."""

    task_output_parameter: TaskOutputParameter | None = None
    runtime_value: RuntimeValue | None = None
    component_input_parameter: str = ""
    task_final_status: FinalStatus | None = None
    parameter_expression_selector: str = ""


class InputArtifact(_Message, frozen=True, kw_only=True):
    """The source of an input artifact."""

    task_output_artifact: TaskOutputArtifact | None = None
    component_input_artifact: str = ""


class TaskInputs(_Message, frozen=True, kw_only=True):
    """The inputs of a task by name."""

    parameters: dict[str, InputParameter] = {}
    artifacts: dict[str, InputArtifact] = {}


class ParameterDefinition(_Message, frozen=True, kw_only=True):
    """An input or output parameter of a component."""

    parameter_type: str = ""
    default_value: Any = msgspec.UNSET
    is_optional: bool = False
    literals: list[Any] = []  # the only values allowed; empty: any
    # Not in the IR; only for the outputs of Argo templates:
    read_from: str = ""  # the output artifact whose file has the value
    trimmed: bool = False  # a newline at the end is not part of the value


class ArtifactType(_Message, frozen=True, kw_only=True):
    """The type of an artifact, by the title of its schema (`system.Model`)."""

    schema_title: str = "system.Artifact"
    schema_version: str = "0.0.1"
    instance_schema: str = ""


class ArtifactDefinition(_Message, frozen=True, kw_only=True):
    """An input or output artifact of a component."""

    artifact_type: ArtifactType = ArtifactType()
    is_artifact_list: bool = False
    is_optional: bool = False


class Definitions(_Message, frozen=True, kw_only=True):
    """The inputs, or the outputs, of a component."""

    parameters: dict[str, ParameterDefinition] = {}
    artifacts: dict[str, ArtifactDefinition] = {}


class ParameterSelector(_Message, frozen=True, kw_only=True):
    """An output parameter of a task inside a DAG that becomes an output of the DAG."""

    producer_subtask: str = ""
    output_parameter_key: str = ""


class OneOf(_Message, frozen=True, kw_only=True):
    """The output of the first of these tasks that ran (`dsl.OneOf`)."""

    parameter_selectors: list[ParameterSelector] = []


class DagParameterOutput(_Message, frozen=True, kw_only=True):
    """The source of an output parameter of a DAG."""

    value_from_parameter: ParameterSelector | None = None
    value_from_oneof: OneOf | None = None


class ArtifactSelector(_Message, frozen=True, kw_only=True):
    """An output artifact of a task inside a DAG."""

    producer_subtask: str = ""
    output_artifact_key: str = ""


class DagArtifactOutput(_Message, frozen=True, kw_only=True):
    """The source of an output artifact of a DAG: the first selector whose task made it."""

    artifact_selectors: list[ArtifactSelector] = []


class DagOutputs(_Message, frozen=True, kw_only=True):
    """The outputs of a DAG by name."""

    parameters: dict[str, DagParameterOutput] = {}
    artifacts: dict[str, DagArtifactOutput] = {}


class Named(_Message, frozen=True, kw_only=True):
    """A message with nothing but a name: a reference or a label."""

    name: str = ""


class CachingOptions(_Message, frozen=True, kw_only=True):
    """Whether a task may use results of earlier runs."""

    enable_cache: bool = False
    cache_key: str = ""


class TriggerPolicy(_Message, frozen=True, kw_only=True):
    """When a task starts: a condition on its inputs, and the required states of its upstream tasks."""

    condition: str = ""
    strategy: str = ""

    @property
    def after_failure(self) -> bool:
        """Whether the task starts even after its upstream tasks failed."""
        return self.strategy == "ALL_UPSTREAM_TASKS_COMPLETED"


class ParameterItems(_Message, frozen=True, kw_only=True):
    """The items of a loop: JSON text, or an input of the loop."""

    raw: str = ""
    input_parameter: str = ""


class ParameterIterator(_Message, frozen=True, kw_only=True):
    """A loop over values."""

    items: ParameterItems = ParameterItems()
    item_input: str = ""


class ArtifactItems(_Message, frozen=True, kw_only=True):
    """The input of a loop over artifacts that has the items."""

    input_artifact: str = ""


class ArtifactIterator(_Message, frozen=True, kw_only=True):
    """A loop over artifacts."""

    items: ArtifactItems = ArtifactItems()
    item_input: str = ""


class IteratorPolicy(_Message, frozen=True, kw_only=True):
    """How many iterations may run at once; 0 means no limit."""

    parallelism_limit: int = 0


class TaskRetryPolicy(_Message, frozen=True, kw_only=True):
    """How often, and after which delays (`"60s"`), a failed task is retried."""

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
    """Tasks, and the outputs of the DAG that they produce."""

    tasks: dict[str, TaskSpec] = {}
    outputs: DagOutputs = DagOutputs()


ENV, VOLUMES = "ENV", "KUBERNETES_VOLUMES"  # fields of a `dsl.TaskConfig`


class TaskConfigPassthrough(_Message, frozen=True, kw_only=True):
    """Settings of a task that its `dsl.TaskConfig` is given, and whether they apply to the task as well."""

    field: str = ""
    apply_to_task: bool = False


class Component(_Message, frozen=True, kw_only=True):
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


class EnvVar(_Message, frozen=True, kw_only=True):
    """An environment variable of a container."""

    name: str
    value: str = ""


class Accelerator(_Message, frozen=True, kw_only=True):
    """A requested accelerator; the first two fields are the older way to write it."""

    type: str = ""
    count: int = 0
    resource_type: str = ""
    resource_count: str = ""


class Resources(_Message, frozen=True, kw_only=True):
    """The resource requests of a container; the first four fields are the older way to write them."""

    cpu_limit: float = 0
    cpu_request: float = 0
    memory_limit: float = 0  # in gigabytes
    memory_request: float = 0
    resource_cpu_limit: str = ""
    resource_cpu_request: str = ""
    resource_memory_limit: str = ""
    resource_memory_request: str = ""
    accelerator: Accelerator = Accelerator()


class Container(_Message, frozen=True, kw_only=True):
    """An image and the command to run in it."""

    image: str = ""
    command: list[str] = []
    args: list[str] = []
    env: list[EnvVar] = []
    resources: Resources = Resources()
    # Not in the IR; only for Argo templates:
    requirements: list[str] = []  # packages to install
    files: dict[str, str] = {}  # input artifacts written from text with placeholders


class Importer(_Message, frozen=True, kw_only=True):
    """An import of an artifact that already exists."""

    artifact_uri: RuntimeValue = RuntimeValue()
    type_schema: ArtifactType = ArtifactType()
    metadata: dict[str, Any] = {}
    reimport: bool = False
    download_to_workspace: bool = False


class Executor(_Message, frozen=True, kw_only=True):
    """How to run the code of a component."""

    container: Container | None = None
    importer: Importer | None = None
    custom_job: dict[str, Any] = {}
    resolver: dict[str, Any] = {}


class Deployment(_Message, frozen=True, kw_only=True):
    """The executors of the pipeline by label."""

    executors: dict[str, Executor] = {}


class KeyToEnv(_Message, frozen=True, kw_only=True):
    """A key of a secret or config map that becomes an environment variable."""

    secret_key: str = ""
    config_map_key: str = ""
    env_var: str = ""


class SourceAsEnv(_Message, frozen=True, kw_only=True):
    """Keys of a secret or a config map as environment variables."""

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
    """A mounted claim on a volume; the last three fields are the older way to write its name."""

    mount_path: str = ""
    sub_path: str = ""
    pvc_name_parameter: InputParameter | None = None
    constant: str = ""
    component_input_parameter: str = ""
    task_output_parameter: TaskOutputParameter | None = None

    @property
    def name(self) -> InputParameter:
        """The source of the name of the claim."""
        return self.pvc_name_parameter or InputParameter(
            runtime_value=RuntimeValue(constant=self.constant) if self.constant else None,
            component_input_parameter=self.component_input_parameter,
            task_output_parameter=self.task_output_parameter,
        )


class ScratchMount(_Message, frozen=True, kw_only=True):
    """A mounted empty folder for one task alone."""

    volume_name: str = ""
    mount_path: str = ""


class FieldAsEnv(_Message, frozen=True, kw_only=True):
    """A field of the pod (`metadata.namespace`) as an environment variable."""

    name: str = ""
    field_path: str = ""


class NodeSelector(_Message, frozen=True, kw_only=True):
    """The labels of the nodes on which a task may run; as JSON, they come from an input."""

    labels: dict[str, str] = {}
    node_selector_json: InputParameter | None = None


class Toleration(_Message, frozen=True, kw_only=True):
    """A taint of nodes that a task tolerates, or, as JSON, one or several from an input."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None
    toleration_json: InputParameter | None = None


class NodeAffinityTerm(_Message, frozen=True, kw_only=True):
    """Nodes on which a task must run, or should if it has a weight; as JSON, they come from an input."""

    match_expressions: list[dict[str, Any]] = []
    match_fields: list[dict[str, Any]] = []
    weight: int | None = None
    node_affinity_json: InputParameter | None = None


class PodMetadata(_Message, frozen=True, kw_only=True):
    """Labels and annotations of the pod of a task."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class KubernetesExecutor(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The kfp-kubernetes settings of one executor; unknown ones are refused, as they might matter."""

    secret_as_env: list[SourceAsEnv] = []
    config_map_as_env: list[SourceAsEnv] = []
    field_path_as_env: list[FieldAsEnv] = []
    active_deadline_seconds: int = 0
    secret_as_volume: list[SourceAsFiles] = []
    config_map_as_volume: list[SourceAsFiles] = []
    pvc_mount: list[ClaimMount] = []
    generic_ephemeral_volume: list[ScratchMount] = []
    empty_dir_mounts: list[ScratchMount] = []
    pod_metadata: PodMetadata = PodMetadata()
    # No effect on one machine, but for a `dsl.TaskConfig`:
    node_selector: NodeSelector | None = None
    node_affinity: list[NodeAffinityTerm] = []
    tolerations: list[Toleration] = []
    # No effect on one machine:
    pod_affinity: Any = None
    image_pull_secret: Any = None
    image_pull_policy: Any = None
    security_context: Any = None
    enabled_shared_memory: Any = None

    @property
    def scratch(self) -> list[ScratchMount]:
        """The empty folders that the task mounts."""
        return self.empty_dir_mounts + self.generic_ephemeral_volume


class PipelineSettings(_Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the whole pipeline (`dsl.PipelineConfig`); the last three have no effect here."""

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
        """Return the component of `task`; an empty one when the pipeline lacks it."""
        return self.components.get(task.component_ref.name, Component())

    def executor(self, component: Component) -> Executor:
        """Return the executor of `component`; an empty one when the pipeline lacks it."""
        return self.deployment_spec.executors.get(component.executor_label, Executor())

    def passed_on(self, component: Component) -> KubernetesExecutor:
        """Return the Kubernetes settings of `component`, also those only for its `dsl.TaskConfig`."""
        return self.kubernetes.get(component.executor_label, KubernetesExecutor())

    def platform(self, component: Component) -> KubernetesExecutor:
        """Return the Kubernetes settings that hold for the tasks of `component` themselves."""
        settings = self.passed_on(component)
        if not component.applies(ENV):
            settings = msgspec.structs.replace(
                settings, secret_as_env=[], config_map_as_env=[], field_path_as_env=[]
            )
        if not component.applies(VOLUMES):
            settings = msgspec.structs.replace(
                settings, secret_as_volume=[], config_map_as_volume=[], pvc_mount=[]
            )
        return settings


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
    """Read a pipeline from two parsed documents; raises msgspec.ValidationError."""
    pipeline = msgspec.convert(pipeline_spec, CompiledPipeline, strict=False)
    platform = msgspec.convert(platform_spec or {}, _PlatformSpec, strict=False).platforms.kubernetes
    return msgspec.structs.replace(
        pipeline, kubernetes=platform.deployment_spec.executors, settings=platform.pipeline_config
    )
