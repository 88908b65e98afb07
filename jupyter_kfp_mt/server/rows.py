"""The rows of a namespace as a watch knows them, and how to bring them up to date with few calls.

A whole look reads the newest page, and older runs only while they are active. It is large: a cluster sends
about 13 kB a run. The looks in between ask only for what can have changed: the active runs, or the newest run
with the number of all, which differs once a run was added, deleted or archived.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from ..errors import KfpNotFoundError
from ..models import NO_DETAILS, NO_SPEC, Phase, Run, RunPage, RunQuery, Status
from ..run_rules import ACTIVE

PAGE = 50  # rows of the newest page: as many as fit a screen
LOOK_UPS = 5  # runs read by id in a whole look; the others wait for the next
FEW = 2  # runs read by id in any other look; if there are more, the newest page costs less
ACTIVE_STATES = tuple(each.value for each in Phase if each in ACTIVE)
# without unconfirmed submits, which the newest page has
_CONFIRMED_STATES = tuple(state for state in ACTIVE_STATES if state != Phase.UNCONFIRMED.value)


class Look(Enum):
    """What one look reads."""

    WHOLE = "the newest page, and older runs that are active"
    ACTIVE = "the active runs"
    NEWEST = "the newest run, and how many there are"


class Watched(Protocol):
    """The part of `KfpService` that a watch needs."""

    def page_runs(self, query: RunQuery) -> RunPage:
        """Return one page of runs, without their specs."""

    def get_run(self, run_id: str) -> Run:
        """Return one run, or raise `KfpNotFoundError`."""

    def status(self, *, counts: bool = ...) -> Status:
        """Return who we are and where; does not raise if the connection fails."""


class Rows(NamedTuple):
    """What one look found: the newest page, and older runs that are active or were asked for."""

    newest: dict[str, Run] = {}  # noqa: RUF012 - never changed
    older: dict[str, Run] = {}  # noqa: RUF012 - never changed
    gone: frozenset[str] = frozenset()  # looked up and not found, or archived
    full: bool = False  # there are runs below the newest page
    total: int = 0  # runs in KFP

    @property
    def every(self) -> dict[str, Run]:
        """All rows by id."""
        return self.older | self.newest

    @property
    def active(self) -> set[str]:
        """The ids of active runs."""
        return {run_id for run_id, run in self.every.items() if not run.ended}


class RowChanges(NamedTuple):
    """What changed between two looks."""

    runs: list[Run]
    removed: list[str]
    gap: bool = False  # the looks do not overlap, so runs between them are unknown


def compare(before: Rows, after: Rows) -> RowChanges:
    """Return what changed from one look to the next."""
    known, seen = before.every, after.every
    runs = [run for run_id, run in seen.items() if known.get(run_id) != run]
    vanished = {run_id for run_id, run in known.items() if run_id not in seen and _belongs_on(after, run)}
    removed = vanished | after.gone
    gap = after.full and not before.newest.keys() & after.newest.keys()
    return RowChanges(runs, sorted(removed), gap)


def _belongs_on(rows: Rows, run: Run) -> bool:
    """Whether `run` would still be on the newest page if it existed."""
    if not rows.full:
        return True
    created = [row.created_at for row in rows.newest.values() if row.created_at is not None]
    return run.created_at is not None and bool(created) and run.created_at > min(created)


def read_rows(
    service: Watched, before: Rows, asked_for: Collection[str] = (), look: Look = Look.WHOLE
) -> Rows:
    """Read what may have changed since `before`, and the runs `asked_for`; raises `KfpError`."""
    return _READ[look](service, before, asked_for)


def _read_whole(service: Watched, before: Rows, asked_for: Collection[str]) -> Rows:
    page = service.page_runs(RunQuery(page_size=PAGE))
    newest = {run.run_id: run for run in page.runs}
    if not page.next_page_token:
        return Rows(newest, total=page.total_size)
    wanted = {*before.active, *asked_for} - newest.keys()
    older: dict[str, Run] = {}
    if wanted or not before.newest:
        active = service.page_runs(RunQuery(state=_CONFIRMED_STATES, page_size=PAGE))
        older = {run.run_id: run for run in active.runs if run.run_id not in newest}
    missing = sorted(wanted - older.keys())
    runs, gone = _look_up(service, missing[:LOOK_UPS])
    known = before.every
    older |= {run_id: known[run_id] for run_id in missing[LOOK_UPS:] if run_id in known}
    return Rows(newest, older | runs, gone, full=True, total=page.total_size)


def _read_active(service: Watched, before: Rows, asked_for: Collection[str]) -> Rows:
    page = service.page_runs(RunQuery(state=ACTIVE_STATES, page_size=PAGE))
    if page.next_page_token:
        return _read_whole(service, before, asked_for)
    return _complete(service, before, {*before.active, *asked_for}, page.runs)


def _read_newest(service: Watched, before: Rows, asked_for: Collection[str]) -> Rows:
    page = service.page_runs(RunQuery(page_size=1))
    known = all(run.run_id in before.every for run in page.runs)
    if not known or page.total_size != before.total:
        return _read_whole(service, before, asked_for)
    return _complete(service, before, asked_for, page.runs)


def _complete(service: Watched, before: Rows, wanted: Collection[str], listed: list[Run]) -> Rows:
    """Return `before` with the rows that are `listed`, and with those that are `wanted` but are not."""
    seen = {run.run_id: run for run in listed}
    missing = sorted(set(wanted) - seen.keys())
    if len(missing) > FEW:
        return _read_whole(service, before, wanted)
    runs, gone = _look_up(service, missing)
    return _merge(before, [*seen.values(), *runs.values()], gone)


def _merge(before: Rows, runs: Iterable[Run], gone: frozenset[str]) -> Rows:
    known = before.every
    newest: dict[str, Run] = {}
    older: dict[str, Run] = {}
    for run in runs:
        is_older = run.run_id in before.older or not _belongs_on(before, run)
        (older if is_older else newest)[run.run_id] = run
    total = before.total + len((newest.keys() | older.keys()) - known.keys()) - len(gone & known.keys())
    newest |= {key: run for key, run in before.newest.items() if key not in newest and key not in gone}
    older |= {key: run for key, run in before.older.items() if key not in older and key not in gone}
    return Rows(newest, older, gone, before.full, total)


_READ: dict[Look, Callable[[Watched, Rows, Collection[str]], Rows]] = {
    Look.WHOLE: _read_whole,
    Look.ACTIVE: _read_active,
    Look.NEWEST: _read_newest,
}


def _look_up(service: Watched, run_ids: Iterable[str]) -> tuple[dict[str, Run], frozenset[str]]:
    """Read runs by id; return those that a list shows, and the ids of those that it does not."""
    rows = {run_id: _read_row(service, run_id) for run_id in run_ids}
    runs = {run_id: run for run_id, run in rows.items() if run is not None}
    return runs, frozenset(rows.keys() - runs.keys())


def _read_row(service: Watched, run_id: str) -> Run | None:
    """Return the run as a list shows it, or None if it was deleted or archived."""
    try:
        run = service.get_run(run_id)
    except KfpNotFoundError:
        return None
    if run.storage_state == "ARCHIVED":
        return None
    return msgspec.structs.replace(run, pipeline_spec=NO_SPEC, run_details=NO_DETAILS)
