"""One step of a run while it goes on: a task, a DAG, a loop or an iteration of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec

from ....models import TaskValues
from ....run_rules import FINAL_STATES
from .ir import Component, TaskRetryPolicy, TaskSpec


class TaskType(str, Enum):
    """What a step is (`type` of a task on the wire)."""

    RUNTIME = "RUNTIME"
    DAG = "DAG"
    LOOP = "LOOP"
    LOOP_ITERATION = "LOOP_ITERATION"
    CONDITION = "CONDITION"
    EXIT_HANDLER = "EXIT_HANDLER"
    IMPORTER = "IMPORTER"


class State(str, Enum):
    """Where a step is; the names of KFP."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        """Whether the step is over."""
        return self in FINAL_STATES


@dataclass(slots=True, eq=False)
class TaskNode:
    """A step; `path` names it within its run (`for-loop-1/iteration-0/train`), the root's is empty.

    Times are seconds since 1970; 0 is not yet.
    """

    path: str
    name: str
    kind: TaskType
    task: TaskSpec
    component: Component
    parent: TaskNode | None = None
    state: State = State.PENDING
    inputs: TaskValues = field(default_factory=TaskValues)
    outputs: TaskValues = field(default_factory=TaskValues)
    attempt: int = 0
    max_attempts: int = 1
    exit_code: int | None = None
    reason: str = ""
    cached_from: str = ""
    created_at: float = 0
    started_at: float = 0
    ended_at: float = 0
    children: dict[str, TaskNode] = field(default_factory=dict)
    dependents: dict[str, list[TaskNode]] = field(default_factory=dict)
    blocked: int = 0  # upstream siblings that have not ended
    unfinished: int = 0  # children, or iterations, that have not ended
    failed: TaskNode | None = None  # the first step below that failed
    items: list[Any] = field(default_factory=list)  # of a loop

    @property
    def is_leaf(self) -> bool:
        """Whether code is run for it."""
        return self.component.dag is None

    @property
    def retry(self) -> TaskRetryPolicy:
        """How often it is tried again: its own policy, else that of the nested pipeline it is in."""
        own = self.task.retry_policy
        if own.max_retry_count > 0 or self.parent is None:
            return own
        return self.parent.retry

    @property
    def in_loop(self) -> bool:
        """Whether it is an iteration of a loop, or in one."""
        return self.kind is TaskType.LOOP_ITERATION or (self.parent is not None and self.parent.in_loop)

    @property
    def below(self) -> str:
        """What the paths of its children begin with."""
        return f"{self.path}/" if self.path else ""


class TaskProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of a step from before a restart or a retry."""

    state: State = State.PENDING
    outputs: TaskValues = TaskValues()
    attempt: int = 0
    exit_code: int | None = None
    reason: str = ""
    cached_from: str = ""
    created_at: float = 0
    started_at: float = 0
    ended_at: float = 0


def make_task_id(run_id: str, path: str) -> str:
    """Return the id of a step: the same after every restart, so that nothing is ever stored twice."""
    return str(uuid.uuid5(_STEPS, f"{run_id}/{path}"))


_STEPS = uuid.UUID("6b2f9a1e-6f0d-5b43-9f0e-6f5f7f0f9c11")
