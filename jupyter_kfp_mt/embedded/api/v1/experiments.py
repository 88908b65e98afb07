"""Experiments of v1beta1: renders rows and parses requests."""

from __future__ import annotations

from ...core.resource_manager import ResourceManager
from ...errors import invalid_input, prefix_errors
from ...store import ExperimentRow
from ...store.experiments import LISTING
from ...store.query import Query
from ..shared.calls import Call, Target
from ..shared.listing import render_page
from ..shared.rendering import Json, drop_empty, format_time
from ..shared.targets import require_namespace
from .references import find_reference, parse_scoped_options, render_reference


def render_experiment(row: ExperimentRow) -> Json:
    """Return the message of an experiment."""
    return drop_empty(
        id=row.experiment_id,
        name=row.display_name,
        description=row.description,
        created_at=format_time(row.created_at),
        resource_references=[render_reference("NAMESPACE", row.namespace, "OWNER")],
        storage_state=f"STORAGESTATE_{row.storage_state}",
    )


def parse_experiment(manager: ResourceManager, call: Call) -> None:
    """Check the names of a new experiment."""
    with prefix_errors("Failed to convert API experiment to model experiment"):
        manager.experiments.check(find_reference(call.message, "NAMESPACE"), call.message.get("name", ""))


def locate_new_experiment(manager: ResourceManager, call: Call) -> Target:
    """Find where a new experiment goes."""
    namespace = find_reference(call.message, "NAMESPACE") if manager.tenancy.multi_user else ""
    with prefix_errors("Failed to authorize the request"):
        namespace = require_namespace(manager, namespace, "experiments")
    return Target(namespace, call.message.get("name", ""))


def create_experiment(manager: ResourceManager, call: Call) -> Json:
    """Create an experiment."""
    message = call.message
    row = manager.experiments.create(call.namespace, message.get("name", ""), message.get("description", ""))
    return render_experiment(row)


def get_experiment(_manager: ResourceManager, call: Call) -> Json:
    """Return an experiment."""
    return render_experiment(call.row)


def parse_experiment_list(manager: ResourceManager, call: Call) -> Query:
    """Check the options of a list of experiments; only a namespace may bound it."""
    kind = call.text("resource_reference_key.type")
    if kind not in ("", "NAMESPACE", "UNKNOWN_RESOURCE_TYPE"):
        raise invalid_input(
            "Failed to list v1beta1 experiment due to invalid resource reference key. It must be of type"
            " 'Namespace' and contain an existing or empty namespace, but you provided"
            f" {call.text('resource_reference_key.id')} of type {kind.title()}",
            final=True,
        )
    return parse_scoped_options(LISTING)(manager, call)


def list_experiments(manager: ResourceManager, call: Call) -> Json:
    """List the experiments of a namespace."""
    return render_page(
        manager,
        call,
        LISTING,
        ("namespace", call.namespace),
        read=manager.store.experiments.page,
        name="experiments",
        render=lambda rows: [render_experiment(row) for row in rows],
    )
