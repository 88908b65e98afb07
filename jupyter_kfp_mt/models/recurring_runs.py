"""Recurring runs and their schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from .common import PageQuery, RpcStatus, make_no_spec
from .pipelines import PipelineVersionReference, RuntimeConfig
from .runs import Run
from .submit import SubmitRequest


class CronSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Starts at the times of a cron text, whose first field is the second."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    cron: str = ""


class PeriodicSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Starts after each interval."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    interval_second: int = 0


class RecurringTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """When a recurring run starts runs; one with neither starts a single run at once."""

    cron_schedule: CronSchedule | None = None
    periodic_schedule: PeriodicSchedule | None = None


class RecurringRun(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline that is run on a schedule."""

    recurring_run_id: str
    display_name: str = ""
    description: str = ""
    pipeline_version_reference: PipelineVersionReference | None = None
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=make_no_spec)
    runtime_config: RuntimeConfig | None = None
    service_account: str = ""
    max_concurrency: int = 1
    trigger: RecurringTrigger | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    status: str = ""  # ENABLED, DISABLED
    error: RpcStatus | None = None
    no_catchup: bool = False
    namespace: str = ""
    experiment_id: str = ""
    experiment_name: str = ""  # ours
    schedule: str = ""  # ours: in words
    time_zone: str = ""  # ours: in which the server counts
    next_starts: list[datetime] = []  # ours: at most five, none while it is off
    last_run: Run | None = None  # ours: if it is among the newest runs, without spec and details

    @property
    def enabled(self) -> bool:
        """Whether it starts runs."""
        return self.status == "ENABLED"


class RecurringRunPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of recurring runs."""

    recurring_runs: list[RecurringRun] = msgspec.field(name="recurringRuns", default_factory=list)
    total_size: int = 0
    next_page_token: str = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to start runs: a cron text of five or six fields, or an interval."""

    cron: str = ""
    interval_second: Annotated[int, Meta(ge=0, le=2**31)] = 0
    time_zone: str = ""  # of the cron text; empty: UTC
    start_time: datetime | None = None
    end_time: datetime | None = None
    catch_up: bool = False  # whether starts that were missed are made up for, one by one
    max_concurrency: Annotated[int, Meta(ge=1, le=10)] = 1


class RecurringRunRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a new recurring run, or for what one becomes."""

    run: SubmitRequest
    schedule: Schedule
    enabled: bool = True


class SchedulePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a schedule means on this server; nothing is created."""

    words: str  # “Weekdays 09:00”
    trigger: RecurringTrigger  # as it is sent
    time_zone: str  # in which the server counts
    next_starts: list[datetime] = []  # at most five
    note: str = ""  # what happens when clocks change, on a server without time zones


class RecurringRunQuery(PageQuery, frozen=True, kw_only=True):
    """A page of recurring runs, as asked for."""
