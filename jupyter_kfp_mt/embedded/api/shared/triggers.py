"""The trigger of a recurring run, which looks the same in both API versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....schedule import Trigger
from .rendering import Json, drop_empty, format_time


def render_trigger(trigger: Trigger) -> Json:
    """Return the message of a stored trigger."""
    bounds = drop_empty(
        start_time=format_time(trigger.start) if trigger.start else "",
        end_time=format_time(trigger.end) if trigger.end else "",
    )
    if trigger.cron:
        return {"cron_schedule": {**bounds, "cron": trigger.cron}}
    if trigger.interval:
        return {"periodic_schedule": {**bounds, "interval_second": str(trigger.interval)}}
    return {}


def parse_trigger(message: Mapping[str, Any]) -> Trigger:
    """Return the trigger in the message of a recurring run."""
    sent = message.get("trigger", {})
    schedule = sent.get("cron_schedule") or sent.get("periodic_schedule") or {}
    return Trigger(
        cron=schedule.get("cron", ""),
        interval=schedule.get("interval_second", 0),
        start=schedule.get("start_time", 0),
        end=schedule.get("end_time", 0),
    )
