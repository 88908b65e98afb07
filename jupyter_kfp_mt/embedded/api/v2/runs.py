"""The v2beta1 façade: rows → JSON, messages → what the core asks for. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ...core.recurring_runs import NewRecurringRun
from ...core.resource_manager import ResourceManager
from ...core.runs import NewRun
from ...core.sources import PipelineSource
from ...errors import aborted, saying
from ...schedule import Trigger
from ...store import ExperimentRow, RecurringRunRow, RunRow, StateEntry
from ...store.experiments import LISTING as EXPERIMENTS
from ...store.query import Listing, Query
from ...store.recurring_runs import LISTING as RECURRING_RUNS
from ...store.runs import LISTING as RUNS
from ...tenants import SHARED
from ..answers import Json, asked, listed, may_read, place, present, scope_of, time_text
from ..guards import of_new, place_of, required
from ..http import Call, Target
from ..messages import FILTERS_V2
from .run_message import RunMessage, config, run


def reads(
    listing: Listing, *, tags: bool = False, says: str = "Failed to create list options"
) -> Callable[[ResourceManager, Call], Query]:
    """Check the list options before anybody is asked for rights, as KFP does."""

    def read(manager: ResourceManager, call: Call) -> Query:
        with saying(says, final=True):
            return manager.lists.parse(listing, asked(call), FILTERS_V2, tags=tags)

    return read


# experiments


def experiment(row: ExperimentRow) -> Json:
    """An experiment."""
    return present(
        experiment_id=row.experiment_id,
        display_name=row.display_name,
        description=row.description,
        created_at=time_text(row.created_at),
        namespace=row.namespace,
        storage_state=row.storage_state,
        last_run_created_at=time_text(row.last_run_created_at),
    )


def read_experiment(manager: ResourceManager, call: Call) -> None:
    """Check a new experiment's names."""
    message = call.message
    with saying("Failed to convert API experiment to model experiment"):
        manager.experiments.check(message.get("namespace", ""), message.get("display_name", ""))


def of_new_experiment(manager: ResourceManager, call: Call) -> Target:
    """Where a new experiment goes."""
    namespace = call.message.get("namespace", "") if manager.tenancy.multi_user else ""
    with saying("Failed to authorize the request"):
        return Target(required(manager, namespace, "experiments"), call.message.get("display_name", ""))


def create_experiment(manager: ResourceManager, call: Call) -> Json:
    """Create an experiment."""
    message = call.message
    row = manager.experiments.create(
        place(call), message.get("display_name", ""), message.get("description", "")
    )
    return experiment(row)


def get_experiment(_manager: ResourceManager, call: Call) -> Json:
    """Read an experiment."""
    return experiment(call.row)


def list_experiments(manager: ResourceManager, call: Call) -> Json:
    """List the experiments of a namespace."""
    scope = ("namespace", place(call))
    return listed(
        manager,
        call,
        EXPERIMENTS,
        scope,
        read=manager.store.experiments.page,
        name="experiments",
        write=lambda rows: [experiment(row) for row in rows],
    )


# runs


def read_run(manager: ResourceManager, call: Call) -> NewRun:
    """Check a new run's names and texts."""
    message = call.message
    if message.get("plugins_output"):
        raise aborted(
            "plugins_output is server-owned and populated exclusively via plugin lifecycle hooks",
            "plugins_output must not be set by the client",
        )
    extra = {"plugins_input": message["plugins_input"]} if message.get("plugins_input") else {}
    new = NewRun(
        run_id=message.get("run_id", ""),
        display_name=message.get("display_name", ""),
        description=message.get("description", ""),
        service_account=message.get("service_account", ""),
        source=_source(message),
        storage_state="ARCHIVED" if message.get("storage_state") == "ARCHIVED" else "AVAILABLE",
        scheduled_at=message.get("scheduled_at", 0),
        finished_at=message.get("finished_at", 0),
        state_history=[
            StateEntry(at=each.get("update_time", 0), state=each.get("state", ""))
            for each in message.get("state_history", [])
        ],
        recurring_run_id=message.get("recurring_run_id", ""),
        runtime_config=present(**message.get("runtime_config", {})),
        extra=extra,
    )
    with saying("Failed to create a run due to conversion error"):
        manager.runs.check(new)
    return new


def _source(message: Mapping[str, Any]) -> PipelineSource:
    reference = message.get("pipeline_version_reference", {})
    return PipelineSource(
        pipeline_id=reference.get("pipeline_id", ""),
        pipeline_version_id=reference.get("pipeline_version_id", ""),
        spec=message.get("pipeline_spec"),
    )


def of_new_run(manager: ResourceManager, call: Call) -> Target:
    """Where a new run goes."""
    return of_new(manager, "runs", call.message.get("experiment_id", ""), "")


def create_run(manager: ResourceManager, call: Call) -> RunMessage:
    """Create a run and start it."""
    namespace, row = place_of(call, "Failed to create a run")
    return run(manager.runs.create(namespace, row, call.asked, may_read(manager, call)))


def get_run(manager: ResourceManager, call: Call) -> RunMessage:
    """Read a run."""
    run_id = call.row.run_id
    return run(call.row, manager.store.tasks.of_runs([run_id]).get(run_id, ()))


def list_runs(manager: ResourceManager, call: Call) -> Json:
    """List the runs of a namespace or an experiment."""

    def write(rows: Sequence[RunRow]) -> list[RunMessage]:
        tasks = manager.store.tasks.of_runs([row.run_id for row in rows])
        return [run(row, tasks.get(row.run_id, ())) for row in rows]

    return listed(
        manager, call, RUNS, scope_of(manager, call), read=manager.store.runs.page, name="runs", write=write
    )


# recurring runs


def recurring_run(row: RecurringRunRow) -> Json:
    """A recurring run."""
    source: Json = {}
    if row.pipeline_id:
        source["pipeline_version_reference"] = present(
            pipeline_id=row.pipeline_id, pipeline_version_id=row.pipeline_version_id
        )
    elif row.spec:
        source["pipeline_spec"] = msgspec.Raw(row.spec)
    fields = present(
        recurring_run_id=row.recurring_run_id,
        display_name=row.display_name,
        description=row.description,
        **source,
        runtime_config=config(row.runtime_config),
        service_account=row.service_account,
        max_concurrency=str(row.max_concurrency),
    )
    fields["trigger"] = trigger(row.trigger)
    plugins = msgspec.json.decode(row.extra, type=dict[str, Any]).get("plugins_input")
    return fields | present(
        mode="ENABLE" if row.enabled else "DISABLE",
        created_at=time_text(row.created_at),
        updated_at=time_text(row.updated_at),
        status="ENABLED" if row.enabled else "DISABLED",
        no_catchup=row.no_catchup,
        namespace=row.namespace,
        experiment_id=row.experiment_id,
        plugins_input=plugins,
    )


def trigger(stored: Trigger) -> Json:
    """A trigger, in either API version."""
    bounds = present(
        start_time=time_text(stored.start) if stored.start else "",
        end_time=time_text(stored.end) if stored.end else "",
    )
    if stored.cron:
        return {"cron_schedule": {**bounds, "cron": stored.cron}}
    if stored.interval:
        return {"periodic_schedule": {**bounds, "interval_second": str(stored.interval)}}
    return {}


def trigger_of(message: Mapping[str, Any]) -> Trigger:
    """The trigger of a message, in either API version."""
    sent = message.get("trigger", {})
    schedule = sent.get("cron_schedule") or sent.get("periodic_schedule") or {}
    return Trigger(
        cron=schedule.get("cron", ""),
        interval=schedule.get("interval_second", 0),
        start=schedule.get("start_time", 0),
        end=schedule.get("end_time", 0),
    )


def read_recurring_run(manager: ResourceManager, call: Call) -> NewRecurringRun:
    """Check a new recurring run."""
    message = call.message
    sent = message.get("trigger", {})
    new = NewRecurringRun(
        display_name=message.get("display_name", ""),
        description=message.get("description", ""),
        service_account=message.get("service_account", ""),
        source=_source(message),
        enabled=message.get("mode") == "ENABLE",
        max_concurrency=message.get("max_concurrency", 0),
        no_catchup=message.get("no_catchup", False),
        trigger=trigger_of(message),
        has_cron="cron_schedule" in sent,
        has_interval="periodic_schedule" in sent,
        runtime_config=present(**message.get("runtime_config", {})),
        pinned=False,
        extra={"plugins_input": message["plugins_input"]} if message.get("plugins_input") else {},
    )
    with saying("Failed to create a recurring run due to conversion error", final=True):
        manager.recurring_runs.check(new)
    return new


def of_new_recurring_run(manager: ResourceManager, call: Call) -> Target:
    """Where a new recurring run goes."""
    message = call.message
    target = of_new(manager, "jobs", message.get("experiment_id", ""), message.get("namespace", ""))
    return Target(target.namespace, message.get("display_name", ""), target.row, target.missing)


def create_recurring_run(manager: ResourceManager, call: Call) -> Json:
    """Create a recurring run."""
    namespace, row = place_of(call, "Failed to create a recurring run", SHARED)
    return recurring_run(manager.recurring_runs.create(namespace, row, call.asked, may_read(manager, call)))


def get_recurring_run(_manager: ResourceManager, call: Call) -> Json:
    """Read a recurring run."""
    return recurring_run(call.row)


def list_recurring_runs(manager: ResourceManager, call: Call) -> Json:
    """List the recurring runs of a namespace or an experiment."""
    return listed(
        manager,
        call,
        RECURRING_RUNS,
        scope_of(manager, call),
        read=manager.store.recurring_runs.page,
        name="recurringRuns",
        write=lambda rows: [recurring_run(row) for row in rows],
    )
