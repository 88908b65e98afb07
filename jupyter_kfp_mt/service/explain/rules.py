"""The ordered rules that explain a failed or waiting task."""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

import msgspec

from ...models import Failure, Task
from ..tasks.launcher import exit_code_of
from ..tasks.rows import select_failed
from . import admission, end, kfp, notebook, placement, start
from .facts import Cause, Facts, Rule, Said, clean_lines, to_clause
from .python import find_exception, python_error

_EXIT_CODE = re.compile(r"exit code (\d{1,3})\b")
PATIENCE = 60.0  # seconds that a task may wait before we explain why

RULES: tuple[Rule, ...] = (
    kfp.upstream,
    start.image_pull,
    start.missing_object,
    admission.quota,
    admission.refusal,
    admission.webhook_down,
    admission.account,
    placement.unschedulable,
    end.eviction,
    start.runs_as_root,
    placement.volume,
    placement.sandbox,
    placement.device,
    end.preemption,
    end.lost_node,
    end.termination,
    end.time_limit,
    start.no_command,
    admission.too_large,
    start.wrong_machine,
    start.runtime,
    start.not_configured,
    end.out_of_memory,
    kfp.machine_change,
    notebook.cell_error,
    python_error,
    kfp.packages,
    kfp.unknown_field,
    kfp.missing_value,
    kfp.releases_differ,
    kfp.metadata,
    kfp.driver,
    kfp.launcher,
    kfp.results,
    admission.not_accepted,
    end.raised_elsewhere,
    end.ended_with,
    kfp.reported_reason,
)
WAITS: tuple[Rule, ...] = (
    start.image_pull,
    start.missing_object,
    admission.quota,
    admission.refusal,
    admission.webhook_down,
    admission.account,
    placement.unschedulable,
    start.runs_as_root,
    placement.volume,
    placement.sandbox,
    start.no_command,
    start.runtime,
    start.not_configured,
    admission.not_accepted,
)
_KINDS = {  # what people call a task that only holds others
    "LOOP": "Loop",
    "LOOP_ITERATION": "Iteration",
    "CONDITION": "Condition",
    "CONDITION_BRANCH": "Condition",
    "EXIT_HANDLER": "Exit handler",
    "DAG": "Sub-pipeline",
}
_SURE = tuple(rule for rule in WAITS if rule is not admission.not_accepted)


class Explanation(NamedTuple):
    """Why a task or a run failed, or what it waits for."""

    failure: Failure
    short: str  # without the subject, to fit a row of a table


def explain(tasks: Sequence[Task], facts: Facts | None, *, run_name: str) -> Explanation:
    """Return why a run failed: why the first of its `tasks` that failed did so, or the run itself."""
    failed = select_failed(tasks)
    if facts is None:
        failure = Failure(message=f"{run_name} failed.", why="KFP does not say in which task, or why.")
        return Explanation(failure, "failed")
    if not failed:
        return explain_task(facts)
    explanation = explain_task(facts)
    failure = msgspec.structs.replace(
        explanation.failure,
        task_id=failed[0].task_id,
        others=[task.display_name or task.name for task in failed[1:]],
    )
    return Explanation(failure, explanation.short)


def explain_task(facts: Facts) -> Explanation:
    """Return why one task failed, or the run itself."""
    cause = _find_present(facts) or _find_cause(RULES, facts) or _unknown(facts)
    raised = find_exception(facts.lines)
    failure = Failure(
        message=f"{cause.subject or facts.subject} {cause.predicate}.",
        why=cause.why,
        next=cause.next,
        task="" if facts.is_run else facts.task,
        line=raised.line if raised is not None else facts.last_line,
        exit_code=facts.exit_code,
        command=cause.command,
        docs=cause.docs,
    )
    return Explanation(failure, cause.detail if cause.outcome == "stopped" else cause.predicate)


def _find_cause(rules: Sequence[Rule], facts: Facts) -> Cause | None:
    return next(filter(None, (rule(facts) for rule in rules)), None)


def _find_present(facts: Facts) -> Cause | None:
    """Return what keeps a task from starting now; its events may be about what is over.

    The rule that recognizes the present state may then find details in the events.
    """
    if facts.started or facts.upstream:
        return None
    present = facts._replace(events=())
    return next((rule(facts) for rule in _SURE if rule(present) is not None), None)


def explain_wait(facts: Facts, seconds: float, *, task_id: str = "") -> Explanation | None:
    """Return what a task that has not started waits for; None before a minute has passed."""
    if seconds < PATIENCE:
        return None
    cause = _find_present(facts) or _find_cause(WAITS, facts) or _unknown_wait(facts)
    detail = cause.detail if cause.outcome == "did not start" else cause.predicate
    if detail in ("", placement.NO_NODE):  # which is what waiting means
        why = cause.why
    else:
        why = f"{detail[:1].upper()}{detail[1:]}. {cause.why}".strip()
    waited = _format_duration(seconds)
    failure = Failure(
        message=f"{facts.subject} has waited {waited}.",
        why=why,
        next=cause.next,
        task_id=task_id,
        task="" if facts.is_run else facts.task,
        command=cause.command or (facts.kubectl(f"describe pod {quote(facts.pod)}") if facts.pod else ""),
        docs=cause.docs,
    )
    return Explanation(failure, f"{_shorten_wait(why)} · waiting for {waited}")


def _shorten_wait(why: str) -> str:
    """Return the cause of a wait as it begins a narrow cell, which may cut the rest."""
    clause = why.removeprefix("Its ").partition(". ")[0].removesuffix(".")
    return f"{clause[:1].upper()}{clause[1:]}"


def make_facts(
    task: Task,
    log: str = "",
    *,
    states: Sequence[Said] = (),
    events: Sequence[Said] = (),
    driver: bool = False,
) -> Facts:
    """Return the facts about `task`; `log` is the end of its log, or of its driver's."""
    message = task.reason or (task.error.message if task.error else "")
    lines, name = clean_lines(log), task.display_name or task.name
    match = _EXIT_CODE.search(message)  # Argo: "Error (exit code 1)"
    code = task.exit_code if task.exit_code is not None or match is None else int(match[1])
    if not driver:
        own = exit_code_of(lines)  # the container's is the launcher's own: 1
        code = code if own is None else own
    facts = Facts(name, message, code, lines, tuple(states), tuple(events), driver)
    return facts._replace(kind=_KINDS.get(task.type, facts.kind))


def _unknown(facts: Facts) -> Cause:
    """Return the cause if no rule applies: it failed, and wrote this last."""
    if facts.last_line:
        return Cause(f"failed. Last error line: {to_clause(facts.last_line)}", next="Look at its log.")
    if facts.message:
        return Cause(f"failed. {to_clause(facts.message)}")
    return Cause(
        "failed", why="Neither KFP nor its log says why.", next="Look at its events, or ask an admin."
    )


def _unknown_wait(facts: Facts) -> Cause:
    text = next(iter(facts.texts), "")
    why = f"{to_clause(text)}." if text else "The cluster does not say for what."
    return Cause("", why=why, next="Wait, or ask an admin.")


def _format_duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"
