"""One change of many runs, with one call of KFP for each, and one for the rights to fifty."""

from __future__ import annotations

from collections.abc import Sequence

from ..client import filters
from ..client import runs as requests
from ..errors import KfpInputError
from ..models import BulkVerb, Run
from .backend import Backend
from .runs import apply_change, get_run, remove_run
from .tasks.rows import describe_run

LISTED = 50  # runs that one call looks up: their ids make an address of 2 kB


def list_by_id(backend: Backend, run_ids: Sequence[str]) -> dict[str, Run]:
    """Return those of at most `LISTED` runs that are in the namespace, archived ones too."""
    request = requests.list_runs(
        backend.namespace(), [filters.one_of("run_id", run_ids)], page_size=len(run_ids)
    )
    try:
        page = backend.api.call(request)
    except KfpInputError:  # an older KFP does not know the filter
        return {}
    known = backend.get_experiments_of(page.runs)
    rows = [describe_run(run, known.get(run.experiment_id), row=True) for run in page.runs]
    return {run.run_id: run for run in rows}


def change_one(backend: Backend, run: Run | str, verb: BulkVerb) -> None:
    """Change a run that `list_by_id` returned, or one by its id, which raises `not-found` as any other."""
    known = get_run(backend, run) if isinstance(run, str) else run
    if verb is BulkVerb.DELETE:
        remove_run(backend, known)
    else:
        apply_change(backend, known, verb.value)
