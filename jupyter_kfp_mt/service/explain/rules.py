"""The ordered rules that explain a failed or waiting task."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ...models import Failure, Task
from ..tasks.rows import failures
from . import cluster, launch, pods
from .facts import Cause, Facts, Rule, Said, clause, clean_lines
from .python import python_error, raised_in

_EXIT_CODE = re.compile(r"exit code (\d{1,3})\b")
PATIENCE = 60.0  # seconds that a task may wait before anybody asks why

RULES: tuple[Rule, ...] = (
    cluster.upstream,
    cluster.image_pull,
    cluster.missing_object,
    cluster.quota,
    pods.refused,
    pods.webhook_down,
    pods.account,
    cluster.unschedulable,
    cluster.evicted,
    pods.runs_as_root,
    pods.volume,
    pods.sandbox,
    pods.device,
    cluster.preempted,
    cluster.lost,
    cluster.terminated,
    cluster.time_limit,
    cluster.no_command,
    pods.too_large,
    pods.wrong_machine,
    pods.runtime,
    cluster.out_of_memory,
    python_error,
    launch.packages,
    launch.metadata,
    launch.driver,
    launch.launcher,
    launch.results,
    pods.not_accepted,
    cluster.raised_elsewhere,
    cluster.ended_with,
    cluster.told,
)
WAITS: tuple[Rule, ...] = (
    cluster.image_pull,
    cluster.missing_object,
    cluster.quota,
    pods.refused,
    pods.webhook_down,
    pods.account,
    cluster.unschedulable,
    pods.runs_as_root,
    pods.volume,
    pods.sandbox,
    cluster.no_command,
    pods.runtime,
    pods.not_accepted,
)


def explain(tasks: Sequence[Task], facts: Facts | None, *, run_name: str) -> Failure:
    """Return why the first task of `tasks` that failed did so, or the run itself, as `facts` tell."""
    failed = failures(tasks)
    if not failed and facts is not None:
        return of_run(explain_task(facts))
    if not failed or facts is None:
        return Failure(message=f"{run_name} failed.", why="KFP does not say in which task, or why.")
    found = explain_task(facts)
    return Failure(
        message=found.message,
        why=found.why,
        next=found.next,
        task_id=failed[0].task_id,
        task=found.task,
        line=found.line,
        exit_code=facts.exit_code,
        others=[task.display_name or task.name for task in failed[1:]],
    )


def of_run(failure: Failure) -> Failure:
    """Return what was said of a task as said of the run itself, whose name it has."""
    return msgspec.structs.replace(failure, message=failure.message.removeprefix("Task "), task="")


def explain_task(facts: Facts) -> Failure:
    """Return why one task failed."""
    cause = next(filter(None, (rule(facts) for rule in RULES)), None) or _unknown(facts)
    raised = raised_in(facts.lines)
    return Failure(
        message=f"Task {facts.task} {cause.said}.",
        why=cause.why,
        next=cause.next,
        task=facts.task,
        line=raised.line if raised is not None else facts.last_line,
        exit_code=facts.exit_code,
    )


def explain_wait(facts: Facts, seconds: float) -> Failure | None:
    """Return what a task waits for that has not started after a minute; None before."""
    if seconds < PATIENCE:
        return None
    cause = next(filter(None, (rule(facts) for rule in WAITS)), None)
    if cause is None:
        text = next(iter(facts.texts), "")
        cause = Cause(
            "", f"{clause(text)}." if text else "The cluster does not say for what.", "Wait, or ask an admin."
        )
    told = cause.said.removeprefix("did not start: ")
    why = (
        cause.why
        if told in ("", "no node takes it")
        else f"{told[:1].upper()}{told[1:]}. {cause.why}".strip()
    )
    return Failure(
        message=f"Task {facts.task} has waited {_duration(seconds)}.",
        why=why,
        next=cause.next,
        task=facts.task,
    )


def facts_of(
    task: Task,
    log: str = "",
    *,
    states: Sequence[Said] = (),
    events: Sequence[Said] = (),
    driver: bool = False,
) -> Facts:
    """Return the facts about `task`; `log` is the end of what it, or its driver, wrote."""
    message = task.reason or (task.error.message if task.error else "")
    found = _EXIT_CODE.search(message)  # Argo: "Error (exit code 1)"
    code = task.exit_code if task.exit_code is not None or found is None else int(found[1])
    lines, name = clean_lines(log), task.display_name or task.name
    return Facts(name, message, code, lines, tuple(states), tuple(events), driver)


def _unknown(facts: Facts) -> Cause:
    """What is said when no rule fits: that it failed, and the last thing it wrote."""
    if facts.last_line:
        return Cause(f"failed. Last error line: {clause(facts.last_line)}", next="Look at its log.")
    if facts.message:
        return Cause(f"failed. {clause(facts.message)}")
    return Cause("failed", "Neither KFP nor its log says why.", "Look at its events, or ask an admin.")


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"
