"""The `pipeline_spec` of v1beta1 runs and jobs: a manifest or a reference, with parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...argo import is_argo
from ...core.packages import Template
from ...core.reader import TemplateReader
from ...core.sources import PipelineSource
from ...errors import invalid_input, prefix_errors
from ..shared.rendering import Json, drop_empty
from .references import find_reference

MAX_PARAMETER_BYTES = 10_000


def render_spec(spec: bytes, pipeline_id: str, config: bytes, extra: Mapping[str, Any]) -> Json:
    """Return the message of a stored spec and its values; `extra` is what was only kept to be shown."""
    manifest = spec.decode()
    argo = bool(spec) and is_argo(spec)
    values = msgspec.json.decode(config).get("parameters", {}) if argo else {}
    return drop_empty(
        pipeline_id=pipeline_id,
        pipeline_name=extra.get("pipeline_name"),
        workflow_manifest=extra.get("workflow_manifest") or (manifest if argo else ""),
        pipeline_manifest="" if argo else manifest,
        parameters=extra.get("parameters") or render_parameters(values),
        runtime_config=None if config == b"{}" or argo else msgspec.Raw(config),
    )


def render_parameters(values: Mapping[str, Any]) -> list[Json]:
    """Return values as Argo has them: texts."""
    return [{"name": name, "value": _to_text(value)} for name, value in values.items()]


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def parse_source(templates: TemplateReader, message: Mapping[str, Any]) -> PipelineSource:
    """Return where a new run or job takes its pipeline from."""
    spec = message.get("pipeline_spec", {})
    version = ""
    for each in message.get("resource_references", []):
        key = each.get("key", {})
        if key.get("type") == "PIPELINE_VERSION" and each.get("relationship") == "CREATOR":
            version = key.get("id", "")
    pipeline_id = spec.get("pipeline_id", "") or find_reference(message, "PIPELINE")
    if version or pipeline_id:
        return PipelineSource(pipeline_id=pipeline_id, pipeline_version_id=version)
    manifest = spec.get("pipeline_manifest") or spec.get("workflow_manifest")
    return PipelineSource(template=_read_manifest(templates, manifest)) if manifest else PipelineSource()


def _read_manifest(templates: TemplateReader, manifest: str) -> Template:
    with prefix_errors(
        "Failed to create a run due to error fetching manifest:"
        " Failed to fetch a template with an invalid pipeline spec manifest"
    ):
        return templates.read_to_run(manifest.encode())


def parse_config(message: Mapping[str, Any]) -> Json:
    """Return the typed values, which are for IR."""
    return drop_empty(**message.get("pipeline_spec", {}).get("runtime_config", {}))


def parse_parameters(message: Mapping[str, Any]) -> dict[str, str]:
    """Return the `parameters`, which are texts and for Argo Workflows only."""
    sent = message.get("pipeline_spec", {}).get("parameters", [])
    if len(msgspec.json.encode(sent)) > MAX_PARAMETER_BYTES:
        raise invalid_input(f"The input parameter length exceed maximum size of {MAX_PARAMETER_BYTES}.")
    return {each.get("name", ""): each.get("value", "") for each in sent}


def parse_extra(message: Mapping[str, Any]) -> Json:
    """Return what is only kept to be shown again as it was sent."""
    spec = message.get("pipeline_spec", {})
    return drop_empty(parameters=spec.get("parameters"), workflow_manifest=spec.get("workflow_manifest"))
