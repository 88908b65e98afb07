"""Why a run failed, in one sentence: ordered rules over reason, exit code and last log lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..models import Failure, Task
from .rows import failures

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)')
_RAISED = re.compile(
    r"^(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Iteration)\w*)(?:: ?(?P<text>.*))?$"
)
_NO_FILE = re.compile(r"No such file or directory: '(?P<path>[^']*)'")
_NO_MODULE = re.compile(r"No module named '(?P<name>[^']*)'")
_MAX_LINE = 300


class Evidence(NamedTuple):
    """What is known of the task that failed."""

    task: Task
    lines: Sequence[str]  # the end of its log
    kind: str = ""  # of a Python exception
    text: str = ""  # what it says
    place: str = ""  # "load.py line 3, in load"

    @property
    def name(self) -> str:
        """The task as people know it."""
        return self.task.display_name or self.task.name


class Cause(NamedTuple):
    """What a rule found."""

    reason: str  # goes into “Task {name} stopped: {reason}.”
    why: str = ""
    next: str = ""


Rule = Callable[[Evidence], "Cause | None"]


def explain(tasks: Sequence[Task], log: str, *, run_name: str) -> Failure:
    """Return why the first task of `tasks` that failed did so; `log` is the end of its log."""
    failed = failures(tasks)
    if not failed:
        return Failure(message=f"{run_name} failed.", why="KFP does not say in which task, or why.")
    evidence = evidence_of(failed[0], log)
    cause = next(filter(None, (rule(evidence) for rule in RULES)), _unknown(evidence))
    return Failure(
        message=f"Task {evidence.name} stopped: {cause.reason}.",
        why=cause.why,
        next=cause.next,
        task_id=failed[0].task_id,
        task=evidence.name,
        line=_telling_line(evidence),
        exit_code=failed[0].exit_code,
        others=[task.display_name or task.name for task in failed[1:]],
    )


def evidence_of(task: Task, log: str) -> Evidence:
    """Return what the end of a task's log says: of the last exception, and where it was raised."""
    lines = [line.rstrip() for line in log.splitlines() if line.strip()][-400:]
    for index in range(len(lines) - 1, -1, -1):
        raised = _RAISED.match(lines[index])
        if raised is not None and any(_FRAME.search(line) for line in lines[max(0, index - 60) : index]):
            place = _place(lines[:index])
            return Evidence(task, lines, raised["kind"].rpartition(".")[2], raised["text"] or "", place)
    return Evidence(task, lines)


def _place(lines: Sequence[str]) -> str:
    """The innermost line of the traceback that is the person's own."""
    frames = [found for found in map(_FRAME.search, lines[-60:]) if found is not None]
    own = [
        frame
        for frame in frames
        if "site-packages" not in frame["file"] and "/lib/python" not in frame["file"]
    ]
    for frame in reversed(own or frames):
        return f"{frame['file'].rpartition('/')[2]} line {frame['line']}, in {frame['function']}"
    return ""


def _telling_line(evidence: Evidence) -> str:
    if evidence.kind:
        return f"{evidence.kind}: {evidence.text}".rstrip(": ")[:_MAX_LINE]
    return evidence.lines[-1][:_MAX_LINE] if evidence.lines else ""


def _file(evidence: Evidence) -> Cause | None:
    if evidence.kind != "FileNotFoundError":
        return None
    found = _NO_FILE.search(evidence.text)
    reason = f"file not found ({found['path']})" if found else "file not found"
    return Cause(
        reason, "Files of this notebook are not in the task.", "Pass the data as an artifact or an address."
    )


def _module(evidence: Evidence) -> Cause | None:
    found = (
        _NO_MODULE.search(evidence.text) if evidence.kind in ("ModuleNotFoundError", "ImportError") else None
    )
    if found is None:
        return None
    package = found["name"].partition(".")[0]
    return Cause(
        f"the package {package} is not there",
        "A task has only the packages of its image and of its component.",
        f'Add it: @dsl.component(packages_to_install=["{package}"]).',
    )


def _memory(evidence: Evidence) -> Cause | None:
    if evidence.kind == "MemoryError":
        return Cause("out of memory", evidence.place, "Use less data at once, or ask for more memory.")
    if evidence.task.exit_code in (137, -9):
        why = "It was killed (exit code 137); nearly always that is the memory."
        return Cause("killed, probably out of memory", why, "Ask for more memory: task.set_memory_limit(…).")
    return None


def _crash(evidence: Evidence) -> Cause | None:
    if evidence.task.exit_code in (139, -11):
        return Cause("it crashed (segmentation fault)", "Compiled code in a package went wrong.")
    return None


def _time(evidence: Evidence) -> Cause | None:
    if "time limit" in evidence.task.reason.lower() or "timed out" in evidence.task.reason.lower():
        return Cause("its time limit was over", evidence.task.reason)
    return None


def _python(evidence: Evidence) -> Cause | None:
    if not evidence.kind:
        return None
    text = f"{evidence.kind}: {evidence.text}" if evidence.text else evidence.kind
    return Cause(_clause(text), f"Raised in {evidence.place}." if evidence.place else "")


def _engine(evidence: Evidence) -> Cause | None:
    if not evidence.task.reason:
        return None
    return Cause(_clause(evidence.task.reason))


def _exit(evidence: Evidence) -> Cause | None:
    code = evidence.task.exit_code
    if code in (None, 0):
        return None
    last = f"Its last line: {evidence.lines[-1][:_MAX_LINE]}" if evidence.lines else "Its log is empty."
    return Cause(f"exit code {code}", last)


def _unknown(evidence: Evidence) -> Cause:
    error = evidence.task.error.message if evidence.task.error else ""
    return Cause(_clause(error) if error else "KFP does not say why")


def _clause(text: str) -> str:
    """`text` as the end of a sentence."""
    line = text.split("\n", 1)[0].strip().rstrip(".")
    return line if len(line) <= _MAX_LINE else line[: _MAX_LINE - 1] + "…"


RULES: tuple[Rule, ...] = (_file, _module, _memory, _crash, _time, _python, _engine, _exit)
