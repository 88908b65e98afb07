"""Pipelines, their versions and inputs, and how two versions differ."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from .common import PageQuery, RpcStatus, make_no_spec


class PipelineVersionReference(msgspec.Struct, frozen=True, kw_only=True):
    """The registered pipeline and version that a run was started from."""

    pipeline_id: str = ""
    pipeline_version_id: str = ""


class RuntimeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The parameter values and pipeline root of a run."""

    parameters: dict[str, Any] = {}
    pipeline_root: str = ""


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
    pipeline_spec: msgspec.Raw = msgspec.field(default_factory=make_no_spec)
    error: RpcStatus | None = None
    is_unchanged: bool = False  # ours, of an upload: this version was already there, and nothing was uploaded
    tasks: int | None = None  # ours, of a list: how many it has; None if its spec is not known
    inputs: int | None = None  # ours, of a list: how many parameters it has


class PipelineVersionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of pipeline versions."""

    pipeline_versions: list[PipelineVersion] = []
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


class PipelineQuery(PageQuery, frozen=True, kw_only=True):
    """A page of pipelines, as asked for."""

    shared: bool = False
