"""Recurring runs of v2beta1: renders rows and parses requests."""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.recurring_runs import NewRecurringRun
from ...core.resource_manager import ResourceManager
from ...errors import DENIED, prefix_errors
from ...store import RecurringRunRow
from ...store.recurring_runs import LISTING
from ...tenants import SHARED
from ..shared.authorization import pipeline_reader
from ..shared.calls import Call, Target
from ..shared.listing import render_page, scope_of_runs
from ..shared.rendering import Json, drop_empty, format_time
from ..shared.targets import find_experiment_of_new, settle_namespace
from ..shared.triggers import parse_trigger, render_trigger
from .run_message import raw_config
from .runs import parse_source


def render_recurring_run(row: RecurringRunRow) -> Json:
    """Return the message of a recurring run."""
    source: Json = {}
    if row.pipeline_id:
        source["pipeline_version_reference"] = drop_empty(
            pipeline_id=row.pipeline_id, pipeline_version_id=row.pipeline_version_id
        )
    elif row.spec:
        source["pipeline_spec"] = msgspec.Raw(row.spec)
    fields = drop_empty(
        recurring_run_id=row.recurring_run_id,
        display_name=row.display_name,
        description=row.description,
        **source,
        runtime_config=raw_config(row.runtime_config),
        service_account=row.service_account,
        max_concurrency=str(row.max_concurrency),
    )
    fields["trigger"] = render_trigger(row.trigger)
    plugins = msgspec.json.decode(row.extra, type=dict[str, Any]).get("plugins_input")
    return fields | drop_empty(
        mode="ENABLE" if row.enabled else "DISABLE",
        created_at=format_time(row.created_at),
        updated_at=format_time(row.updated_at),
        error={"code": DENIED, "message": row.fault} if row.fault else None,
        status="ENABLED" if row.enabled else "DISABLED",
        no_catchup=row.no_catchup,
        namespace=row.namespace,
        experiment_id=row.experiment_id,
        plugins_input=plugins,
    )


def parse_recurring_run(manager: ResourceManager, call: Call) -> NewRecurringRun:
    """Check a new recurring run."""
    message = call.message
    sent = message.get("trigger", {})
    new = NewRecurringRun(
        display_name=message.get("display_name", ""),
        description=message.get("description", ""),
        service_account=message.get("service_account", ""),
        source=parse_source(message),
        enabled=message.get("mode") == "ENABLE",
        max_concurrency=message.get("max_concurrency", 0),
        no_catchup=message.get("no_catchup", False),
        trigger=parse_trigger(message),
        has_cron="cron_schedule" in sent,
        has_interval="periodic_schedule" in sent,
        runtime_config=drop_empty(**message.get("runtime_config", {})),
        pinned=False,
        extra={"plugins_input": message["plugins_input"]} if message.get("plugins_input") else {},
    )
    with prefix_errors("Failed to create a recurring run due to conversion error", final=True):
        manager.recurring_runs.check(new)
    return new


def locate_new_recurring_run(manager: ResourceManager, call: Call) -> Target:
    """Find where a new recurring run goes."""
    message = call.message
    target = find_experiment_of_new(
        manager, "jobs", message.get("experiment_id", ""), message.get("namespace", "")
    )
    return Target(target.namespace, message.get("display_name", ""), target.row, target.missing)


def create_recurring_run(manager: ResourceManager, call: Call) -> Json:
    """Create a recurring run."""
    namespace, experiment = settle_namespace(call, "Failed to create a recurring run", SHARED)
    row = manager.recurring_runs.create(
        namespace, experiment, call.parsed, pipeline_reader(manager, call), call.identity
    )
    return render_recurring_run(row)


def get_recurring_run(_manager: ResourceManager, call: Call) -> Json:
    """Return a recurring run."""
    return render_recurring_run(call.row)


def list_recurring_runs(manager: ResourceManager, call: Call) -> Json:
    """List the recurring runs of a namespace or an experiment."""
    return render_page(
        manager,
        call,
        LISTING,
        scope_of_runs(manager, call),
        read=manager.store.recurring_runs.page,
        name="recurringRuns",
        render=lambda rows: [render_recurring_run(row) for row in rows],
    )
