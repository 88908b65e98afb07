"""The rules about runs and tasks: which have ended, what may be done with them, which tasks are groups. Pure.

Whoever needs such a rule asks here, SQL texts included. The page has the same rules in TypeScript; both are
tested against `labextension/test/data/run_rules.json`, which `python -m jupyter_kfp_mt.run_rules` prints.

Sources, all in github.com/kubeflow/pipelines: `RuntimeState` in `backend/api/v2beta1/run.proto`; states as
stored in `backend/src/apiserver/model/run.go`; `TerminateRun` in
`backend/src/apiserver/storage/run_store.go`; `RetryRun` in
`backend/src/apiserver/resource/resource_manager.go`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable
from enum import Enum
from typing import Any

UNSPECIFIED = "RUNTIME_STATE_UNSPECIFIED"  # stored, and left out of responses, until Argo reports a phase


class Phase(str, Enum):
    """State of a run or a task as people see it: the states of KFP and four of ours.

    Ours are CANCELED, for a run that KFP ends as FAILED after a terminate; CACHED, for a task that took its
    results from an earlier run; UNKNOWN, for a state that this version does not know; and UNCONFIRMED, for a
    submit that KFP has not confirmed.
    """

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"
    PAUSED = "PAUSED"
    CACHED = "CACHED"
    UNKNOWN = "UNKNOWN"
    UNCONFIRMED = "UNCONFIRMED"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in ENDED


STATES = (  # of KFP
    Phase.PENDING,
    Phase.RUNNING,
    Phase.SUCCEEDED,
    Phase.FAILED,
    Phase.CANCELING,
    Phase.CANCELED,
    Phase.SKIPPED,
    Phase.PAUSED,
)
FILTERABLE = (*STATES, Phase.UNKNOWN)  # by which people filter runs; the others are no states of a run in KFP
ENDED = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELED, Phase.SKIPPED, Phase.CACHED})
# A state that a later KFP adds counts as active: better to watch a run for too long than to lose it.
ACTIVE = frozenset(Phase) - ENDED
FINAL_STATES = tuple(state.value for state in STATES if state in ENDED)  # as servers store them
STOPPABLE_STATES = ("PENDING", "RUNNING", "PAUSED", UNSPECIFIED, "")  # those that KFP terminates
RETRYABLE = frozenset({Phase.FAILED, Phase.CANCELED})
GROUP_TYPES = ("ROOT", "DAG", "LOOP", "LOOP_ITERATION", "CONDITION", "CONDITION_BRANCH", "EXIT_HANDLER")
TASK_TYPES = ("RUNTIME", "IMPORTER", *GROUP_TYPES)


def phase_of(state: str, history: Iterable[str] = ()) -> Phase:
    """Return the phase of a KFP state; `history` holds the states before it.

    KFP reports no state between the first report and Argo's first phase: Pending. It ends a terminated run as
    FAILED, and only CANCELING in its history tells.
    """
    if state in ("", UNSPECIFIED):
        return Phase.PENDING
    if state == Phase.FAILED and Phase.CANCELING in history:
        return Phase.CANCELED
    return Phase(state) if state in STATES else Phase.UNKNOWN


def may_terminate(phase: Phase) -> bool:
    """Whether a run may be terminated.

    KFP refuses a run that has ended or is being terminated, and it may not have one that is not confirmed.
    """
    return phase in ACTIVE and phase not in (Phase.CANCELING, Phase.UNCONFIRMED)


def may_retry(phase: Phase) -> bool:
    """Whether a run may be retried; KFP does so when its Workflow has failed, as it has after a terminate."""
    return phase in RETRYABLE


def may_archive(phase: Phase, *, archived: bool) -> bool:
    """Whether a run may be archived; KFP takes any state."""
    return not archived and is_confirmed(phase)


def may_restore(phase: Phase, *, archived: bool) -> bool:
    """Whether a run may be taken out of the archive."""
    return archived and is_confirmed(phase)


def is_confirmed(phase: Phase) -> bool:
    """Whether KFP is known to have the run, so that it may be deleted or cloned."""
    return phase is not Phase.UNCONFIRMED


def is_group(task_type: str) -> bool:
    """Whether a task only holds other tasks."""
    return task_type in GROUP_TYPES


def is_hidden(task_type: str) -> bool:
    """Whether a task is never shown: the root stands for the run itself."""
    return task_type == "ROOT"


def has_log(task_type: str) -> bool:
    """Whether a task runs a program: groups do not, nor do importers. A server may leave the type out."""
    return not is_group(task_type) and task_type != "IMPORTER"


def state_filter(phases: Collection[Phase]) -> tuple[bool, tuple[str, ...]]:
    """Return `(True, states)` to list these stored states, or `(False, states)` to list all but these.

    The list may hold more than `phases`: KFP stores a terminated run as FAILED, too. An unknown state cannot
    be named, so a filter with UNKNOWN names all the others.
    """
    stored = {phase.value for phase in phases if phase in STATES}
    if Phase.PENDING in phases:
        stored.add(UNSPECIFIED)
    if Phase.CANCELED in phases:
        stored.add("FAILED")
    if Phase.UNKNOWN in phases:
        every = (*(state.value for state in STATES), UNSPECIFIED)
        return False, tuple(state for state in every if state not in stored)
    return True, tuple(sorted(stored))


def cases() -> dict[str, list[dict[str, Any]]]:
    """Return what the rules say of every phase, run and type of task, for tests in another language."""
    return {
        "states": [
            {"state": state, "phase": phase_of(state).value}
            for state in ("", UNSPECIFIED, *(phase.value for phase in Phase), "HIBERNATING")
        ],
        "phases": [
            {"phase": phase.value, "ended": phase.ended, "active": phase in ACTIVE} for phase in Phase
        ],
        "runs": [
            {
                "phase": phase.value,
                "archived": archived,
                "terminate": may_terminate(phase),
                "retry": may_retry(phase),
                "archive": may_archive(phase, archived=archived),
                "restore": may_restore(phase, archived=archived),
                "delete": is_confirmed(phase),
                "clone": is_confirmed(phase),
            }
            for phase in Phase
            for archived in (False, True)
        ],
        "task_types": [
            {"type": each, "group": is_group(each), "hidden": is_hidden(each), "log": has_log(each)}
            for each in ("", *TASK_TYPES)
        ],
    }


def main() -> None:
    """Print the cases as JSON, each on a line of its own."""
    parts = (f"{json.dumps(name)}: [\n{_lines(rows)}\n]" for name, rows in cases().items())
    sys.stdout.write("{" + ", ".join(parts) + "}\n")


def _lines(rows: list[dict[str, Any]]) -> str:
    return ",\n".join(f"  {json.dumps(row)}" for row in rows)


if __name__ == "__main__":
    main()
