"""Which tasks have the same result: same code, image, inputs, pipeline and namespace.

The rule is that of KFP's driver (backend/src/v2/cacheutils): the container with its command, image and
environment, the values of the input parameters, the identity of the input artifacts, the mounted claims, the
declared outputs, and the name of the pipeline; not the names of the task and the run. Here the names of the
secrets and config maps count too: two iterations of a loop may differ in nothing else.

A key that the pipeline sets itself (`cache_key`) stands for the content of a task, but not for its component:
two components with one key would get each other's outputs.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec

from ....models import TaskValues
from ..plan.inputs import resolve_setting
from ..plan.kubernetes import SourceAsEnv, SourceAsFiles
from ..plan.nodes import TaskNode
from ..plan.pipeline import CompiledPipeline
from .volumes import CREATE, DELETE


def fingerprint(pipeline: CompiledPipeline, node: TaskNode) -> str:
    """Return the key that tasks with the same result share; empty when `node` is not cached."""
    container = pipeline.executor(node.component).container
    if container is None or container.image in {CREATE, DELETE} or not node.spec.caching_options.enable_cache:
        return ""
    outputs = node.component.output_definitions
    if own_key := node.spec.caching_options.cache_key:
        facts = [pipeline.pipeline_info.name, node.spec.component_ref.name, outputs, own_key]
        return f"custom:{_hash(facts)}"
    artifacts = {
        name: [(artifact.uri, artifact.name) for artifact in listed]
        for name, listed in node.inputs.artifacts.items()
    }
    declared = node.component.input_definitions.parameters
    values = {name: value for name, value in node.inputs.parameters.items() if name in declared}
    platform = pipeline.platform(node.component)
    sources: list[SourceAsEnv | SourceAsFiles] = [*platform.secret_as_env, *platform.config_map_as_env]
    sources += [*platform.secret_as_volume, *platform.config_map_as_volume]
    names = [
        resolve_setting(node, parameter, {})
        for source in sources
        if (parameter := source.secret_name_parameter or source.config_map_name_parameter)
    ]
    names += [resolve_setting(node, mount.name, {}) for mount in platform.pvc_mount]
    read = [sources, platform.field_path_as_env, platform.pvc_mount, names]
    # Requests for resources make no other result; results of version 0.1.0 have this place for them.
    code = {**msgspec.to_builtins(container), "resources": {"accelerator": {}}}
    return _hash([pipeline.pipeline_info.name, code, values, artifacts, outputs, read])


def _hash(facts: list[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()


def outputs_exist(outputs: TaskValues, runs: Path) -> bool:
    """Whether the files of a result still exist; metrics need no file.

    A task can name any address as its output. Outside of `runs`, looking could wait for a file system.
    """
    return all(
        os.path.exists(os.path.dirname(artifact.uri))
        for listed in outputs.artifacts.values()
        for artifact in listed
        if Path(artifact.uri).is_relative_to(runs)
    )
