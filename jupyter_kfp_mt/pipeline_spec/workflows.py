"""Argo Workflows that the KFP SDK 1.x compiled, beside IR: servers of KFP 1 and 2 run them. Pure.

Their parameters are texts; what the SDK knew of them is in an annotation (sdk/python/kfp/compiler/compiler.py
of kubeflow/pipelines, release 1.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from . import archive, package, reading
from .package import Package

_ANNOTATION = "pipelines.kubeflow.org/pipeline_spec"
_GROUP = "argoproj.io/"


def parse_any(text: str | bytes, *, name: str = "") -> Package:
    """Read a compiled pipeline of any SDK; raises as `parse` does."""
    workflow = _find_workflow(text)
    return read_workflow(workflow, name=name) if workflow is not None else package.parse(text, name=name)


def parse_any_file(data: bytes, *, name: str = "") -> Package:
    """Read a compiled pipeline of any SDK from a file, packed or not; raises as `parse_file` does."""
    if not archive.is_archive(data):
        return parse_any(data, name=name)
    try:
        text = archive.unpack(data) if len(data) <= reading.MAX_BYTES else b""
    except reading.Unreadable:
        text = b""
    workflow = _find_workflow(text)
    return read_workflow(workflow, name=name) if workflow else package.parse_file(data, name=name)


def from_wire_any(value: object, *, name: str = "") -> Package:
    """Read the `pipeline_spec` of a run or version that any SDK compiled."""
    if isinstance(value, dict) and _is_workflow(value):
        return read_workflow(value, name=name)
    return package.from_wire(value, name=name)


def read_workflow(workflow: Mapping[str, Any], *, name: str = "") -> Package:
    """Return a Workflow as a package: its parameters as IR has them, and itself for the server."""
    metadata = _mapping(workflow.get("metadata"))
    known = _read_annotation(_mapping(metadata.get("annotations")).get(_ANNOTATION))
    title = str(known.get("name") or metadata.get("generateName") or metadata.get("name") or "workflow")
    spec = {
        "pipelineInfo": {"name": title.rstrip("-"), "description": str(known.get("description") or "")},
        "root": {"inputDefinitions": {"parameters": _list_parameters(workflow, known)}},
    }
    return Package(pipeline_spec=spec, workflow=dict(workflow), source=name)


def _list_parameters(workflow: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters as IR defines them."""
    described = {each.get("name"): each for each in known.get("inputs") or [] if isinstance(each, dict)}
    arguments = _mapping(_mapping(workflow.get("spec")).get("arguments")).get("parameters")
    definitions: dict[str, Any] = {}
    for each in arguments if isinstance(arguments, list) else []:
        if not isinstance(each, dict) or not isinstance(each.get("name"), str):
            continue
        about = _mapping(described.get(each["name"]))
        definition: dict[str, Any] = {"parameterType": "STRING"}
        if about.get("description"):
            definition["description"] = str(about["description"])
        if each.get("value") is not None:
            definition |= {"defaultValue": str(each["value"]), "isOptional": True}
        definitions[each["name"]] = definition
    return definitions


def _read_annotation(text: object) -> Mapping[str, Any]:
    try:
        return _mapping(msgspec.json.decode(text)) if isinstance(text, str) else {}
    except (msgspec.MsgspecError, RecursionError):
        return {}


def _find_workflow(text: str | bytes) -> Mapping[str, Any] | None:
    raw = text.encode() if isinstance(text, str) else text
    if _GROUP.encode() not in raw or len(raw) > reading.MAX_BYTES:
        return None
    try:
        documents = reading.read(raw)
    except reading.Unreadable:
        return None
    found = documents[0].value if len(documents) == 1 else None
    return found if isinstance(found, dict) and _is_workflow(found) else None


def _is_workflow(value: Mapping[str, Any]) -> bool:
    templates = _mapping(value.get("spec")).get("templates")
    return (
        str(value.get("apiVersion", "")).startswith(_GROUP)
        and value.get("kind") == "Workflow"
        and isinstance(templates, list)
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
