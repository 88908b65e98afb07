"""One grammar for `%kfp` and `jupyter kfp`: words in, model out.

`perform(session, words)` finds the command, reads its arguments and performs it. A command is a function with
plain arguments in the module of its resource (`runs.py`, `pipelines.py`, …); its docstring is its help, and
`registry.py` picks it up.
"""

from __future__ import annotations

from .grammar import Command
from .registry import COMMANDS, find_command, perform, render_manual
from .session import Connect, Front, Session
from .tokenizer import VariableWord, split_line

__all__ = [
    "COMMANDS",
    "Command",
    "Connect",
    "Front",
    "Session",
    "VariableWord",
    "find_command",
    "perform",
    "render_manual",
    "split_line",
]
