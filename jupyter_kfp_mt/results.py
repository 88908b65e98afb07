"""Answers of commands that are no models of KFP: texts that know their origin, outputs, bulk actions."""

from __future__ import annotations

from typing import Any

import msgspec


class Text(str):
    """Text to be read; it is shown as it is, without quotes."""

    __slots__ = ()


class LogText(Text):
    """The log of a task of a run."""

    __slots__ = ("run_id", "shown", "source", "task", "truncated")

    run_id: str
    task: str
    source: str  # "embedded", "pod", "archive", "copy"
    truncated: bool
    shown: bool  # whether the person has seen it while it came

    def __new__(
        cls,
        text: str,
        *,
        run_id: str,
        task: str,
        source: str = "",
        truncated: bool = False,
        shown: bool = False,
    ) -> LogText:
        """Make the log `text` of `task` in run `run_id`."""
        log = super().__new__(cls, text)
        log.run_id, log.task, log.source = run_id, task, source
        log.truncated, log.shown = truncated, shown
        return log


class Outputs(dict[str, dict[str, Any]]):
    """What tasks made: task → name → value, or the address of an artifact."""


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an action on several things has done; it raises where anything failed."""

    done: list[str] = []
