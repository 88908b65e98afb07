"""Experiments: list, find, create, archive, delete."""

from __future__ import annotations

from functools import partial

from ..client import experiments as requests
from ..client import filters, recurring_runs, runs
from ..errors import KfpConflictError, KfpError, kfp_error
from ..lists import ExperimentList
from ..models import Experiment, ExperimentPage, ExperimentQuery, ExperimentView
from .backend import UUID, Backend
from .paging import MAX_PAGE, read_pages

_DEFAULT = "Default"  # of KFP, for runs without another


def read_page(backend: Backend, query: ExperimentQuery) -> ExperimentPage:
    """Return one page of the namespace's experiments."""
    predicates = [filters.equals("storage_state", "ARCHIVED" if query.archived else "AVAILABLE")]
    predicates += [filters.contains("display_name", query.search)] if query.search else []
    page = backend.api.call(
        requests.list_experiments(
            backend.namespace(),
            predicates,
            sort_by=query.sort_by,
            page_size=query.page_size,
            page_token=query.page_token,
        )
    )
    for experiment in page.experiments:
        backend.remember(experiment)
    return page


def list_experiments(backend: Backend, query: ExperimentQuery, *, limit: int) -> ExperimentList:
    """Return the newest experiments, at most `limit`."""
    pages = list(read_pages(partial(read_page, backend), query, limit))
    rows = [experiment for page in pages for experiment in page.experiments]
    listed = ExperimentList(rows, total_size=pages[-1].total_size if pages else 0)
    listed.is_part = bool(query.search or query.archived)
    return listed


def find_experiment(backend: Backend, reference: str) -> Experiment:
    """Return an experiment by id or name; raises `not-found`."""
    experiment = (
        _find_by_id(backend, reference) if UUID.fullmatch(reference) else _find_by_name(backend, reference)
    )
    if experiment is None:
        raise backend.not_found_error("experiment", reference, Experiment)
    return experiment


def ensure_experiment(backend: Backend, reference: str) -> Experiment:
    """Return an experiment by id or name, or create one of that name.

    Raises `conflict` if an archived experiment has the name.
    """
    name = reference or _DEFAULT
    experiment = find_open_experiment(backend, name)
    if experiment is not None:
        return experiment
    try:
        return create_experiment(backend, name)
    except KfpConflictError:  # another process was faster
        return find_experiment(backend, name)


def find_open_experiment(backend: Backend, reference: str) -> Experiment | None:
    """Return an experiment for new runs by id or name, or None if no experiment has that name.

    Raises `conflict` if an archived experiment has the name.
    """
    if UUID.fullmatch(reference):
        return find_experiment(backend, reference)
    name = reference or _DEFAULT
    experiment = _find_by_name(backend, name)
    if experiment is not None and experiment.storage_state == "ARCHIVED":
        raise kfp_error("conflict", name=name, holder="An archived experiment")
    return experiment


def view_experiment(backend: Backend, reference: str) -> ExperimentView:
    """Return an experiment with the numbers of its runs and of its recurring runs that are on."""
    experiment = find_experiment(backend, reference)
    here = [filters.equals("storage_state", "AVAILABLE")]
    where, experiment_id = backend.namespace(), experiment.experiment_id
    counted = runs.list_runs(where, here, experiment_id=experiment_id, page_size=1)
    try:
        listed = recurring_runs.list_recurring_runs(where, experiment_id=experiment_id, page_size=MAX_PAGE)
        on = sum(each.status == "ENABLED" for each in backend.api.call(listed).recurring_runs)
    except KfpError as error:
        if error.code != "old-server":
            raise
        on = None
    return ExperimentView(experiment=experiment, runs=backend.api.call(counted).total_size, recurring_runs=on)


def create_experiment(backend: Backend, display_name: str, description: str = "") -> Experiment:
    """Create an experiment; raises `conflict` if the name is taken."""
    check_texts("experiment", display_name, description, most_bytes=128)
    request = requests.create_experiment(backend.namespace(), display_name, description)
    return backend.remember(backend.api.call(request))


def change_experiment(backend: Backend, reference: str, verb: str) -> Experiment:
    """Archive an experiment with its runs, or restore it without them."""
    experiment = find_experiment(backend, reference)
    backend.api.call(requests.change_experiment(experiment.experiment_id, verb))
    return backend.remember(backend.api.call(requests.get_experiment(experiment.experiment_id)))


def delete_experiment(backend: Backend, reference: str) -> None:
    """Delete an experiment; its runs stay, but can no longer be terminated or retried."""
    experiment = find_experiment(backend, reference)
    backend.api.call(requests.delete_experiment(experiment.experiment_id))
    backend.caches.experiments.drop(experiment.experiment_id)


def check_texts(field: str, name: str, description: str, *, most_bytes: int) -> None:
    """Refuse what KFP answers with an internal error: backend/src/apiserver/validation/length.go."""
    if not name.strip():
        raise kfp_error("bad-input", field=field, problem="a name is needed")
    if len(name.encode(errors="replace")) > most_bytes:
        raise kfp_error("bad-input", field=field, problem=f"the name is longer than {most_bytes} bytes")
    check_text(field, name)
    check_text("description", description)


def check_text(field: str, text: str) -> None:
    """Refuse a text that its column cannot hold: over 255 characters, NUL, or beyond the BMP.

    KFP notices only when it stores the row, and for a run after the Workflow has started: the columns are
    varchar(255) of MySQL's utf8, in backend/src/apiserver/client_manager/client_manager.go.
    """
    if len(text) > 255:
        raise kfp_error("bad-input", field=field, problem="it is longer than 255 characters")
    wrong = next(
        (char for char in text if char > "\uffff" or char == "\0" or "\ud800" <= char <= "\udfff"), ""
    )
    if wrong:
        shown = wrong if wrong > "\uffff" else f"U+{ord(wrong):04X}"
        raise kfp_error("bad-input", field=field, problem=f"KFP cannot store the character {shown}")


def _find_by_id(backend: Backend, experiment_id: str) -> Experiment | None:
    experiment = backend.get_experiment(experiment_id)
    if experiment is None or not experiment.display_name:  # one without a name was deleted
        return None
    return experiment if experiment.namespace == backend.namespace() else None


def _find_by_name(backend: Backend, name: str) -> Experiment | None:
    """Find an experiment by name, of the same spelling if possible: KFP compares names without case."""
    predicates = [filters.equals("display_name", name)]
    experiments = backend.api.call(
        requests.list_experiments(backend.namespace(), predicates, page_size=10)
    ).experiments
    exact = [each for each in experiments if each.display_name == name]
    return backend.remember((exact or experiments)[0]) if experiments else None
