"""Recurring runs of v1beta1, which are called jobs: renders rows and parses requests."""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.recurring_runs import NewRecurringRun
from ...core.resource_manager import ResourceManager
from ...errors import prefix_errors
from ...store import RecurringRunRow
from ...store.recurring_runs import LISTING
from ...tenants import SHARED
from ..shared.authorization import pipeline_reader
from ..shared.calls import Call, Target
from ..shared.listing import render_page, scope_of_runs
from ..shared.rendering import Json, drop_empty, format_time
from ..shared.targets import find_experiment_of_new, settle_namespace
from ..shared.triggers import parse_trigger, render_trigger
from .pipeline_spec import parse_config, parse_extra, parse_parameters, parse_source, render_spec
from .references import find_reference, render_reference


def render_job(row: RecurringRunRow) -> Json:
    """Return the message of a recurring run."""
    references = [render_reference("NAMESPACE", row.namespace, "OWNER")] if row.namespace else []
    references.append(render_reference("EXPERIMENT", row.experiment_id, "OWNER"))
    if row.pipeline_id:
        references.append(render_reference("PIPELINE", row.pipeline_id, "CREATOR"))
    if row.pipeline_version_id:
        references.append(render_reference("PIPELINE_VERSION", row.pipeline_version_id, "CREATOR"))
    extra = msgspec.json.decode(row.extra, type=dict[str, Any])
    return drop_empty(
        id=row.recurring_run_id,
        name=row.display_name,
        description=row.description,
        pipeline_spec=render_spec(row.spec, row.pipeline_id, row.runtime_config, extra),
        resource_references=references,
        service_account=row.service_account,
        max_concurrency=str(row.max_concurrency),
        trigger=render_trigger(row.trigger),
        created_at=format_time(row.created_at),
        updated_at=format_time(row.updated_at),
        status="STATUS_UNSPECIFIED",
        error=row.fault,
        enabled=row.enabled,
        no_catchup=row.no_catchup,
    )


def parse_job(manager: ResourceManager, call: Call) -> NewRecurringRun:
    """Check a new job."""
    message = call.message
    sent = message.get("trigger", {})
    with prefix_errors("Failed to create a recurring run due to conversion error", final=True):
        new = NewRecurringRun(
            display_name=message.get("name", ""),
            description=message.get("description", ""),
            service_account=message.get("service_account", ""),
            source=parse_source(manager.templates, message),
            enabled=bool(message.get("enabled")) or message.get("mode") == "ENABLED",
            max_concurrency=message.get("max_concurrency", 0),
            no_catchup=message.get("no_catchup", False),
            trigger=parse_trigger(message),
            has_cron="cron_schedule" in sent,
            has_interval="periodic_schedule" in sent,
            runtime_config=parse_config(message),
            texts=parse_parameters(message),
            extra=parse_extra(message),
        )
        manager.recurring_runs.check(new)
    return new


def locate_new_job(manager: ResourceManager, call: Call) -> Target:
    """Find where a new job goes."""
    message = call.message
    target = find_experiment_of_new(
        manager, "jobs", find_reference(message, "EXPERIMENT"), find_reference(message, "NAMESPACE")
    )
    return Target(target.namespace, message.get("name", ""), target.row, target.missing)


def create_job(manager: ResourceManager, call: Call) -> Json:
    """Create a job."""
    namespace, experiment = settle_namespace(call, "Failed to create a recurring run", SHARED)
    row = manager.recurring_runs.create(
        namespace, experiment, call.parsed, pipeline_reader(manager, call), call.identity
    )
    return render_job(row)


def get_job(_manager: ResourceManager, call: Call) -> Json:
    """Return a job."""
    return render_job(call.row)


def list_jobs(manager: ResourceManager, call: Call) -> Json:
    """List the jobs of a namespace or an experiment."""
    return render_page(
        manager,
        call,
        LISTING,
        scope_of_runs(manager, call),
        read=manager.store.recurring_runs.page,
        name="jobs",
        render=lambda rows: [render_job(row) for row in rows],
    )
