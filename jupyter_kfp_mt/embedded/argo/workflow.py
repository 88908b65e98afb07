"""Reads an Argo Workflow into structs of the supported fields and of those without effect on one machine.

A field that no struct has cannot be supported on one machine; reading a template then fails and names it.
Field names are those of Argo's `pkg/apis/workflow/v1alpha1/workflow_types.go` and of Kubernetes' pods.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_WORDS = {
    "when": "a condition (when)",
    "withItems": "a loop (withItems)",
    "withParam": "a loop (withParam)",
    "withSequence": "a loop (withSequence)",
    "onExit": "an exit handler (onExit)",
    "hooks": "hooks",
    "script": "a script",
    "steps": "steps",
    "resource": "a resource of a cluster",
    "suspend": "a pause (suspend)",
    "volumes": "volumes",
    "volumeMounts": "a volume",
    "volumeClaimTemplates": "volumes",
    "sidecars": "sidecars",
    "initContainers": "init containers",
    "parallelism": "a limit of parallelism",
    "continueOn": "to go on after a failure (continueOn)",
}


class UnfitTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template that cannot run here; `reason` continues “template train needs …”."""

    template: str
    reason: str


class Unfit(Exception):  # noqa: N818 - a finding about a template
    """A template cannot run here; the text continues “template train needs …”."""


class _ArgoPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message of Argo; fields of type Any have no effect on one machine."""


class ValueFrom(_ArgoPart, frozen=True, kw_only=True):
    """The source of an output: a file of the container, or an output of a task of the DAG."""

    path: str = ""
    parameter: str = ""


class Parameter(_ArgoPart, frozen=True, kw_only=True):
    """A declared parameter or an argument; `value` of an input is its default."""

    name: str
    value: Any = None
    default: Any = None
    value_from: ValueFrom = ValueFrom()
    description: Any = None
    enum: Any = None

    @property
    def text(self) -> str | None:
        """The value, or the default, as text."""
        return _text(self.default if self.value is None else self.value)


class Raw(_ArgoPart, frozen=True, kw_only=True):
    """The text of a file."""

    data: str = ""


class File(_ArgoPart, frozen=True, kw_only=True):
    """An artifact: its path in a container, or its source for a task."""

    name: str
    path: str = ""
    source: str = msgspec.field(default="", name="from")
    raw: Raw | None = None
    optional: bool = False
    mode: Any = None
    archive: Any = None


class Values(_ArgoPart, frozen=True, kw_only=True):
    """Inputs, outputs or arguments."""

    parameters: list[Parameter] = []
    artifacts: list[File] = []


class ArgoTask(_ArgoPart, frozen=True, kw_only=True):
    """A task of a DAG."""

    name: str
    template: str = ""
    arguments: Values = Values()
    dependencies: list[str] = []
    depends: str = ""


class ArgoDag(_ArgoPart, frozen=True, kw_only=True):
    """Tasks."""

    tasks: list[ArgoTask] = []
    fail_fast: Any = None


class Key(_ArgoPart, frozen=True, kw_only=True):
    """A key of a secret or a config map."""

    name: str
    key: str
    optional: bool = False


class FieldRef(_ArgoPart, frozen=True, kw_only=True):
    """A field of the pod."""

    field_path: str
    api_version: Any = None


class EnvSource(_ArgoPart, frozen=True, kw_only=True):
    """The source of a variable's value."""

    secret_key_ref: Key | None = None
    config_map_key_ref: Key | None = None
    field_ref: FieldRef | None = None


class ArgoEnvVar(_ArgoPart, frozen=True, kw_only=True):
    """A variable of a container."""

    name: str
    value: str = ""
    value_from: EnvSource | None = None


class ArgoContainer(_ArgoPart, frozen=True, kw_only=True):
    """A command."""

    image: str = ""
    command: list[str] = []
    args: list[str] = []
    env: list[ArgoEnvVar] = []
    name: Any = None
    resources: Any = None
    image_pull_policy: Any = None
    ports: Any = None
    security_context: Any = None
    termination_message_path: Any = None
    termination_message_policy: Any = None


class Backoff(_ArgoPart, frozen=True, kw_only=True):
    """The pauses between attempts."""

    duration: Any = ""
    factor: float = 1.0
    max_duration: Any = ""


class Retry(_ArgoPart, frozen=True, kw_only=True):
    """How often a failed container is retried."""

    limit: int = 0
    retry_policy: str = "OnFailure"
    backoff: Backoff = Backoff()


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The SDK's notes about a template."""

    labels: dict[str, Any] = {}
    annotations: dict[str, Any] = {}


class ArgoTemplate(_ArgoPart, frozen=True, kw_only=True):
    """A DAG or a command."""

    name: str
    inputs: Values = Values()
    outputs: Values = Values()
    dag: ArgoDag | None = None
    container: ArgoContainer | None = None
    metadata: Metadata = Metadata()
    retry_strategy: Retry | None = None
    active_deadline_seconds: int = 0
    node_selector: Any = None
    tolerations: Any = None
    affinity: Any = None
    service_account_name: Any = None
    automount_service_account_token: Any = None
    security_context: Any = None
    priority: Any = None
    priority_class_name: Any = None
    scheduler_name: Any = None
    archive_location: Any = None


class Spec(_ArgoPart, frozen=True, kw_only=True):
    """The whole workflow; its templates are read one by one, only those that are used."""

    entrypoint: str = ""
    templates: list[Any] = []
    arguments: Values = Values()
    active_deadline_seconds: int = 0
    service_account_name: Any = None
    image_pull_secrets: Any = None
    node_selector: Any = None
    tolerations: Any = None
    affinity: Any = None
    security_context: Any = None
    automount_service_account_token: Any = None
    archive_logs: Any = None
    priority: Any = None
    pod_priority: Any = None
    pod_priority_class_name: Any = None
    pod_metadata: Any = None
    workflow_metadata: Any = None
    pod_gc: Any = msgspec.field(default=None, name="podGC")
    ttl_strategy: Any = None
    ttl_seconds_after_finished: Any = None
    scheduler_name: Any = None
    dns_policy: Any = None
    dns_config: Any = None
    host_network: Any = None


Part = TypeVar("Part", bound="_ArgoPart")


def read_part(value: object, kind: type[Part]) -> Part:
    """Return `value` as one of the structs above; raises Unfit naming an unsupported field."""
    try:
        return msgspec.convert(_without_empty(value), kind, strict=False)
    except msgspec.ValidationError as error:
        unknown = _UNKNOWN.search(str(error))
        if unknown is None:
            raise Unfit(f"another form ({error})") from None
        raise Unfit(_WORDS.get(unknown[1], unknown[1])) from None


def check_name(name: str) -> None:
    """Reject names that Kubernetes does not accept either; raises Unfit."""
    if not _NAME.fullmatch(name):
        raise Unfit(f"another name than “{name[:60]}”")


def is_argo(wire: bytes) -> bool:
    """Whether a stored spec is an Argo Workflow."""
    return msgspec.json.decode(wire, type=_Head).api_version.startswith("argoproj.io/")


class _Head(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    api_version: str = ""


def _text(value: Any) -> str | None:
    """Return a value as Argo's AnyString."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _without_empty(value: Any) -> Any:
    """Return `value` without empty fields; an empty loop (`withItems`) is not empty: it runs nothing."""
    if isinstance(value, Mapping):
        return {
            key: _without_empty(inner)
            for key, inner in value.items()
            if key == "withItems" or inner not in (None, {}, [])
        }
    return [_without_empty(inner) for inner in value] if isinstance(value, list) else value
