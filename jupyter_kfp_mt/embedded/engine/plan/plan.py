"""Decides what a run does next: the state machine of its tasks, without any I/O.

```text
start ─► ready ─► started ─► ended ─► ready … ─► over          ended: succeeded | failed (retried) | canceled
            └───── finished from the cache ──────┘
```
The engine takes tasks from `ready`, runs them and records how they ended; `changed` has the tasks to store.
Loops are made in slices: while `grows`, the engine calls `grow` between its other work.
After a restart, or for a retry, a plan starts from the stored progress: tasks that have ended do not run
again. The rules are those of Argo's DAGs as KFP compiles to them (kubeflow/pipelines, argocompiler/dag.go):
a task needs all its upstream tasks to have *succeeded*, or only to have ended
(`ALL_UPSTREAM_TASKS_COMPLETED`); a DAG ends when all its tasks have, and fails when one of them has that is
no exit task; independent branches go on.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ....bounds import RunBounds, TextTooLongError
from ....models import TaskValues
from . import inputs
from .expressions import ExpressionError, evaluate
from .inputs import InputError
from .ir import Component, TaskSpec
from .nodes import State, TaskNode, TaskProgress, TaskType
from .pipeline import CompiledPipeline
from .sizes import measure_values
from .values import ValueTypeError, parse_seconds

MAX_BACKOFF = 3600.0  # seconds; the limit of KFP where the pipeline sets none
SLICE = 50  # tasks that loops add at once; more would keep the runs of all tenants waiting


class Plan:
    """The tasks of one run and their transitions; the caller passes the time."""

    def __init__(
        self,
        pipeline: CompiledPipeline,
        placeholders: Callable[[TaskNode], Mapping[str, str]] = lambda _node: {},
        stored: Mapping[str, TaskProgress] | None = None,
        bounds: RunBounds = RunBounds(),  # noqa: B008 - frozen
        slice_size: int = SLICE,
    ) -> None:
        self.pipeline = pipeline
        self.nodes: dict[str, TaskNode] = {}
        self.ready: deque[TaskNode] = deque()  # can run now
        self.resumed: list[TaskNode] = []  # were running when the previous engine stopped
        self.changed: dict[str, TaskNode] = {}
        self.cancelling = ""
        self.exceeded = ""  # the bound that the run has exceeded: the caller must cancel it
        self._stored = stored or {}
        self._placeholders = placeholders
        self._ended: deque[TaskNode] = deque()
        self._bounds = bounds
        self._steps = 1  # that are made, or are sure to be
        self._size = 0  # bytes of the inputs and outputs of all steps, about
        self._growing: dict[str, TaskNode] = {}  # loops that wait to go on, by path
        self._slice_size = self._room = slice_size
        self._restoring = False  # makes only what is stored
        self.root = self._add(None, "", TaskSpec(), pipeline.root, TaskType.DAG, 0)

    @property
    def over(self) -> bool:
        """Whether every task has ended."""
        return self.root.state.final

    @property
    def grows(self) -> bool:
        """Whether a loop has iterations that are still to be made."""
        return bool(self._growing)

    def grow(self, now: float) -> None:
        """Make the next iterations of the loops that wait."""
        self._grow(self._slice_size, now)

    def _grow(self, room: int, now: float) -> None:
        self._room = room
        waiting, self._growing = self._growing, {}
        for loop in waiting.values():
            self._iterate(loop, now)
            if loop.unfinished == 0 and not loop.state.final and loop.path not in self._growing:
                self._close(loop, now)
        self._settle(now)

    def start(self, arguments: Mapping[str, Any], now: float) -> None:
        """Start the run with these pipeline parameters."""
        self.root.created_at = self.root.created_at or now
        try:
            self.root.inputs = self._keep(inputs.resolve_run_inputs(self.root.component, arguments))
            self._begin(self.root, now)
        except InputError as error:
            self._finish(self.root, State.FAILED, now, reason=str(error))
        self._settle(now)

    def record_start(self, node: TaskNode, attempt: int, now: float) -> None:
        """Record that attempt number `attempt` of `node` runs."""
        node.state, node.attempt = State.RUNNING, attempt
        node.started_at = node.started_at or now
        node.reason, node.exit_code, node.left = "", None, TaskValues()
        self.changed[node.path] = node

    def record_success(
        self, node: TaskNode, outputs: TaskValues, now: float, *, cached_from: str = ""
    ) -> None:
        """Record the outputs of `node`, made by itself or taken from the cache."""
        node.cached_from = cached_from
        self._succeed(node, now, outputs, exit_code=None if cached_from else 0)
        self._settle(now)

    def record_failure(
        self, node: TaskNode, reason: str, now: float, *, exit_code: int | None = None
    ) -> float | None:
        """Record that an attempt failed; return the seconds until the next one, None after the last."""
        if node.attempt < node.max_attempts and not self.cancelling:
            node.state, node.reason, node.exit_code = State.PENDING, reason, exit_code
            self.changed[node.path] = node
            return self._backoff(node)
        state = State.CANCELED if self.cancelling else State.FAILED
        self._finish(node, state, now, reason=self.cancelling or reason, exit_code=exit_code)
        self._settle(now)
        return None

    def cancel(self, reason: str, now: float) -> list[TaskNode]:
        """Start nothing more; return the running tasks, which the caller must stop."""
        self._restoring = True  # what ran before a restart has to be known to be stopped
        self._grow(sys.maxsize, now)
        self.cancelling = reason
        self.ready.clear()
        running = []
        for node in list(self.nodes.values()):
            if node.state is State.RUNNING and node.is_leaf:
                running.append(node)
            elif node.state is State.PENDING:
                self._finish(node, State.CANCELED if node.attempt else State.SKIPPED, now, reason=reason)
        held, self._growing = self._growing, {}
        for loop in held.values():
            if loop.unfinished == 0:
                self._close(loop, now)
        self._settle(now)
        return running

    def _add(  # noqa: PLR0917 - the parts of a node
        self,
        parent: TaskNode | None,
        name: str,
        task: TaskSpec,
        component: Component,
        kind: TaskType,
        now: float,
    ) -> TaskNode:
        node = TaskNode(
            path=(parent.below if parent else "") + name,
            name=name or self.pipeline.pipeline_info.name,
            type=kind,
            spec=task,
            component=component,
            parent=parent,
            created_at=now,
        )
        if node.is_leaf:
            node.max_attempts = 1 + max(0, node.retry.max_retry_count)
        stored = self._stored.get(node.path)
        if stored is not None:
            node.created_at, node.started_at = stored.created_at, stored.started_at
        self.nodes[node.path] = node
        self._room -= 1
        if parent is not None:
            parent.children[name] = node
            parent.unfinished += 1
        if stored is None:
            self.changed[node.path] = node
        return node

    def _begin(self, node: TaskNode, now: float) -> None:
        """Start a DAG: create its tasks and consider those without upstream tasks."""
        tasks = node.component.dag.tasks if node.component.dag else {}
        if node.type is not TaskType.LOOP_ITERATION:  # a loop counts those of all its iterations
            self._count(len(tasks))
        self._enter(node, now)
        for name, task in tasks.items():
            component = self.pipeline.component(task)
            self._add(node, name, task, component, self._type_of(task, component), now)
        for child in list(node.children.values()):
            upstream = [name for name in child.spec.upstream if name in node.children]
            child.blocked = len(upstream)
            for name in upstream:
                node.dependents.setdefault(name, []).append(child)
        if not tasks:
            self._close(node, now)
        for child in list(node.children.values()):
            if child.blocked == 0:
                self._consider(child, now)

    def _enter(self, node: TaskNode, now: float) -> None:
        """Let a DAG or loop run; one that is stored as ended stays so there while it is restored."""
        node.state, node.started_at = State.RUNNING, node.started_at or now
        stored = self._stored.get(node.path)
        if stored is None or not stored.state.final:
            self.changed[node.path] = node

    def _type_of(self, task: TaskSpec, component: Component) -> TaskType:
        if task.parameter_iterator is not None or task.artifact_iterator is not None:
            return TaskType.LOOP
        if component.dag is None:
            return TaskType.IMPORTER if self.pipeline.executor(component).importer else TaskType.RUNTIME
        if task.component_ref.name.startswith("comp-exit-handler"):
            return TaskType.EXIT_HANDLER
        return TaskType.CONDITION if task.trigger_policy.condition else TaskType.DAG

    def _consider(self, node: TaskNode, now: float) -> None:
        """Run, skip or fail `node`, whose upstream tasks have all ended."""
        if node.state.final:
            return
        blocking = self._find_blocker(node)
        if self.cancelling or blocking:
            self._finish(node, State.SKIPPED, now, reason=self.cancelling or blocking)
            return
        try:
            node.inputs = self._keep(inputs.resolve_task_inputs(node, self._placeholders(node)))
            condition = node.spec.trigger_policy.condition
            if condition and not evaluate(condition, node.inputs.parameters):
                self._finish(node, State.SKIPPED, now, reason="Its condition does not hold.")
            elif node.type is TaskType.LOOP:
                self._begin_loop(node, now)
            elif node.is_leaf:
                self._offer(node, now)
            else:
                self._begin(node, now)
        except (InputError, ValueTypeError, TextTooLongError, ExpressionError, RecursionError) as error:
            self._finish(node, State.FAILED, now, reason=str(error))

    def _find_blocker(self, node: TaskNode) -> str:
        """Return why the upstream tasks keep `node` from starting; empty when they do not."""
        if node.spec.trigger_policy.after_failure or node.parent is None:
            return ""
        for name in sorted(node.spec.upstream & node.parent.children.keys()):
            state = node.parent.children[name].state
            if state is not State.SUCCEEDED:
                return f"An earlier task, {name}, {_ENDED[state]}."
        return ""

    def _offer(self, node: TaskNode, now: float) -> None:
        """Make a task ready to run, or restore it from the stored progress."""
        lacking = inputs.find_missing_input(node)
        if lacking:
            raise InputError(f"There is no value for its input {lacking}.")
        self.changed[node.path] = node
        stored = self._stored.get(node.path)
        if stored is None:
            self.ready.append(node)
            return
        node.attempt, node.cached_from = stored.attempt, stored.cached_from
        if stored.state.final:
            self._keep(stored.outputs)
            node.left = stored.left
            self._finish(
                node,
                stored.state,
                stored.ended_at or now,
                outputs=stored.outputs,
                reason=stored.reason,
                exit_code=stored.exit_code,
            )
        elif stored.state is State.RUNNING:
            node.state = State.RUNNING
            self.resumed.append(node)
        else:
            # Every attempt is used up: a retry of the run grants as many again.
            node.max_attempts += stored.attempt if node.attempt >= node.max_attempts else 0
            self.ready.append(node)

    def _begin_loop(self, node: TaskNode, now: float) -> None:
        node.items = inputs.read_loop_items(node)
        self._count(len(node.items) * (1 + len(node.component.dag.tasks if node.component.dag else ())))
        self._enter(node, now)
        if not node.items:
            self._close(node, now)
        self._iterate(node, now)

    def _iterate(self, loop: TaskNode, now: float) -> None:
        """Start iterations up to the limit of the loop, as far as there is room in this slice."""
        limit = max(0, loop.spec.iterator_policy.parallelism_limit) or len(loop.items)
        while len(loop.children) < len(loop.items) and loop.unfinished < limit and not self.cancelling:
            name = f"iteration-{len(loop.children)}"
            if self._room <= 0 or (self._restoring and loop.below + name not in self._stored):
                self._growing[loop.path] = loop
                return
            number = len(loop.children)
            node = self._add(loop, name, loop.spec, loop.component, TaskType.LOOP_ITERATION, now)
            try:
                node.inputs = self._keep(inputs.resolve_iteration_inputs(loop, loop.items[number]))
            except InputError as error:
                self._finish(node, State.FAILED, now, reason=str(error))
            else:
                self._begin(node, now)

    def _settle(self, now: float) -> None:
        """Propagate the end of tasks to what follows; a loop, not recursion, because chains may be long."""
        while self._ended:
            node = self._ended.popleft()
            parent = node.parent
            if parent is None:
                continue
            parent.unfinished -= 1
            if node.state is State.FAILED and not node.is_exit_task and parent.failed is None:
                parent.failed = node.failed or node
            for sibling in parent.dependents.get(node.name, ()):
                sibling.blocked -= 1
                if sibling.blocked == 0:
                    self._consider(sibling, now)
            if parent.type is TaskType.LOOP:
                self._iterate(parent, now)
            if parent.unfinished == 0 and not parent.state.final and parent.path not in self._growing:
                self._close(parent, now)
        if not self._growing:
            self._room = self._slice_size

    def _close(self, node: TaskNode, now: float) -> None:
        """End a DAG or a loop whose tasks have all ended."""
        states = {child.state for child in node.children.values()}
        failed = [c for c in node.children.values() if c.state is State.FAILED and not c.is_exit_task]
        is_loop = node.type is TaskType.LOOP
        complete = not is_loop or len(node.children) == len(node.items)
        if is_loop:
            outputs = inputs.collect_loop_outputs(node) if complete else TaskValues()
        else:
            outputs = inputs.collect_dag_outputs(node)
        if failed:
            cause = node.failed or failed[0]
            name = cause.name if cause.path.count("/") < 2 else cause.path
            self._finish(node, State.FAILED, now, outputs=outputs, reason=f"Task {name} failed.")
        elif self.cancelling and (not complete or states & {State.CANCELED, State.SKIPPED}):
            self._finish(node, State.CANCELED, now, outputs=outputs, reason=self.cancelling)
        else:
            self._succeed(node, now, outputs)

    def _count(self, steps: int) -> None:
        """Count steps before they are made; raises InputError beyond the bound."""
        if self._steps + steps > self._bounds.max_steps:
            self._exceed(f"The run would have more than {self._bounds.describe('max_steps')}.")
        self._steps += steps

    def _keep(self, values: TaskValues) -> TaskValues:
        """Count the values of a step and return them; raises InputError beyond the bound."""
        most = self._bounds.max_values_mib * 1024**2
        self._size += measure_values(values, most)
        if self._size > most:
            bound = self._bounds.describe("max_values_mib")
            self._exceed(f"The inputs and outputs of the run would take more than {bound}.")
        return values

    def _exceed(self, reason: str) -> NoReturn:
        self.exceeded = self.cancelling = reason
        raise InputError(reason)

    def _succeed(
        self, node: TaskNode, now: float, outputs: TaskValues, *, exit_code: int | None = None
    ) -> None:
        try:
            self._keep(outputs)
        except InputError as error:
            self._finish(node, State.FAILED, now, reason=str(error), exit_code=exit_code)
        else:
            self._finish(node, State.SUCCEEDED, now, outputs=outputs, exit_code=exit_code)

    def _finish(
        self,
        node: TaskNode,
        state: State,
        now: float,
        *,
        outputs: TaskValues | None = None,
        reason: str = "",
        exit_code: int | None = None,
    ) -> None:
        if node.state.final:
            return
        node.state, node.reason, node.exit_code = state, reason, exit_code
        node.outputs = outputs if outputs is not None else node.outputs
        node.ended_at = now
        self.changed[node.path] = node
        self._ended.append(node)

    def _backoff(self, node: TaskNode) -> float:
        policy = node.retry
        longest = parse_seconds(policy.backoff_max_duration) or MAX_BACKOFF
        factor = policy.backoff_factor or 1.0
        try:
            return min(longest, parse_seconds(policy.backoff_duration) * factor ** (node.attempt - 1))
        except OverflowError:
            return longest


_ENDED = {
    State.FAILED: "failed",
    State.SKIPPED: "was skipped",
    State.CANCELED: "was canceled",
    State.PENDING: "has not ended",
    State.RUNNING: "has not ended",
}
