"""Builds list filters as KFP reads them (kubeflow/pipelines, backend/api/v2beta1/filter.proto)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec

from ..run_rules import Phase, state_filter

Predicate = dict[str, Any]


def equals(key: str, value: str) -> Predicate:
    """Return the predicate that `key` is `value`; KFP ignores case."""
    return {"operation": "EQUALS", "key": key, "string_value": value}


def one_of(key: str, values: Sequence[str]) -> Predicate:
    """Return the predicate that `key` is one of `values`."""
    if len(values) == 1:
        return equals(key, values[0])
    return {"operation": "IN", "key": key, "string_values": {"values": list(values)}}


def in_phases(phases: Collection[Phase]) -> list[Predicate]:
    """Runs in any of `phases`; may hold terminated runs for failed ones, and failed ones for terminated."""
    named, states = state_filter(phases)
    if named:
        return [one_of("state", states)]
    return [{"operation": "NOT_EQUALS", "key": "state", "string_value": state} for state in states]


def contains(key: str, text: str) -> Predicate:
    r"""Return the predicate that `key` contains `text`; escapes `%`, `_` and `\`, special to SQL's LIKE."""
    literal = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return {"operation": "IS_SUBSTRING", "key": key, "string_value": literal}


def not_before(key: str, value: datetime) -> Predicate:
    """Return the predicate that the time `key` is `value` or later."""
    return {"operation": "GREATER_THAN_EQUALS", "key": key, "timestamp_value": moment(value)}


def moment(value: datetime) -> str:
    """Return a time as filters take it: in UTC, because KFP decodes the `+` of an offset as a blank."""
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode_filter(predicates: Sequence[Predicate]) -> str:
    """Return the `filter` parameter, empty when there are no predicates.

    KFP decodes the value once more after the query string (kubeflow/pipelines,
    backend/src/apiserver/server/list_request_util.go), so `%` and `+` are encoded twice.
    """
    if not predicates:
        return ""
    text = msgspec.json.encode({"predicates": list(predicates)}).decode()
    return text.replace("%", "%25").replace("+", "%2B")


def page_query(
    predicates: Sequence[Predicate], *, sort_by: str, page_size: int, page_token: str
) -> tuple[tuple[str, str], ...]:
    """Return the parameters of one page.

    A page token carries sort and filter. KFP compares a filter that is sent again with the one in the token
    after a JSON round trip, which changes the type of numbers and lists, and refuses the page as a mismatch
    (kubeflow/pipelines, backend/src/apiserver/list/list.go).
    """
    size = ("page_size", str(page_size) if page_size else "")
    if page_token:
        return (size, ("page_token", page_token))
    return (size, ("sort_by", sort_by), ("filter", encode_filter(predicates)))
