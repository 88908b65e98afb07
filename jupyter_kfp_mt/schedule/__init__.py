"""When a recurring run fires: triggers, the grammar of cron texts, time zones, words for people. Pure."""

from __future__ import annotations

from .cron import CronError, check_cron, check_zone, find_interval, split_zone
from .trigger import NEVER, Trigger
from .words import describe_trigger
from .zones import ClockChange, find_clock_change, shift_to_utc

__all__ = [
    "NEVER",
    "ClockChange",
    "CronError",
    "Trigger",
    "check_cron",
    "check_zone",
    "describe_trigger",
    "find_clock_change",
    "find_interval",
    "shift_to_utc",
    "split_zone",
]
