"""Why a task failed, or what it waits for, in one sentence: an ordered table of rules over facts. Total.

The first rule that knows the facts speaks; when none does, the last error line of the log does.
"""

from __future__ import annotations

from .facts import Facts, Said, clean_lines, events_of, states_of
from .rules import RULES, WAITS, explain, explain_task, explain_wait, facts_of, of_run

__all__ = [
    "RULES",
    "WAITS",
    "Facts",
    "Said",
    "clean_lines",
    "events_of",
    "explain",
    "explain_task",
    "explain_wait",
    "facts_of",
    "of_run",
    "states_of",
]
