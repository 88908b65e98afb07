"""Tasks of a run: their values, logs and pods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ..errors import ErrorBody
from ..run_rules import Phase
from .common import RpcStatus, RuntimeStatus, known_time, seconds_between


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that a task wrote or read; metrics are in `metadata`."""

    name: str = ""
    type: str = ""  # schema title, for example "system.Model"
    uri: str = ""
    metadata: dict[str, Any] = {}


class TaskValues(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs or the outputs of a task."""

    parameters: dict[str, Any] = {}
    artifacts: dict[str, list[Artifact]] = {}


class ChildTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task below another; on a cluster, `pod_name` is an Argo node id."""

    task_id: str = ""
    pod_name: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a run.

    From `run_details.task_details` of any server, or, with everything below `child_tasks`, from the embedded
    server's `/apis/v2beta1/runs/{run_id}/tasks`.
    """

    run_id: str = ""
    task_id: str = ""
    display_name: str = ""
    create_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    state: str = ""
    error: RpcStatus | None = None
    state_history: list[RuntimeStatus] = []
    parent_task_id: str = ""
    child_tasks: list[ChildTask] = []
    name: str = ""  # the task's name in the compiled pipeline
    type: str = ""  # RUNTIME, DAG, LOOP, LOOP_ITERATION, CONDITION, EXIT_HANDLER, IMPORTER
    attempt: int = 0  # number of the newest attempt, from 1; 0 before the first
    max_attempts: int = 1
    exit_code: int | None = None
    reason: str = ""  # one sentence, if the task did not succeed
    cached_from_run_id: str = ""
    inputs: TaskValues = TaskValues()
    outputs: TaskValues = TaskValues()
    outputs_unread: str = ""  # ours: why its outputs are not known, though it has succeeded
    phase: Phase = Phase.PENDING  # ours

    def __str__(self) -> str:
        """Return what `print` shows."""
        return f"{self.display_name or self.name} ({self.phase.value.lower()})"

    @property
    def duration(self) -> float | None:
        """Seconds from start to end, or to now; None before the start."""
        return seconds_between(known_time(self.start_time), known_time(self.end_time), ended=self.phase.ended)


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of a run."""

    tasks: list[Task] = []
    total_size: int = 0
    next_page_token: str = ""


class RunDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks that a server reports with a run; KFP has none before the first report from Argo."""

    task_details: list[Task] = []


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of a run have ended; `total` is None if the spec is not known or a loop decides."""

    done: int = 0
    total: int | None = None


class LogChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a task's log; continue at `next_offset` until `complete`."""

    run_id: str
    task_id: str
    task: str = ""
    attempt: int = 1
    source: str = ""  # "embedded", "pod", "archive", "copy"
    text: str = ""
    offset: int = 0  # bytes from the start of the log
    next_offset: int = 0
    truncated: bool = False  # text before `offset`, or part of a log too large, is missing
    complete: bool = False  # the attempt has ended and its log ends here


class PodEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A Kubernetes event of a pod."""

    type: str = ""  # "Normal" or "Warning"
    reason: str = ""
    message: str = ""
    count: int = 1
    at: datetime | None = None  # time of the last occurrence


class PodView(msgspec.Struct, frozen=True, kw_only=True):
    """The pod of a task's attempt, as far as this account may read it."""

    run_id: str
    task_id: str
    attempt: int = 1
    pod: str = ""  # empty before it exists
    namespace: str = ""
    events: list[PodEvent] = []  # oldest first
    manifest: str = ""  # YAML; empty if the pod is gone or may not be read
    gone: bool = False
    refused: list[ErrorBody] = []  # parts that may not be read, each with the missing right
