"""Schedules: what people ask for, what KFP is sent, and what it means in words and times."""

from __future__ import annotations

from datetime import datetime, timezone

import msgspec

from ..client.filters import moment
from ..errors import kfp_error
from ..models import (
    CronSchedule,
    PeriodicSchedule,
    RecurringRun,
    RecurringTrigger,
    Schedule,
    SchedulePreview,
    known_time,
)
from ..schedule import (
    CronError,
    Trigger,
    check_cron,
    check_zone,
    describe_trigger,
    find_clock_change,
    find_interval,
    shift_to_utc,
    split_zone,
)
from .backend import Backend

STARTS = 5  # next starts to list
UTC = "UTC"


def preview_schedule(backend: Backend, schedule: Schedule) -> SchedulePreview:
    """Return what a schedule means on this server; raises what is wrong with it."""
    now = backend.clock.now()
    asked = _read_schedule(schedule)
    trigger = to_trigger(backend, schedule)
    times = _to_fields(trigger).list_next_times(
        created=int(now.timestamp()), last=None, now=int(now.timestamp()), count=STARTS
    )
    zone = _get_zone(trigger)
    note = "" if zone == asked.zone or not asked.cron else _describe_change(asked, now)
    return SchedulePreview(
        words=describe_trigger(Trigger(cron=asked.cron, interval=schedule.interval_second)),
        trigger=trigger,
        time_zone=zone,
        next_starts=[datetime.fromtimestamp(time, timezone.utc) for time in times],
        note=note,
    )


def to_trigger(backend: Backend, schedule: Schedule) -> RecurringTrigger:
    """Return the trigger that KFP is sent; raises what is wrong with the schedule."""
    asked = _read_schedule(schedule)
    now = backend.clock.now()
    _check_bounds(schedule, now)
    bounds = {"start_time": schedule.start_time, "end_time": schedule.end_time}
    if not asked.cron:
        return RecurringTrigger(
            periodic_schedule=PeriodicSchedule(interval_second=schedule.interval_second, **bounds)
        )
    cron = asked.cron
    if asked.zone != UTC and backend.context.embedded:
        cron = f"TZ={asked.zone} {cron}"
    elif asked.zone != UTC:
        moved = shift_to_utc(cron, asked.zone, now)
        if moved is None:
            raise kfp_error(
                "bad-input",
                field="time_zone",
                problem=f"this KFP counts in UTC, and these times of {asked.zone} cannot be given in it",
                next="Write the cron text in UTC.",
            )
        cron = moved
    return RecurringTrigger(cron_schedule=CronSchedule(cron=cron, **bounds))


def describe_recurring_run(backend: Backend, recurring_run: RecurringRun) -> RecurringRun:
    """Return a recurring run with its schedule in words and its next starts.

    Those of an interval count from its last run, if that is known; KFP does not tell when it fires next.
    """
    trigger = recurring_run.trigger or RecurringTrigger()
    fields = _to_fields(trigger)
    try:
        if fields.cron:
            check_cron(fields.cron)
    except CronError:  # of a server that knows more
        return msgspec.structs.replace(recurring_run, schedule=fields.cron, time_zone=UTC)
    times = []
    if recurring_run.enabled:
        last = recurring_run.last_run
        times = fields.list_next_times(
            created=_to_seconds(recurring_run.created_at),
            last=_to_seconds(last.scheduled_at) or None if last is not None else None,
            now=int(backend.clock.now().timestamp()),
            count=STARTS,
        )
    return msgspec.structs.replace(
        recurring_run,
        schedule=describe_trigger(fields),
        time_zone=_get_zone(trigger),
        next_starts=[datetime.fromtimestamp(time, timezone.utc) for time in times],
    )


def to_schedule(recurring_run: RecurringRun) -> Schedule:
    """Return the schedule that would give a recurring run its trigger again."""
    trigger = recurring_run.trigger or RecurringTrigger()
    found = trigger.cron_schedule or trigger.periodic_schedule
    zone, cron = split_zone(trigger.cron_schedule.cron) if trigger.cron_schedule else (None, "")
    return Schedule(
        cron=cron,
        interval_second=found.interval_second if isinstance(found, PeriodicSchedule) else 0,
        time_zone=zone or "",
        start_time=known_time(found.start_time) if found else None,
        end_time=known_time(found.end_time) if found else None,
        catch_up=not recurring_run.no_catchup,
        max_concurrency=recurring_run.max_concurrency,
    )


class _Asked(msgspec.Struct, frozen=True):
    """The cron text of a schedule in KFP's form, with the second first, and its zone."""

    cron: str = ""
    zone: str = UTC


def _read_schedule(schedule: Schedule) -> _Asked:
    if bool(schedule.cron.strip()) == bool(schedule.interval_second):
        raise kfp_error("bad-input", field="schedule", problem="it needs a cron text or an interval")
    if schedule.interval_second:
        return _Asked()
    zone, text = split_zone(schedule.cron.strip())
    zone = zone or schedule.time_zone or UTC
    words = " ".join(text.split())
    if len(words.split()) == 5 and not words.startswith("@"):
        words = f"0 {words}"
    try:
        check_cron(words)
    except CronError as error:
        raise kfp_error(
            "bad-input",
            field="cron",
            problem=error.words,
            why="The fields are minute, hour, day of the month, month, day of the week; six begin with the"
            " second.",
        ) from None
    try:
        check_zone(zone)
    except CronError as error:
        raise kfp_error("bad-input", field="time_zone", problem=error.words) from None
    if find_interval(words):
        zone = UTC
    return _Asked(words, zone)


def _check_bounds(schedule: Schedule, now: datetime) -> None:
    for field, given in (("start_time", schedule.start_time), ("end_time", schedule.end_time)):
        if given is not None and given.tzinfo is None:
            raise kfp_error("bad-input", field=field, problem="it needs a time zone, as in 2026-03-12T09:00Z")
    if schedule.end_time is None:
        return
    if schedule.start_time is not None and schedule.end_time <= schedule.start_time:
        raise kfp_error("bad-input", field="end_time", problem="it is before the start")
    if schedule.end_time <= now:
        raise kfp_error("bad-input", field="end_time", problem="it has passed")


def _to_fields(trigger: RecurringTrigger) -> Trigger:
    """Return a trigger with times in seconds, as `Trigger` computes with them."""
    schedule = trigger.cron_schedule or trigger.periodic_schedule
    if schedule is None:
        return Trigger()
    return Trigger(
        cron=schedule.cron if isinstance(schedule, CronSchedule) else "",
        interval=schedule.interval_second if isinstance(schedule, PeriodicSchedule) else 0,
        start=_to_seconds(schedule.start_time),
        end=_to_seconds(schedule.end_time),
    )


def _to_seconds(value: datetime | None) -> int:
    known = known_time(value)
    return int(known.timestamp()) if known is not None else 0


def _get_zone(trigger: RecurringTrigger) -> str:
    return (split_zone(trigger.cron_schedule.cron)[0] if trigger.cron_schedule else None) or UTC


def _describe_change(asked: _Asked, now: datetime) -> str:
    change = find_clock_change(asked.cron, asked.zone, now)
    if change is None:
        return "This KFP counts in UTC."
    season = "summer" if change.forward else "winter"
    return f"This KFP counts in UTC. {change.before} becomes {change.after} in {season}."


def render_trigger(trigger: RecurringTrigger) -> dict[str, object]:
    """Return a trigger as KFP reads it: times in UTC, and without what is not set."""
    schedules = {name: getattr(trigger, name) for name in trigger.__struct_fields__}
    return {
        name: {
            field: moment(value) if isinstance(value, datetime) else str(value)
            for field, value in msgspec.structs.asdict(schedule).items()
            if value is not None
        }
        for name, schedule in schedules.items()
        if schedule is not None
    }
