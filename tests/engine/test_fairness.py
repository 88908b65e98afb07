"""One tenant may have very much work: the runs of the others start meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_kfp_mt.run_rules import FINAL_STATES
from tests.engine.bench import Bench

ITEMS = 3000
ONE = {"componentRef": {"name": "one"}, "taskInfo": {"name": "one"}, "cachingOptions": {}}


def make_pipeline(command: list[str], tasks: dict[str, Any]) -> dict[str, Any]:
    return {
        "pipelineInfo": {"name": "p"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": tasks}},
        "components": {"one": {"executorLabel": "exec"}, "body": {"dag": {"tasks": {"one": ONE}}}},
        "deploymentSpec": {"executors": {"exec": {"container": {"image": "i", "command": command}}}},
    }


def make_loop(command: list[str]) -> dict[str, Any]:
    iterator = {"items": {"raw": str(list(range(ITEMS)))}, "itemInput": "item"}
    return {"componentRef": {"name": "body"}, "taskInfo": {"name": "loop"}, "parameterIterator": iterator}


def test_a_run_starts_while_a_loop_of_another_tenant_grows(make_bench: Callable[..., Bench]) -> None:
    bench, sleep = make_bench(tasks=2), ["sleep", "600"]
    large = bench.submit(make_pipeline(sleep, {"loop": make_loop(sleep)}), namespace="ana")
    small = bench.submit(make_pipeline(["true"], {"one": ONE}), namespace="bob")

    bench.until(lambda: bench.store.tasks.get(small, "one"))
    one = bench.store.tasks.get(small, "one")
    assert one is not None
    bench.until(lambda: any(row.created_at > one.created_at for row in bench.store.tasks.list_of_run(large)))

    bench.engine.terminate(large)
    assert bench.wait(large).state == "FAILED"
    assert bench.wait(small).state in FINAL_STATES


def test_a_run_that_waits_to_be_opened_can_be_terminated(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(tasks=1)
    runs = [bench.submit(make_pipeline(["sleep", "600"], {"one": ONE})) for _ in range(50)]
    bench.engine.stop()

    again = make_bench(tasks=1)
    for run_id in reversed(runs):
        again.engine.terminate(run_id)

    assert {again.wait(run_id).state for run_id in runs} == {"FAILED"}


def test_long_tasks_of_a_tenant_do_not_hold_up_another_one(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(tasks=1)
    long = [bench.submit(make_pipeline(["sleep", "600"], {"one": ONE}), namespace="ana") for _ in range(3)]
    bench.until(lambda: bench.store.tasks.get(long[0], "one"))

    small = bench.submit(make_pipeline(["true"], {"one": ONE}), namespace="bob")

    assert bench.wait(small).state == "SUCCEEDED"
    assert bench.run(long[1]).state == "RUNNING"
    assert [bench.tasks(run_id)["one"].attempt for run_id in long] == [1, 0, 0]
    for run_id in long:
        bench.engine.terminate(run_id)
