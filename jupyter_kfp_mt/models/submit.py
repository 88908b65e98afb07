"""Sources of runs and uploads, requests to submit, and what is known before one is sent."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Literal

import msgspec

from .pipelines import PipelineInfo
from .runs import Origin


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
