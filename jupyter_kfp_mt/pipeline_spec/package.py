"""The compiled pipeline as a value, with functions that parse, inspect, change and write it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from ..errors import KfpError, kfp_error
from ..models import CachePolicy, ParameterSpec, ParameterType, PipelineInfo
from . import archive, links, parameters, reading, schema
from .task_plan import count_tasks

_OLD_TYPES = {"INT": "NUMBER_INTEGER", "DOUBLE": "NUMBER_DOUBLE", "STRING": "STRING"}


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled pipeline (IR 2.1.0) and its platform part; never changed in place."""

    pipeline_spec: dict[str, Any]
    platform_spec: dict[str, Any] = {}
    source: str = ""  # its name in messages: that of the file
    workflow: dict[str, Any] = {}  # of SDK 1.x, which is sent in place of the spec; that has its parameters

    @property
    def name(self) -> str:
        """The pipeline's own name (`pipelineInfo.name`)."""
        return str(self.pipeline_spec["pipelineInfo"]["name"])

    @property
    def title(self) -> str:
        """The name that people see, by which presets are kept."""
        return str(self.pipeline_spec["pipelineInfo"].get("displayName") or self.name)

    @property
    def components(self) -> Mapping[str, Any]:
        """The components by name."""
        components: dict[str, Any] = self.pipeline_spec.get("components", {})
        return components

    def wire(self) -> dict[str, Any]:
        """Return the form that a run carries: the bare spec, or both parts.

        Source: `backend/src/apiserver/server/api_util.go` of github.com/kubeflow/pipelines reads both forms.
        A run with an empty platform part would read back without its spec, so an empty one is left out.
        """
        if self.workflow or not self.platform_spec:
            return self.workflow or self.pipeline_spec
        return {"pipeline_spec": self.pipeline_spec, "platform_spec": self.platform_spec}

    def to_yaml(self) -> str:
        """Return one or two YAML documents that `parse` and KFP read as the same pipeline."""
        documents = [
            self.workflow or self.pipeline_spec,
            *([self.platform_spec] if self.platform_spec else []),
        ]
        return (
            "\n---\n".join(
                yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110).rstrip(
                    "\n"
                )
                for document in documents
            )
            + "\n"
        )


def parse_file(data: bytes, *, name: str = "") -> Package:
    """Read a compiled pipeline from the bytes of a YAML, JSON, zip or tar.gz file; raises as `parse` does."""
    if len(data) > reading.MAX_BYTES:
        raise _too_large(len(data))
    if not archive.is_archive(data):
        return parse(data, name=name)
    try:
        text = archive.unpack(data)
    except reading.Unreadable as error:
        raise _not_a_pipeline(1, error.reason).replace(why=f"{name or 'The file'}: {error.reason}.") from None
    return parse(text, name=name)


def parse(text: str | bytes, *, name: str = "") -> Package:
    """Read a compiled pipeline; `name` stands for it in messages.

    Raises `too-large` beyond 32 MiB, and `not-a-pipeline` with line and reason for everything that a KFP
    server would not accept as IR 2.1.0.
    """
    if len(text) > reading.MAX_BYTES:
        raise _too_large(len(text))
    try:
        documents = reading.read(text)
    except reading.Unreadable as error:
        raise _not_a_pipeline(error.line, error.reason) from None
    if not documents:
        raise _not_a_pipeline(1, "the file is empty")
    spec: dict[str, Any] | None = None
    platform: dict[str, Any] | None = None
    for document in documents:
        if isinstance(document.value, dict) and "platforms" in document.value:
            if platform is not None:
                raise _not_a_pipeline(document.line, "a second platform part")
            platform = _read_platform(document)
        elif spec is not None:
            raise _not_a_pipeline(document.line, "a second pipeline begins")
        else:
            spec = _read_spec(document)
    if spec is None:
        raise _not_a_pipeline(documents[0].line, "there is a platform part but no pipeline")
    return Package(pipeline_spec=spec, platform_spec=platform or {}, source=name)


def from_wire(value: object, *, name: str = "") -> Package:
    """Read the `pipeline_spec` of a run or version, in either of its forms (see `Package.wire`)."""
    if not isinstance(value, dict):
        raise _not_a_pipeline(1, "this is not a mapping")
    inner = value.get("pipeline_spec")
    parts = [inner, value.get("platform_spec") or {}] if isinstance(inner, dict) else [value]
    texts = [msgspec.json.encode(part).decode() for part in parts if part]
    if not texts:
        raise _not_a_pipeline(1, "the pipeline is empty")
    package = parse(texts[0], name=name)
    if len(texts) == 1:
        return package
    document = reading.Document(parts[1], 1, {})
    return Package(pipeline_spec=package.pipeline_spec, platform_spec=_read_platform(document), source=name)


def summarize(package: Package) -> PipelineInfo:
    """Summarize a pipeline for people who are about to run it."""
    about = package.pipeline_spec["pipelineInfo"]
    images = {
        str(executor["container"]["image"])
        for executor in package.pipeline_spec.get("deploymentSpec", {}).get("executors", {}).values()
        if isinstance(executor, dict) and "image" in (executor.get("container") or {})
    }
    return PipelineInfo(
        name=package.title,
        description=about.get("description", ""),
        parameters=_read_parameters(package),
        tasks=count_tasks(package.pipeline_spec),
        images=sorted(images),
    )


def list_gpu_tasks(package: Package) -> list[str]:
    """Return the names of the tasks that ask for a GPU or another accelerator."""
    executors = package.pipeline_spec.get("deploymentSpec", {}).get("executors", {})
    components = {
        name
        for name, component in package.components.items()
        if (executors.get(component.get("executorLabel"), {}).get("container") or {})
        .get("resources", {})
        .get("accelerator")
    }
    graphs = (package.pipeline_spec["root"], *package.components.values())
    tasks = (entry for graph in graphs for entry in graph.get("dag", {}).get("tasks", {}).items())
    return [name for name, task in tasks if task.get("componentRef", {}).get("name") in components]


def check_parameters(package: Package, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` as they are sent; raises `bad-input` naming the first parameter that does not fit."""
    return parameters.check_values(_read_parameters(package), values, package.source or package.name)


def check_links(package: Package) -> None:
    """Check that no run of the pipeline must fail for an input that nobody can give; raises `bad-input`."""
    spec = package.pipeline_spec
    for artifact in links.find_needed_artifacts(spec):
        cure = "Import it in the pipeline (dsl.importer), or make the input optional."
        if links.is_single_component(spec):
            cure = "This is a component: use it in a pipeline, or import the data there (dsl.importer)."
        raise kfp_error("bad-input", field=artifact.name, problem=artifact.problem, next=cure)
    for link in links.find_broken_links(spec):
        raise kfp_error("bad-input", field=link.task, problem=link.problem, why=link.why, next=link.cure)


def with_cache(package: Package, cache: CachePolicy) -> Package:
    """Return the package with caching on or off for every task; `COMPILED` changes nothing."""
    if cache is CachePolicy.COMPILED:
        return package
    if package.workflow:
        problem = "a pipeline of the KFP SDK 1.x says itself what is cached"
        raise kfp_error("bad-input", field="cache", problem=problem, next="leave it as compiled")
    spec = copy.deepcopy(package.pipeline_spec)
    for component in (spec["root"], *spec.get("components", {}).values()):
        for task in component.get("dag", {}).get("tasks", {}).values():
            task["cachingOptions"] = {"enableCache": True} if cache is CachePolicy.ON else {}
    return Package(pipeline_spec=spec, platform_spec=package.platform_spec, source=package.source)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # chosen at run time
    """Quotes text that a KFP server, reading YAML 1.2, would take for a number."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9.]+[eE][-+]?[0-9]+$"), list("-+.0123456789")
)


def _read_spec(document: reading.Document) -> dict[str, Any]:
    value = document.value
    if not isinstance(value, dict):
        raise _not_a_pipeline(document.line, "this is not a mapping")
    other = _name_other(value, document.line)
    if other is not None:
        raise other
    if not {"pipelineInfo", "pipeline_info", "root", "schemaVersion", "schema_version"} & set(value):
        raise _not_a_pipeline(document.line, "there is no `pipelineInfo` and no `root`")
    try:
        return schema.conform(value)
    except schema.Misfit as error:
        raise _not_a_pipeline(document.line_of(error.path), error.reason) from None


def _read_platform(document: reading.Document) -> dict[str, Any]:
    platforms = document.value.get("platforms")
    if not isinstance(platforms, dict) or set(document.value) - {"platforms"}:
        raise _not_a_pipeline(document.line, "the platform part is not understood")
    kubernetes = platforms.get("kubernetes")
    return {"platforms": {"kubernetes": kubernetes}} if isinstance(kubernetes, dict) else {}


def _read_parameters(package: Package) -> list[ParameterSpec]:
    definitions = package.pipeline_spec["root"].get("inputDefinitions", {}).get("parameters", {})
    return [_read_parameter(name, definition) for name, definition in definitions.items()]


def _read_parameter(name: str, definition: Mapping[str, Any]) -> ParameterSpec:
    kind, default = _read_type(definition), definition.get("defaultValue")
    whole = kind is ParameterType.INTEGER
    return ParameterSpec(
        name=name,
        type=kind,
        description=definition.get("description", ""),
        has_default=default is not None,
        default=_as_integer(default) if whole else default,
        optional=bool(definition.get("isOptional", False)),
        literals=[_as_integer(each) if whole else each for each in definition.get("literals", [])],
    )


def _as_integer(value: Any) -> Any:
    """Return an integer for a double that is one: protojson has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_type(definition: Mapping[str, Any]) -> ParameterType:
    named = definition.get("parameterType") or _OLD_TYPES.get(definition.get("type", "STRING"))
    return ParameterType(named) if named in set(ParameterType) else ParameterType.STRING


def _name_other(value: Mapping[str, Any], line: int) -> KfpError | None:
    """Return the error that names what `value` is and what to do with it; None if it may be a pipeline."""
    what = ""
    if str(value.get("apiVersion", "")).startswith("argoproj.io/"):
        what, next_step = (
            f"an Argo {value.get('kind', 'object')}",
            "Submit it to Argo, or compile a pipeline.",
        )
    elif "apiVersion" in value or "kind" in value:
        kind = value.get("kind", value.get("apiVersion"))
        what, next_step = f"a Kubernetes object ({kind})", "Choose the file that the KFP SDK compiled."
    elif isinstance(value.get("pipelineSpec"), dict):
        what = "a job of Vertex AI Pipelines"
        next_step = "Save what is under `pipelineSpec` as a file, and run that."
    elif value.get("doc_type") == "pipeline" and "pipelines" in value:
        what, next_step = "an Elyra pipeline", "Export it there as a Kubeflow Pipelines file, and run that."
    elif "implementation" in value:
        what = "a component"
        next_step = "Use it in a pipeline (kfp.components.load_component_from_file), and compile that."
    elif "nbformat" in value and "cells" in value:
        what, next_step = "a notebook", "Give the file the ending .ipynb."
    return kfp_error("not-a-pipeline/other", n=line, what=what, next=next_step) if what else None


def _not_a_pipeline(line: int, reason: str) -> KfpError:
    return kfp_error("not-a-pipeline", n=line, reason=reason)


def _too_large(size: int) -> KfpError:
    return kfp_error(
        "too-large",
        thing="The pipeline",
        size=f"It has {size / 2**20:.1f} MiB",
        limit="32.0 MiB",
        next="Read data from a file or an address in the task instead.",
    )
