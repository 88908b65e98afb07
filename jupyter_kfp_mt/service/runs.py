"""Runs: list, find, change, delete, wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from ..client import Empty, Request, filters
from ..client import runs as requests
from ..client.api import TRANSIENT
from ..client.responses import shorten
from ..errors import KfpError, KfpNotFoundError, kfp_error
from ..lists import RunList
from ..models import Experiment, Failure, Phase, Run, RunPage, RunQuery
from ..names import LABEL_VALUE
from ..polling import poll_interval
from ..run_rules import RETRYABLE, is_confirmed, may_retry, may_terminate
from .backend import UUID, Backend
from .paging import MAX_PAGE
from .state.journal import Stage
from .submit.settle import Settling, find_absent, reconcile
from .tasks.rows import describe_run

MOST_OF_NOTEBOOK = 100  # runs that are listed of one: their ids are in the address of the request
WALK = 1000  # newest runs to go through when KFP cannot filter
_ID_START = re.compile(r"[0-9a-f][0-9a-f-]{3,}")
_NOT_RETRIED = {
    Phase.SUCCEEDED: "has succeeded",
    Phase.SKIPPED: "was skipped",
    Phase.UNCONFIRMED: "is not confirmed yet",
}
_DONE = {"terminate": "terminated", "archive": "archived", "unarchive": "restored", "delete": "deleted"}
_ENDED_WORDS = {Phase.FAILED: "failed", Phase.CANCELED: "was canceled", Phase.SKIPPED: "was skipped"}


class WaitPolicy(NamedTuple):
    """How often `wait_for_run` looks, in seconds."""

    first: float = 0.1  # grows by half each time, up to the poll interval
    patience: float = 120.0  # without a response of KFP before giving up
    again: float = 30.0  # after which an unchanged run is shown again: a task may wait for a place


def read_page(backend: Backend, query: RunQuery, settling: Settling) -> RunPage:
    """Return one page of runs as rows, without specs and details.

    KFP stores a terminated run as FAILED, so a page filtered by FAILED or CANCELED may be shorter than its
    size. The first page begins with the unconfirmed submits.
    """
    phases = _read_phases(query.state)
    first = not (query.search or query.archived or query.page_token)
    waiting = reconcile(backend, settling) if first and Phase.UNCONFIRMED in (phases or Phase) else []
    if query.experiment_id:
        _require_own_experiment(backend, query.experiment_id)
    predicates = _list_predicates(query, phases)
    if query.notebook or query.notebook_id:
        started = _list_started_from(backend, query)
        if not started:
            return RunPage()
        predicates.append(filters.one_of("run_id", started))
        waiting = [row for row in waiting if row.run_id in started]
    page = _list_matching(backend, query, predicates)
    known = backend.get_experiments_of(page.runs)
    rows = [describe_run(run, known.get(run.experiment_id), row=True) for run in page.runs]
    rows = [row for row in rows if not phases or row.phase in phases]
    listed_ids = {row.run_id for row in rows}
    waiting = [row for row in waiting if row.run_id not in listed_ids and _is_wanted(row, query)]
    return msgspec.structs.replace(page, runs=mark_own_runs(backend, waiting + rows))


def _list_started_from(backend: Backend, query: RunQuery) -> list[str]:
    """Return the newest runs of a notebook: KFP does not know of notebooks, this user's journal does."""
    server, namespace = backend.context.server, backend.context.namespace
    notebook, most = (query.notebook, query.notebook_id), MOST_OF_NOTEBOOK
    return backend.journal.list_started_from(server, namespace, *notebook, limit=most)


def _list_predicates(query: RunQuery, phases: frozenset[Phase]) -> list[filters.Predicate]:
    predicates = [filters.equals("storage_state", "ARCHIVED" if query.archived else "AVAILABLE")]
    predicates += filters.in_phases(phases) if phases else []
    predicates += [filters.contains("display_name", query.search)] if query.search else []
    if query.recurring_run_id:
        predicates.append(filters.equals("recurring_run_id", query.recurring_run_id))
    if query.created_after is not None:
        predicates.append(filters.not_before("created_at", query.created_after))
    return predicates


def _list_matching(backend: Backend, query: RunQuery, predicates: list[filters.Predicate]) -> RunPage:
    """Return a page as KFP lists it; with a pipeline, the runs of it among the next `WALK`.

    KFP cannot list by pipeline: it is no field of a filter in backend/src/apiserver/model/run.go. The size of
    all is then known only if one page has them all; else it is 0.
    """

    def read(size: int, token: str) -> RunPage:
        request = requests.list_runs(
            backend.namespace(),
            predicates,
            experiment_id=query.experiment_id,
            sort_by=query.sort_by,
            page_size=size,
            page_token=token,
        )
        return backend.api.call(request)

    if not query.pipeline_id:
        return read(query.page_size, query.page_token)
    rows: list[Run] = []
    token = query.page_token
    for _ in range(WALK // MAX_PAGE):
        page = read(MAX_PAGE, token)
        rows += [run for run in page.runs if _is_of_pipeline(run, query.pipeline_id)]
        token = page.next_page_token
        if not token or len(rows) >= query.page_size:
            break
    is_all = not token and not query.page_token
    return RunPage(runs=rows, total_size=len(rows) if is_all else 0, next_page_token=token)


def _is_of_pipeline(run: Run, pipeline_id: str) -> bool:
    reference = run.pipeline_version_reference
    return reference is not None and reference.pipeline_id == pipeline_id


def _is_wanted(run: Run, query: RunQuery) -> bool:
    """Whether an unconfirmed submit, which KFP does not list, is one that `query` asks for."""
    return (
        query.experiment_id in ("", run.experiment_id)
        and (not query.pipeline_id or _is_of_pipeline(run, query.pipeline_id))
        and not query.recurring_run_id
    )


def _read_phases(words: Sequence[str]) -> frozenset[Phase]:
    """Return the phases that `words` name; raises `bad-input`."""
    known = {phase.value for phase in Phase}
    for word in words:
        if word not in known:
            raise kfp_error("bad-input", field="state", problem=f"“{word}” is not a state")
    return frozenset(map(Phase, words))


def list_runs(backend: Backend, query: RunQuery, settling: Settling, *, limit: int) -> RunList:
    """Return runs, at most `limit`; if KFP cannot filter, out of the newest `WALK`."""
    rows: list[Run] = []
    token, total, walked = "", 0, 0
    sifted = bool(_read_phases(query.state) & RETRYABLE)  # KFP stores both as FAILED
    while len(rows) < limit and (not sifted or walked < WALK):
        most = WALK - walked if walked else limit
        size = min(MAX_PAGE, most if sifted else limit - len(rows))
        part = read_page(backend, msgspec.structs.replace(query, page_size=size, page_token=token), settling)
        rows += part.runs
        token, total, walked = part.next_page_token, part.total_size, walked + size
        if not token:
            break
    complete = not token and len(rows) <= limit
    listed = RunList(
        rows[:limit], total_size=len(rows) if complete and sifted else max(total, len(rows[:limit]))
    )
    listed.walked = walked if sifted and token and len(rows) < limit else None
    return listed


def _require_own_experiment(backend: Backend, experiment_id: str) -> None:
    """Raise `not-found` for an experiment of another namespace.

    KFP would list by it and ignore the namespace: `ListRuns` in backend/src/apiserver/server/run_server.go.
    """
    experiment = backend.get_experiment(experiment_id) if UUID.fullmatch(experiment_id) else None
    if experiment is None or experiment.namespace != backend.namespace():
        raise backend.not_found_error("experiment", experiment_id, Experiment)


def get_run(backend: Backend, run_id: str) -> Run:
    """Return one run with its spec; the same `not-found` for an unknown, malformed or foreign id."""
    if not LABEL_VALUE.fullmatch(run_id):
        raise backend.not_found_error("run", run_id[:80], Run)
    try:
        return present_run(backend, backend.api.call(requests.get_run(run_id)))
    except KfpNotFoundError:
        intent = backend.journal.find(run_id)
        ours = intent is not None and intent.namespace == backend.context.namespace
        if intent is None or not ours or intent.stage in (Stage.ACCEPTED, Stage.REFUSED):
            raise
    run = find_absent(backend, intent)
    return run if run.phase is Phase.UNCONFIRMED else present_run(backend, run)


def present_run(backend: Backend, run: Run) -> Run:
    """Return `run` with our own fields; raises `not-found` if it belongs to another namespace."""
    return mark_own_runs(backend, [describe_run(run, backend.guard(run), row=False)])[0]


def mark_own_runs(backend: Backend, rows: list[Run]) -> list[Run]:
    """Return `rows`, with what this user's journal knows of those that were started from here."""
    ids = [row.run_id for row in rows]
    mine, origins = backend.journal.find_accepted(ids), backend.journal.find_origins(ids)
    return [
        msgspec.structs.replace(row, mine=row.run_id in mine, origin=origins.get(row.run_id))
        if row.run_id in mine or row.run_id in origins
        else row
        for row in rows
    ]


def find_run(backend: Backend, reference: str) -> Run:
    """Find a run by id, by the start of one, by a unique name, or as `@last`.

    Raises `not-found` and `ambiguous`.
    """
    if UUID.fullmatch(reference):
        return get_run(backend, reference)
    matching: dict[str, Run] = {}
    if reference == "@last":
        matching = _list_newest(backend, [], 1)
    elif _ID_START.fullmatch(reference.lower()):
        starting = _list_newest(backend, [filters.contains("run_id", reference.lower())], MAX_PAGE)
        matching = {key: run for key, run in starting.items() if key.startswith(reference.lower())}
    if reference and not matching and reference != "@last":
        matching = _list_newest(backend, [filters.equals("display_name", reference)], 6)
    if len(matching) > 1:
        raise _ambiguous_error(reference, list(matching.values()))
    if not matching:
        return get_run(backend, reference)  # an id of another form, or an unknown one
    return get_run(backend, next(iter(matching)))


def _list_newest(backend: Backend, predicates: list[filters.Predicate], count: int) -> dict[str, Run]:
    request = requests.list_runs(backend.namespace(), predicates, sort_by="created_at desc", page_size=count)
    return {run.run_id: run for run in backend.api.call(request).runs}


def _ambiguous_error(reference: str, matching: list[Run]) -> KfpError:
    rows = ", ".join(f"{run.run_id[:8]} ({run.display_name})" for run in matching[:5])
    return kfp_error("ambiguous", ref=reference, n=len(matching), things="runs", list=rows)


def change_run(backend: Backend, run_id: str, verb: str) -> Run:
    """Terminate, archive, unarchive or retry a run; all but retry are safe to repeat."""
    return apply_change(backend, get_run(backend, run_id), verb) or get_run(backend, run_id)


def apply_change(backend: Backend, run: Run, verb: str) -> Run | None:
    """Change a run that was just read; return it if it needed no change or was read again, else None."""
    run_id = run.run_id
    if verb == "retry" and not may_retry(run.phase):
        raise kfp_error(
            "retry-refused",
            reason=f"It {_NOT_RETRIED.get(run.phase, 'is ' + run.phase.value.lower())}.",
            ref=run_id[:8],
        )
    _require_confirmed(run, verb)
    if verb == "terminate" and not may_terminate(run.phase):
        return run
    try:
        backend.api.call(requests.change_run(run_id, verb))
    except KfpNotFoundError as error:
        raise _explain_not_found(backend, run, verb, error) from None
    except KfpError as error:
        changed = _find_if_changed(backend, run_id, verb, error)
        if changed is None:
            raise
        return changed
    return None


def _require_confirmed(run: Run, verb: str) -> None:
    if not is_confirmed(run.phase):
        problem = f"it is not confirmed yet, so it cannot be {_DONE[verb]}"
        raise kfp_error("bad-input", field="run", problem=problem)


def _explain_not_found(backend: Backend, run: Run, verb: str, error: KfpNotFoundError) -> KfpError:
    """Return what was not found: the run has just been read, so most likely its experiment is missing."""
    backend.api.call(requests.get_run(run.run_id))  # raises if it has been deleted since
    backend.caches.experiments.drop(run.experiment_id)
    if not run.experiment_id or backend.get_experiment(run.experiment_id) is not None:
        return kfp_error("kfp-error", status=404, text=shorten(error.details), details=error.details)
    if verb == "retry":
        return kfp_error("retry-refused", reason="Its experiment was deleted.", ref=run.run_id[:8])
    problem = f"its experiment was deleted, so it can no longer be {_DONE[verb]}"
    return kfp_error("bad-input", field="run", problem=problem, details=error.details)


def _find_if_changed(backend: Backend, run_id: str, verb: str, error: KfpError) -> Run | None:
    """Return the run if it shows that the change happened although the response did not say so."""
    if not (verb == "retry" and error.unclear) and not (verb == "terminate" and error.code == "bad-input"):
        return None
    try:
        run = get_run(backend, run_id)
    except KfpError:
        return None
    return run if may_terminate(run.phase) is (verb == "retry") else None


def delete_run(backend: Backend, run_id: str) -> None:
    """Delete a run for good, after terminating it if it is running."""
    remove_run(backend, get_run(backend, run_id))


def remove_run(backend: Backend, run: Run) -> None:
    """Delete a run that was just read, after terminating it if it is running."""
    _require_confirmed(run, "delete")
    if may_terminate(run.phase):
        _try_quietly(backend, requests.change_run(run.run_id, "terminate"))
    try:
        backend.api.call(requests.delete_run(run.run_id))
    except KfpNotFoundError as error:
        raise _explain_not_found(backend, run, "delete", error) from None


def _try_quietly(backend: Backend, request: Request[Empty]) -> None:
    """Send a request whose success the next step does not depend on."""
    try:
        backend.api.call(request)
    except KfpError:
        return


def wait_for_run(
    backend: Backend,
    run_id: str,
    *,
    timeout: float | None,
    on_change: Callable[[Run], None] | None,
    find_failure: Callable[[Run], Failure | None],
    policy: WaitPolicy,
) -> Run:
    """Wait until a run has succeeded, and return it.

    Raises `RunFailed` if it ends otherwise and `RunTimeout` after `timeout` seconds. A lost connection does
    not end the wait before `policy.patience` has passed.
    """
    started = heard = shown = backend.clock.monotonic()
    pause = policy.first
    longest = poll_interval(embedded=backend.context.embedded)
    last: Run | None = None
    while True:
        try:
            run = get_run(backend, run_id)
        except KfpError as error:
            if error.code not in TRANSIENT or backend.clock.monotonic() - heard > policy.patience:
                raise
        else:
            heard = backend.clock.monotonic()
            changed = last is None or _visible_state(last) != _visible_state(run)
            if on_change is not None and (changed or heard - shown >= policy.again):
                shown = heard
                on_change(run)
            if run.ended:
                return _check_outcome(run, find_failure)
            last = run
        left = float("inf") if timeout is None else started + timeout - backend.clock.monotonic()
        if left <= 0:
            raise _timeout_error(last, run_id, timeout or 0.0)
        backend.clock.sleep(min(pause, left))
        pause = min(longest, pause * 1.5)


def _visible_state(run: Run) -> tuple[object, ...]:
    return run.phase, run.progress, [(task.task_id, task.state) for task in run.task_details]


def _check_outcome(run: Run, find_failure: Callable[[Run], Failure | None]) -> Run:
    if run.phase is Phase.SUCCEEDED:
        return run
    ended, ref = _ENDED_WORDS.get(run.phase, "ended"), run.run_id[:8]
    failure = find_failure(run)
    if failure is None or failure.line or not failure.task:
        why = failure.message if failure is not None else ""
        raise kfp_error("run-failed", name=run.display_name, ended=ended, why=why, ref=ref)
    # Its task has no log: it did not start, or wrote nothing.
    raise kfp_error(
        "run-failed/no-log",
        name=run.display_name,
        ended=ended,
        why=f"{failure.message} {failure.why}".strip(),
        next=failure.next,
        command=failure.command,
    )


def _timeout_error(run: Run | None, run_id: str, timeout: float) -> KfpError:
    name = run.display_name if run else run_id
    state = run.phase.value.lower() if run else "not known"
    return kfp_error("run-timeout", name=name, s=f"{timeout:g}", state=state, ref=run_id[:8])
