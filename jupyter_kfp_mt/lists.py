"""Lists of models: Python lists that know their total size and convert to DataFrames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import msgspec

from .errors import kfp_error
from .models import Experiment, Pipeline, PipelineVersion, RecurringRun, Run, Task, known_time

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class ModelList(list[T]):
    """A list with the `total_size` of everything that matched, fetched or not."""

    field: ClassVar[str] = ""  # name in JSON, as KFP writes it
    is_part: bool = False  # only what was searched for, so an empty one says little

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
    `shown_metrics` are the names of metrics that the table has columns for.
    """

    field = "runs"
    walked: int | None = None
    shown_metrics: Sequence[str] = ()

    def columns(self) -> list[str]:
        """Return the fixed columns, then the parameters of all runs, then their metrics."""
        others = [column.name for column in RUN_COLUMNS if column.name not in _RUN_KEYS]
        parameters = dict.fromkeys(f"param.{name}" for run in self for name in run.parameters)
        metrics = dict.fromkeys(f"metric.{name}" for run in self for name in run.metrics)
        return [*_RUN_KEYS, *others, *parameters, *metrics]

    def row(self, item: Run) -> dict[str, Any]:
        """Return one run; its state is the phase that people see."""
        fixed = {column.name: column.value(item) for column in RUN_COLUMNS}
        parameters = {f"param.{name}": value for name, value in item.parameters.items()}
        return fixed | parameters | {f"metric.{name}": value for name, value in item.metrics.items()}


def find_iteration(task: Task, groups: Iterable[Task]) -> str:
    """Return the iteration of a loop that `task` is in, the outermost first; empty outside of loops."""
    known = {group.task_id: group for group in groups}
    path: list[str] = []
    while (group := known.pop(task.parent_task_id, None)) is not None:
        if group.type == "LOOP_ITERATION":
            path.insert(0, group.name or group.display_name)
        task = group
    return "/".join(path)


def name_in_loop(task: Task, groups: Iterable[Task]) -> Task:
    """Return `task` under a name that tells it from the same task in other iterations."""
    iteration = find_iteration(task, groups)
    name = task.display_name or task.name
    return msgspec.structs.replace(task, display_name=f"{name} ({iteration})" if iteration else name)


class TaskList(ModelList[Task]):
    """The tasks of a run, in the order of their start.

    `groups` are the loops, iterations and conditions around them; `awaited` are the names of the tasks that
    may still start, where the server does not report these; `why_empty` says why there are no tasks.
    """

    field = "tasks"
    groups: Sequence[Task] = ()
    awaited: Collection[str] = ()
    why_empty: str = ""

    def find(self, word: str) -> list[Task]:
        """Return the tasks with a name or an id; there are several of one name in a loop."""
        return [task for task in self if word in (task.name, task.display_name, task.task_id)]

    def describe_ids(self, tasks: Sequence[Task]) -> str:
        """Return the ids of `tasks`, which people can copy, with what tells one from the other."""
        names = {group.task_id: group.name or group.display_name for group in self.groups}
        places = (find_iteration(task, self.groups) or names.get(task.parent_task_id, "") for task in tasks)
        pairs = zip(tasks, places, strict=True)
        return ", ".join(f"{task.task_id} ({place})" if place else task.task_id for task, place in pairs)

    def columns(self) -> list[str]:
        """Return the columns in order."""
        fixed = ["name", "state", "created_at", "finished_at", "duration_s", "attempt", "exit_code", "reason"]
        return [*fixed, "iteration"]

    def row(self, item: Task) -> dict[str, Any]:
        """Return one task."""
        return {
            "iteration": find_iteration(item, self.groups),
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


class RecurringRunList(ModelList[RecurringRun]):
    """Recurring runs."""

    field = "recurringRuns"

    def columns(self) -> list[str]:
        """Return the columns in order."""
        fixed = ["recurring_run_id", "display_name", "enabled", "schedule", "time_zone", "next_start"]
        return [*fixed, "last_state", "experiment", "created_at"]

    def row(self, item: RecurringRun) -> dict[str, Any]:
        """Return one recurring run."""
        return {
            "recurring_run_id": item.recurring_run_id,
            "display_name": item.display_name,
            "enabled": item.enabled,
            "schedule": item.schedule,
            "time_zone": item.time_zone,
            "next_start": item.next_starts[0] if item.next_starts else None,
            "last_state": item.last_run.phase.value if item.last_run else None,
            "experiment": item.experiment_name or item.experiment_id,
            "created_at": known_time(item.created_at),
        }


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


def _fields(item: msgspec.Struct, names: list[str]) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in names}
    return {
        name: known_time(value) if isinstance(value, datetime) else value for name, value in values.items()
    }
