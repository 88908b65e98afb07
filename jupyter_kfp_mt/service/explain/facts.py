"""The facts about a task that failed or waits, and what a rule makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from shlex import quote
from typing import NamedTuple

from ... import plain_text
from ..tasks.launcher import is_launcher_line

LOG_LINES = 400  # of the end of a log
MAX_LINE = 1000  # characters of one line
_MAX_TEXT = 8 * 1024  # characters of a message or an event
_MAX_RAW_LINE = 4 * MAX_LINE  # with its colours
MAX_CLAUSE = 300  # characters of it that are shown in a sentence
ASK_ADMIN = "Show an admin what it says."
_NOISE = re.compile(
    r"\[KFP Executor "
    r"|container ended with code \d+$"
    r"|at [\w$.<>/]+\([\w$. ]*(?::\d+)?\)$|\.\.\. \d+ more$"  # a frame of a Java stack trace
    r"|[-+=*~^# |]+$"
    r"|WARNING: Running pip as |\[notice\] |\s*WARNING: You are using pip",
)


class Said(NamedTuple):
    """A reason and its message, from the state of a container, a condition or an event."""

    reason: str
    message: str = ""

    @property
    def text(self) -> str:
        """Both in one line, as Argo writes them."""
        return (
            f"{self.reason}: {self.message}" if self.reason and self.message else self.reason or self.message
        )


class Facts(NamedTuple):
    """Everything that may explain why one task failed; mostly empty."""

    task: str
    message: str = ""  # of the Argo node, or the embedded engine's reason
    exit_code: int | None = None
    lines: tuple[str, ...] = ()  # the end of its log, without colours
    states: tuple[Said, ...] = ()  # of its containers and its pod
    events: tuple[Said, ...] = ()
    driver: bool = False  # the driver of the task failed, not the task
    upstream: str = ""  # the task that failed before this one could start
    is_run: bool = False  # the facts are about the run itself, and `task` is its name
    kind: str = "Task"  # or "Loop", "Condition", …
    kfp_version: str = ""  # of the API server, where it is known
    namespace: str = ""  # of its pod; empty where there is no cluster
    pod: str = ""

    @property
    def subject(self) -> str:
        """The subject of a sentence about it."""
        return self.task if self.is_run else f"{self.kind} {self.task}"

    @property
    def started(self) -> bool:
        """Whether its own code ran; if so, earlier events do not explain its end."""
        return bool(self.lines) or self.exit_code is not None

    @property
    def texts(self) -> tuple[str, ...]:
        """What the cluster says, the most reliable first; events only if its code did not run."""
        states = [said.text for said in self.states]
        events = [] if self.started else [said.text for said in reversed(self.events)]
        return tuple(text[:_MAX_TEXT] for text in [*states, self.message, *events] if text)

    def search(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return the first match in `texts`."""
        return next(filter(None, map(pattern.search, self.texts)), None)

    def find_line(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return the match in the last line of the log that has one."""
        return next(filter(None, map(pattern.search, reversed(self.lines))), None)

    def kubectl(self, words: str) -> str:
        """Return a command in its namespace; empty where there is no cluster."""
        return f"kubectl {words} -n {quote(self.namespace)}" if self.namespace else ""

    @property
    def last_line(self) -> str:
        """The last meaningful line of its log, not one of the launcher or of Argo."""
        return next((line.strip() for line in reversed(self.lines) if not _is_noise(line)), "")


class Cause(NamedTuple):
    """The finding of a rule: a sentence about the task in two parts, why, and what to do next."""

    outcome: str  # "did not start", "stopped", …
    detail: str = ""
    why: str = ""
    next: str = ""
    command: str = ""  # that helps, or shows more
    docs: str = ""  # the address of a page
    subject: str = ""  # of the sentence, if it is not the task

    @property
    def predicate(self) -> str:
        """The sentence without its subject and full stop."""
        return f"{self.outcome}: {self.detail}" if self.detail else self.outcome


Rule = Callable[[Facts], "Cause | None"]


def _is_noise(line: str) -> bool:
    plain = line.strip()
    return not plain or is_launcher_line(plain) or _NOISE.match(plain) is not None


def clean_lines(log: str) -> tuple[str, ...]:
    """Return the end of a log as lines, without colors and the input that KFP's executor prints."""
    raw = _drop_inputs(log.splitlines())[-LOG_LINES:]
    lines = (plain_text.clean_lines(line[:_MAX_RAW_LINE]).rstrip()[:MAX_LINE] for line in raw)
    return tuple(line for line in lines if line.strip())


def _drop_inputs(lines: list[str]) -> list[str]:
    """Return `lines` without the JSON objects that KFP's executor prints as its input, and their heads."""
    kept: list[str] = []
    head = -1  # the place of a head in `kept`, until its object is closed
    for line in lines:
        kept.append(line)
        if line == "}" and head >= 0:
            del kept[head:]
            head = -1
        elif line == "{" and head < 0 and _is_head_of_input(kept[-2:][0]):
            head = len(kept) - 2
    return kept


def _is_head_of_input(line: str) -> bool:
    return line.startswith("[KFP Executor ") and line.endswith("Got executor_input:")


def to_clause(text: str) -> str:
    """Return the first line of `text` as the end of a sentence."""
    line = text.strip().split("\n", 1)[0].strip().rstrip(".")
    return line if len(line) <= MAX_CLAUSE else line[: MAX_CLAUSE - 1] + "…"


def end_of_chain(text: str) -> str:
    """Return the last two parts of a chain of reasons, such as `error: failed to x: no y: unknown`."""
    parts = [part.strip() for part in to_clause(text).split(": ") if part.strip() not in ("", "unknown")]
    end = ": ".join(parts[-2:])
    return f"{end[:1].upper()}{end[1:]}"
