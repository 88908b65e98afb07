"""Runs, and everything a page shows of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ..run_rules import Phase
from .common import NOT_JSON, PageQuery, RpcStatus, RuntimeStatus, known_time, make_no_spec, seconds_between
from .pipelines import ParameterType, PipelineVersionReference, PlannedTask, RuntimeConfig
from .tasks import Progress, RunDetails, Task


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The notebook that a run was started from, and the cell."""

    path: str = ""  # below the Jupyter root, when the run was started
    notebook_id: str = ""  # `metadata.jupyter_kfp_mt.id` of the notebook, which stays if the file is moved
    cell: int = 0  # its number as Jupyter shows it when all are run; 0: the whole notebook, or not known


class Run(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # from JSON, so without cycles
    """An execution of a pipeline."""

    run_id: str
    experiment_id: str = ""
    display_name: str = ""
    storage_state: str = "AVAILABLE"
    description: str = ""
    pipeline_version_reference: PipelineVersionReference | None = None
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=make_no_spec)  # decoded on demand
    runtime_config: RuntimeConfig | None = None
    service_account: str = ""
    created_at: datetime | None = None
    scheduled_at: datetime | None = None
    finished_at: datetime | None = None
    state: str = ""
    error: RpcStatus | None = None
    run_details: msgspec.Raw = msgspec.field(default_factory=make_no_spec)  # decoded on demand
    recurring_run_id: str = ""
    state_history: list[RuntimeStatus] = []
    namespace: str = ""  # ours: the experiment's
    experiment_name: str = ""  # ours
    phase: Phase = Phase.PENDING  # ours
    progress: Progress | None = None  # ours
    failed_task: str = ""  # ours: the first task that failed
    mine: bool = False  # ours: whether it was started from here within the last days
    metrics: dict[str, float] = {}  # ours: its scalar metrics, where they were asked for
    origin: Origin | None = None  # ours: the notebook that it was started from, if known here

    @property
    def parameters(self) -> dict[str, Any]:
        """The values it was started with; also the defaults, if it came with its compiled pipeline."""
        given = self.runtime_config.parameters if self.runtime_config else {}
        return {**_read_defaults(self.pipeline_spec), **given}

    @property
    def task_details(self) -> list[Task]:
        """The tasks that the server reports with the run; empty if their form is not known."""
        try:
            details = msgspec.json.decode(self.run_details, type=RunDetails | None, strict=False)
        except NOT_JSON:
            return []
        return details.task_details if details else []

    def __str__(self) -> str:
        """Return what `print` shows."""
        return f"{self.display_name} ({self.phase.value.lower()}, {self.run_id})"

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self.phase.ended

    @property
    def duration(self) -> float | None:
        """Seconds from creation to end, or to now while the run is active."""
        return seconds_between(known_time(self.created_at), known_time(self.finished_at), ended=self.ended)


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs."""

    runs: list[Run] = []
    total_size: int = 0
    next_page_token: str = ""


class RunMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The scalar metrics that the tasks of one run wrote."""

    run_id: str
    display_name: str = ""
    state: str = ""
    parameters: dict[str, Any] = {}  # that it was started with
    metrics: dict[str, float] = {}
    unread: str = ""  # why some metrics may be missing


class MetricsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The scalar metrics of those of the runs asked for that are in the namespace."""

    metrics: list[RunMetrics] = []


class ParameterValue(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of a run with its value, given or default."""

    name: str
    type: ParameterType | None = None  # None if the pipeline's inputs are not known
    value: Any = None
    is_default: bool = False
    description: str = ""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The reason of a failed run in one sentence, and the next step."""

    message: str
    why: str = ""
    next: str = ""
    task_id: str = ""
    task: str = ""
    line: str = ""  # the last telling line of its log
    exit_code: int | None = None
    others: list[str] = []  # other tasks that failed
    command: str = ""  # that helps, or shows an admin more
    docs: str = ""  # the address of a page about it

    @property
    def text(self) -> str:
        """All of it as a paragraph."""
        return " ".join(part for part in (self.message, self.why, self.next) if part)


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in the run view except the logs."""

    run: Run
    tasks: list[Task] = []
    parameters: list[ParameterValue] = []
    spec: str = ""  # YAML, one or two documents
    failure: Failure | None = None
    lists_all_tasks: bool = False  # whether `tasks` has those that have not started, too
    plan: list[PlannedTask] = []  # empty if the spec is not known
    groups: list[Task] = []  # loops, conditions and sub-pipelines that hold tasks, if reported
    has_pods: bool = False  # whether tasks run in pods: not on the embedded server

    @property
    def message(self) -> str:
        """Why the run failed in a sentence, or what it waits for and what helps; empty if neither."""
        if self.failure is None:
            return ""
        return self.failure.message if self.run.ended else self.failure.text


class RunQuery(PageQuery, frozen=True, kw_only=True):
    """A page of runs, as asked for."""

    state: Sequence[str] = ()
    experiment_id: str = ""
    pipeline_id: str = ""
    recurring_run_id: str = ""
    created_after: datetime | None = None
    archived: bool = False
    notebook: str = ""  # only runs started from it: its path below the Jupyter root
    notebook_id: str = ""  # its id, as in `Origin`: runs from before it was moved belong to it, too


class RunsEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Event `runs` of the stream: new and changed runs, and the ids of removed ones."""

    namespace: str
    runs: list[Run] = []
    removed: list[str] = []
    at: datetime


def _read_defaults(spec: msgspec.Raw) -> dict[str, Any]:
    """Return the defaults of a compiled pipeline's parameters; whole numbers of doubles become integers."""
    try:
        known = msgspec.json.decode(spec, type=dict[str, Any])
        inputs = known.get("pipeline_spec", known)["root"]["inputDefinitions"]["parameters"]
        defaults = {name: each["defaultValue"] for name, each in inputs.items() if "defaultValue" in each}
        whole = [name for name in defaults if inputs[name].get("parameterType") == "NUMBER_INTEGER"]
        return defaults | {name: int(defaults[name]) for name in whole}
    except (*NOT_JSON, AttributeError, KeyError, TypeError, ValueError):
        return {}  # no spec, or one of another kind
