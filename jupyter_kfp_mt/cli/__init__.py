"""`jupyter kfp …`: the commands of `%kfp` in a terminal and for scripts, and those of the embedded server."""

from __future__ import annotations

from .entry_point import COMMANDS, main

__all__ = ["COMMANDS", "main"]
