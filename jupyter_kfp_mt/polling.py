"""How often to look at what changes: the embedded server is near, a real KFP pays for each call."""

from __future__ import annotations

ACTIVE_S = 5.0  # seconds between two looks while something runs
IDLE_S = 30.0  # while nothing does
EMBEDDED_ACTIVE_S = 0.5  # on this machine a look costs a few milliseconds
EMBEDDED_IDLE_S = 0.8


def poll_interval(*, embedded: bool) -> float:
    """Return how long to wait before looking again at something that runs."""
    return EMBEDDED_ACTIVE_S if embedded else ACTIVE_S
