"""Domain objects, each defined once, with the field names of KFP's v2beta1 API.

Responses of a KFP server are decoded into these. Responses of the extension's REST interface are encoded from
them, and its OpenAPI document and TypeScript types are generated from them. A field marked *ours* is one that
no KFP server sends: the service fills it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .errors import ErrorBody
from .run_rules import Phase as Phase  # noqa: PLC0414 - one of the models, for those who import them

NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # raised by decoding foreign JSON
NO_SPEC = msgspec.Raw(b"null")  # no spec, or one that was left out
NO_DETAILS = NO_SPEC  # no tasks, or tasks that were left out


def _no_spec() -> msgspec.Raw:
    return NO_SPEC


def known_time(moment: datetime | None) -> datetime | None:
    """Return `moment`, or None for KFP's values of "not set": 1970 and the year 1."""
    return moment if moment is not None and moment.year > 1970 else None


class RpcStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The cause of an error, as a server reports it (`google.rpc.Status`)."""

    code: int = 0
    message: str = ""


class RuntimeStatus(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # from JSON, so without cycles
    """One entry of a state history; KFP also writes entries without a state."""

    update_time: datetime | None = None
    state: str = ""
    error: RpcStatus | None = None


class Healthz(msgspec.Struct, frozen=True, kw_only=True):
    """The response of `/apis/v2beta1/healthz`; only the embedded server sends `embedded`."""

    multi_user: bool = False
    tag_name: str = ""
    commit_sha: str = ""
    pipeline_store: str = ""
    embedded: bool = False


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """A named group of runs in a namespace."""

    experiment_id: str
    display_name: str = ""
    description: str = ""
    created_at: datetime | None = None
    namespace: str = ""
    storage_state: str = "AVAILABLE"
    last_run_created_at: datetime | None = None


class ExperimentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of experiments."""

    experiments: list[Experiment] = []
    total_size: int = 0
    next_page_token: str = ""


class ExperimentView(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment, and how much goes with it when it is archived or deleted."""

    experiment: Experiment
    runs: int = 0  # that are not archived
    recurring_runs: int | None = None  # that are switched on; None if the server does not list them


class PipelineVersionReference(msgspec.Struct, frozen=True, kw_only=True):
    """The registered pipeline and version that a run was started from."""

    pipeline_id: str = ""
    pipeline_version_id: str = ""


class RuntimeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The parameter values and pipeline root of a run."""

    parameters: dict[str, Any] = {}
    pipeline_root: str = ""


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
        return _seconds(known_time(self.start_time), known_time(self.end_time), ended=self.phase.ended)


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
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=_no_spec)  # decoded on demand
    runtime_config: RuntimeConfig | None = None
    service_account: str = ""
    created_at: datetime | None = None
    scheduled_at: datetime | None = None
    finished_at: datetime | None = None
    state: str = ""
    error: RpcStatus | None = None
    run_details: msgspec.Raw = msgspec.field(default_factory=_no_spec)  # decoded on demand
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
        return _seconds(known_time(self.created_at), known_time(self.finished_at), ended=self.ended)


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


class BulkVerb(str, Enum):
    """What can be done with many runs at once."""

    TERMINATE = "terminate"
    RETRY = "retry"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    DELETE = "delete"


class BulkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for one change of many runs; the namespace is in the route."""

    verb: BulkVerb
    run_ids: Annotated[list[Annotated[str, Meta(max_length=128)]], Meta(min_length=1, max_length=10_000)]
    delay_s: Annotated[float, Meta(ge=0, le=60)] = 0.0  # until it starts; it can be stopped before
    job_id: Annotated[str, Meta(pattern="^([A-Za-z0-9-]{8,64})?$")] = ""  # the same id is one job


class BulkState(str, Enum):
    """How far a bulk job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


class BulkFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A run that a bulk job did not change, and why."""

    run_id: str
    display_name: str = ""
    error: ErrorBody


class BulkJob(msgspec.Struct, frozen=True, kw_only=True):
    """One change of many runs, which the Jupyter server makes whether a page is open or not."""

    job_id: str
    verb: BulkVerb
    state: BulkState = BulkState.WAITING
    total: int = 0
    done: int = 0
    failures: list[BulkFailure] = []
    left: list[str] = []  # the ids of the runs that have not been tried
    starts_at: datetime | None = None


class BulkList(msgspec.Struct, frozen=True, kw_only=True):
    """The bulk jobs of a namespace that have not ended, or ended within the last hour, oldest first."""

    jobs: list[BulkJob] = []


class BulkEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Event `bulk` of the stream: how far a bulk job has come, and the runs changed since the last event."""

    namespace: str
    job_id: str
    verb: BulkVerb
    state: BulkState
    total: int
    done: int
    failed: int
    run_ids: list[str] = []


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A registered pipeline: private to a namespace, or shared if it has none."""

    pipeline_id: str
    display_name: str = ""
    name: str = ""
    description: str = ""
    created_at: datetime | None = None
    namespace: str = ""
    error: RpcStatus | None = None
    versions: int | None = None  # ours: how many it has; None until known


class PipelinePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of pipelines."""

    pipelines: list[Pipeline] = []
    total_size: int = 0
    next_page_token: str = ""


class PipelineVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a registered pipeline, with its compiled spec."""

    pipeline_id: str
    pipeline_version_id: str
    display_name: str = ""
    name: str = ""
    description: str = ""
    created_at: datetime | None = None
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=_no_spec)
    error: RpcStatus | None = None
    is_unchanged: bool = False  # ours, of an upload: this version was already there, and nothing was uploaded
    tasks: int | None = None  # ours, of a list: how many it has; None if its spec is not known
    inputs: int | None = None  # ours, of a list: how many parameters it has


class PipelineVersionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of pipeline versions."""

    pipeline_versions: list[PipelineVersion] = []
    total_size: int = 0
    next_page_token: str = ""


class CronSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Starts at the times of a cron text, whose first field is the second."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    cron: str = ""


class PeriodicSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Starts after each interval."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    interval_second: int = 0


class RecurringTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """When a recurring run starts runs; one with neither starts a single run at once."""

    cron_schedule: CronSchedule | None = None
    periodic_schedule: PeriodicSchedule | None = None


class RecurringRun(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline that is run on a schedule."""

    recurring_run_id: str
    display_name: str = ""
    description: str = ""
    pipeline_version_reference: PipelineVersionReference | None = None
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=_no_spec)
    runtime_config: RuntimeConfig | None = None
    service_account: str = ""
    max_concurrency: int = 1
    trigger: RecurringTrigger | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    status: str = ""  # ENABLED, DISABLED
    error: RpcStatus | None = None
    no_catchup: bool = False
    namespace: str = ""
    experiment_id: str = ""
    experiment_name: str = ""  # ours
    schedule: str = ""  # ours: in words
    time_zone: str = ""  # ours: in which the server counts
    next_starts: list[datetime] = []  # ours: at most five, none while it is off
    last_run: Run | None = None  # ours: if it is among the newest runs, without spec and details

    @property
    def enabled(self) -> bool:
        """Whether it starts runs."""
        return self.status == "ENABLED"


class RecurringRunPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of recurring runs."""

    recurring_runs: list[RecurringRun] = msgspec.field(name="recurringRuns", default_factory=list)
    total_size: int = 0
    next_page_token: str = ""


class ParameterType(str, Enum):
    """The types of parameters (`ParameterType.ParameterTypeEnum` in `pipeline_spec.proto`)."""

    INTEGER = "NUMBER_INTEGER"
    NUMBER = "NUMBER_DOUBLE"
    STRING = "STRING"
    BOOLEAN = "BOOLEAN"
    LIST = "LIST"
    STRUCT = "STRUCT"
    TASK_FINAL_STATUS = "TASK_FINAL_STATUS"
    TASK_CONFIG = "TASK_CONFIG"


class ParameterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of a pipeline."""

    name: str
    type: ParameterType
    description: str = ""
    has_default: bool = False
    default: Any = None
    optional: bool = False
    literals: list[Any] = []


class PipelineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Summary of a pipeline for people who are about to run it."""

    name: str
    description: str = ""
    parameters: list[ParameterSpec] = []
    tasks: int = 0
    images: list[str] = []


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


class PlannedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task of the compiled pipeline and the names of the tasks it waits for; groups are flattened."""

    name: str
    needs: list[str] = []


class SpecTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a compiled pipeline; groups are flattened."""

    name: str
    needs: list[str] = []
    image: str = ""
    asks: str = ""  # “4 CPU, 16 GiB, 1 GPU”
    inputs: list[str] = []


class PipelineView(msgspec.Struct, frozen=True, kw_only=True):
    """A registered pipeline, and what is lost if it is deleted."""

    pipeline: Pipeline
    recurring_runs: list[str] = []  # names of those of this namespace that use it
    used_versions: list[str] = []  # ids of the versions that they are bound to


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a pipeline: its graph, inputs and spec."""

    version: PipelineVersion
    pipeline: PipelineInfo
    tasks: list[SpecTask] = []
    spec: str = ""  # YAML, one or two documents


class DifferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One property of an input or a task that differs; an empty text: not there."""

    name: str
    field: str = ""
    left: str = ""
    right: str = ""
    is_whole: bool = False  # only one side has the thing itself


class LineBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that are the same on both sides, or lines of one side in place of those of the other."""

    is_equal: bool
    left_line: int  # number of the first line, from 1
    right_line: int
    left: list[str] = []
    right: list[str] = []


class TextDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Two texts side by side."""

    name: str
    blocks: list[LineBlock] = []


class VersionDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two versions of a pipeline."""

    left: PipelineVersion
    right: PipelineVersion
    inputs: list[DifferenceRow] = []
    tasks: list[DifferenceRow] = []
    code: list[TextDifference] = []  # of the tasks that both have
    spec: TextDifference


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


class SourceKind(str, Enum):
    """The origin of the pipeline of a new run."""

    FILE = "file"
    TEXT = "text"
    DATA = "data"
    ADDRESS = "address"
    PIPELINE = "pipeline"
    EXAMPLE = "example"
    NOTEBOOK = "notebook"
    CELL = "cell"


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pipeline to run: a file below the Jupyter root, its text, a registered version, an example.

    Or the bytes of a file, which may be a zip or tar.gz, or a public https address as the path. Or a notebook
    or a cell, each as a pipeline of one task; what follows `function` is for them.
    """

    kind: SourceKind
    path: str = ""  # of a cell: the notebook that it is in, if any
    text: str = ""  # of a cell: its code
    data: bytes = b""
    pipeline_id: str = ""
    pipeline_version_id: str = ""
    function: str = ""  # in a Python file with several pipelines
    files: list[str] = []  # that go along: paths below the folder of the notebook
    packages: list[str] = []  # that the task installs, as requirements of pip
    image: str = ""  # empty: that of this notebook server's pod, else Python in the kernel's version
    inputs: dict[str, Any] = {}  # of a cell: values of names that other cells define


class CachePolicy(str, Enum):
    """Whether tasks may reuse results of earlier runs."""

    COMPILED = "compiled"
    ON = "on"
    OFF = "off"


class SubmitRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a new run; the namespace is in the route."""

    source: Source
    parameters: dict[str, Any] = {}
    experiment: str = "Default"
    display_name: str = ""
    description: str = ""
    cache: CachePolicy = CachePolicy.COMPILED
    pipeline_root: str = ""
    service_account: str = ""
    submit_key: str = ""  # one per press of Run: requests with the same key start one run
    origin: Origin | None = None  # None: the notebook of the source, if it is one


class PreviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to see what a submit would send, and the code for it."""

    run: SubmitRequest
    folder: str = ""  # of the notebook that the code is for, below the Jupyter root
    clone_of: str = ""  # id of the run whose spec the source is
    is_named: bool = True  # whether the code names the run; else each run of it gets a name of its own


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a submit would send, and the code that sends the same; without the credential."""

    body: str  # the JSON that KFP gets, but for the id of the run
    curl: str
    python: str
    line: str  # of `%kfp`; empty if there is none for such a source
    notes: list[str] = []  # what a submit would do besides


class PresetRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to keep the values and options of a pipeline under a name."""

    pipeline: str  # its own name, whatever file or version it comes from
    name: str
    parameters: dict[str, Any] = {}
    experiment: str = ""
    description: str = ""
    cache: CachePolicy = CachePolicy.COMPILED
    pipeline_root: str = ""
    service_account: str = ""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """The values and options of a pipeline, kept under a name, or as those of its last run."""

    pipeline: str
    name: str  # empty for the last run
    saved_at: datetime
    parameters: dict[str, Any] = {}  # without those that look like a credential
    experiment: str = ""
    description: str = ""
    cache: CachePolicy = CachePolicy.COMPILED
    pipeline_root: str = ""
    service_account: str = ""


class PresetList(msgspec.Struct, frozen=True, kw_only=True):
    """The presets of a pipeline, by name, and the values of its last run."""

    presets: list[Preset] = []
    last: Preset | None = None


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to start runs: a cron text of five or six fields, or an interval."""

    cron: str = ""
    interval_second: Annotated[int, Meta(ge=0, le=2**31)] = 0
    time_zone: str = ""  # of the cron text; empty: UTC
    start_time: datetime | None = None
    end_time: datetime | None = None
    catch_up: bool = False  # whether starts that were missed are made up for, one by one
    max_concurrency: Annotated[int, Meta(ge=1, le=10)] = 1


class RecurringRunRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a new recurring run, or for what one becomes."""

    run: SubmitRequest
    schedule: Schedule
    enabled: bool = True


class SchedulePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a schedule means on this server; nothing is created."""

    words: str  # “Weekdays 09:00”
    trigger: RecurringTrigger  # as it is sent
    time_zone: str  # in which the server counts
    next_starts: list[datetime] = []  # at most five
    note: str = ""  # what happens when clocks change, on a server without time zones


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list, as asked for."""

    search: str = ""
    sort_by: str = "created_at desc"
    page_size: int = 50
    page_token: str = ""


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


class ExperimentQuery(PageQuery, frozen=True, kw_only=True):
    """A page of experiments, as asked for."""

    archived: bool = False


class PipelineQuery(PageQuery, frozen=True, kw_only=True):
    """A page of pipelines, as asked for."""

    shared: bool = False


class RecurringRunQuery(PageQuery, frozen=True, kw_only=True):
    """A page of recurring runs, as asked for."""


class ExperimentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a new experiment."""

    display_name: str
    description: str = ""


class UploadRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to register a pipeline, private to the namespace of the route unless it is to be shared."""

    source: Source
    name: str = ""
    description: str = ""
    version: str = ""  # name of the version; empty: made from the pipeline's and the time
    shared: bool = False  # whether everyone on this KFP may read and run it


class SourceFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline or a component in a Python file."""

    name: str
    kind: Literal["pipeline", "component"]
    description: str = ""


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """A module outside of the standard library that a notebook or a cell imports."""

    module: str
    requirement: str = ""  # proposed for `packages`; empty for a file beside the notebook
    file: str = ""  # proposed for `files`
    is_listed: bool = False  # whether `packages` or `files` has it


class CellName(msgspec.Struct, frozen=True, kw_only=True):
    """A name that a cell uses and does not define."""

    name: str
    cell: int = 0  # number of the other cell that defines it, as in `Origin`; 0: none does
    is_sent: bool = False  # whether its value goes along, as a parameter of the run
    can_send: bool = False  # whether a value may be given in `inputs`
    value: Any = None  # if it is sent
    reason: str = ""  # why it is not sent, and what helps


class SentFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes along with a notebook or a cell."""

    path: str
    size: int


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a source, for the submit form."""

    pipeline: PipelineInfo
    display_name: str  # suggested name of the run
    warnings: list[str] = []
    ignored: dict[str, str] = {}  # options of a run that this server does not apply, each with a sentence
    functions: list[SourceFunction] = []  # of a Python file
    function: str = ""  # the chosen one; the first if the source names none
    code: str = ""  # of a notebook or cell: what the task runs
    imports: list[Import] = []
    names: list[CellName] = []  # of a cell
    is_tagged: bool | None = None  # of a notebook: whether a cell is tagged `parameters`
    cells: int = 0  # of a notebook: those with code
    files: list[SentFile] = []
    image: str = ""  # of the task of a notebook or a cell
    kernel: str = ""  # the notebook's own, as Jupyter shows it
    language: str = ""


class ExecutedNotebook(msgspec.Struct, frozen=True, kw_only=True):
    """The notebook of a run as it was executed, with its outputs; of a failed run up to the failing cell."""

    run_id: str
    task_id: str
    name: str  # of the file that was run
    content: msgspec.Raw  # nbformat 4


class EmbeddedMode(str, Enum):
    """When the embedded server may start: after asking, automatically, or never."""

    ASK = "ask"
    AUTO = "auto"
    OFF = "off"


class Caution(msgspec.Struct, frozen=True):
    """A warning; nothing is blocked by it."""

    code: str  # "namespace-mismatch", "context-json-stale", "userid-header", "token-late"
    message: str
    forget: str = ""  # label of the button that removes the cause from the SDK's `context.json`


SavedPart = Literal["namespace", "header"]  # a part that can be removed from the SDK's `context.json`


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Identity, place and health of the connection: the four lines of `%kfp`, the head of the panel."""

    connected: bool
    namespace: str = ""
    namespaces: list[str] = []  # namespaces known to be usable
    identity: str = ""
    can_run: bool | None = None  # None until known
    endpoint: str = ""
    kfp_version: str = ""
    multi_user: bool = False
    embedded: bool = False
    can_start_embedded: bool = False
    source: str = ""  # one sentence on the origin of the namespace
    credential: str = ""  # the file it is read from; empty if none is sent
    token_expires_at: datetime | None = None
    running: int | None = None  # None where runs are not counted
    failed_today: int | None = None  # started today; those that were terminated do not count
    error: ErrorBody | None = None
    warnings: list[Caution] = []
    notebook: str = ""  # the Kubeflow notebook that this server runs in
    outlives_pod: bool = False  # whether this package is in the home folder, which a new pod keeps
    version: str = ""  # of this package


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A right that somebody has in a namespace."""

    who: str  # a person, `sa NAMESPACE/NAME` or `group NAME`
    role: str  # "owner", "admin", "edit" or "view"; "role NAME" for one that cannot be read
    origin: str  # "profile", "contributor" or "RoleBinding NAME"


class AccessList(msgspec.Struct, frozen=True, kw_only=True):
    """Who has access to a namespace, as far as we may know."""

    namespace: str
    grants: list[Grant] = []
    unread: str = ""  # a sentence on what is not known; empty: this is all


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are, and who else has access to our namespace."""

    status: Status
    access: AccessList


class RunsEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Event `runs` of the stream: new and changed runs, and the ids of removed ones."""

    namespace: str
    runs: list[Run] = []
    removed: list[str] = []
    at: datetime


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the doctor."""

    name: str
    level: str  # "ok", "warning", "error", "skipped"
    evidence: str
    error: ErrorBody | None = None


class DoctorReport(msgspec.Struct, frozen=True, kw_only=True):
    """The doctor's checks in order, and the root cause."""

    checks: list[Check] = []
    cause: ErrorBody | None = None
    who: str = ""  # who can take the next step: "you", "an admin", "an owner of team-a"
    text: str = ""  # the whole report as Markdown, without credentials

    @property
    def exit_code(self) -> int:
        """0 for healthy, 1 for warnings, 3 for broken."""
        levels = {check.level for check in self.checks}
        return 3 if "error" in levels else 1 if "warning" in levels else 0


# How the callers of an embedded server show that they may use it: by a token, as processes of the server's
# own user, or not at all.
Access = Literal["token", "user", "open"]


class RuntimeFile(msgspec.Struct, frozen=True, kw_only=True):
    """The address of a running embedded server: `runtime.json` (mode 0600) in its data folder."""

    url: str
    pid: int
    namespace: str  # the profile named after the user
    token_path: str  # file with a token for that namespace, which the server renews
    owner_key: str  # opens the server's administration routes
    version: str
    multi_user: bool = True
    access: Access = "token"
    options: list[str] = []  # arguments for a server that takes its place

    def __repr__(self) -> str:
        """Leave out the key: failing tests and tracebacks print this."""
        return f"RuntimeFile(url={self.url!r}, pid={self.pid}, namespace={self.namespace!r})"


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


def _seconds(start: datetime | None, end: datetime | None, *, ended: bool) -> float | None:
    if start is None or (ended and end is None):
        return None
    return ((end if end is not None else datetime.now(timezone.utc)) - start).total_seconds()
