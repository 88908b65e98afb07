"""One run while it goes on: its plan, what is stored of it, and how its attempts are made and read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import msgspec

from ....models import Artifact, TaskValues
from ....pipeline_spec.schema import conform
from ...argo import is_argo, translate
from ...store.runs import RunRow
from ...store.tasks import TaskRow, TaskState
from ..plan.inputs import InputError
from ..plan.ir import CompiledPipeline, Dag, Importer, TaskSpec, read_pipeline
from ..plan.nodes import State, TaskNode, TaskProgress, TaskType, make_task_id
from ..plan.plan import Plan
from ..plan.values import fill, render_text, restore_integers
from .folders import RunFolder
from .jobs import JobBuilder, SecretSource
from .volumes import CREATE, DELETE, VolumeClaims


class ActiveRun:
    """A run that the engine works on."""

    def __init__(
        self,
        *,
        row: RunRow,
        tasks: list[TaskRow],
        folder: RunFolder,
        claims: VolumeClaims,
        sources: SecretSource,
        environment: Mapping[str, str],
        log_limit: int,
    ) -> None:
        self.row = row
        self.folder = folder
        self.pipeline = read_stored_pipeline(row)
        self.history = {task.path: task.history for task in tasks}
        self.plan = Plan(
            self.pipeline, self.placeholders, {task.path: _read_progress(task) for task in tasks}
        )
        self.results: dict[str, TaskValues] = {}  # by fingerprint, for the cache
        self.running = 0  # attempts under way
        self.is_stored = row.state in {"RUNNING", "CANCELING"}  # and stored as such
        self.terminating = False
        self.removed = False
        self.claims = claims
        self.job_builder = JobBuilder(
            pipeline=self.pipeline,
            namespace=row.namespace,
            folder=folder,
            claims=claims,
            sources=sources,
            environment=environment,
            placeholders=self.placeholders,
            log_limit=log_limit,
        )

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.row.run_id

    def task_id(self, node: TaskNode) -> str:
        """The id of a step."""
        return make_task_id(self.run_id, node.path)

    def start(self, now: float) -> None:
        """Begin, or go on after a restart."""
        if self.pipeline.settings.workspace is not None:
            self.folder.workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.plan.start(
            {name: self._expand_macros(value) for name, value in self.row.parameters.items()}, now
        )

    def _expand_macros(self, value: Any) -> Any:
        """A string parameter with KFP's macros filled in (`template/v2_template.go`)."""
        if not isinstance(value, str):
            return value
        moment = datetime.fromtimestamp(self.row.created_at, timezone.utc).strftime("%Y%m%d%H%M%S")
        return value.replace("[[RunUUID]]", self.run_id).replace("[[CurrentTime]]", moment)

    def placeholders(self, node: TaskNode) -> dict[str, str]:
        """The placeholders of KFP (`dsl.PIPELINE_*_PLACEHOLDER`) as they are for `node`."""
        run = self.row
        return {
            ".pipeline_job_name": run.display_name,
            ".pipeline_job_resource_name": f"{self.pipeline.pipeline_info.name}-{run.run_id[:8]}",
            ".pipeline_job_uuid": run.run_id,
            ".pipeline_task_name": node.name,
            ".pipeline_task_uuid": self.task_id(node),
            ".pipeline_job_create_time_utc": _utc(run.created_at),
            ".pipeline_job_schedule_time_utc": _utc(run.scheduled_at or run.created_at),
            ".pipeline_root": run.pipeline_root or str(self.folder.path / "artifacts"),
            ".workspace_path": str(self.folder.workspace),
        }

    def changed_rows(self) -> list[TaskRow]:
        """The steps that have to be stored, as they are now."""
        return [self._make_row(node) for node in self.plan.changed.values()]

    def mark_stored(self) -> None:
        """Note that the store has all changes."""
        self.is_stored = True
        self.plan.changed.clear()
        self.results.clear()

    def describe_failure(self) -> str:
        """Why the run failed, in one sentence."""
        cause = self.plan.root.failed or self.plan.root
        return f"{cause.name}: {cause.reason}" if cause is not self.plan.root else cause.reason

    def find_inline_action(self, node: TaskNode) -> Callable[[], TaskValues] | None:
        """What is done here for `node`, without a process; None for what has code to run."""
        executor = self.pipeline.executor(node.component)
        if executor.importer is not None:
            return partial(self.import_artifact, node, executor.importer)
        if executor.container is not None and executor.container.image in {CREATE, DELETE}:
            values, task = node.inputs.parameters, self.task_id(node)
            return partial(self.claims.operate, executor.container.image, values, task)
        return None

    def import_artifact(self, node: TaskNode, importer: Importer) -> TaskValues:
        """Return the output of an importer; raises InputError."""
        source = importer.artifact_uri
        values = node.inputs.parameters
        uri = values.get(source.runtime_parameter) if source.runtime_parameter else source.constant
        known = self.placeholders(node)
        metadata = fill(restore_integers(importer.metadata), values, known)
        output, definition = next(iter(node.component.output_definitions.artifacts.items()))
        # What is imported anew is another artifact, even from the same address: no cached result fits.
        name = self.task_id(node) if importer.reimport else output
        place = render_text(fill(uri, values, known)).removeprefix("file://")
        if importer.download_to_workspace:
            place = self._copy_to_workspace(place)
        artifact = Artifact(
            name=name, type=definition.artifact_type.schema_title, uri=place, metadata=metadata
        )
        return TaskValues(artifacts={output: [artifact]})

    def _copy_to_workspace(self, uri: str) -> str:
        source = Path(uri)
        if not source.is_file() and not source.is_dir():  # a device would never end
            raise InputError(
                f"{uri} is no file or folder of this machine, so it cannot be copied to the workspace."
            )
        target = self.folder.workspace / ".artifacts" / uri.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)
        return str(target)

    def _make_row(self, node: TaskNode) -> TaskRow:
        history = self.history.setdefault(node.path, [])
        if not history or history[-1].state != node.state:
            moment = node.ended_at if node.state.final else node.started_at or node.created_at
            history.append(TaskState(at=moment, state=node.state.value))
        return TaskRow(
            run_id=self.run_id,
            task_id=self.task_id(node),
            path=node.path,
            parent_task_id=self.task_id(node.parent) if node.parent is not None else "",
            name=node.name,
            display_name=_display_name(node),
            type=node.kind.value,
            state=node.state.value,
            attempt=node.attempt,
            max_attempts=node.max_attempts,
            exit_code=node.exit_code,
            reason=node.reason,
            cached_from_run_id=node.cached_from,
            created_at=node.created_at,
            started_at=node.started_at,
            ended_at=node.ended_at,
            state_history=msgspec.json.encode(history),
            inputs=msgspec.json.encode(node.inputs),
            outputs=msgspec.json.encode(node.outputs),
        )


def reset_for_retry(pipeline: CompiledPipeline, tasks: list[TaskRow]) -> list[TaskRow]:
    """Return the steps that a retry takes back to where they had not begun: all but what succeeded.

    What succeeded after a failure runs again, too, with all that is in it and follows from it: an exit task
    has another end to report, a task that ignores failures may find an input that it had to do without.
    """
    known = {task.path: task for task in tasks}
    stale: set[str] = set()
    changing: set[str] = set()
    for path, upstream in _sort_by_dependency(pipeline, tasks):
        task, parent = known[path], path.rpartition("/")[0]
        touched = not changing.isdisjoint(upstream)
        if (path and parent in stale) or (touched and task.state != State.SKIPPED):
            stale.add(path)
        if path in stale or touched or task.state in {State.FAILED, State.CANCELED}:
            changing.add(path)
    return [
        msgspec.structs.replace(
            task, state=State.PENDING.value, reason="", exit_code=None, started_at=0.0, ended_at=0.0
        )
        for task in tasks
        if task.state != State.SUCCEEDED or task.path in stale
    ]


def _sort_by_dependency(pipeline: CompiledPipeline, tasks: list[TaskRow]) -> list[tuple[str, list[str]]]:
    """The steps, each after the one around it and after those it waits for, with the paths of the latter."""
    components = {"": pipeline.root}
    waits_for: dict[str, list[str]] = {"": []}
    for row in tasks:  # a step is stored after the one around it
        if not row.path:
            continue
        parent, _, name = row.path.rpartition("/")
        if row.type == TaskType.LOOP_ITERATION:
            components[row.path], waits_for[row.path] = components.get(parent, pipeline.root), []
            continue
        around = components.get(parent, pipeline.root).dag or Dag()
        spec = around.tasks.get(name, TaskSpec())
        components[row.path] = pipeline.component(spec)
        paths = [f"{parent}/{other}" if parent else other for other in spec.upstream]
        waits_for[row.path] = paths
    sorter = TopologicalSorter(
        {path: [*others, *([path.rpartition("/")[0]] if path else [])] for path, others in waits_for.items()}
    )
    return [(path, waits_for[path]) for path in sorter.static_order() if path in waits_for]


def end_tasks(tasks: list[TaskRow], reason: str, now: float) -> list[TaskRow]:
    """Return the unfinished steps of a run that is given up, as they end with it."""
    ended = []
    for task in tasks:
        if State(task.state).final:
            continue
        if not task.path:
            state = State.FAILED
        else:
            state = State.CANCELED if task.started_at or task.attempt else State.SKIPPED
        history = msgspec.json.encode([*task.history, TaskState(at=now, state=state.value)])
        ended.append(
            msgspec.structs.replace(
                task, state=state.value, reason=reason, ended_at=now, state_history=history
            )
        )
    return ended


def read_stored_pipeline(row: RunRow) -> CompiledPipeline:
    """The compiled pipeline of a stored run; raises msgspec.ValidationError."""
    spec: dict[str, Any] = msgspec.json.decode(row.spec)
    if is_argo(row.spec):
        package, _ = translate(spec)
        return read_pipeline(package.pipeline_spec, package.platform_spec)
    # Stored as it was sent: names and numbers may have any form that protojson takes.
    if "pipeline_spec" in spec:
        return read_pipeline(conform(spec["pipeline_spec"]), spec.get("platform_spec"))
    return read_pipeline(conform(spec), None)


def _read_progress(task: TaskRow) -> TaskProgress:
    return TaskProgress(
        state=State(task.state),
        outputs=msgspec.json.decode(task.outputs, type=TaskValues),
        attempt=task.attempt,
        exit_code=task.exit_code,
        reason=task.reason,
        cached_from=task.cached_from_run_id,
        created_at=task.created_at,
        started_at=task.started_at,
        ended_at=task.ended_at,
    )


def _display_name(node: TaskNode) -> str:
    if node.kind is TaskType.LOOP_ITERATION and node.parent is not None:
        return f"{node.parent.name} {node.name.replace('-', ' ')}"
    return node.task.task_info.name or node.name


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
