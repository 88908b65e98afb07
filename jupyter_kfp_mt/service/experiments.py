"""Verbs about experiments."""

from __future__ import annotations

from functools import partial

from ..client import experiments as requests
from ..client import filters
from ..errors import KfpConflictError, kfp_error
from ..lists import ExperimentList
from ..models import Experiment, ExperimentPage, ExperimentQuery
from .core import UUID, Core
from .paging import read_pages


def read_page(core: Core, query: ExperimentQuery) -> ExperimentPage:
    """Return one page of the namespace's experiments."""
    predicates = [filters.equals("storage_state", "ARCHIVED" if query.archived else "AVAILABLE")]
    predicates += [filters.contains("display_name", query.search)] if query.search else []
    page = core.api.call(
        requests.list_experiments(
            core.namespace(),
            predicates,
            sort_by=query.sort_by,
            page_size=query.page_size,
            page_token=query.page_token,
        )
    )
    for experiment in page.experiments:
        core.keep(experiment)
    return page


def list_experiments(core: Core, query: ExperimentQuery, *, limit: int) -> ExperimentList:
    """Return the newest experiments, at most `limit`."""
    pages = list(read_pages(partial(read_page, core), query, limit))
    rows = [experiment for page in pages for experiment in page.experiments]
    return ExperimentList(rows, total_size=pages[-1].total_size if pages else 0)


def find(core: Core, reference: str) -> Experiment:
    """Return an experiment by id or name; raises `not-found`."""
    found = _by_id(core, reference) if UUID.fullmatch(reference) else _by_name(core, reference)
    if found is None:
        raise core.missing("experiment", reference, Experiment)
    return found


def ensure(core: Core, reference: str) -> Experiment:
    """Return an experiment by id or name; a name that nobody has yet is created.

    Raises `conflict` when an archived experiment has the name.
    """
    if UUID.fullmatch(reference):
        return find(core, reference)
    name = reference or "Default"
    found = _by_name(core, name)
    if found is None:
        try:
            return create(core, name)
        except KfpConflictError:  # somebody was quicker
            found = find(core, name)
    if found.storage_state == "ARCHIVED":
        raise kfp_error("conflict", name=name, holder="An archived experiment")
    return found


def create(core: Core, display_name: str, description: str = "") -> Experiment:
    """Create an experiment; raises `conflict` when the name is taken."""
    _check(display_name, description)
    request = requests.create_experiment(core.namespace(), display_name, description)
    return core.keep(core.api.call(request))


def change(core: Core, reference: str, verb: str) -> Experiment:
    """Archive or unarchive an experiment, by id or name; its runs are archived with it, not restored."""
    found = find(core, reference)
    core.api.call(requests.change_experiment(found.experiment_id, verb))
    return core.keep(core.api.call(requests.get_experiment(found.experiment_id)))


def delete(core: Core, reference: str) -> None:
    """Delete an experiment, by id or name; its runs stay, but nothing can be done with them any more."""
    found = find(core, reference)
    core.api.call(requests.delete_experiment(found.experiment_id))
    core.caches.experiments.drop(found.experiment_id)


def _check(display_name: str, description: str) -> None:
    """Refuse what KFP answers with an internal error (kfp-api §2.2)."""
    if not display_name.strip():
        raise kfp_error("bad-input", field="experiment", problem="a name is needed")
    if len(display_name.encode(errors="replace")) > 128:
        raise kfp_error("bad-input", field="experiment", problem="the name is longer than 128 bytes")
    check_text("experiment", display_name)
    check_text("description", description)


def check_text(field: str, text: str) -> None:
    """Refuse what KFP notices too late: more than 255 characters, or beyond the BMP (kfp-api §2.3)."""
    if len(text) > 255:
        raise kfp_error("bad-input", field=field, problem="it is longer than 255 characters")
    wrong = next(
        (char for char in text if char > "\uffff" or char == "\0" or "\ud800" <= char <= "\udfff"), ""
    )
    if wrong:
        shown = wrong if wrong > "\uffff" else f"U+{ord(wrong):04X}"
        raise kfp_error("bad-input", field=field, problem=f"KFP cannot store the character {shown}")


def _by_id(core: Core, experiment_id: str) -> Experiment | None:
    found = core.experiment(experiment_id)
    if found is None or not found.display_name:  # without a name it is remembered as deleted
        return None
    return found if found.namespace == core.namespace() else None


def _by_name(core: Core, name: str) -> Experiment | None:
    """KFP compares names without case and keeps them unique that way; the same spelling is preferred."""
    predicates = [filters.equals("display_name", name)]
    found = core.api.call(requests.list_experiments(core.namespace(), predicates, page_size=10)).experiments
    exact = [each for each in found if each.display_name == name]
    return core.keep((exact or found)[0]) if found else None
