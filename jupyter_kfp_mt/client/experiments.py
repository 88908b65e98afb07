"""Builds the requests for experiments."""

from __future__ import annotations

from collections.abc import Sequence

from ..models import Experiment, ExperimentPage
from .filters import Predicate, page_query
from .http import V2, Empty, Request, delete, get, post, segment

_PATH = f"{V2}/experiments"


def list_experiments(
    namespace: str,
    predicates: Sequence[Predicate] = (),
    *,
    sort_by: str = "",
    page_size: int = 0,
    page_token: str = "",
) -> Request[ExperimentPage]:
    """Build the request for a page of the experiments of `namespace`."""
    page = page_query(predicates, sort_by=sort_by, page_size=page_size, page_token=page_token)
    return get(_PATH, ExperimentPage, (("namespace", namespace), *page))


def get_experiment(experiment_id: str) -> Request[Experiment]:
    """Build the request for one experiment."""
    return get(f"{_PATH}/{segment(experiment_id)}", Experiment, thing="experiment", ref=experiment_id)


def create_experiment(namespace: str, display_name: str, description: str = "") -> Request[Experiment]:
    """Build the request that creates an experiment; KFP refuses a second one of the same name."""
    body = {"display_name": display_name, "description": description, "namespace": namespace}
    return post(
        _PATH,
        Experiment,
        {key: value for key, value in body.items() if value},
        thing="experiment",
        ref=display_name,
    )


def change_experiment(experiment_id: str, verb: str) -> Request[Empty]:
    """Build the request that archives or unarchives an experiment; both are idempotent."""
    path = f"{_PATH}/{segment(experiment_id)}:{verb}"
    return post(path, Empty, thing="experiment", ref=experiment_id, repeatable=True)


def delete_experiment(experiment_id: str) -> Request[Empty]:
    """Build the request that deletes an experiment; its runs stay, without an experiment."""
    return delete(f"{_PATH}/{segment(experiment_id)}", thing="experiment", ref=experiment_id)
