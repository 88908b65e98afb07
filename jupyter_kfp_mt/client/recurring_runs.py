"""Builds the requests for recurring runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ..models import RecurringRun, RecurringRunPage
from .filters import Predicate, page_query
from .http import V2, Empty, Request, delete, get, post, segment

_PATH = f"{V2}/recurringruns"


def list_recurring_runs(
    namespace: str,
    predicates: Sequence[Predicate] = (),
    *,
    experiment_id: str = "",
    sort_by: str = "",
    page_size: int = 0,
    page_token: str = "",
) -> Request[RecurringRunPage]:
    """Build the request for a page of the recurring runs of `namespace`, or of an experiment in it."""
    page = page_query(predicates, sort_by=sort_by, page_size=page_size, page_token=page_token)
    where = (("namespace", namespace), ("experiment_id", experiment_id))
    return get(_PATH, RecurringRunPage, (*where, *page))


def get_recurring_run(recurring_run_id: str) -> Request[RecurringRun]:
    """Build the request for one recurring run."""
    return get(_path_of(recurring_run_id), RecurringRun, thing="recurring run", ref=recurring_run_id)


def create_recurring_run(body: Mapping[str, Any], *, timeout: float) -> Request[RecurringRun]:
    """Build the request that creates a recurring run; it is not repeatable, since KFP assigns the id."""
    request = post(_PATH, RecurringRun, body, thing="recurring run", ref=str(body.get("display_name", "")))
    headers = (("Grpc-Timeout", f"{max(1, int(timeout) - 5)}S"),)
    return msgspec.structs.replace(request, headers=headers, read_timeout=timeout)


def change_recurring_run(recurring_run_id: str, verb: str) -> Request[Empty]:
    """Build the request to `enable` or `disable`; both are idempotent."""
    path = f"{_path_of(recurring_run_id)}:{verb}"
    return post(path, Empty, thing="recurring run", ref=recurring_run_id, repeatable=True)


def delete_recurring_run(recurring_run_id: str) -> Request[Empty]:
    """Build the request that deletes a recurring run and leaves alone the runs that it started.

    Their Workflows belong to the schedule's object in Kubernetes, so they would go with it.
    """
    query = (("propagation_policy", "ORPHAN"),)
    return delete(_path_of(recurring_run_id), query, thing="recurring run", ref=recurring_run_id)


def _path_of(recurring_run_id: str) -> str:
    return f"{_PATH}/{segment(recurring_run_id)}"
