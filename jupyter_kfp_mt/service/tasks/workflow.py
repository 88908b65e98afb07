"""The Argo Workflow behind a run, read into one task per component. Pure.

KFP's v2beta1 API reports neither pods nor reasons; they are in `pipeline_runtime.workflow_manifest` of
v1beta1 (backend/src/apiserver/server/api_converter.go). For each component Argo runs a driver, then an
executor with one pod per attempt; people see one task. The names of templates and nodes are those that
backend/src/v2/compiler/argocompiler makes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from ...models import NOT_JSON, ChildTask, Phase, Task, known_time
from ...run_rules import phase_of

MAX_MANIFEST = 32 * 1024 * 1024  # characters of a manifest that is read; etcd takes far less
MAX_DEPTH = 100  # graphs in graphs
_STATES = {
    "Pending": "PENDING",
    "Running": "RUNNING",
    "Succeeded": "SUCCEEDED",
    "Skipped": "SKIPPED",
    "Omitted": "SKIPPED",  # a task that it depends on did not succeed
    "Failed": "FAILED",
    "Error": "FAILED",
}
_DRIVERS = ("system-container-driver", "system-dag-driver")
_GROUPS = {"for-loop": "LOOP", "condition": "CONDITION", "exit-handler": "EXIT_HANDLER"}
_PARTS = frozenset({"root", "iteration", "iteration-item", "iteration-iterations"})
_ITERATION = re.compile(r"\((\d+):")
_DRIVER = re.compile(r"-driver(\(\d+\))?\Z")
_ROOT_DRIVER = re.compile(r"root-driver(\(\d+\))?\Z")
_ATTEMPT = re.compile(r"executor(\(\d+\))?\Z")


class _Outputs(msgspec.Struct, frozen=True, rename="camel"):
    exit_code: str = ""


class _Parameter(msgspec.Struct, frozen=True):
    name: str = ""
    value: Any = None


class _Inputs(msgspec.Struct, frozen=True):
    parameters: list[_Parameter] | None = None


class ImporterSpecs(NamedTuple):
    """What KFP's compiler gave to an importer, as JSON."""

    importer: str
    component: str
    task: str


class Node(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One node of an Argo Workflow, as much of it as we need."""

    id: str = ""
    name: str = ""
    display_name: str = ""
    type: str = ""  # Pod, DAG, Retry, Skipped, TaskGroup, …
    template_name: str = ""
    boundary_id: str = msgspec.field(name="boundaryID", default="")
    phase: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    children: list[str] | None = None
    inputs: _Inputs | None = None
    outputs: _Outputs | None = None

    @property
    def exit_code(self) -> int | None:
        """The exit code of its main container, once known."""
        text = self.outputs.exit_code if self.outputs else ""
        return int(text) if text.isdecimal() else None

    @property
    def patch(self) -> str:
        """What the driver set in the pod of an executor, as JSON: the launcher's command line is in it."""
        return self._input("pod-spec-patch")

    @property
    def importer(self) -> ImporterSpecs | None:
        """What it imports, if it is an importer."""
        importer = self._input("importer")
        return ImporterSpecs(importer, self._input("component"), self._input("task")) if importer else None

    @property
    def runtime_config(self) -> str:
        """The parameters of the run with their defaults, as JSON, if it is the driver of the run."""
        return self._input("runtime-config")

    def _input(self, name: str) -> str:
        given = self.inputs.parameters if self.inputs is not None else None
        values = [each.value for each in given or [] if each.name == name]
        return next((value for value in values if isinstance(value, str)), "")

    @property
    def failed(self) -> bool:
        """Whether it ended without success."""
        return self.phase in ("Failed", "Error")

    @property
    def is_driver(self) -> bool:
        """Whether it is the driver of a task; a node without the suffix in its name is the task itself."""
        driver = any(name in self.template_name for name in _DRIVERS)
        return driver and _DRIVER.search(self.display_name) is not None

    @property
    def is_executor(self) -> bool:
        """Whether it is a component that pods run."""
        return "system-container-executor" in self.template_name


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    annotations: dict[str, str] | None = None


class _Status(msgspec.Struct, frozen=True):
    phase: str = ""
    message: str = ""
    nodes: dict[str, Node] | None = None


class Workflow(msgspec.Struct, frozen=True):
    """An Argo Workflow as KFP stores it."""

    metadata: _Meta = _Meta()
    status: _Status = _Status()

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Its nodes by id; none before the controller has seen it."""
        return self.status.nodes or {}

    def pod_name(self, node: Node) -> str:
        """Return the name of the pod that ran `node`.

        Source: KFP's `RetrievePodName`; Argo's pod names end in the hash that ends the node's id.
        """
        old = (self.metadata.annotations or {}).get("workflows.argoproj.io/pod-name-format") == "v1"
        if old or node.name == self.metadata.name:
            return node.id
        hashed = node.id.rpartition("-")[2]
        middle = "" if ".inline" in node.name else f"-{node.template_name}"
        return f"{self.metadata.name}{middle}-{hashed}"


class Attempt(NamedTuple):
    """One pod of a task and how it ended."""

    node_id: str
    pod: str
    phase: str
    message: str = ""
    exit_code: int | None = None
    patch: str = ""  # as in its node
    importer: ImporterSpecs | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended without success."""
        return self.phase in ("Failed", "Error")

    @property
    def ended(self) -> bool:
        """Whether its pod has ended, so that the log is complete."""
        return self.phase not in ("", "Pending", "Running")


class RunStep(NamedTuple):
    """A task with its driver and the pods that ran it."""

    task: Task
    attempts: tuple[Attempt, ...] = ()
    driver: Attempt | None = None

    @property
    def message(self) -> str:
        """Argo's message about its driver if that failed, else about its last attempt."""
        if self.driver is not None and self.driver.failed:
            return self.driver.message
        return self.attempts[-1].message if self.attempts else ""


class Root(NamedTuple):
    """A run apart from its steps: its driver, and Argo's message about all of it."""

    driver: Attempt | None = None
    started: datetime | None = None
    message: str = ""
    runtime_config: str = ""  # as in the node of its driver


class RunSteps(NamedTuple):
    """The steps of a run and the namespace of its pods."""

    steps: list[RunStep]
    namespace: str
    root: Root = Root()


def read_workflow(manifest: str) -> Workflow | None:
    """Return the Workflow in `manifest`, or None if it is missing, too large or malformed."""
    if not manifest or len(manifest) > MAX_MANIFEST:
        return None
    try:
        return msgspec.json.decode(manifest, type=Workflow)
    except NOT_JSON:
        return None


def read_root(workflow: Workflow) -> Root:
    """Return the run apart from its steps: if it fails early, it has none."""
    drivers = [node for node in workflow.nodes.values() if _ROOT_DRIVER.match(node.display_name)]
    pods = sorted((node for node in drivers if node.type == "Pod"), key=lambda node: node.name)
    if not pods:
        return Root(message=workflow.status.message)
    node = pods[-1]
    driver = Attempt(node.id, workflow.pod_name(node), node.phase, node.message, node.exit_code, node.patch)
    return Root(driver, known_time(node.started_at), workflow.status.message, node.runtime_config)


def list_steps(
    workflow: Workflow,
    run_id: str,
    reported: Iterable[Task] = (),
    reported_as: Mapping[str, Node] = MappingProxyType({}),
) -> list[RunStep]:
    """Return one step per component, group and iteration of a run, parents first, in the order they started.

    Ids are those of `reported` (the v2beta1 `task_details`) where one fits, else the node's; `reported_as`
    has the nodes that KFP reported in another form.
    """
    tree = _Tree(workflow, {_identify(task): task for task in reported}, reported_as)
    visible = [node for node in workflow.nodes.values() if tree.is_shown(node)]
    visible.sort(
        key=lambda node: (known_time(node.started_at) is None, str(node.started_at or ""), node.name)
    )
    steps = [tree.make_step(node, run_id) for node in visible]
    return _order_parents_first(steps)


def fold_tasks(tasks: Iterable[Task]) -> list[Task]:
    """Return one task per component from `task_details` alone: without drivers, executors and the root.

    Only names tell the parts of a task, so a component that is itself called `…-driver` stays.
    """
    every = list(tasks)
    if any(task.type for task in every):
        return every  # a server that reports types has no such parts
    drivers = Counter(task.display_name for task in every)
    folded: list[Task] = []
    for task in every:
        base = _DRIVER.sub("", task.display_name)
        if base != task.display_name and (base in _PARTS or drivers[base] > 0):
            drivers[base] -= 1
        elif task.display_name not in _PARTS and not _ATTEMPT.match(task.display_name):
            folded.append(task)
    return [task for task in folded if not _is_root(task, every)]


def _is_root(task: Task, tasks: list[Task]) -> bool:
    """Whether `task` is the pipeline itself: the one above `root-driver`, named like the pipeline."""
    if not task.child_tasks or not any(other.display_name == "root-driver" for other in tasks):
        return False
    prefix = task.child_tasks[0].pod_name.rpartition("-")[0]
    return task.display_name in (prefix, prefix.rpartition("-")[0])


def _identify(task: Task) -> tuple[str, frozenset[str]]:
    return task.display_name, frozenset(child.pod_name for child in task.child_tasks)


def _order_parents_first(steps: list[RunStep]) -> list[RunStep]:
    below: dict[str, list[RunStep]] = {}
    for step in steps:
        below.setdefault(step.task.parent_task_id, []).append(step)
    ordered: list[RunStep] = []
    waiting = below.pop("", [])[::-1]
    while waiting:
        step = waiting.pop()
        ordered.append(step)
        waiting.extend(below.pop(step.task.task_id, [])[::-1])
    return ordered


class _Tree:
    """The nodes of a Workflow with their places in it."""

    def __init__(
        self,
        workflow: Workflow,
        reported: Mapping[tuple[str, frozenset[str]], Task],
        reported_as: Mapping[str, Node],
    ) -> None:
        self._workflow = workflow
        self._nodes = workflow.nodes
        self._reported = reported
        self._reported_as = reported_as
        self._inside: dict[str, list[Node]] = {}
        self._repeats: set[str] = set()  # what a Retry node started
        for node in self._nodes.values():
            self._inside.setdefault(node.boundary_id, []).append(node)
            if node.type == "Retry":
                self._repeats.update(node.children or [])

    def is_shown(self, node: Node) -> bool:
        """Whether people see `node` as a task of its own."""
        boundary = self._nodes.get(node.boundary_id)
        name = self._workflow.metadata.name
        return not (
            node.is_driver
            or node.id in self._repeats
            or node.name in (name, f"{name}.root")
            or node.type == "TaskGroup"  # the fan-out of a loop
            or node.display_name == "iteration-item"
            or node.template_name.startswith("exit-hook-")
            or (boundary is not None and boundary.is_executor)
        )

    def make_step(self, node: Node, run_id: str) -> RunStep:
        """Return the step that `node` stands for."""
        driver = self._find_driver(node)
        pods = self._list_pods(node)
        driver_attempt = self._make_attempt(driver) if driver is not None else None
        tries = tuple(self._make_attempt(pod) for pod in pods)
        cached = node.phase == "Succeeded" and not pods and self._is_leaf(node)
        state = _STATES.get(node.phase, "")
        if driver_attempt is not None and driver_attempt.failed:
            state = "FAILED"  # Argo calls the task itself "Omitted"
        ended = phase_of(state).ended
        step = RunStep(Task(), tries, driver_attempt)
        first = driver if driver is not None else node
        reported = self._find_reported(node)
        task = Task(
            run_id=run_id,
            task_id=reported.task_id or node.id,
            display_name=_display_name(node),
            name=_display_name(node),
            type=self._read_type(node),
            parent_task_id=self._find_parent(node),
            create_time=reported.create_time,
            start_time=known_time(first.started_at) if state != "SKIPPED" else None,
            end_time=_find_end(node, first) if ended else None,
            state=state,
            state_history=reported.state_history,
            child_tasks=[ChildTask(pod_name=child) for child in node.children or []],
            attempt=len(pods),
            max_attempts=max(len(pods), 1),
            exit_code=tries[-1].exit_code if tries else None,
            reason=(step.message or node.message) if state == "FAILED" else "",
            phase=Phase.CACHED if cached else phase_of(state),
        )
        return step._replace(task=task)

    def _make_attempt(self, node: Node) -> Attempt:
        name = self._workflow.pod_name(node)
        return Attempt(node.id, name, node.phase, node.message, node.exit_code, node.patch, node.importer)

    def _find_driver(self, node: Node) -> Node | None:
        """Return the driver's pod of `node`: beside it, or inside of a loop and its iterations."""
        inside, beside = self._inside.get(node.id, []), self._inside.get(node.boundary_id, [])
        named = [each for each in beside if each.display_name == f"{node.display_name}-driver"]
        loop = [each for each in inside if each.display_name in ("iteration-driver", "iteration-item-driver")]
        pods = [pod for each in [*named, *loop] if each.is_driver for pod in self._list_pods(each)]
        return pods[-1] if pods else None

    def _list_pods(self, node: Node, depth: int = 0) -> list[Node]:
        """Return the pods that ran `node`, in the order of the attempts."""
        if node.type == "Pod" or depth > MAX_DEPTH:
            return [node] if node.type == "Pod" else []
        if node.type == "Retry":
            below = [self._nodes[child] for child in node.children or [] if child in self._nodes]
            below = sorted(below, key=lambda each: _read_number(each.display_name))
        elif node.is_executor:
            below = [each for each in self._inside.get(node.id, []) if each.id not in self._repeats]
        else:
            below = [each for each in self._inside.get(node.id, []) if self._is_item(each)]
        return [pod for each in below for pod in self._list_pods(each, depth + 1)]

    def _is_item(self, node: Node) -> bool:
        return node.display_name == "iteration-item" and node.is_executor

    def _is_leaf(self, node: Node) -> bool:
        return node.is_executor or any(map(self._is_item, self._inside.get(node.id, [])))

    def _is_graph(self, node: Node) -> bool:
        """Whether `node` holds tasks, also if Argo skipped it and so made no DAG of it."""
        return node.type == "DAG" or node.template_name.startswith("comp-")

    def _read_type(self, node: Node) -> str:
        if "system-importer" in node.template_name:
            return "IMPORTER"
        if self._is_leaf(node) or not self._is_graph(node):
            return "RUNTIME"
        if _ITERATION.search(node.display_name):
            return "LOOP_ITERATION"
        return next((kind for name, kind in _GROUPS.items() if node.display_name.startswith(name)), "DAG")

    def _find_parent(self, node: Node) -> str:
        """Return the id of the nearest node around `node` that people see."""
        around = self._nodes.get(node.boundary_id)
        for _ in range(MAX_DEPTH):
            if around is None or self.is_shown(around):
                break
            around = self._nodes.get(around.boundary_id)
        if around is None or not self.is_shown(around):
            return ""
        return self._find_reported(around).task_id or around.id

    def _find_reported(self, node: Node) -> Task:
        """Return the task that KFP reports for `node`; it has no node id, but the ids of its children."""
        node = self._reported_as.get(node.id, node)
        return self._reported.get((node.display_name, frozenset(node.children or [])), Task())


def _find_end(node: Node, first: Node) -> datetime | None:
    """Return when `node` ended; where its driver failed, Argo gives it no times of its own."""
    return known_time(node.finished_at) or known_time(first.finished_at)


def _read_number(name: str) -> int:
    match = re.search(r"\((\d+)\)\Z", name)
    return int(match[1]) if match else 0


def _display_name(node: Node) -> str:
    match = _ITERATION.search(node.display_name)
    return f"iteration-{match[1]}" if match else node.display_name
