"""Resource references: how v1beta1 names the namespace, experiment, job or pipeline of an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...core.resource_manager import ResourceManager
from ...store.query import Listing, Query
from ..shared.calls import LIST_QUERY, Call
from ..shared.listing import parse_list_options
from ..shared.rendering import Json, drop_empty
from .messages import FILTERS, KEY_TYPES

REFERENCE_QUERY = {
    **LIST_QUERY,
    "resource_reference_key.type": KEY_TYPES,
    "resource_reference_key.id": "text",
}
_SCOPES = {"NAMESPACE": "namespace", "EXPERIMENT": "experiment_id"}


def render_reference(kind: str, object_id: str, relationship: str) -> Json:
    """Return one resource reference."""
    return {"key": drop_empty(type=kind, id=object_id), "relationship": relationship}


def find_reference(message: Mapping[str, Any], kind: str, relationship: str = "") -> str:
    """Return the id of the first reference of a kind, of any relationship unless one is given; else ""."""
    for each in message.get("resource_references", []):
        key = each.get("key", {})
        if key.get("type") == kind and relationship in ("", each.get("relationship", "")):
            return str(key.get("id", ""))
    return ""


def parse_scoped_options(listing: Listing) -> Callable[[ResourceManager, Call], Query]:
    """Make the step that checks list options; a reference in the query becomes namespace or experiment."""
    parse_options = parse_list_options(listing, FILTERS)

    def parse(manager: ResourceManager, call: Call) -> Query:
        kind, object_id = call.text("resource_reference_key.type"), call.text("resource_reference_key.id")
        if kind in _SCOPES:
            call.arguments = {**call.arguments, _SCOPES[kind]: object_id}
        return parse_options(manager, call)

    return parse
