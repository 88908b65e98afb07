"""Results of commands that KFP has no model of: texts with their origin, outputs, metrics, bulk actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from .lists import ModelList
from .models import RunMetrics


class Text(str):
    """Text for people, displayed as it is, without quotes."""

    __slots__ = ()


class LogText(Text):
    """The log of a task."""

    __slots__ = ("run_id", "source", "task", "truncated")

    run_id: str
    task: str
    source: str  # "embedded", "pod", "archive", "copy"
    truncated: bool

    def __new__(
        cls,
        text: str,
        *,
        run_id: str,
        task: str,
        source: str = "",
        truncated: bool = False,
    ) -> LogText:
        """Make the log `text` of `task` in run `run_id`."""
        log = super().__new__(cls, text)
        log.run_id, log.task, log.source = run_id, task, source
        log.truncated = truncated
        return log


class FollowedLog(LogText):
    """The log of a task that was printed as it came."""

    __slots__ = ()

    def _ipython_display_(self) -> None:
        """Display nothing: it has been."""


class ArtifactFacts(NamedTuple):
    """What is known of an artifact beside its address."""

    type: str  # such as "Model"
    size: int | None = None  # bytes; None where that is not known


class Outputs(dict[str, dict[str, Any]]):
    """Outputs of tasks: task → name → value, or the URI of an artifact."""

    def __init__(
        self, values: Mapping[str, dict[str, Any]], unread: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(values)
        self.unread = dict(unread)  # task → why its outputs are not known
        self.artifacts: dict[tuple[str, str], ArtifactFacts] = {}  # by task and name


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of everything that a bulk action changed; the action raises if anything failed."""

    done: list[str] = []


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in which runs or pipelines are compared, with its value in each."""

    part: str  # "run", "parameter", "metric", "state of task", "input", "task", "image", "code"
    name: str
    values: list[Any]
    same: bool = False


class RunDiff(ModelList[Difference]):
    """What runs, or versions of pipelines, differ in; `subjects` are their names."""

    field = "differences"

    def __init__(self, items: Iterable[Difference] = (), *, subjects: Sequence[str] = ()) -> None:
        super().__init__(items)
        self.subjects = list(subjects)

    def columns(self) -> list[str]:
        """Return what is compared, then a column for each subject."""
        return ["part", "name", *self.subjects]

    def row(self, item: Difference) -> dict[str, Any]:
        """Return one difference."""
        return {"part": item.part, "name": item.name, **dict(zip(self.subjects, item.values, strict=True))}


class RunLink(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run, or without one the panel, opens in JupyterLab."""

    url: str  # empty where no running JupyterLab is known
    run_id: str = ""
    display_name: str = ""
    namespace: str = ""


class MetricTable(ModelList[RunMetrics]):
    """Metrics of several runs, side by side."""

    field = "metrics"

    @property
    def names(self) -> list[str]:
        """The names of all metrics, in order of appearance."""
        return list(dict.fromkeys(name for row in self for name in row.metrics))

    def columns(self) -> list[str]:
        """Return the fixed columns, then one for each metric."""
        parameters = dict.fromkeys(f"param.{name}" for row in self for name in row.parameters)
        metrics = [f"metric.{name}" for name in self.names]
        return ["run_id", "display_name", "state", *parameters, *metrics]

    def row(self, item: RunMetrics) -> dict[str, Any]:
        """Return one run."""
        fixed = {"run_id": item.run_id, "display_name": item.display_name, "state": item.state}
        parameters = {f"param.{name}": value for name, value in item.parameters.items()}
        return fixed | parameters | {f"metric.{name}": value for name, value in item.metrics.items()}
