"""Reads pipeline packages: the content of an upload, of a URL, or of a run's body.

A package is IR 2.1.0 in one or two documents, or an Argo Workflow, which the 1.8 SDK compiles. KFP reads them
in `backend/src/apiserver/template/template.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import yaml

from ... import pipeline_spec as spec
from ...errors import KfpError
from ...pipeline_spec import Package, archive
from ...pipeline_spec.reading import Unreadable, read
from ..errors import INVALID, ApiError, invalid_input

MAX_UPLOAD = 32 * 1024 * 1024
_EXPONENT = 1e21  # from here on, protojson writes an exponent


class Template(msgspec.Struct, frozen=True):
    """A pipeline as it is stored: JSON for responses, YAML for v1, and the package when it is IR."""

    wire: bytes
    text: str
    package: Package | None
    parameters: list[dict[str, str]] = []  # of an Argo Workflow


def read_template(text: bytes) -> Template:
    """Read the YAML or JSON of a pipeline; raises ApiError (400)."""
    workflow = _find_workflow(text)
    if workflow is not None:
        return _read_workflow(workflow)
    sent = _read_ir(lambda: spec.parse(text))
    package = Package(
        pipeline_spec=_write_numbers(sent.pipeline_spec), platform_spec=_write_numbers(sent.platform_spec)
    )
    return Template(msgspec.json.encode(package.wire()), package.to_yaml(), package)


def _write_numbers(value: Any) -> Any:
    """Return `value` with its numbers as protojson writes them: doubles, whole ones without a fraction."""
    if isinstance(value, dict):
        return {key: _write_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_write_numbers(each) for each in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) >= _EXPONENT:
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def read_spec(value: Mapping[str, Any]) -> Template:
    """Read the `pipeline_spec` of a run, which is stored as it was sent; raises ApiError (400)."""
    if str(value.get("apiVersion", "")).startswith("argoproj.io/"):
        return _read_workflow(value)
    package = _read_ir(lambda: spec.from_wire(value))
    return Template(msgspec.json.encode(value), "", package)


def _read_workflow(workflow: Mapping[str, Any]) -> Template:
    inner = workflow.get("spec")
    if workflow.get("kind") != "Workflow" or not isinstance(inner, dict) or not inner.get("templates"):
        raise invalid_input("unknown template format")
    if not isinstance(workflow.get("metadata") or {}, dict):
        raise invalid_input("unknown template format")
    arguments = inner.get("arguments") or {}
    declared = arguments.get("parameters") if isinstance(arguments, dict) else None
    if declared is not None and not isinstance(declared, list):
        raise invalid_input("unknown template format")
    parameters = []
    for each in declared or []:
        if not isinstance(each, dict) or not isinstance(each.get("name"), str):
            raise invalid_input("unknown template format")
        parameters.append(
            {"name": each["name"], **({"value": str(each["value"])} if "value" in each else {})}
        )
    text = yaml.safe_dump(dict(workflow), sort_keys=False, allow_unicode=True)
    return Template(msgspec.json.encode(workflow), text, None, parameters)


def unpack(name: str, data: bytes) -> bytes:
    """Return the pipeline text in a file of this name: YAML, JSON, zip or tar.gz; raises ApiError (400).

    The extension wins over the content and is case-sensitive, as in KFP's `server/util.go`.
    """
    if len(data) > MAX_UPLOAD:
        raise _unreadable(f"the file is larger than {MAX_UPLOAD} bytes")
    if name.endswith((".yaml", ".yml", ".json")):
        return data
    if not archive.is_archive(data):
        raise _unreadable("it is neither .yaml, .yml, .json, zip nor tar.gz")
    try:
        return archive.unpack(data)
    except Unreadable as error:
        raise _unreadable(error.reason) from None


def _unreadable(reason: str) -> ApiError:
    error = invalid_input("Failed to read a pipeline spec file")
    return ApiError(error.code, error.text, message=f"{error.message}: {reason}")


def _find_workflow(text: bytes) -> Mapping[str, Any] | None:
    """Return the Argo Workflow in `text`, or None when it is something else."""
    if b"argoproj.io/" not in text or len(text) > MAX_UPLOAD:
        return None
    try:
        documents = read(text)
    except Unreadable:
        return None
    first = documents[0].value if len(documents) == 1 else None
    if isinstance(first, dict) and str(first.get("apiVersion", "")).startswith("argoproj.io/"):
        return first
    return None


def _read_ir(read_package: Callable[[], Package]) -> Package:
    try:
        return read_package()
    except KfpError as error:
        reason = error.why or error.message
        raise ApiError(
            INVALID, _kfp_text(reason), message=f"InvalidInputError: {_kfp_text(reason)}: {reason}"
        ) from None


def _kfp_text(reason: str) -> str:
    """Return KFP's short text for a document that `pipeline_spec` cannot read."""
    version = re.search(r"`schemaVersion` is “([^”]*)”", reason)
    if version:
        return f"KFP only supports schema version 2.1.0, but the pipeline spec has version {version.group(1)}"
    if "the pipeline's name" in reason:
        return (
            "pipeline's name must contain only lowercase alphanumeric characters or '-' and must start with"
            " alphanumeric characters"
        )
    if "a second pipeline" in reason:
        return "multiple pipeline specs provided"
    if "a second platform" in reason:
        return "multiple platform specs provided"
    return "unknown template format"
