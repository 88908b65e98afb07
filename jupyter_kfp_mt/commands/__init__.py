"""What people type, in one grammar for `%kfp` and `jupyter kfp`: words in, model out.

`perform(session, words)` finds the verb, reads its arguments and does it. A verb is a function with plain
arguments in `look.py` or `act.py`; its docstring is its help.
"""

from __future__ import annotations

from ..results import BulkResult, LogText, Outputs, Text
from .grammar import Command
from .line import Given, split
from .registry import COMMANDS, find, manual, perform
from .session import Connect, Front, Session
from .words import seconds

__all__ = [
    "COMMANDS",
    "BulkResult",
    "Command",
    "Connect",
    "Front",
    "Given",
    "LogText",
    "Outputs",
    "Session",
    "Text",
    "find",
    "manual",
    "perform",
    "seconds",
    "split",
]
