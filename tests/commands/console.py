"""A session of the commands with a front that remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_kfp_mt.commands import Session, perform, split_line
from jupyter_kfp_mt.models import Check, Phase, Run, RunView
from tests.laptop import Laptop


class Screen:
    """A front that remembers what was shown."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.written: list[str] = []
        self.watched: list[Phase] = []
        self.checks: list[Check] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def write(self, text: str) -> None:
        self.written.append(text)

    def show_progress(self, run: Run, _view: Callable[[], RunView]) -> None:
        self.watched.append(run.phase)

    def show_check(self, row: Check) -> None:
        self.checks.append(row)


class Console:
    """A session with its front; `do("runs -n 3")` performs a line."""

    def __init__(self, laptop: Laptop) -> None:
        self.screen = Screen()
        self.variables: dict[str, object] = {}
        self.session = Session(
            laptop.connect, self.screen, settings=laptop.settings, variables=self.variables
        )

    def do(self, line: str) -> Any:
        return perform(self.session, split_line(line, self.variables))
