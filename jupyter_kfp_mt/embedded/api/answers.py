"""What both façades share: how values are written, lists are answered, and verbs say nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import msgspec

from ..core.listing import Asked
from ..core.resource_manager import ResourceManager
from ..core.sources import MayRead
from ..errors import saying
from ..store import ExperimentRow
from ..store.query import Listing, Page, Query
from .guards import in_namespace_or_experiment, required
from .http import Call, Target, may

Json = dict[str, Any]


def time_text(seconds: float) -> str:
    """Seconds since 1970 as KFP writes times."""
    whole = int(seconds)
    return _minute(whole // 60) + _SECONDS[whole % 60]


_SECONDS = [f"{second:02}Z" for second in range(60)]


@lru_cache(4096)  # the times of a run, its history and its tasks are mostly of the same minutes
def _minute(number: int) -> str:
    return datetime.fromtimestamp(number * 60, timezone.utc).isoformat()[:17]


def present(**fields: Any) -> Json:
    """The fields that are not empty: protojson leaves the others out."""
    return {name: value for name, value in fields.items() if value}


def may_read(manager: ResourceManager, call: Call) -> MayRead:
    """Whether the caller may get pipelines of a namespace."""
    return lambda namespace: may(manager, call.identity, "get", "pipelines", namespace)


def asked(call: Call) -> Asked:
    """The list options of a call."""
    return Asked(
        page_size=call.given.get("page_size", 0),
        page_token=call.text("page_token"),
        sort_by=call.text("sort_by"),
        filter=call.text("filter"),
    )


def listed(
    manager: ResourceManager,
    call: Call,
    listing: Listing,
    scope: tuple[str, str],
    *,
    read: Callable[[Query], Page[Any]],
    name: str,
    write: Callable[[Sequence[Any]], Sequence[Json | msgspec.Struct]],
) -> Json:
    """One page as JSON."""
    with saying("Failed to create list options", final=True):
        query = manager.lists.bind(listing, call.asked, asked(call), *scope)
    page = read(query)
    return present(
        **{name: write(page.rows)},
        total_size=page.total,
        next_page_token=manager.lists.token(listing, query, page),
    )


def place(call: Call) -> str:
    """The namespace that the guard found; "" for what is shared."""
    return (call.target.namespace if call.target else "") or ""


def scope_of(manager: ResourceManager, call: Call) -> tuple[str, str]:
    """What bounds a list of runs or recurring runs."""
    if isinstance(call.row, ExperimentRow):
        return "experiment_id", call.row.experiment_id
    return ("namespace", place(call)) if manager.tenancy.multi_user else ("", "")


def find_listed(resource: str, context: str) -> Callable[[ResourceManager, Call], Target]:
    """Where a list of runs or recurring runs is."""

    def find(manager: ResourceManager, call: Call) -> Target:
        target = in_namespace_or_experiment(manager, call)
        if target.namespace is not None and target.row is None:
            where = "Check if you have permission to access namespace "
            with saying(f"{context} due to authorization error. {where}"):
                required(manager, target.namespace, resource)
        return target

    return find


def done(act: Callable[[ResourceManager, Any], None]) -> Callable[[ResourceManager, Call], Json]:
    """A handler that does something with the object of the call, and says nothing."""

    def handler(manager: ResourceManager, call: Call) -> Json:
        act(manager, call.row)
        return {}

    return handler
