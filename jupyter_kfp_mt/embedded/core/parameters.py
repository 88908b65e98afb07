"""Checks the values for a pipeline's inputs as KFP does (`backend/src/apiserver/template/v2_template.go`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import invalid_input

_KINDS: dict[str, tuple[tuple[type, ...], str, str]] = {
    "STRING": ((str,), "string", "string"),
    "BOOLEAN": ((bool,), "bool", "bool"),
    "LIST": ((list,), "list", "list"),
    "STRUCT": ((dict,), "struct", "struct"),
    "NUMBER_INTEGER": ((int, float), "double or integer", "number"),
    "NUMBER_DOUBLE": ((int, float), "double or integer", "number"),
}
_OLD = {"INT": "NUMBER_INTEGER", "DOUBLE": "NUMBER_DOUBLE", "STRING": "STRING"}
MAX_BYTES = 4 * 1024 * 1024


def check_parameters(pipeline_spec: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Reject values that are missing, unknown, of another type, or not among the literals."""
    definitions = pipeline_spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
    for name, definition in definitions.items():
        if name not in values and "defaultValue" not in definition and not definition.get("isOptional"):
            raise invalid_input(
                f"parameter {name} is not optional, yet has neither default value nor user provided value"
            )
    unknown = sorted(name for name in values if name not in definitions)
    if unknown:
        raise invalid_input(f"parameter(s) provided are not required by pipeline: {', '.join(unknown)}")
    for name, value in values.items():
        _check_kind(name, definitions[name], value)
    if len(json.dumps(values)) > MAX_BYTES:
        raise invalid_input(f"the parameters take more than {MAX_BYTES} bytes")


def _check_kind(name: str, definition: Mapping[str, Any], value: Any) -> None:
    kind = definition.get("parameterType") or _OLD.get(str(definition.get("type", "")), "STRING")
    if kind not in _KINDS:
        raise invalid_input(f"input parameter {name} has an unsupported type {kind}")
    types, wanted, kfp_type = _KINDS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        subject = "parameter value" if kfp_type == "number" else "input parameter"
        raise invalid_input(
            f"input parameter {name} requires type {wanted}, but the {subject} is not of {kfp_type}"
            " value type"
        )
    literals = definition.get("literals", [])
    if literals and value not in literals:
        raise invalid_input(
            f'input parameter "{name}" value {_format(value)} does not match any of the allowed'
            f" literal values: [{' '.join(_format(each) for each in literals)}]"
        )


def _format(value: Any) -> str:
    """Format a value as protobuf's text format does."""
    if isinstance(value, bool):
        return f"bool_value:{json.dumps(value)}"
    if isinstance(value, int | float):
        return f"number_value:{float(value)!r}".removesuffix(".0")
    return f"string_value:{json.dumps(value, ensure_ascii=False)}"
