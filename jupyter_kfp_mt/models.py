"""Every domain object, once, with the field names of the KFP v2beta1 API.

What comes from a KFP server is decoded straight into these; what the REST interface of the extension answers
is encoded from them, and its OpenAPI file and TypeScript types are generated from them. A field that no KFP
server sends is marked *ours*: the service fills it in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Literal

import msgspec

from .errors import ErrorBody
from .run_rules import Phase as Phase  # noqa: PLC0414 - one of the models, for those who import them

NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # what reading somebody's JSON raises
NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123 label, as Kubernetes names one
NO_SPEC = msgspec.Raw(b"null")  # of a run or version that has none, or whose spec was left out
NO_DETAILS = NO_SPEC  # of a run without tasks, or whose tasks were left out


def _no_spec() -> msgspec.Raw:
    return NO_SPEC


def known_time(moment: datetime | None) -> datetime | None:
    """`moment`, or None for the values that KFP writes for "not set": 1970 and the year 1."""
    return moment if moment is not None and moment.year > 1970 else None


class RpcStatus(msgspec.Struct, frozen=True, kw_only=True):
    """google.rpc.Status: why something went wrong, where a server says so."""

    code: int = 0
    message: str = ""


class RuntimeStatus(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # of JSON: no cycles to collect
    """One entry of a state history; a real server's may have no state."""

    update_time: datetime | None = None
    state: str = ""
    error: RpcStatus | None = None


class Healthz(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/apis/v2beta1/healthz`; `embedded` is sent by the embedded server alone."""

    multi_user: bool = False
    tag_name: str = ""
    commit_sha: str = ""
    pipeline_store: str = ""
    embedded: bool = False


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """A named group of runs; it belongs to a namespace."""

    experiment_id: str
    display_name: str = ""
    description: str = ""
    created_at: datetime | None = None
    namespace: str = ""
    storage_state: str = "AVAILABLE"
    last_run_created_at: datetime | None = None


class ExperimentPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of experiments."""

    experiments: list[Experiment] = []
    total_size: int = 0
    next_page_token: str = ""


class PipelineVersionReference(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of which registered pipeline a run came from."""

    pipeline_id: str = ""
    pipeline_version_id: str = ""


class RuntimeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The values a run was started with."""

    parameters: dict[str, Any] = {}
    pipeline_root: str = ""


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that a task made or used; metrics are in `metadata`."""

    name: str = ""
    type: str = ""  # schema title, such as "system.Model"
    uri: str = ""
    metadata: dict[str, Any] = {}


class TaskValues(msgspec.Struct, frozen=True, kw_only=True):
    """What went into a task, or came out of it."""

    parameters: dict[str, Any] = {}
    artifacts: dict[str, list[Artifact]] = {}


class ChildTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task below another; on a real server `pod_name` is an Argo node id."""

    task_id: str = ""
    pod_name: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run.

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
    attempt: int = 0  # the newest one, from 1; 0 before the first
    max_attempts: int = 1
    exit_code: int | None = None
    reason: str = ""  # one sentence, when it did not succeed
    cached_from_run_id: str = ""
    inputs: TaskValues = TaskValues()
    outputs: TaskValues = TaskValues()
    phase: Phase = Phase.PENDING  # ours

    @property
    def duration(self) -> float | None:
        """Seconds from start to end, or until now; None before the start."""
        return _seconds(known_time(self.start_time), known_time(self.end_time), ended=self.phase.ended)


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of a run."""

    tasks: list[Task] = []
    total_size: int = 0
    next_page_token: str = ""


class RunDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks that a server reports with a run; a real one has none before the first report."""

    task_details: list[Task] = []


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of a run have ended; `total` is None where the spec is not known."""

    done: int = 0
    total: int | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # of JSON: no cycles to collect
    """One execution of a pipeline."""

    run_id: str
    experiment_id: str = ""
    display_name: str = ""
    storage_state: str = "AVAILABLE"
    description: str = ""
    pipeline_version_reference: PipelineVersionReference | None = None
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=_no_spec)  # read only when asked for
    runtime_config: RuntimeConfig | None = None
    service_account: str = ""
    created_at: datetime | None = None
    scheduled_at: datetime | None = None
    finished_at: datetime | None = None
    state: str = ""
    error: RpcStatus | None = None
    run_details: msgspec.Raw = msgspec.field(default_factory=_no_spec)  # read only when asked for
    recurring_run_id: str = ""
    state_history: list[RuntimeStatus] = []
    namespace: str = ""  # ours: the experiment's
    experiment_name: str = ""  # ours
    phase: Phase = Phase.PENDING  # ours
    progress: Progress | None = None  # ours
    failed_task: str = ""  # ours: the first task that failed
    mine: bool = False  # ours: whether it was started from here, in the last days

    @property
    def task_details(self) -> list[Task]:
        """The tasks as the server reports them with the run; none where it does so in a way not known."""
        try:
            details = msgspec.json.decode(self.run_details, type=RunDetails | None, strict=False)
        except NOT_JSON:
            return []
        return details.task_details if details else []

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.phase.ended

    @property
    def duration(self) -> float | None:
        """Seconds from creation to end, or until now while it goes on."""
        return _seconds(known_time(self.created_at), known_time(self.finished_at), ended=self.ended)


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of runs."""

    runs: list[Run] = []
    total_size: int = 0
    next_page_token: str = ""


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A registered pipeline: private to a namespace, or shared when it has none."""

    pipeline_id: str
    display_name: str = ""
    name: str = ""
    description: str = ""
    created_at: datetime | None = None
    namespace: str = ""
    error: RpcStatus | None = None


class PipelinePage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of pipelines."""

    pipelines: list[Pipeline] = []
    total_size: int = 0
    next_page_token: str = ""


class PipelineVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a registered pipeline, with its compiled spec."""

    pipeline_id: str
    pipeline_version_id: str
    display_name: str = ""
    name: str = ""
    description: str = ""
    created_at: datetime | None = None
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=_no_spec)
    error: RpcStatus | None = None


class PipelineVersionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of pipeline versions."""

    pipeline_versions: list[PipelineVersion] = []
    total_size: int = 0
    next_page_token: str = ""


class ParameterType(str, Enum):
    """The kinds of value a pipeline takes (IR `ParameterType.ParameterTypeEnum`)."""

    INTEGER = "NUMBER_INTEGER"
    NUMBER = "NUMBER_DOUBLE"
    STRING = "STRING"
    BOOLEAN = "BOOLEAN"
    LIST = "LIST"
    STRUCT = "STRUCT"
    TASK_FINAL_STATUS = "TASK_FINAL_STATUS"
    TASK_CONFIG = "TASK_CONFIG"


class ParameterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter that a pipeline takes."""

    name: str
    type: ParameterType
    description: str = ""
    has_default: bool = False
    default: Any = None
    optional: bool = False
    literals: list[Any] = []


class PipelineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a person needs to know of a pipeline before running it."""

    name: str
    description: str = ""
    parameters: list[ParameterSpec] = []
    tasks: int = 0
    images: list[str] = []


class ParameterValue(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of a run and where its value came from."""

    name: str
    type: ParameterType | None = None  # None where the pipeline's inputs are not known
    value: Any = None
    is_default: bool = False
    description: str = ""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run failed, in one sentence, and what to do."""

    message: str
    why: str = ""
    next: str = ""
    task_id: str = ""
    task: str = ""
    line: str = ""  # the last line of its log that says something
    exit_code: int | None = None
    others: list[str] = []  # further tasks that failed


class PlannedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task of the compiled pipeline and the names of the tasks it waits for; groups are taken apart."""

    name: str
    needs: list[str] = []


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """All that the run view shows but the logs."""

    run: Run
    tasks: list[Task] = []
    parameters: list[ParameterValue] = []
    spec: str = ""  # YAML, one or two documents
    failure: Failure | None = None
    reports_values: bool = False  # whether this server tells inputs and outputs of tasks
    plan: list[PlannedTask] = []  # empty where the spec is not known
    groups: list[Task] = []  # loops, conditions and sub-pipelines, parents of tasks; where the server tells
    has_pods: bool = False  # whether tasks are pods that can be asked for: not on the embedded server


class LogChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a task's log; ask again from `next_offset` until `complete`."""

    run_id: str
    task_id: str
    task: str = ""
    attempt: int = 1
    source: str = ""  # "embedded", "pod", "archive", "copy"
    text: str = ""
    offset: int = 0  # bytes from the start of the log
    next_offset: int = 0
    truncated: bool = False  # something before `offset`, or a part too large, is not here
    complete: bool = False  # the attempt has ended and this was the last of it


class PodEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the cluster says of a pod."""

    type: str = ""  # "Normal" or "Warning"
    reason: str = ""
    message: str = ""
    count: int = 1
    at: datetime | None = None  # when it happened last


class PodView(msgspec.Struct, frozen=True, kw_only=True):
    """The pod of an attempt at a task, as far as this account may read it."""

    run_id: str
    task_id: str
    attempt: int = 1
    pod: str = ""  # empty before there is one
    namespace: str = ""
    events: list[PodEvent] = []  # oldest first
    manifest: str = ""  # YAML; empty when it is gone or may not be read
    gone: bool = False
    refused: list[ErrorBody] = []  # what may not be read, each with the right that is missing


class SourceKind(str, Enum):
    """Where the pipeline of a new run comes from."""

    FILE = "file"
    TEXT = "text"
    PIPELINE = "pipeline"
    EXAMPLE = "example"


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to run: a file below the Jupyter root, the text of one, a registered version, or our example."""

    kind: SourceKind
    path: str = ""
    text: str = ""
    pipeline_id: str = ""
    pipeline_version_id: str = ""


class CachePolicy(str, Enum):
    """Whether tasks may take results of earlier runs."""

    COMPILED = "compiled"
    ON = "on"
    OFF = "off"


class SubmitRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that a new run is made of; the namespace is in the route."""

    source: Source
    parameters: dict[str, Any] = {}
    experiment: str = "Default"
    display_name: str = ""
    description: str = ""
    cache: CachePolicy = CachePolicy.COMPILED
    pipeline_root: str = ""
    service_account: str = ""
    submit_key: str = ""  # of one press of Run: however often it arrives, it is one run


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list."""

    search: str = ""
    sort_by: str = "created_at desc"
    page_size: int = 50
    page_token: str = ""


class RunQuery(PageQuery, frozen=True, kw_only=True):
    """Which page of the runs."""

    state: Sequence[str] = ()
    experiment_id: str = ""
    archived: bool = False


class ExperimentQuery(PageQuery, frozen=True, kw_only=True):
    """Which page of the experiments."""

    archived: bool = False


class PipelineQuery(PageQuery, frozen=True, kw_only=True):
    """Which page of the pipelines."""

    shared: bool = False


class ExperimentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new experiment."""

    display_name: str
    description: str = ""


class UploadRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pipeline to register, privately in the namespace of the route."""

    source: Source
    name: str = ""
    description: str = ""


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """A source as the submit form needs it."""

    pipeline: PipelineInfo
    display_name: str  # a proposal for the run's name
    warnings: list[str] = []


class EmbeddedMode(str, Enum):
    """When the embedded server may be started: on a person's word, by itself, or never."""

    ASK = "ask"
    AUTO = "auto"
    OFF = "off"


class Caution(msgspec.Struct, frozen=True):
    """Something to know, though nothing stops (UX §5, warnings)."""

    code: str  # "namespace-mismatch", "context-json-stale", "userid-header", "token-late"
    message: str
    forget: str = ""  # what can be taken out of the SDK's `context.json`, as a button names it


SavedPart = Literal["namespace", "header"]  # what the SDK's `context.json` can be made to forget


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Who am I, where, and does it work: the four lines of `%kfp` and the head of the panel."""

    connected: bool
    namespace: str = ""
    namespaces: list[str] = []  # those known to be usable
    identity: str = ""
    can_run: bool | None = None  # None while not known
    endpoint: str = ""
    kfp_version: str = ""
    multi_user: bool = False
    embedded: bool = False
    can_start_embedded: bool = False
    source: str = ""  # one sentence: where the namespace comes from
    credential: str = ""  # the file it is read from; empty where none is sent
    token_expires_at: datetime | None = None
    running: int = 0
    failed_today: int = 0
    error: ErrorBody | None = None
    warnings: list[Caution] = []
    notebook: str = ""  # the Kubeflow notebook that this server is in
    outlives_pod: bool = False  # whether this package is in the home folder, which a new pod finds again
    version: str = ""  # of this package


class RunsEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Event `runs` of the stream: runs that are new or changed, and ids that are gone."""

    namespace: str
    runs: list[Run] = []
    removed: list[str] = []
    at: datetime


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the doctor."""

    name: str
    level: str  # "ok", "warning", "error", "skipped"
    evidence: str
    error: ErrorBody | None = None


class DoctorReport(msgspec.Struct, frozen=True, kw_only=True):
    """The doctor's checks in order, and the first real cause."""

    checks: list[Check] = []
    cause: ErrorBody | None = None
    who: str = ""  # can do the cause's next step: "you", "an admin", "an owner of team-a"
    text: str = ""  # the whole report as Markdown, without credentials

    @property
    def exit_code(self) -> int:
        """0 for healthy, 1 for warnings, 3 for broken (UX §14.3)."""
        levels = {check.level for check in self.checks}
        return 3 if "error" in levels else 1 if "warning" in levels else 0


class RuntimeFile(msgspec.Struct, frozen=True, kw_only=True):
    """How a running embedded server is found: `runtime.json` (mode 0600) in its data folder."""

    url: str
    pid: int
    namespace: str  # the profile named after the user
    token_path: str  # a file with a token for that namespace, renewed by the server
    owner_key: str  # for the server's own administration routes
    version: str
    multi_user: bool = True

    def __repr__(self) -> str:
        """Without the key: this is printed by failing tests and tracebacks."""
        return f"RuntimeFile(url={self.url!r}, pid={self.pid}, namespace={self.namespace!r})"


def _seconds(start: datetime | None, end: datetime | None, *, ended: bool) -> float | None:
    if start is None or (ended and end is None):
        return None
    return ((end if end is not None else datetime.now(timezone.utc)) - start).total_seconds()
