"""The terminal: results go to stdout, messages, errors and progress to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TextIO

import msgspec

from .. import display
from ..errors import KfpError, body_for_program
from ..lists import name_in_loop
from ..models import Check, Run, RunView
from ..plain_text import clean, clean_lines
from ..results import FollowedLog
from . import documents

PROGRAM = "jupyter kfp"


def wants_colour(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that may show colours (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Terminal:
    """Writes results to stdout and all else to stderr; `quiet` leaves out all but results and errors."""

    def __init__(self, *, json: bool, quiet: bool) -> None:
        self.json = json
        self.quiet = quiet
        self.watched: Run | None = None
        self._ended: set[str] = set()
        self._waits: set[tuple[str, str]] = set()  # reasons why a task waits that were written
        self._last = ""
        self._rows = 0  # checks of the doctor on the screen, until the report replaces them

    def paint(self, stream: TextIO) -> display.Paint:
        """Return how colours are written to `stream`."""
        return display.sgr if wants_colour(stream) else display.no_colour

    def write_result(self, text: str) -> None:
        """Write a result and end its line."""
        if self._rows:
            sys.stderr.write(f"\x1b[{self._rows}A\x1b[J")
            sys.stderr.flush()
            self._rows = 0
        sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
        sys.stdout.flush()

    def show(self, result: object) -> None:
        """Write the result of a command: a text for people, or one JSON document."""
        if result is None or (isinstance(result, FollowedLog) and not self.json):
            return
        if self.json:
            self.write_result(documents.encode(result))
        else:
            self.write_result(display.render_text(result, paint=self.paint(sys.stdout), program=PROGRAM))

    def write_message(self, text: str) -> None:
        """Write a message that is not part of the result."""
        sys.stderr.write(f"{text}\n")

    def show_error(self, error: KfpError) -> None:
        """Write an error in at most four lines, or as JSON."""
        if self.json:
            self.write_message(msgspec.json.encode(body_for_program(error.body, PROGRAM)).decode())
        else:
            self.write_message(
                display.draw_text(display.describe_error(error), self.paint(sys.stderr), PROGRAM)
            )

    def say(self, message: str) -> None:
        """Write one sentence, unless quiet."""
        if not self.quiet:
            self.write_message(clean(message))

    def write(self, text: str) -> None:
        """Write a part of a log that the user follows."""
        if not self.json:
            sys.stdout.write(clean_lines(text))
            sys.stdout.flush()

    def show_progress(self, run: Run, view: Callable[[], RunView]) -> None:
        """Write what has changed since the last call: tasks that have ended, and the state of the run."""
        self.watched = run
        if self.quiet:
            return
        paint = self.paint(sys.stderr)
        current = view()
        for task in current.tasks:
            if task.phase.ended and task.task_id not in self._ended:
                self._ended.add(task.task_id)
                label = display.label_of(task.phase, task.state)
                took = display.format_duration(task.duration) if task.start_time else ""
                name = clean(name_in_loop(task, current.groups).display_name)
                self.write_message(f"  {paint(label.sign, label.colour)} {name}  {took}".rstrip())
        label = display.label_of(run.phase, run.state)
        if self._last != label.word:
            self._last = label.word
            self.write_message(f"{paint(label.sign, label.colour)} {label.word}  {clean(run.display_name)}")
        waits = current.failure if current.failure is not None and not run.ended else None
        if waits is not None and (waits.task_id, waits.why) not in self._waits:
            self._waits.add((waits.task_id, waits.why))
            self.write_message(f"  {clean(waits.text)}")

    def show_check(self, check: Check) -> None:
        """Show a check as soon as it is known, on a terminal only; the report replaces it."""
        if not self.quiet and not self.json and sys.stderr.isatty():
            self.write_message(display.render_check(check)[: shutil.get_terminal_size().columns - 1])
            self._rows += 1
