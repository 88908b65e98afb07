"""Resolves the pipeline of a run or recurring run: a version, the latest version, or the body's spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ...pipeline_spec import Package
from .. import argo
from ..errors import ApiError, failed_precondition, invalid_input, prefix_errors
from ..store import Store, VersionRow
from .packages import Template, read_spec
from .parameters import check_parameters
from .runner import Runner

MayRead = Callable[[str], bool]  # whether the caller may get pipelines of a namespace


class PipelineSource(msgspec.Struct, frozen=True, kw_only=True):
    """The source as it was sent: ids, or a spec (as a value or as a template), or nothing."""

    pipeline_id: str = ""
    pipeline_version_id: str = ""
    spec: Mapping[str, Any] | None = None
    template: Template | None = None


class ResolvedPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """The pipeline to run."""

    template: Template
    pipeline_id: str = ""
    pipeline_version_id: str = ""
    version_name: str = ""

    def extra(self) -> dict[str, str]:
        """Return what only v1 shows: the version's name as the pipeline's name."""
        return {"pipeline_name": self.version_name} if self.version_name else {}


class PipelineSources:
    """Finds the pipeline of a source and checks that it can run on this machine."""

    def __init__(self, store: Store, runner: Runner) -> None:
        self._store = store
        self._runner = runner

    def resolve(self, source: PipelineSource, may_read: MayRead) -> ResolvedPipeline:
        """Find the pipeline; one that the caller may not read is treated as unknown."""
        if source.pipeline_version_id or source.pipeline_id:
            version = self._find_version(source, may_read)
            return ResolvedPipeline(
                template=_template_of(version),
                pipeline_id=version.pipeline_id,
                pipeline_version_id=version.pipeline_version_id,
                version_name=version.name,
            )
        if source.template is not None:
            return ResolvedPipeline(template=source.template)
        if source.spec is None:
            raise invalid_input("Failed to fetch a template with an empty pipeline spec manifest")
        with prefix_errors("Failed to fetch a template with an invalid pipeline spec manifest"):
            return ResolvedPipeline(template=read_spec(source.spec))

    def check_config(
        self,
        resolved: ResolvedPipeline,
        config: Mapping[str, Any],
        texts: Mapping[str, str],
        *,
        recurring: bool = False,
    ) -> dict[str, Any]:
        """Return the effective `runtime_config`: `texts`, the values of v1, are for Argo Workflows only.

        Rejects wrong parameters, and pipelines that cannot run on this machine (400, code 9). A recurring run
        of a Workflow may lack a value: KFP validates the Workflow only when it fires.
        """
        template = resolved.template
        if template.package is None and texts:
            config = {**config, "parameters": dict(texts)}
        sent = config.get("parameters")
        values = sent if isinstance(sent, dict) else {}
        if template.package is None:
            self._check_argo(template, values, recurring=recurring)
        else:
            self._check_ir(template.package, values)
        return dict(config)

    def _check_ir(self, package: Package, values: Mapping[str, Any]) -> None:
        with prefix_errors("Failed to generate the ExecutionSpec: invalid pipeline job inputs"):
            check_parameters(package.pipeline_spec, values)
        self._check_machine(package, values)

    def _find_version(self, source: PipelineSource, may_read: MayRead) -> VersionRow:
        pipelines = self._store.pipelines
        if source.pipeline_version_id:
            version = pipelines.get_version(source.pipeline_version_id)
            unknown = invalid_input(f"PipelineVersion {source.pipeline_version_id} not found")
        else:
            version = pipelines.get_latest_version(source.pipeline_id)
            unknown = invalid_input(f"Pipeline {source.pipeline_id} not found, or it has no version")
        pipeline = pipelines.get(version.pipeline_id) if version else None
        if version is None or pipeline is None or not may_read(pipeline.namespace):
            raise unknown
        if source.pipeline_id and version.pipeline_id.lower() != source.pipeline_id.lower():
            raise invalid_input(
                f"Pipeline version {version.pipeline_version_id} belongs to pipeline {version.pipeline_id}"
                f" rather than {source.pipeline_id}"
            )
        return version

    def _check_argo(self, template: Template, values: Mapping[str, Any], *, recurring: bool) -> None:
        declared = {each["name"]: "value" in each for each in template.parameters}
        with prefix_errors("Failed to generate the ExecutionSpec: Failed to verify parameters"):
            for name in values:
                if name not in declared:
                    raise invalid_input(f"Unrecognized input parameter: {name}")
            for name, has_value in declared.items():
                if not has_value and name not in values and not recurring:
                    raise invalid_input(
                        f"spec.arguments.{name}.value or spec.arguments.{name}.valueFrom is required"
                    )
        package, problems = argo.translate(msgspec.json.decode(template.wire))
        if problems:
            raise _cannot_run("; ".join(f"template {each.template} needs {each.reason}" for each in problems))
        self._check_machine(package, values)

    def _check_machine(self, package: Package, values: Mapping[str, Any]) -> None:
        problems = self._runner.find_problems(package, values)
        if problems:
            raise _cannot_run("; ".join(f"{each.task} needs {each.reason}" for each in problems))


def _template_of(version: VersionRow) -> Template:
    template = read_spec(msgspec.json.decode(version.spec))
    return Template(version.spec, version.template, template.package, template.parameters)


def _cannot_run(reason: str) -> ApiError:
    return failed_precondition(f"cannot-run-here: {reason}")
