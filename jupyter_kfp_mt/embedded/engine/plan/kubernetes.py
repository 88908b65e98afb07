"""The settings of kfp-kubernetes in a compiled pipeline (IR 2.1.0)."""

from __future__ import annotations

from typing import Any

from .ir import InputParameter, RuntimeValue, SpecMessage, TaskOutputParameter


class KeyToEnv(SpecMessage, frozen=True, kw_only=True):
    """A key of a secret or config map that becomes an environment variable."""

    secret_key: str = ""
    config_map_key: str = ""
    env_var: str = ""


class SourceAsEnv(SpecMessage, frozen=True, kw_only=True):
    """Keys of a secret or a config map as environment variables."""

    secret_name: str = ""
    secret_name_parameter: InputParameter | None = None
    config_map_name: str = ""
    config_map_name_parameter: InputParameter | None = None
    key_to_env: list[KeyToEnv] = []
    optional: bool = False


class SourceAsFiles(SpecMessage, frozen=True, kw_only=True):
    """A secret or a config map as a folder of files."""

    secret_name: str = ""
    secret_name_parameter: InputParameter | None = None
    config_map_name: str = ""
    config_map_name_parameter: InputParameter | None = None
    mount_path: str = ""
    optional: bool = False


class ClaimMount(SpecMessage, frozen=True, kw_only=True):
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


class ScratchMount(SpecMessage, frozen=True, kw_only=True):
    """A mounted empty folder for one task alone."""

    volume_name: str = ""
    mount_path: str = ""


class FieldAsEnv(SpecMessage, frozen=True, kw_only=True):
    """A field of the pod (`metadata.namespace`) as an environment variable."""

    name: str = ""
    field_path: str = ""


class NodeSelector(SpecMessage, frozen=True, kw_only=True):
    """The labels of the nodes on which a task may run; as JSON, they come from an input."""

    labels: dict[str, str] = {}
    node_selector_json: InputParameter | None = None


class Toleration(SpecMessage, frozen=True, kw_only=True):
    """A taint of nodes that a task tolerates, or, as JSON, one or several from an input."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None
    toleration_json: InputParameter | None = None


class NodeAffinityTerm(SpecMessage, frozen=True, kw_only=True):
    """Nodes on which a task must run, or should if it has a weight; as JSON, they come from an input."""

    match_expressions: list[dict[str, Any]] = []
    match_fields: list[dict[str, Any]] = []
    weight: int | None = None
    node_affinity_json: InputParameter | None = None


class PodMetadata(SpecMessage, frozen=True, kw_only=True):
    """Labels and annotations of the pod of a task."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class KubernetesExecutor(SpecMessage, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class PipelineSettings(SpecMessage, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the whole pipeline (`dsl.PipelineConfig`); the last three have no effect here."""

    workspace: dict[str, Any] | None = None
    active_deadline_seconds: int = 0
    resource_ttl_on_completion: Any = None
    resource_ttl_on_success: Any = None
    resource_ttl_on_failure: Any = None
