"""Lists of models: Python lists that know their total size and convert to DataFrames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import msgspec

from .errors import kfp_error
from .models import Experiment, Pipeline, PipelineVersion, Run, Task, known_time

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class ModelList(list[T]):
    """A list with the `total_size` of everything that matched, fetched or not."""

    field: ClassVar[str] = ""  # name in JSON, as KFP writes it

    def __init__(self, items: Iterable[T] = (), *, total_size: int | None = None) -> None:
        super().__init__(items)
        self.total_size = len(self) if total_size is None else total_size

    def to_df(self) -> pd.DataFrame:
        """Return a DataFrame with one row for each item; raises `bad-input` without pandas."""
        try:
            import pandas as pd
        except ImportError:
            raise kfp_error(
                "bad-input",
                field="to_df",
                problem="pandas is not installed",
                why="The list itself works without.",
                next="Install it.",
                command="pip install pandas",
            ) from None
        return pd.DataFrame([self.row(item) for item in self], columns=self.columns() or None)

    def columns(self) -> list[str]:
        """Return the columns in order; an empty list stands for those of the rows."""
        return []

    def row(self, item: T) -> dict[str, Any]:
        """Return one row, by column."""
        raise NotImplementedError


class RunColumn(NamedTuple):
    """One column of a list of runs."""

    name: str  # in a DataFrame
    title: str  # heading in a table for people; empty for columns that it leaves out
    value: Callable[[Run], Any]


RUN_COLUMNS = (  # in the order of the table
    RunColumn("state", "State", lambda run: run.phase.value),
    RunColumn("display_name", "Name", lambda run: run.display_name),
    RunColumn("experiment", "Experiment", lambda run: run.experiment_name or run.experiment_id),
    RunColumn("created_at", "Started", lambda run: known_time(run.created_at)),
    RunColumn("finished_at", "", lambda run: known_time(run.finished_at)),
    RunColumn("duration_s", "Took", lambda run: run.duration),
    RunColumn("run_id", "Id", lambda run: run.run_id),
)
_RUN_KEYS = ["run_id", "display_name"]  # first in a DataFrame


class RunList(ModelList[Run]):
    """Runs.

    `walked` is set if only that many of the newest runs were searched, so that older ones may match, too.
    """

    field = "runs"
    walked: int | None = None

    def columns(self) -> list[str]:
        """Return the fixed columns, then the parameters of all runs."""
        others = [column.name for column in RUN_COLUMNS if column.name not in _RUN_KEYS]
        parameters = dict.fromkeys(f"param.{name}" for run in self for name in _parameters(run))
        return [*_RUN_KEYS, *others, *parameters]

    def row(self, item: Run) -> dict[str, Any]:
        """Return one run; its state is the phase that people see."""
        fixed = {column.name: column.value(item) for column in RUN_COLUMNS}
        return fixed | {f"param.{name}": value for name, value in _parameters(item).items()}


class TaskList(ModelList[Task]):
    """The tasks of a run, in the order of their start."""

    field = "tasks"

    def columns(self) -> list[str]:
        """Return the columns in order."""
        return ["name", "state", "created_at", "finished_at", "duration_s", "attempt", "exit_code", "reason"]

    def row(self, item: Task) -> dict[str, Any]:
        """Return one task."""
        return {
            "name": item.display_name or item.name,
            "state": item.phase.value,
            "created_at": known_time(item.start_time),
            "finished_at": known_time(item.end_time),
            "duration_s": item.duration,
            "attempt": item.attempt,
            "exit_code": item.exit_code,
            "reason": item.reason,
        }


class ExperimentList(ModelList[Experiment]):
    """Experiments."""

    field = "experiments"

    def columns(self) -> list[str]:
        """Return the columns in order."""
        return ["experiment_id", "display_name", "description", "created_at", "last_run_created_at"]

    def row(self, item: Experiment) -> dict[str, Any]:
        """Return one experiment."""
        return _fields(item, self.columns())


class PipelineList(ModelList[Pipeline]):
    """Registered pipelines."""

    field = "pipelines"

    def columns(self) -> list[str]:
        """Return the columns in order."""
        return ["pipeline_id", "display_name", "name", "description", "created_at", "namespace"]

    def row(self, item: Pipeline) -> dict[str, Any]:
        """Return one pipeline."""
        return _fields(item, self.columns())


class PipelineVersionList(ModelList[PipelineVersion]):
    """The versions of a pipeline."""

    field = "pipeline_versions"

    def columns(self) -> list[str]:
        """Return the columns in order."""
        return ["pipeline_version_id", "display_name", "name", "description", "created_at"]

    def row(self, item: PipelineVersion) -> dict[str, Any]:
        """Return one version."""
        return _fields(item, self.columns())


def _parameters(run: Run) -> dict[str, Any]:
    return run.runtime_config.parameters if run.runtime_config else {}


def _fields(item: msgspec.Struct, names: list[str]) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in names}
    return {
        name: known_time(value) if isinstance(value, datetime) else value for name, value in values.items()
    }
