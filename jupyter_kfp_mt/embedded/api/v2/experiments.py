"""Experiments of v2beta1: renders rows and parses requests."""

from __future__ import annotations

from ...core.resource_manager import ResourceManager
from ...errors import prefix_errors
from ...store import ExperimentRow
from ...store.experiments import LISTING
from ..shared.calls import Call, Target
from ..shared.listing import render_page
from ..shared.rendering import Json, drop_empty, format_time
from ..shared.targets import require_namespace


def render_experiment(row: ExperimentRow) -> Json:
    """Return the message of an experiment."""
    return drop_empty(
        experiment_id=row.experiment_id,
        display_name=row.display_name,
        description=row.description,
        created_at=format_time(row.created_at),
        namespace=row.namespace,
        storage_state=row.storage_state,
        last_run_created_at=format_time(row.last_run_created_at),
    )


def parse_experiment(manager: ResourceManager, call: Call) -> None:
    """Check the names of a new experiment."""
    message = call.message
    with prefix_errors("Failed to convert API experiment to model experiment"):
        manager.experiments.check(message.get("namespace", ""), message.get("display_name", ""))


def locate_new_experiment(manager: ResourceManager, call: Call) -> Target:
    """Find where a new experiment goes."""
    namespace = call.message.get("namespace", "") if manager.tenancy.multi_user else ""
    with prefix_errors("Failed to authorize the request"):
        namespace = require_namespace(manager, namespace, "experiments")
    return Target(namespace, call.message.get("display_name", ""))


def create_experiment(manager: ResourceManager, call: Call) -> Json:
    """Create an experiment."""
    message = call.message
    row = manager.experiments.create(
        call.namespace, message.get("display_name", ""), message.get("description", "")
    )
    return render_experiment(row)


def get_experiment(_manager: ResourceManager, call: Call) -> Json:
    """Return an experiment."""
    return render_experiment(call.row)


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
