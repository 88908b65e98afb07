"""Handles lists for both API versions: reads the list options, and renders one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ...core.listing import FilterSyntax, ListOptions
from ...core.resource_manager import ResourceManager
from ...errors import prefix_errors
from ...store import ExperimentRow
from ...store.query import Listing, Page, Query
from .calls import Call
from .rendering import Json, drop_empty

_INVALID_OPTIONS = "Failed to create list options"


def parse_list_options(
    listing: Listing, syntax: FilterSyntax, *, tags: bool = False, prefix: str = _INVALID_OPTIONS
) -> Callable[[ResourceManager, Call], Query]:
    """Make the step that checks the list options; KFP does it before authorization."""

    def parse(manager: ResourceManager, call: Call) -> Query:
        with prefix_errors(prefix, final=True):
            return manager.lists.parse(listing, _list_options(call), syntax, tags=tags)

    return parse


def _list_options(call: Call) -> ListOptions:
    return ListOptions(
        page_size=call.arguments.get("page_size", 0),
        page_token=call.text("page_token"),
        sort_by=call.text("sort_by"),
        filter=call.text("filter"),
    )


def render_page(
    manager: ResourceManager,
    call: Call,
    listing: Listing,
    scope: tuple[str, str],
    *,
    read: Callable[[Query], Page[Any]],
    name: str,
    render: Callable[[Sequence[Any]], Sequence[Json | msgspec.Struct]],
) -> Json:
    """Read the page that `call.parsed` asks for within `scope`, and return its message.

    `scope` is the column that bounds the list, and its value; `name` is the field that holds the rows.
    """
    with prefix_errors(_INVALID_OPTIONS, final=True):
        query = manager.lists.bind(listing, call.parsed, _list_options(call), *scope)
    page = read(query)
    return drop_empty(
        **{name: render(page.rows)},
        total_size=page.total,
        next_page_token=manager.lists.next_token(listing, query, page),
    )


def scope_of_runs(manager: ResourceManager, call: Call) -> tuple[str, str]:
    """Return what bounds a list of runs or recurring runs: an experiment, a namespace, or nothing."""
    if isinstance(call.row, ExperimentRow):
        return "experiment_id", call.row.experiment_id
    return ("namespace", call.namespace) if manager.tenancy.multi_user else ("", "")
