"""One unfinished run: the bridge between its row and tasks in the store and its plan.

Reading a stored run makes a plan (`read_stored_pipeline`, `_read_progress`); every change of the plan becomes
rows (`changed_rows`, `mark_stored`). What ends a run or starts it again without a plan works on rows alone
(`end_tasks`, `reset_for_retry`): it must also work for a run whose plan cannot be made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from functools import lru_cache, partial
from graphlib import TopologicalSorter
from typing import Any

import msgspec

from ....bounds import RunBounds
from ....models import Artifact, TaskValues
from ....pipeline_spec.schema import conform
from ...argo import WorkflowTags, is_argo, make_workflow_tags, translate
from ...store.runs import RunRow
from ...store.tasks import TaskRow, TaskState
from ..plan.executors import Importer
from ..plan.inputs import InputError
from ..plan.ir import Dag, TaskSpec
from ..plan.nodes import State, TaskNode, TaskProgress, TaskType, make_task_id
from ..plan.pipeline import CompiledPipeline, read_pipeline
from ..plan.plan import Plan
from ..plan.values import fill, render_text, restore_integers
from .copies import Copier, Copy
from .folders import RunFolder
from .jobs import JobBuilder, SecretSource
from .machine import Machine
from .volumes import CREATE, DELETE, VolumeClaims

_SMALL = 256 * 1024  # bytes of a spec that is kept
_TAG = b"workflow."  # in a spec that is not the same for all its runs
IMAGE_URI = "oci://"  # an artifact that is an image, which KFP mounts from its registry


class ActiveRun:
    """A run that the engine is running."""

    def __init__(
        self,
        *,
        row: RunRow,
        tasks: list[TaskRow],
        folder: RunFolder,
        claims: VolumeClaims,
        sources: SecretSource,
        machine: Machine,
        log_limit: int,
        bounds: RunBounds,
        copier: Copier,
    ) -> None:
        self.row = row
        self.folder = folder
        self.pipeline = read_stored_pipeline(row)
        self._placeholders = {
            ".pipeline_job_name": row.display_name,
            ".pipeline_job_resource_name": _make_workflow_name(row, self.pipeline.pipeline_info.name),
            ".pipeline_job_uuid": row.run_id,
            ".pipeline_job_create_time_utc": _utc(row.created_at),
            ".pipeline_job_schedule_time_utc": _utc(row.scheduled_at or row.created_at),
            ".pipeline_root": row.pipeline_root or str(folder.path / "artifacts"),
            ".workspace_path": str(folder.workspace),
        }
        self.history = {task.path: task.history for task in tasks}
        self.plan = Plan(
            self.pipeline, self.placeholders, {task.path: _read_progress(task) for task in tasks}, bounds
        )
        self.results: dict[str, TaskValues] = {}  # by fingerprint, for the cache
        self.running = 0  # attempts that run
        self.is_stored = row.state in {"RUNNING", "CANCELING"}  # the store says that it has started
        self.terminating = False
        self.removed = False
        self.claims = claims
        self.copier = copier
        self.job_builder = JobBuilder(
            pipeline=self.pipeline,
            namespace=row.namespace,
            folder=folder,
            claims=claims,
            sources=sources,
            machine=machine,
            placeholders=self.placeholders,
            log_limit=log_limit,
        )

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.row.run_id

    def task_id(self, node: TaskNode) -> str:
        """Return the id of a task."""
        return make_task_id(self.run_id, node.path)

    def start(self, now: float) -> None:
        """Start, or go on after a restart."""
        if self.pipeline.settings.workspace is not None:
            self.folder.workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        values = self.row.parameters
        if values:
            tags = _make_tags(self.row, self.pipeline.pipeline_info.name)
            values = {name: self._expand_macros(tags.replace(value)) for name, value in values.items()}
        self.plan.start(values, now)

    def _expand_macros(self, value: Any) -> Any:
        """Expand KFP's macros in a string parameter (`template/v2_template.go`)."""
        if not isinstance(value, str):
            return value
        moment = datetime.fromtimestamp(self.row.created_at, timezone.utc).strftime("%Y%m%d%H%M%S")
        return value.replace("[[RunUUID]]", self.run_id).replace("[[CurrentTime]]", moment)

    def placeholders(self, node: TaskNode) -> dict[str, str]:
        """Return the values of KFP's placeholders (`dsl.PIPELINE_*_PLACEHOLDER`) for `node`."""
        return {
            **self._placeholders,
            ".pipeline_task_name": node.name,
            ".pipeline_task_uuid": self.task_id(node),
        }

    def changed_rows(self) -> list[TaskRow]:
        """Return the rows of the tasks that have changed since they were stored."""
        return [self._make_row(node) for node in self.plan.changed.values()]

    def mark_stored(self) -> None:
        """Record that the store has all changes."""
        self.is_stored = True
        self.plan.changed.clear()
        self.results.clear()

    def describe_failure(self) -> str:
        """Return why the run failed, in one sentence."""
        cause = self.plan.root.failed or self.plan.root
        return f"{cause.name}: {cause.reason}" if cause is not self.plan.root else cause.reason

    def find_inline_action(self, node: TaskNode) -> Callable[[], TaskValues] | None:
        """Return what the engine does itself for `node`; None for a task with code to run."""
        executor = self.pipeline.executor(node.component)
        if executor.importer is not None and not executor.importer.download_to_workspace:
            return lambda: self.import_artifact(node)[0]
        if executor.container is not None and executor.container.image in {CREATE, DELETE}:
            values, task = node.inputs.parameters, self.task_id(node)
            return partial(self.claims.operate, executor.container.image, values, task)
        return None

    def import_artifact(self, node: TaskNode) -> tuple[TaskValues, list[Copy]]:
        """Return the outputs of an importer, and the copy that it asks for; raises InputError."""
        importer = self.pipeline.executor(node.component).importer or Importer()
        source = importer.artifact_uri
        values = node.inputs.parameters
        uri = values.get(source.runtime_parameter) if source.runtime_parameter else source.constant
        placeholders = self.placeholders(node)
        metadata = fill(restore_integers(importer.metadata), values, placeholders)
        output, definition = next(iter(node.component.output_definitions.artifacts.items()))
        # A reimport makes another artifact, even from the same URI, so that no cached result fits.
        name = self.task_id(node) if importer.reimport else output
        path = render_text(fill(uri, values, placeholders)).removeprefix("file://")
        if path.startswith(IMAGE_URI):
            raise InputError(f"{path} is an image, which only a cluster can mount.")
        copies = []
        if importer.download_to_workspace:
            missing = (
                f"{path} is not a file or folder on this machine, so it cannot be copied to the workspace."
            )
            target = str(self.folder.workspace / ".artifacts" / path.lstrip("/"))
            copies.append(Copy(source=path, target=target, missing=missing))
            path = target
        artifact = Artifact(
            name=name, type=definition.artifact_type.schema_title, uri=path, metadata=metadata
        )
        return TaskValues(artifacts={output: [artifact]}), copies

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
            type=node.type.value,
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
            outputs=msgspec.json.encode(node.left if node.left.artifacts else node.outputs),
        )


def reset_for_retry(pipeline: CompiledPipeline, tasks: list[TaskRow]) -> list[TaskRow]:
    """Return the tasks that a retry resets, as they were before they started: those that did not succeed.

    Tasks that succeeded *after* a failure are reset too, with everything inside and downstream of them: an
    exit task has another status to report, and a task that ignores failures may now get an input that was
    missing. `stale` has the succeeded tasks that run again, `changing` all whose outcome may change.
    """
    rows = {task.path: task for task in tasks}
    stale: set[str] = set()
    changing: set[str] = set()
    for path, upstream in _sort_by_dependency(pipeline, tasks):
        task, parent = rows[path], path.rpartition("/")[0]
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
    """Return each path with its upstream paths, after its parent and after those upstream."""
    components = {"": pipeline.root}
    waits_for: dict[str, list[str]] = {"": []}
    for row in tasks:  # a task is stored after its parent
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
    """Return the unfinished tasks of a run, ended: failed, canceled, or skipped if they never started."""
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
    """Return the compiled pipeline of a stored run, with the tags of its Workflow replaced.

    Raises msgspec.ValidationError.
    """
    tagged = _TAG in row.spec
    if not tagged and not is_argo(row.spec) and len(row.spec) <= _SMALL:
        return _read_shared(row.spec)
    pipeline, platform = _read_parts(row.spec)
    if tagged:
        tags = _make_tags(row, pipeline["pipelineInfo"]["name"])
        pipeline, platform = tags.replace(pipeline), tags.replace(platform)
    return read_pipeline(pipeline, platform)


@lru_cache(maxsize=64)
def _read_shared(spec: bytes) -> CompiledPipeline:
    """Read a pipeline of which there may be thousands of runs: they share it."""
    return read_pipeline(*_read_parts(spec))


def _read_parts(stored: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    spec: dict[str, Any] = msgspec.json.decode(stored)
    if is_argo(stored):
        package, _ = translate(spec)
        return package.pipeline_spec, package.platform_spec
    # Stored as it was sent: names and numbers may have any form that protojson accepts.
    return conform(spec.get("pipeline_spec", spec)), spec.get("platform_spec") or {}


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    metadata: dict[str, Any] | None = None  # only a Workflow has it


def _make_tags(row: RunRow, pipeline: str) -> WorkflowTags:
    return make_workflow_tags(
        msgspec.json.decode(row.spec, type=_Head).metadata or {},
        run_id=row.run_id,
        run_name=row.display_name,
        name=_make_workflow_name(row, pipeline),
        namespace=row.namespace,
        service_account=row.service_account,
        created_at=row.created_at,
    )


def _make_workflow_name(row: RunRow, pipeline: str) -> str:
    return f"{pipeline}-{row.run_id[:8]}"


def _read_progress(task: TaskRow) -> TaskProgress:
    values = msgspec.json.decode(task.outputs, type=TaskValues)
    failed_itself = task.state == State.FAILED and task.type == TaskType.RUNTIME
    return TaskProgress(
        state=State(task.state),
        outputs=TaskValues() if failed_itself else values,
        left=values if failed_itself else TaskValues(),
        attempt=task.attempt,
        exit_code=task.exit_code,
        reason=task.reason,
        cached_from=task.cached_from_run_id,
        created_at=task.created_at,
        started_at=task.started_at,
        ended_at=task.ended_at,
    )


def _display_name(node: TaskNode) -> str:
    if node.type is TaskType.LOOP_ITERATION and node.parent is not None:
        return f"{node.parent.name} {node.name.replace('-', ' ')}"
    return node.spec.task_info.name or node.name


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
