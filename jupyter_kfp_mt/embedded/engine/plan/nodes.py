"""The tasks of a run as a tree: a DAG, a loop and its iterations are tasks too, as in KFP's API."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from ....models import TaskValues
from ....run_rules import FINAL_STATES
from .ir import Component, TaskRetryPolicy, TaskSpec


class TaskType(str, Enum):
    """The type of a task, as the API shows it."""

    RUNTIME = "RUNTIME"
    DAG = "DAG"
    LOOP = "LOOP"
    LOOP_ITERATION = "LOOP_ITERATION"
    CONDITION = "CONDITION"
    EXIT_HANDLER = "EXIT_HANDLER"
    IMPORTER = "IMPORTER"


class State(str, Enum):
    """The state of a task, by KFP's names."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        """Whether the task has ended."""
        return self in FINAL_STATES


@dataclass(slots=True, eq=False, kw_only=True)
class TaskProgress:
    """How far a task has got: what the store keeps, and a restart or a retry starts from.

    Times are seconds since 1970; 0 means not yet.
    """

    state: State = State.PENDING
    outputs: TaskValues = field(default_factory=TaskValues)
    left: TaskValues = field(default_factory=TaskValues)  # by a failed attempt: to look at, never passed on
    attempt: int = 0
    exit_code: int | None = None
    reason: str = ""
    cached_from: str = ""
    created_at: float = 0
    started_at: float = 0
    ended_at: float = 0


@dataclass(slots=True, eq=False, kw_only=True)
class TaskNode(TaskProgress):
    """A task in the tree of a run; `path` names it (`for-loop-1/iteration-0/train`), the root's is empty."""

    path: str
    name: str
    type: TaskType
    spec: TaskSpec
    component: Component
    parent: TaskNode | None = None
    inputs: TaskValues = field(default_factory=TaskValues)
    max_attempts: int = 1
    children: dict[str, TaskNode] = field(default_factory=dict)
    dependents: dict[str, list[TaskNode]] = field(default_factory=dict)
    blocked: int = 0  # upstream siblings that have not ended
    unfinished: int = 0  # children, or iterations, that have not ended
    failed: TaskNode | None = None  # the first task below that failed
    items: list[Any] = field(default_factory=list)  # of a loop

    @property
    def is_leaf(self) -> bool:
        """Whether the task runs code; false for DAGs and loops."""
        return self.component.dag is None

    @property
    def is_exit_task(self) -> bool:
        """Whether the task starts after failures too, and only such tasks wait for it.

        KFP compiles it to an exit hook of its upstream tasks (argocompiler/dag.go), and Argo leaves hooks
        out when it decides how a DAG ended.
        """
        if self.parent is None or self.type is TaskType.LOOP_ITERATION or not self.spec.upstream:
            return False
        waiting = self.parent.dependents.get(self.name, [])
        return all(task.spec.trigger_policy.after_failure for task in [self, *waiting])

    @property
    def retry(self) -> TaskRetryPolicy:
        """The retry policy: its own, else that of the nested pipeline around it."""
        own = self.spec.retry_policy
        if own.max_retry_count > 0 or self.parent is None:
            return own
        return self.parent.retry

    @property
    def below(self) -> str:
        """The prefix of the paths of its children."""
        return f"{self.path}/" if self.path else ""


@lru_cache(maxsize=1024)  # many ask for the same ones: a task is stored with the id of the one around it
def make_task_id(run_id: str, path: str) -> str:
    """Return the id of a task: the same after every restart, so that no task is ever stored twice.

    It is a UUID of version 5 (RFC 9562, section 5.5), made in a quarter of the time that `uuid.uuid5` takes.
    """
    name = _STEPS + f"{run_id}/{path}".encode()
    text = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


_STEPS = uuid.UUID("6b2f9a1e-6f0d-5b43-9f0e-6f5f7f0f9c11").bytes
