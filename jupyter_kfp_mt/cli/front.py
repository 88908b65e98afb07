"""The terminal: where answers, messages and progress go."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TextIO

import msgspec

from .. import display
from ..errors import KfpError, body_for_program
from ..models import Check, Run, RunView
from ..plain_text import clean, clean_lines
from ..results import LogText
from . import documents

PROGRAM = "jupyter kfp"


def wants_colour(stream: TextIO) -> bool:
    """Whether `stream` is a terminal whose user has nothing against colours (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Terminal:
    """Answers to stdout, everything else to stderr; `quiet` leaves out what is neither answer nor error."""

    def __init__(self, *, json: bool, quiet: bool) -> None:
        self.json = json
        self.quiet = quiet
        self.watched: Run | None = None
        self._ended: set[str] = set()
        self._last = ""
        self._rows = 0  # of the doctor, on the screen until its report is there

    def paint(self, stream: TextIO) -> display.Paint:
        """How colours are written to `stream`."""
        return display.sgr if wants_colour(stream) else display.no_colour

    def answer(self, text: str) -> None:
        """Write an answer and end its line."""
        if self._rows:
            sys.stderr.write(f"\x1b[{self._rows}A\x1b[J")
            sys.stderr.flush()
            self._rows = 0
        sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
        sys.stdout.flush()

    def show(self, result: object) -> None:
        """Write the result of a command: a text for people, or one JSON document."""
        if result is None or (isinstance(result, LogText) and result.shown and not self.json):
            return
        if self.json:
            self.answer(documents.encode(result))
        else:
            self.answer(display.render_text(result, paint=self.paint(sys.stdout), program=PROGRAM))

    def tell(self, text: str) -> None:
        """Write to the person beside the answer: errors and questions."""
        sys.stderr.write(f"{text}\n")

    def show_error(self, error: KfpError) -> None:
        """Write an error in at most four lines, or as JSON; a command in it is one of this program."""
        if self.json:
            self.tell(msgspec.json.encode(body_for_program(error.body, PROGRAM)).decode())
        else:
            self.tell(display.draw_text(display.describe_error(error), self.paint(sys.stderr), PROGRAM))

    def say(self, message: str) -> None:
        """Tell one sentence, unless quiet."""
        if not self.quiet:
            self.tell(clean(message))

    def write(self, text: str) -> None:
        """Show a part of a log that is followed."""
        if not self.json:
            sys.stdout.write(clean_lines(text))
            sys.stdout.flush()

    def watch(self, run: Run, view: Callable[[], RunView]) -> None:
        """Tell what has changed of a run that is waited for: tasks that have ended, and its state."""
        self.watched = run
        if self.quiet:
            return
        paint = self.paint(sys.stderr)
        for task in view().tasks:
            if task.phase.ended and task.task_id not in self._ended:
                self._ended.add(task.task_id)
                seen = display.label_of(task.phase, task.state)
                took = display.format_duration(task.duration) if task.start_time else ""
                name = clean(task.display_name or task.name)
                self.tell(f"  {paint(seen.sign, seen.colour)} {name}  {took}".rstrip())
        seen = display.label_of(run.phase, run.state)
        if self._last != seen.word:
            self._last = seen.word
            self.tell(f"{paint(seen.sign, seen.colour)} {seen.word}  {clean(run.display_name)}")

    def checked(self, row: Check) -> None:
        """Show a check as soon as it is known, to a person at a terminal; the report takes its place."""
        if not self.quiet and not self.json and sys.stderr.isatty():
            self.tell(display.render_check(row)[: shutil.get_terminal_size().columns - 1])
            self._rows += 1
