"""Values as KFP writes them into its responses."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

Json = dict[str, Any]


def format_time(seconds: float) -> str:
    """Format seconds since 1970 as KFP writes times."""
    whole = int(seconds)
    return _format_minute(whole // 60) + _SECONDS[whole % 60]


_SECONDS = [f"{second:02}Z" for second in range(60)]


@lru_cache(4096)  # the times of a run, its history and its tasks mostly share a few minutes
def _format_minute(number: int) -> str:
    return datetime.fromtimestamp(number * 60, timezone.utc).isoformat()[:17]


def drop_empty(**fields: Any) -> Json:
    """Return the fields that are not empty: proto3 JSON leaves out default values."""
    return {name: value for name, value in fields.items() if value}
