"""Why a task failed, or what it waits for, in one sentence: an ordered table of rules over facts. Pure.

The first rule that recognizes the facts decides; if none does, the last error line of the log is quoted.
"""

from __future__ import annotations

from .facts import LOG_LINES, Facts, Said, clean_lines
from .rules import RULES, WAITS, Explanation, explain, explain_task, explain_wait, make_facts

__all__ = [
    "LOG_LINES",
    "RULES",
    "WAITS",
    "Explanation",
    "Facts",
    "Said",
    "clean_lines",
    "explain",
    "explain_task",
    "explain_wait",
    "make_facts",
]
