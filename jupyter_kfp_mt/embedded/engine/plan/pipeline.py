"""A whole compiled pipeline (IR 2.1.0), and how it is read."""

from __future__ import annotations

from typing import Any

import msgspec

from .executors import Deployment, Executor
from .ir import ENV, VOLUMES, Component, Named, SpecMessage, TaskSpec
from .kubernetes import KubernetesExecutor, PipelineSettings


class CompiledPipeline(SpecMessage, frozen=True, kw_only=True):
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


class _PlatformDeployment(SpecMessage, frozen=True, kw_only=True):
    executors: dict[str, KubernetesExecutor] = {}


class _Platform(SpecMessage, frozen=True, kw_only=True):
    deployment_spec: _PlatformDeployment = _PlatformDeployment()
    pipeline_config: PipelineSettings = PipelineSettings()


class _Platforms(SpecMessage, frozen=True, kw_only=True):
    kubernetes: _Platform = _Platform()


class _PlatformSpec(SpecMessage, frozen=True, kw_only=True):
    platforms: _Platforms = _Platforms()


def read_pipeline(pipeline_spec: dict[str, Any], platform_spec: dict[str, Any] | None) -> CompiledPipeline:
    """Read a pipeline from two parsed documents; raises msgspec.ValidationError."""
    pipeline = msgspec.convert(pipeline_spec, CompiledPipeline, strict=False)
    platform = msgspec.convert(platform_spec or {}, _PlatformSpec, strict=False).platforms.kubernetes
    return msgspec.structs.replace(
        pipeline, kubernetes=platform.deployment_spec.executors, settings=platform.pipeline_config
    )
