"""Translates the queries and bodies of v2beta1 requests into v1beta1 ones; pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import msgspec

from ..errors import kfp_error

_KEYS = {
    "display_name": "name",
    "run_id": "id",
    "experiment_id": "id",
    "pipeline_id": "id",
    "state": "status",
}
_ARCHIVED = ["ARCHIVED", "STORAGESTATE_ARCHIVED"]  # as KFP 2 and KFP 1 store it
_STATUS = {
    "RUNTIME_STATE_UNSPECIFIED": ("", "Unknown"),
    "PENDING": ("Pending",),
    "RUNNING": ("Running",),
    "SUCCEEDED": ("Succeeded", "Done"),
    "FAILED": ("Failed", "Error"),
    "SKIPPED": ("Skipped",),
    "CANCELING": ("Terminating",),
    "CANCELED": (),  # KFP 1 has no such status: a terminated run is a failed one
}


def list_query(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the query of a list: the owner as a resource reference, fields by their old names."""
    given = dict(query)
    kind, owner = (
        ("EXPERIMENT", given["experiment_id"])
        if "experiment_id" in given
        else ("NAMESPACE", given.get("namespace", ""))
    )
    references = (
        (("resource_reference_key.type", kind), ("resource_reference_key.id", owner)) if owner else ()
    )
    kept = tuple((key, given[key]) for key in ("page_size", "page_token") if key in given)
    field, blank, order = given.get("sort_by", "").partition(" ")
    sort = (("sort_by", _KEYS.get(field, field) + blank + order),) if field else ()
    filters = (("filter", _filter(given["filter"])),) if "filter" in given else ()
    return (*references, *kept, *sort, *filters)


def _filter(text: str) -> str:
    predicates = msgspec.json.decode(unquote(text))["predicates"]
    old = [each for predicate in predicates for each in _translate(predicate)]
    encoded = msgspec.json.encode({"predicates": old}).decode()
    return encoded.replace("%", "%25").replace("+", "%2B")


def _translate(predicate: dict[str, Any]) -> list[dict[str, Any]]:
    """Translate a predicate; an available run is any that is not archived, since KFP 1 stores other words."""
    key, value = predicate["key"], predicate.get("string_value", "")
    if key == "storage_state" and value == "ARCHIVED":
        return [{"op": "IN", "key": key, "string_values": {"values": _ARCHIVED}}]
    if key == "storage_state":
        return [{"op": "NOT_EQUALS", "key": key, "string_value": archived} for archived in _ARCHIVED]
    if key == "recurring_run_id":  # KFP 1 refuses it
        raise kfp_error("old-server", feature="Showing the runs of a schedule", v="v1beta1", w="KFP 2.0")
    old = {name: part for name, part in predicate.items() if name not in ("operation", "key")}
    operation = predicate["operation"]
    if key == "state" and operation == "NOT_EQUALS":
        words = _STATUS.get(value, (value,))
        return [{"op": operation, "key": _KEYS[key], "string_value": word} for word in words]
    if key == "state":
        wanted = old.pop("string_values", {}).get("values", [old.pop("string_value", "")])
        values = {word for each in wanted for word in _STATUS.get(each, (each,))}
        operation, old = "IN", {"string_values": {"values": sorted(values)}}
    return [{"op": operation, "key": _KEYS.get(key, key), **old}]


def experiment_body(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a new experiment, owned by its namespace if it has one."""
    references = [reference("NAMESPACE", body["namespace"], "OWNER")] if body.get("namespace") else []
    return {
        "name": body.get("display_name", ""),
        "description": body.get("description", ""),
        "resource_references": references,
    }


def run_body(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a new run: its pipeline as a manifest, its owners as references."""
    started = _start_body(body)
    if body.get("recurring_run_id"):
        started["resource_references"].append(reference("JOB", body["recurring_run_id"], "CREATOR"))
    return {"id": body["run_id"], **started}


def recurring_run_body(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a new job; its trigger looks the same in both versions."""
    return {
        **_start_body(body),
        "max_concurrency": body.get("max_concurrency", "1"),
        "trigger": body.get("trigger", {}),
        "enabled": body.get("mode") == "ENABLE",
        "no_catchup": body.get("no_catchup", False),
    }


def _start_body(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the bodies of a new run and of a new job have in common."""
    references = (
        [reference("EXPERIMENT", body["experiment_id"], "OWNER")] if body.get("experiment_id") else []
    )
    source: dict[str, Any] = {"runtime_config": body.get("runtime_config", {})}
    version = body.get("pipeline_version_reference")
    if version and version.get("pipeline_version_id"):
        references.append(reference("PIPELINE_VERSION", version["pipeline_version_id"], "CREATOR"))
    elif version:
        source["pipeline_id"] = version["pipeline_id"]
    else:
        source["pipeline_manifest"] = msgspec.json.encode(body["pipeline_spec"]).decode()
    return {
        "name": body["display_name"],
        "description": body.get("description", ""),
        "service_account": body.get("service_account", ""),
        "pipeline_spec": source,
        "resource_references": references,
    }


def reference(kind: str, identifier: str, relationship: str) -> dict[str, Any]:
    """Return a resource reference."""
    return {"key": {"type": kind, "id": identifier}, "relationship": relationship}
