"""Recurring runs: list, find, create, switch on and off, delete, run now."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import partial
from typing import Any

import msgspec

from ..client import filters
from ..client import recurring_runs as requests
from ..client import runs as run_requests
from ..errors import KfpError, KfpNotFoundError, kfp_error
from ..lists import RecurringRunList
from ..models import (
    NO_SPEC,
    Experiment,
    RecurringRun,
    RecurringRunPage,
    RecurringRunQuery,
    RecurringRunRequest,
    Run,
    Source,
    SourceKind,
    SubmitRequest,
)
from ..pipeline_spec import from_wire_any
from . import experiments
from .backend import UUID, Backend
from .paging import MAX_PAGE, read_pages
from .schedules import describe_recurring_run, render_trigger, to_schedule, to_trigger
from .submit import submit
from .submit.settle import SKEW, Settling
from .tasks.rows import describe_run

_ID_START = re.compile(r"[0-9a-f][0-9a-f-]{3,}")
_LOOKS = (0.5, 1.0, 2.0, 4.0)  # seconds before each look for one that may have been created


def read_page(backend: Backend, query: RecurringRunQuery) -> RecurringRunPage:
    """Return one page of the namespace's recurring runs as rows, without specs."""
    predicates = [filters.contains("display_name", query.search)] if query.search else []
    page = backend.api.call(
        requests.list_recurring_runs(
            backend.namespace(),
            predicates,
            sort_by=query.sort_by,
            page_size=query.page_size,
            page_token=query.page_token,
        )
    )
    last = _find_last_runs(backend, [row.recurring_run_id for row in page.recurring_runs])
    rows = [
        _describe(backend, msgspec.structs.replace(row, pipeline_spec=NO_SPEC), last)
        for row in page.recurring_runs
    ]
    return msgspec.structs.replace(page, recurring_runs=rows)


def list_recurring_runs(backend: Backend, query: RecurringRunQuery, *, limit: int) -> RecurringRunList:
    """Return the newest recurring runs, at most `limit`."""
    pages = list(read_pages(partial(read_page, backend), query, limit))
    rows = [row for page in pages for row in page.recurring_runs]
    listed = RecurringRunList(rows, total_size=pages[-1].total_size if pages else 0)
    listed.is_part = bool(query.search)
    return listed


def get_recurring_run(backend: Backend, recurring_run_id: str) -> RecurringRun:
    """Return one recurring run; the same `not-found` for an unknown, malformed or foreign id."""
    row = _read(backend, recurring_run_id)
    return _describe(backend, row, _find_last_runs(backend, [recurring_run_id]))


def find_recurring_run(backend: Backend, reference: str) -> RecurringRun:
    """Find a recurring run by id, by the start of one, or by name; raises `not-found` and `ambiguous`.

    Of several of one name, as an edit leaves them, the one that is on is meant.
    """
    if UUID.fullmatch(reference):
        return get_recurring_run(backend, reference)
    rows: list[RecurringRun] = []
    if _ID_START.fullmatch(reference.lower()):
        start = reference.lower()
        rows = _list_newest(backend, [filters.contains("recurring_run_id", start)])
        rows = [row for row in rows if row.recurring_run_id.startswith(start)]
    if reference and not rows:
        rows = list_named(backend, reference)
    rows = [row for row in rows if row.enabled] if len(rows) > 1 and any(r.enabled for r in rows) else rows
    if len(rows) > 1:
        listed = ", ".join(f"{row.recurring_run_id[:8]} ({row.display_name})" for row in rows[:5])
        raise kfp_error("ambiguous", ref=reference, n=len(rows), things="recurring runs", list=listed)
    if not rows:
        raise backend.not_found_error("recurring run", reference[:80], RecurringRun)
    return get_recurring_run(backend, rows[0].recurring_run_id)


def create_recurring_run(backend: Backend, request: RecurringRunRequest, settling: Settling) -> RecurringRun:
    """Create a recurring run in an experiment of the namespace."""
    body = build_body(backend, request)
    return _describe(backend, post_recurring_run(backend, body, settling), {})


def build_body(backend: Backend, request: RecurringRunRequest, *, latest: bool = False) -> dict[str, Any]:
    """Return the body of the POST; raises what is wrong with the request.

    With `latest`, each run takes the version that is newest then.
    """
    trigger = to_trigger(backend, request.schedule)
    body = submit.build_body(backend, request.run)
    if not request.run.display_name.strip():
        raise kfp_error("bad-input", field="display_name", problem="a recurring run needs a name")
    if latest and "pipeline_version_reference" in body:
        body["pipeline_version_reference"].pop("pipeline_version_id")
    body["experiment_id"] = experiments.ensure_experiment(backend, request.run.experiment).experiment_id
    return {
        **body,
        "trigger": render_trigger(trigger),
        "mode": "ENABLE" if request.enabled else "DISABLE",
        "max_concurrency": str(request.schedule.max_concurrency),
        "no_catchup": not request.schedule.catch_up,
    }


def post_recurring_run(
    backend: Backend, body: dict[str, Any], settling: Settling, known: Collection[str] = ()
) -> RecurringRun:
    """Create a recurring run with one POST, and look for it if the response is unclear.

    `known` are the ids of others of its name.
    """
    since = backend.clock.now().timestamp() - SKEW
    request = requests.create_recurring_run(body, timeout=settling.timeout)
    try:
        return backend.api.call(request)
    except KfpError as error:
        if not error.unclear:
            raise
        failure = error
    for pause in _LOOKS:
        backend.clock.sleep(pause)
        try:
            named = list_named(backend, body["display_name"])
        except KfpError:
            continue
        for row in named:
            if row.recurring_run_id not in known and row.created_at and row.created_at.timestamp() >= since:
                return row
    raise failure.replace(next="It may appear late: look at the recurring runs before you create it again.")


def list_named(backend: Backend, display_name: str) -> list[RecurringRun]:
    """Return the newest recurring runs of a name: KFP lets several have one."""
    return _list_newest(backend, [filters.equals("display_name", display_name)])


def switch_recurring_run(backend: Backend, recurring_run_id: str, *, on: bool) -> RecurringRun:
    """Switch a recurring run on or off; one that is so already is returned unchanged."""
    ensure_switched(backend, recurring_run_id, on=on)
    return get_recurring_run(backend, recurring_run_id)


def ensure_switched(backend: Backend, recurring_run_id: str, *, on: bool) -> None:
    """Switch a recurring run on or off unless it is so already."""
    if _read(backend, recurring_run_id).enabled is not on:
        verb = "enable" if on else "disable"
        backend.api.call(requests.change_recurring_run(recurring_run_id, verb))


def delete_recurring_run(backend: Backend, recurring_run_id: str) -> None:
    """Delete a recurring run; its runs stay, and one that was deleted from here is no error."""
    try:
        _read(backend, recurring_run_id)
        backend.api.call(requests.delete_recurring_run(recurring_run_id))
    except KfpNotFoundError:
        if backend.caches.deleted.get(recurring_run_id) != backend.namespace():
            raise
    backend.caches.deleted.put(recurring_run_id, backend.namespace())


def run_now(backend: Backend, recurring_run_id: str, settling: Settling, *, patient: bool) -> Run:
    """Start one run of a recurring run at once, on or off; it counts as one of its runs."""
    request = _to_request(_read(backend, recurring_run_id))
    wait = (lambda: None) if patient else None
    return submit.submit_run(backend, request, settling, wait, recurring_run_id=recurring_run_id)


def describe_request(backend: Backend, recurring_run_id: str) -> RecurringRunRequest:
    """Return the request that would create a recurring run again."""
    row = _read(backend, recurring_run_id)
    run = msgspec.structs.replace(_to_request(row), display_name=row.display_name)
    return RecurringRunRequest(run=run, schedule=to_schedule(row), enabled=row.enabled)


def _to_request(row: RecurringRun) -> SubmitRequest:
    """Return the request of one of its runs, without a name."""
    config = row.runtime_config
    return SubmitRequest(
        source=_to_source(row),
        parameters=config.parameters if config else {},
        experiment=row.experiment_id,
        description=row.description,
        pipeline_root=config.pipeline_root if config else "",
        service_account=row.service_account,
    )


def _to_source(row: RecurringRun) -> Source:
    reference = row.pipeline_version_reference
    if reference is not None:
        return Source(
            kind=SourceKind.PIPELINE,
            pipeline_id=reference.pipeline_id,
            pipeline_version_id=reference.pipeline_version_id,
        )
    package = from_wire_any(msgspec.json.decode(row.pipeline_spec), name=row.display_name)
    return Source(kind=SourceKind.TEXT, text=package.to_yaml(), path=row.display_name)


def _read(backend: Backend, recurring_run_id: str) -> RecurringRun:
    """Return a recurring run as KFP tells it; raises `not-found` if it is not one of this namespace."""
    if not UUID.fullmatch(recurring_run_id):
        raise backend.not_found_error("recurring run", recurring_run_id[:80], RecurringRun)
    row = backend.api.call(requests.get_recurring_run(recurring_run_id))
    if backend.namespace() and row.namespace != backend.namespace():
        raise backend.not_found_error("recurring run", recurring_run_id, RecurringRun)
    return row


def _list_newest(backend: Backend, predicates: list[filters.Predicate]) -> list[RecurringRun]:
    request = requests.list_recurring_runs(
        backend.namespace(), predicates, sort_by="created_at desc", page_size=MAX_PAGE
    )
    return backend.api.call(request).recurring_runs


def _find_last_runs(backend: Backend, recurring_run_ids: list[str]) -> dict[str, Run]:
    """Return the last run of each recurring run, as far as one call shows it."""
    if not recurring_run_ids:
        return {}
    request = run_requests.list_runs(
        backend.namespace(),
        [filters.one_of("recurring_run_id", recurring_run_ids)],
        sort_by="created_at desc",
        page_size=min(MAX_PAGE, 4 * len(recurring_run_ids)),
    )
    try:
        runs = backend.api.call(request).runs
    except KfpError:  # an old server, or no right to see runs
        return {}
    last: dict[str, Run] = {}
    for run in runs:
        if run.recurring_run_id not in last:
            last[run.recurring_run_id] = describe_run(run, None, row=True)
    return last


def _describe(backend: Backend, row: RecurringRun, last: dict[str, Run]) -> RecurringRun:
    experiment: Experiment | None = backend.get_experiment(row.experiment_id)
    named = msgspec.structs.replace(
        row,
        experiment_name=experiment.display_name if experiment else "",
        last_run=last.get(row.recurring_run_id),
    )
    return describe_recurring_run(backend, named)
