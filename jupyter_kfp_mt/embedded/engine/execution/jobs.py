"""Builds jobs: the ExecutorInput, command and environment that a supervisor needs to run a task."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from ....bounds import TextRoom
from ....models import Artifact
from ...argo import replace_retries
from ..plan.components import expand_variables, find_python_code, resolve_arguments
from ..plan.executors import Container
from ..plan.inputs import resolve_setting
from ..plan.ir import ENV
from ..plan.kubernetes import ClaimMount, FieldAsEnv, ScratchMount, SourceAsEnv, SourceAsFiles
from ..plan.nodes import TaskNode
from ..plan.pipeline import CompiledPipeline
from ..plan.values import fill, render_text
from .folders import WORKSPACE, AttemptFolder, RunFolder
from .machine import Machine
from .task_config import TASK_CONFIG, build_task_config, make_workspace_claim
from .view import TaskView
from .volumes import VolumeClaims

FIXED_FIELDS = {
    "spec.serviceAccountName": "default-editor",
    "spec.nodeName": "localhost",
    "status.hostIP": "127.0.0.1",
    "status.hostIPs": "127.0.0.1",
    "status.podIP": "127.0.0.1",
    "status.podIPs": "127.0.0.1",
}
KNOWN_FIELDS = {"metadata.namespace", "metadata.name", "metadata.uid", *FIXED_FIELDS}  # of the pod
POD_METADATA = re.compile(r"metadata\.(labels|annotations)\['([^']*)'\]")  # these fields of a pod, too
V2_COMPONENT = "pipelines.kubeflow.org/v2_component"


class JobError(ValueError):
    """A job cannot be built, for lack of a secret for example; the text is for users."""


class SecretSource(Protocol):
    """The secrets and config maps of a namespace."""

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """Return the keys and values of a secret; None when it does not exist."""

    def config_map(self, namespace: str, name: str) -> dict[str, str] | None:
        """Return the keys and values of a config map; None when it does not exist."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The job of a supervisor; never written to disk, because `environment` may contain secrets."""

    folder: str
    work: str
    log_limit: int
    timeout: int
    environment: dict[str, str]
    paths: list[str] = []  # prepended to `sys.path`
    command: list[str] = []  # empty for Python components
    program: str = ""  # runs the command in place of its first word
    source: str = ""
    function: str = ""
    executor_input: dict[str, Any] = {}
    files: dict[str, dict[str, str]] = {}  # path → name → text: secrets and config maps, in memory only
    volumes: dict[str, str] = {}  # path → the folder that is mounted there
    own: str = ""  # the folder for what ends with the attempt
    hidden: dict[str, str] = {}  # place → the folder that the task sees there, where it can have mounts
    temporary: str = ""  # the short name of the temporary folder, where it cannot
    workspace: tuple[str, str] | None = None  # place and folder of the workspace
    interpreter: str = ""
    shown: list[str] = []
    given: list[str] = []  # its program and artifacts, to be shown as well
    writable: list[str] = []
    protected: list[str] = []

    def __repr__(self) -> str:
        return f"Job({self.folder!r})"


class JobBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """Builds the jobs of one run."""

    pipeline: CompiledPipeline
    namespace: str
    folder: RunFolder
    claims: VolumeClaims
    sources: SecretSource
    machine: Machine
    placeholders: Callable[[TaskNode], Mapping[str, str]]
    log_limit: int

    def build(self, node: TaskNode, task_id: str, attempt: AttemptFolder, paths: list[str]) -> Job:
        """Build the job for an attempt of `node`; raises JobError."""
        container = self.pipeline.executor(node.component).container
        if container is None:
            raise JobError("It has nothing to run.")
        container = _replace_retries(container, node.attempt)
        executor_input = self.build_executor_input(node, task_id, attempt)
        self._add_task_config(node, container, executor_input)
        code = find_python_code(container)
        own = self._find_variables(node, container, task_id)
        command = []
        if code is None:
            _make_output_folders(executor_input)
            command = self._build_command(node, container, executor_input, attempt, own)
            if not command:
                raise JobError("Its command is empty.")
        has_workspace = self.pipeline.settings.workspace is not None
        return Job(
            folder=str(attempt.path),
            work=str(attempt.work),
            log_limit=self.log_limit,
            timeout=self.pipeline.platform(node.component).active_deadline_seconds,
            environment=self._build_environment(own, paths),
            paths=paths,
            command=command,
            program=_find_shell(command),
            source=code.source if code else "",
            function=code.function if code else "",
            executor_input=executor_input,
            files=self._read_files(node),
            volumes=self._find_volumes(node, attempt),
            own=str(attempt.own),
            hidden={place: str(folder) for place, folder in attempt.hidden.items()},
            temporary=str(attempt.short_tmp),
            workspace=(WORKSPACE, str(self.folder.workspace)) if has_workspace else None,
            interpreter=self.machine.interpreter,
            shown=self.machine.shown,
            given=[*filter(os.path.isabs, command[:1]), *self._list_given(node)],
            writable=self.machine.writable,
            protected=self.machine.protected,
        )

    def build_executor_input(self, node: TaskNode, task_id: str, attempt: AttemptFolder) -> dict[str, Any]:
        """Build the ExecutorInput (pipeline_spec.proto) of `node`."""
        definitions = node.component.output_definitions
        declared = node.component.input_definitions.parameters
        outputs: dict[str, Any] = {"outputFile": str(attempt.out / "executor_output.json")}
        if definitions.parameters:
            files = {name: {"outputFile": str(output_path(attempt, name))} for name in definitions.parameters}
            outputs["parameters"] = files
        if definitions.artifacts:
            outputs["artifacts"] = {
                name: {"artifacts": [_artifact_message(artifact)]}
                for name, artifact in self.declare_artifacts(node, task_id).items()
            }
        return {
            "inputs": {
                "parameterValues": {
                    name: value for name, value in node.inputs.parameters.items() if name in declared
                },
                "artifacts": {
                    name: {"artifacts": [_artifact_message(artifact) for artifact in artifacts]}
                    for name, artifacts in node.inputs.artifacts.items()
                },
            },
            "outputs": outputs,
        }

    def _add_task_config(self, node: TaskNode, container: Container, executor_input: dict[str, Any]) -> None:
        definitions = node.component.input_definitions.parameters
        names = [name for name, each in definitions.items() if each.parameter_type == TASK_CONFIG]
        if not names:
            return
        placeholders = self.placeholders(node)
        config = build_task_config(
            node.component,
            container,
            self.pipeline.passed_on(node.component),
            lambda parameter: resolve_setting(node, parameter, placeholders),
            lambda text: render_text(fill(text, node.inputs.parameters, placeholders)),
            workspace=self._find_workspace_claim(node),
        )
        executor_input["inputs"]["parameterValues"].update(dict.fromkeys(names, config))

    def _find_workspace_claim(self, node: TaskNode) -> ClaimMount | None:
        """Return the mount of the run's workspace; None if no input of `node` is a path in it."""
        placeholders = self.placeholders(node)
        places = (placeholders[".workspace_path"], WORKSPACE)
        texts = [value for value in node.inputs.parameters.values() if isinstance(value, str)]
        if self.pipeline.settings.workspace is None or not any(p in text for text in texts for p in places):
            return None
        return make_workspace_claim(placeholders[".pipeline_job_resource_name"])

    def declare_artifacts(self, node: TaskNode, task_id: str) -> dict[str, Artifact]:
        """Return the output artifacts that `node` declares, with the paths where it must write them."""
        return {
            name: Artifact(
                name=name,
                type=definition.artifact_type.schema_title,
                uri=str(self.folder.artifact_path(task_id, node.attempt, name)),
            )
            for name, definition in node.component.output_definitions.artifacts.items()
        }

    def _build_command(
        self,
        node: TaskNode,
        container: Container,
        executor_input: dict[str, Any],
        attempt: AttemptFolder,
        variables: Mapping[str, str],
    ) -> list[str]:
        given = {**node.inputs.parameters, **node.inputs.artifacts}
        placeholders = {**self.placeholders(node), "": msgspec.json.encode(executor_input).decode()}
        placeholders[".outputs.output_file"] = executor_input["outputs"]["outputFile"]
        for kind, name, fields in _list_placeholders(executor_input):
            for field, value in fields.items():
                placeholders[f".{kind}['{name}']{field}"] = value
        for name, value in node.inputs.parameters.items():
            placeholders[f".inputs.parameters['{name}']"] = render_text(value)
        for name, text in container.files.items():
            path = attempt.out / "inputs" / name.replace("/", "_")
            path.parent.mkdir(exist_ok=True)
            path.write_text(render_text(fill(text, node.inputs.parameters, self.placeholders(node))))
            placeholders[f".inputs.artifacts['{name}'].path"] = str(path)
        words = resolve_arguments([*container.command, *container.args], given)
        room = TextRoom()
        words = [expand_variables(word, variables, room) for word in words]  # before any value is filled in
        return [render_text(word) for word in fill(words, node.inputs.parameters, placeholders, room)]

    def _build_environment(self, own: Mapping[str, str], paths: list[str]) -> dict[str, str]:
        values = dict(self.machine.environment)
        if paths:
            values["PYTHONPATH"] = ":".join([*paths, *filter(None, [values.get("PYTHONPATH", "")])])
        return {**values, **own}

    def _find_variables(self, node: TaskNode, container: Container, task_id: str) -> dict[str, str]:
        """Return the variables that a pod of `node` would have: those of the pipeline, and KFP's own."""
        placeholders, room = self.placeholders(node), TextRoom()
        values = {"KFP_POD_NAME": self._pod_name(node), "KFP_POD_UID": task_id}
        for variable in container.env if node.component.applies(ENV) else ():
            text = expand_variables(variable.value, values, room)
            values[variable.name] = render_text(fill(text, node.inputs.parameters, placeholders, room))
        platform = self.pipeline.platform(node.component)
        for source in platform.config_map_as_env:
            values.update(self._read_config_map(node, source))
        for source in platform.secret_as_env:
            values.update(self._read_secret(node, source))
        for field in platform.field_path_as_env:
            values[field.name] = self._resolve_field(node, field)
        return values

    def _pod_name(self, node: TaskNode) -> str:
        return f"{self.placeholders(node)['.pipeline_job_resource_name']}-{node.name}"

    def _read_secret(self, node: TaskNode, source: SourceAsEnv) -> dict[str, str]:
        name = self._resolve_name(node, source, source.secret_name)
        if name is None:
            return {}
        data = self.sources.secret(self.namespace, name)
        return _select_keys(source, data, f"secret {name}")

    def _read_config_map(self, node: TaskNode, source: SourceAsEnv) -> dict[str, str]:
        name = self._resolve_name(node, source, source.config_map_name)
        if name is None:
            return {}
        data = self.sources.config_map(self.namespace, name)
        return _select_keys(source, data, f"config map {name}")

    def _read_files(self, node: TaskNode) -> dict[str, dict[str, str]]:
        """Read the secrets and config maps to mount; an optional one that does not exist has no files."""
        platform = self.pipeline.platform(node.component)
        files = {}
        for source in platform.secret_as_volume:
            name = self._resolve_name(node, source, source.secret_name)
            if name is None:
                continue
            data = self.sources.secret(self.namespace, name)
            files[source.mount_path] = _require_all(source, data, f"secret {name}")
        for source in platform.config_map_as_volume:
            name = self._resolve_name(node, source, source.config_map_name)
            if name is None:
                continue
            data = self.sources.config_map(self.namespace, name)
            files[source.mount_path] = _require_all(source, data, f"config map {name}")
        return files

    def _find_volumes(self, node: TaskNode, attempt: AttemptFolder) -> dict[str, str]:
        """Find the folders of the claims and empty folders to mount, or make them."""
        platform = self.pipeline.platform(node.component)
        volumes = {}
        for scratch in platform.scratch:
            volumes[scratch.mount_path] = folder = _find_scratch(scratch, attempt)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for mount in platform.pvc_mount:
            name = resolve_setting(node, mount.name, self.placeholders(node))
            volumes[mount.mount_path] = self.claims.make_folder(name, mount.sub_path)
        return {place: str(folder) for place, folder in volumes.items()}

    def make_view(self, node: TaskNode, attempt: AttemptFolder, *, mounts: bool) -> TaskView:
        """Return the paths as an attempt of `node` saw them, with or without mounts; raises InputError."""
        if not mounts:
            return TaskView(work=attempt.work)
        platform = self.pipeline.platform(node.component)
        mounted: dict[str, Path | None] = {}
        for source in (*platform.secret_as_volume, *platform.config_map_as_volume):
            mounted[source.mount_path] = None
        for scratch in platform.scratch:
            mounted[scratch.mount_path] = _find_scratch(scratch, attempt)
        for mount in platform.pvc_mount:
            name = resolve_setting(node, mount.name, self.placeholders(node))
            mounted[mount.mount_path] = self.claims.find_folder(name, mount.sub_path)
        if self.pipeline.settings.workspace is not None:
            mounted[WORKSPACE] = self.folder.workspace
        given = map(os.path.realpath, self._list_given(node))
        return TaskView(
            work=attempt.work,
            hidden=attempt.hidden,
            shown=[*self.machine.shown, *given],
            mounted=mounted,
        )

    def _list_given(self, node: TaskNode) -> list[str]:
        """Return the artifacts of the machine that a task was given.

        Those of runs are not among them: all see the data folder, and a task can have put a link there.
        """
        uris = [artifact.uri for artifacts in node.inputs.artifacts.values() for artifact in artifacts]
        runs = self.folder.path.parent
        return [uri for uri in uris if os.path.isabs(uri) and not Path(uri).is_relative_to(runs)]

    def _resolve_name(self, node: TaskNode, source: SourceAsEnv | SourceAsFiles, written: str) -> str | None:
        """Return the name of a secret or config map; None when it comes from an input without a value."""
        parameter = source.secret_name_parameter or source.config_map_name_parameter
        if parameter is None:
            return written
        value = resolve_setting(node, parameter, self.placeholders(node))
        return None if value is None else render_text(value)

    def _resolve_field(self, node: TaskNode, field: FieldAsEnv) -> str:
        placeholders = self.placeholders(node)
        fields = {
            "metadata.namespace": self.namespace,
            "metadata.name": self._pod_name(node),
            "metadata.uid": placeholders[".pipeline_task_uuid"],
        }
        part = POD_METADATA.fullmatch(field.field_path)
        if part is not None:
            return self._find_metadata(node, part[1]).get(part[2], "")
        return fields.get(field.field_path, FIXED_FIELDS.get(field.field_path, ""))

    def _find_metadata(self, node: TaskNode, part: str) -> Mapping[str, str]:
        """Return the labels or annotations of the pod of `node`: its own, and those of KFP and Argo."""
        own = self.pipeline.platform(node.component).pod_metadata
        if part == "annotations":
            return {V2_COMPONENT: "true", **own.annotations}
        placeholders = self.placeholders(node)
        of_run = {
            "pipeline/runid": placeholders[".pipeline_job_uuid"],
            "workflows.argoproj.io/workflow": placeholders[".pipeline_job_resource_name"],
        }
        return {V2_COMPONENT: "true", **of_run, **own.labels}


def output_path(attempt: AttemptFolder, name: str) -> Path:
    """Return the file to which a program writes the output parameter `name`."""
    return attempt.out / "parameters" / name.replace("/", "_")


def _replace_retries(container: Container, attempt: int) -> Container:
    """Return `container` with Argo's tag for the number of the retry replaced."""
    return msgspec.structs.replace(
        container,
        command=[replace_retries(word, attempt) for word in container.command],
        args=[replace_retries(word, attempt) for word in container.args],
        env=[
            msgspec.structs.replace(each, value=replace_retries(each.value, attempt))
            for each in container.env
        ],
    )


def _find_shell(command: list[str]) -> str:
    """Return the program for `command`: bash for `sh`, which in most images knows `[[` and `pipefail`."""
    is_shell = bool(command) and command[0] in {"sh", "/bin/sh"}
    return (shutil.which("bash") or "") if is_shell else ""


def _find_scratch(scratch: ScratchMount, attempt: AttemptFolder) -> Path:
    """Return the empty folder that an attempt mounts."""
    return attempt.path / "volumes" / quote(scratch.volume_name, safe="")


def _make_output_folders(executor_input: dict[str, Any]) -> None:
    """Make the parent folders of all outputs for a program, as KFP's launcher does."""
    outputs = executor_input["outputs"]
    paths = [file["outputFile"] for file in outputs.get("parameters", {}).values()]
    paths += [listed["artifacts"][0]["uri"] for listed in outputs.get("artifacts", {}).values()]
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)


def _select_keys(source: SourceAsEnv, data: dict[str, str] | None, what: str) -> dict[str, str]:
    values = {}
    for key in source.key_to_env:
        wanted = key.secret_key or key.config_map_key
        if data is not None and wanted in data:
            values[key.env_var] = data[wanted]
        elif not source.optional:
            raise JobError(f"There is no {what} with key {wanted} in this namespace.")
    return values


def _require_all(source: SourceAsFiles, data: dict[str, str] | None, what: str) -> dict[str, str]:
    if data is None and not source.optional:
        raise JobError(f"There is no {what} in this namespace.")
    return data or {}


def _artifact_message(artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "type": {"schemaTitle": artifact.type, "schemaVersion": "0.0.1"},
        "uri": artifact.uri,
        "metadata": artifact.metadata,
    }


def _list_placeholders(executor_input: dict[str, Any]) -> list[tuple[str, str, dict[str, str]]]:
    """Return the placeholders of artifacts and output files: (kind, name, suffix → text)."""
    placeholders: list[tuple[str, str, dict[str, str]]] = []
    for side in ("inputs", "outputs"):
        for name, listed in executor_input[side].get("artifacts", {}).items():
            for artifact in listed["artifacts"][:1]:
                metadata = {
                    f".metadata['{key}']": render_text(value) for key, value in artifact["metadata"].items()
                }
                fields = {
                    "": msgspec.json.encode(listed).decode(),
                    ".path": artifact["uri"],
                    ".uri": artifact["uri"],
                    ".name": artifact["name"],
                    ".metadata": render_text(artifact["metadata"]),
                }
                placeholders.append((f"{side}.artifacts", name, {**fields, **metadata}))
    for name, file in executor_input["outputs"].get("parameters", {}).items():
        placeholders.append(("outputs.parameters", name, {".output_file": file["outputFile"]}))
    return placeholders
