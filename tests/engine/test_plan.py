"""The plan of one run: tables for the rules, random pipelines for the invariants."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_kfp_mt.embedded.engine.plan.nodes import State, TaskNode, TaskProgress, TaskType
from jupyter_kfp_mt.embedded.engine.plan.pipeline import CompiledPipeline
from jupyter_kfp_mt.embedded.engine.plan.plan import Plan
from jupyter_kfp_mt.models import TaskValues
from tests.engine.specs import CODE, pipeline, task


class Simulation:
    """Runs a plan: `fails` has the tasks that fail, `chance` decides which task is next."""

    def __init__(self, spec: CompiledPipeline, fails: set[str], chance: random.Random) -> None:
        self.spec, self.fails, self.chance = spec, fails, chance
        self.order: list[str] = []
        self.finished: dict[str, State] = {}
        self.plan = Plan(spec, slice_size=2)
        self.stored: dict[str, TaskProgress] = {}
        self.running: list[TaskNode] = []
        self.clock = 1.0

    def run(self, steps: int = 1_000_000) -> None:
        self.adopt()
        while steps and (self.plan.ready or self.running or self.plan.grows):
            steps -= 1
            if self.plan.grows and self.chance.random() < 0.5:
                self.plan.grow(self.clock)
                self.adopt()
            elif self.plan.ready and (not self.running or self.chance.random() < 0.6):
                self.start(self.plan.ready.popleft())
            elif self.running:
                self.end(self.running.pop(self.chance.randrange(len(self.running))))

    def adopt(self) -> None:
        """Take over the tasks that ran before a restart, as soon as the plan knows them."""
        self.running += self.plan.resumed
        self.plan.resumed.clear()

    def start(self, node: TaskNode) -> None:
        self.clock += 1
        assert_may_start(node)
        self.order.append(node.path)
        self.plan.record_start(node, node.attempt + 1, self.clock)
        self.running.append(node)

    def end(self, node: TaskNode) -> None:
        self.clock += 1
        if node.name in self.fails:
            if self.plan.record_failure(node, "on purpose", self.clock) is not None:
                self.plan.ready.append(node)
        else:
            self.plan.record_success(node, TaskValues(parameters={"o": node.path}), self.clock)

    def restart(self) -> None:
        """Restart as after `kill -9`: from the stored progress, with the running tasks resumed."""
        for path, node in self.plan.changed.items():
            self.stored[path] = TaskProgress(
                state=node.state, outputs=node.outputs, attempt=node.attempt, reason=node.reason
            )
        self.plan = Plan(self.spec, stored=self.stored, slice_size=2)
        self.plan.start({}, self.clock)
        self.running.clear()


def assert_may_start(node: TaskNode) -> None:
    """Assert that the upstream tasks of `node` and of its parents have ended as required."""
    step: TaskNode | None = node
    while step is not None and step.parent is not None:
        siblings = step.parent.children
        upstream = (
            [] if step.type is TaskType.LOOP_ITERATION else [siblings[name] for name in step.spec.upstream]
        )
        assert all(one.state.final for one in upstream)
        if not step.spec.trigger_policy.after_failure:
            assert all(one.state is State.SUCCEEDED for one in upstream)
        step = step.parent


def simulate(spec: CompiledPipeline, fails: set[str] = frozenset()) -> dict[str, str]:  # type: ignore[assignment]
    simulation = Simulation(spec, fails, random.Random(1))
    simulation.plan.start({}, 0)
    simulation.run()
    assert simulation.plan.over
    return {path: node.state.value for path, node in simulation.plan.nodes.items()}


IF_TRUE, IF_FALSE = {"triggerPolicy": {"condition": "1 == 1"}}, {"triggerPolicy": {"condition": "1 == 2"}}
ALWAYS = {"triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}}
S, F, K = "SUCCEEDED", "FAILED", "SKIPPED"


@pytest.mark.parametrize(
    ("tasks", "fails", "expected"),
    [
        ({"a": task()}, set(), {"": S, "a": S}),
        ({"a": task(), "b": task("a")}, {"a"}, {"": F, "a": F, "b": K}),
        ({"a": task(), "b": task("a"), "c": task("b")}, {"a"}, {"": F, "a": F, "b": K, "c": K}),
        ({"a": task(), "b": task()}, {"a"}, {"": F, "a": F, "b": S}),
        ({"a": task(), "b": task("a", **ALWAYS)}, {"a"}, {"": F, "a": F, "b": S}),
        ({"a": task(), "b": task("a", **ALWAYS)}, {"b"}, {"": S, "a": S, "b": F}),
        ({"a": task(), "b": task("a", **ALWAYS)}, {"a", "b"}, {"": F, "a": F, "b": F}),
        ({"a": task(), "b": task("a", **ALWAYS), "c": task("b")}, {"b"}, {"": F, "a": S, "b": F, "c": K}),
        (
            {"a": task(), "b": task("a", **ALWAYS), "c": task("b", **ALWAYS)},
            {"b", "c"},
            {"": S, "a": S, "b": F, "c": F},
        ),
        ({"a": task(**ALWAYS)}, {"a"}, {"": F, "a": F}),
        ({"a": task(**IF_FALSE), "b": task("a")}, set(), {"": S, "a": K, "b": K}),
        ({"a": task(**IF_TRUE), "b": task("a")}, set(), {"": S, "a": S, "b": S}),
        ({"a": task(triggerPolicy={"condition": "1 < 'x'"})}, set(), {"": F, "a": F}),
        ({}, set(), {"": S}),
    ],
)
def test_rules(tasks: dict[str, Any], fails: set[str], expected: dict[str, str]) -> None:
    assert simulate(pipeline(tasks), fails) == expected


def test_a_failed_exit_task_that_is_a_dag_or_a_loop_decides_nothing() -> None:
    loop = {"parameterIterator": {"items": {"raw": "[1, 2]"}, "itemInput": "item"}}
    tasks = {
        "a": task(),
        "b": task("a", component="body", **ALWAYS),
        "c": task("a", component="body", **ALWAYS, **loop),
    }

    states = simulate(pipeline(tasks, {"body": {"dag": {"tasks": {"fails": task()}}}}), {"fails"})

    assert [states[path] for path in ("", "b", "b/fails", "c", "c/iteration-1")] == [S, F, F, F, F]


def test_a_nested_exit_handler_succeeds_with_the_tasks_in_it() -> None:
    body = {"dag": {"tasks": {"a": task(), "exit": task("a", **ALWAYS)}}}

    states = simulate(
        pipeline({"nested": task(component="body"), "b": task("nested")}, {"body": body}), {"exit"}
    )

    assert [states[path] for path in ("", "nested", "nested/exit", "b")] == [S, S, F, S]


def test_a_run_that_is_stopped_in_its_exit_task_does_not_succeed() -> None:
    plan = Plan(pipeline({"a": task(), "exit": task("a", **ALWAYS)}))
    plan.start({}, 0)
    plan.record_success(plan.ready.popleft(), TaskValues(), 1)
    exit_task = plan.ready.popleft()
    plan.record_start(exit_task, 1, 2)

    plan.cancel("Stopped.", 3)
    plan.record_failure(exit_task, "killed", 4)

    assert plan.root.state is State.CANCELED


@pytest.mark.parametrize(("value", "state"), [("fast", S), ("slow", S), ("other", F)])
def test_literals_are_the_only_values(value: str, state: str) -> None:
    mode = {"parameterType": "STRING", "defaultValue": "by default", "literals": ["fast", "slow"]}
    components = {"strict": {**CODE, "inputDefinitions": {"parameters": {"mode": mode}}}}
    given = {"parameters": {"mode": {"runtimeValue": {"constant": value}}}}
    tasks = {"a": task(component="strict"), "b": task(component="strict", inputs=given)}

    assert simulate(pipeline(tasks, components), set()) == {"": state, "a": S, "b": state}


def test_a_chain_may_be_long() -> None:
    tasks = {f"t{n}": task(*([f"t{n - 1}"] if n else [])) for n in range(3000)}

    states = simulate(pipeline(tasks), {"t0"})

    assert states["t2999"] == K


def test_retries_back_off() -> None:
    retry = {"maxRetryCount": 3, "backoffDuration": "2s", "backoffFactor": 3.0, "backoffMaxDuration": "10s"}
    plan = Plan(pipeline({"a": task(retryPolicy=retry)}))
    plan.start({}, 0)
    node = plan.ready.popleft()

    pauses = []
    for attempt in range(1, 5):
        plan.record_start(node, attempt, 0)
        pauses.append(plan.record_failure(node, "", 0))

    assert pauses == [2, 6, 10, None]
    assert plan.root.state is State.FAILED


def test_a_loop_keeps_its_limit() -> None:
    loop = task(
        component="body",
        parameterIterator={"items": {"raw": "[1, 2, 3, 4, 5]"}, "itemInput": "item"},
        iteratorPolicy={"parallelismLimit": 2},
    )
    plan = Plan(pipeline({"loop": loop}, {"body": {"dag": {"tasks": {"a": task()}}}}))

    plan.start({}, 0)

    assert len(plan.ready) == 2
    plan.record_success(plan.ready.popleft(), TaskValues(parameters={"o": "x"}), 0)
    assert len(plan.ready) == 2


def test_a_large_loop_is_made_in_slices() -> None:
    items = {"raw": str(list(range(1000)))}
    loop = task(component="body", parameterIterator={"items": items, "itemInput": "item"})
    plan = Plan(pipeline({"loop": loop}, {"body": {"dag": {"tasks": {"a": task()}}}}))

    plan.start({}, 0)

    assert len(plan.nodes) < 100
    while plan.grows:
        before = len(plan.nodes)
        plan.grow(0)
        assert before < len(plan.nodes) < before + 100
    assert len(plan.nodes) == 2002


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[CompiledPipeline, set[str]]:
    """Generate random DAGs with loops, conditions, exit tasks, nesting and retries, and the failing tasks."""
    components: dict[str, Any] = {}
    fails: set[str] = set()
    count = 0

    def dag(depth: int) -> dict[str, Any]:
        nonlocal count
        tasks: dict[str, Any] = {}
        for _ in range(draw(st.integers(0 if depth else 1, 4))):
            count += 1
            name = f"t{count}"
            more: dict[str, Any] = {}
            after = draw(st.lists(st.sampled_from(sorted(tasks)), unique=True)) if tasks else []
            if draw(st.integers(0, 4)) == 0:
                conditions = st.sampled_from(["1 == 1", "1 == 2", "inputs.parameter_values['no'] == 1"])
                more["triggerPolicy"] = {"condition": draw(conditions)}
            if after and draw(st.integers(0, 4)) == 0:
                more["triggerPolicy"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
            kind = draw(st.sampled_from(["code", "code", "code", "dag", "loop"])) if depth < 3 else "code"
            if kind == "code":
                more["retryPolicy"] = {"maxRetryCount": draw(st.integers(0, 2))}
                if draw(st.integers(0, 5)) == 0:
                    fails.add(name)
                tasks[name] = task(*after, **more)
                continue
            components[f"comp-{name}"] = {"dag": {"tasks": dag(depth + 1)}}
            if kind == "loop":
                items = "[" + ",".join("1" * draw(st.integers(0, 3))) + "]"
                more["parameterIterator"] = {"items": {"raw": items}, "itemInput": "item"}
                more["iteratorPolicy"] = {"parallelismLimit": draw(st.integers(0, 2))}
            tasks[name] = task(*after, component=f"comp-{name}", **more)
        return tasks

    return pipeline(dag(0), components), fails


def decides(node: TaskNode) -> bool:
    """Whether a failure of `node` is one of the DAG around it; that of an exit task is not."""
    siblings = node.parent.children.values() if node.parent else ()
    needed = any(
        node.name in one.spec.upstream and not one.spec.trigger_policy.after_failure for one in siblings
    )
    return node.type is TaskType.LOOP_ITERATION or needed or not node.spec.trigger_policy.after_failure


def assert_right(simulation: Simulation) -> None:
    """Assert that everything has ended, and that the state of each DAG follows from its tasks."""
    plan = simulation.plan
    assert plan.over
    assert not plan.ready
    for node in plan.nodes.values():
        assert node.state.final, node.path
        if any(child.state is State.FAILED and decides(child) for child in node.children.values()):
            assert node.state is State.FAILED, node.path
        elif node.children and not plan.cancelling:
            assert node.state is State.SUCCEEDED, node.path
    attempts = {path: simulation.order.count(path) for path in simulation.order}
    assert all(number <= plan.nodes[path].max_attempts for path, number in attempts.items())


@settings(max_examples=150)
@given(pipelines(), st.randoms(use_true_random=False))
def test_random_pipelines_end_as_they_should(
    made: tuple[CompiledPipeline, set[str]], chance: random.Random
) -> None:
    simulation = Simulation(*made, chance)
    simulation.plan.start({}, 0)

    simulation.run()

    assert_right(simulation)
    done = [path for path in simulation.order if simulation.plan.nodes[path].state is State.SUCCEEDED]
    assert len(done) == len(set(done)) or made[1]


@settings(max_examples=100)
@given(pipelines(), st.randoms(use_true_random=False), st.lists(st.integers(0, 15), max_size=4))
def test_restarts_change_nothing(
    made: tuple[CompiledPipeline, set[str]], chance: random.Random, stops: list[int]
) -> None:
    undisturbed = Simulation(*made, random.Random(0))
    undisturbed.plan.start({}, 0)
    undisturbed.run()
    simulation = Simulation(*made, chance)
    simulation.plan.start({}, 0)

    for steps in stops:
        simulation.run(steps)
        simulation.restart()
    simulation.run()

    assert_right(simulation)
    ends = [{path: node.state for path, node in one.plan.nodes.items()} for one in (undisturbed, simulation)]
    assert ends[0] == ends[1]


@settings(max_examples=100)
@given(pipelines(), st.randoms(use_true_random=False), st.integers(0, 15), st.booleans())
def test_cancel_ends_everything(
    made: tuple[CompiledPipeline, set[str]], chance: random.Random, steps: int, restarts: bool
) -> None:
    simulation = Simulation(*made, chance)
    simulation.plan.start({}, 0)
    simulation.run(steps)
    started, running = len(simulation.order), {node.path for node in simulation.running}
    if restarts:
        simulation.restart()

    stopping = simulation.plan.cancel("stopped", 99)
    assert {node.path for node in stopping} == running
    simulation.run()

    assert_right(simulation)
    assert len(simulation.order) == started


@pytest.mark.parametrize(
    "retry",
    [
        {"maxRetryCount": 2, "backoffDuration": "soon"},
        {"maxRetryCount": 2, "backoffDuration": "9s", "backoffFactor": 1e300, "backoffMaxDuration": "9s"},
        {"maxRetryCount": -5},
    ],
)
def test_odd_retry_policies(retry: dict[str, Any]) -> None:
    assert simulate(pipeline({"a": task(retryPolicy=retry)}), {"a"}) == {"": F, "a": F}


def test_a_negative_limit_means_no_limit() -> None:
    loop = task(
        component="body",
        parameterIterator={"items": {"raw": "[1, 2]"}, "itemInput": "item"},
        iteratorPolicy={"parallelismLimit": -1},
    )

    assert simulate(pipeline({"loop": loop}, {"body": {"dag": {"tasks": {"a": task()}}}}))["loop"] == S
