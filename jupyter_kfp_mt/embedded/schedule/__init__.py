"""When a recurring run fires: its trigger, and the grammar of cron texts. Pure."""

from __future__ import annotations

from .cron import CronError, check_cron
from .trigger import NEVER, Trigger

__all__ = ["NEVER", "CronError", "Trigger", "check_cron"]
