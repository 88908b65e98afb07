"""The executors of a compiled pipeline (IR 2.1.0): what runs the code of a component."""

from __future__ import annotations

from typing import Any

from .ir import ArtifactType, RuntimeValue, SpecMessage


class EnvVar(SpecMessage, frozen=True, kw_only=True):
    """An environment variable of a container."""

    name: str
    value: str = ""


class Accelerator(SpecMessage, frozen=True, kw_only=True):
    """A requested accelerator; the first two fields are the older way to write it."""

    type: str = ""
    count: int = 0
    resource_type: str = ""
    resource_count: str = ""


class Resources(SpecMessage, frozen=True, kw_only=True):
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


class Container(SpecMessage, frozen=True, kw_only=True):
    """An image and the command to run in it."""

    image: str = ""
    command: list[str] = []
    args: list[str] = []
    env: list[EnvVar] = []
    resources: Resources = Resources()
    # Not in the IR; only for Argo templates:
    requirements: list[str] = []  # packages to install
    files: dict[str, str] = {}  # input artifacts written from text with placeholders


class Importer(SpecMessage, frozen=True, kw_only=True):
    """An import of an artifact that already exists."""

    artifact_uri: RuntimeValue = RuntimeValue()
    type_schema: ArtifactType = ArtifactType()
    metadata: dict[str, Any] = {}
    reimport: bool = False
    download_to_workspace: bool = False


class Executor(SpecMessage, frozen=True, kw_only=True):
    """How to run the code of a component."""

    container: Container | None = None
    importer: Importer | None = None
    custom_job: dict[str, Any] = {}
    resolver: dict[str, Any] = {}


class Deployment(SpecMessage, frozen=True, kw_only=True):
    """The executors of the pipeline by label."""

    executors: dict[str, Executor] = {}
