from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from jupyter_kfp_mt.models import ChildTask, Phase, RunDetails, Task
from jupyter_kfp_mt.service.tasks.workflow import RunStep, Workflow, fold_tasks, list_steps, read_workflow
from tests.service.argo import DAG_DRIVER, DRIVER, EXECUTOR, IMPL, WORKFLOW, Manifest, node_id

RECORDED = json.loads((Path(__file__).parent / "data/task_details.json").read_text())


def by_name(workflow: Workflow, reported: tuple[Task, ...] = ()) -> dict[str, RunStep]:
    return {step.task.name: step for step in list_steps(workflow, "run", reported)}


def test_a_component_is_one_task_with_the_pod_that_ran_it() -> None:
    workflow = (
        Manifest()
        .task("root.load")
        .task("root.train", "Failed", message="Error (exit code 1)", exit_code=1)
        .read()
    )
    steps = list_steps(workflow, "run")
    assert [(step.task.name, step.task.state) for step in steps] == [
        ("load", "SUCCEEDED"),
        ("train", "FAILED"),
    ]
    (attempt,) = steps[1].attempts
    assert attempt.pod == f"{WORKFLOW}-system-container-impl-{attempt.node_id.rpartition('-')[2]}"
    assert steps[1].driver is not None
    assert "-system-container-driver-" in steps[1].driver.pod
    assert (steps[1].task.exit_code, steps[1].task.reason) == (1, "Error (exit code 1)")


def test_attempts_come_in_their_order() -> None:
    manifest = (
        Manifest().add("root.a-driver", DRIVER, "Succeeded").add("root.a", f"retry-{EXECUTOR}", "Failed")
    )
    tries = ["root.a.executor(10)", "root.a.executor(2)", "root.a.executor(0)"]
    manifest.add(
        "root.a.executor",
        f"retry-{IMPL}",
        "Failed",
        kind="Retry",
        message="No more retries left",
        children=tries,
    )
    for name in tries:
        manifest.add(
            name, f"retry-{IMPL}", "Failed", kind="Pod", message=f"{name}: Error (exit code 3)", exit_code=3
        )
    step = by_name(manifest.read())["a"]
    assert [attempt.message.partition(":")[0] for attempt in step.attempts] == tries[::-1]
    assert (step.task.attempt, step.task.exit_code) == (3, 3)


def test_a_driver_that_failed_fails_its_task() -> None:
    message = "Error (exit code 1): failed to get secret"
    manifest = (
        Manifest().add("root.a-driver", DRIVER, "Failed", message=message).add("root.a", EXECUTOR, "Omitted")
    )
    step = by_name(manifest.read())["a"]
    assert (step.task.phase, step.task.reason, step.message) == (Phase.FAILED, message, message)
    assert step.attempts == ()


def test_a_task_whose_result_was_taken_from_the_cache_has_no_pod() -> None:
    manifest = (
        Manifest("Succeeded").add("root.a-driver", DRIVER, "Succeeded").add("root.a", EXECUTOR, "Succeeded")
    )
    manifest.add(
        "root.a.executor", IMPL, "Skipped", kind="Skipped", message="when 'true != true' evaluated false"
    )
    assert by_name(manifest.read())["a"].task.phase is Phase.CACHED


def test_what_a_condition_left_out_is_skipped() -> None:
    manifest = Manifest("Succeeded").add("root.condition-1-driver", DAG_DRIVER, "Succeeded")
    manifest.add("root.condition-1", "comp-condition-1", "Skipped", kind="Skipped")
    assert by_name(manifest.read())["condition-1"].task.phase is Phase.SKIPPED


def test_iterations_of_a_loop_are_numbered_and_hold_their_tasks() -> None:
    # given
    loop, first = "root.for-loop-1", "root.for-loop-1.iteration-iterations(0:1)"
    manifest = Manifest().add(loop, "comp-for-loop-1-for-loop-1-iterator", "Failed")
    manifest.add(f"{loop}.iteration-driver", DAG_DRIVER, "Succeeded")
    manifest.add(f"{loop}.iteration-iterations", "", "Failed", kind="TaskGroup")
    manifest.add(first, "comp-for-loop-1-iteration", "Failed")
    manifest.add(f"{first}.iteration-item-driver", DAG_DRIVER, "Succeeded")
    manifest.add(f"{first}.iteration-item", "comp-for-loop-1", "Failed")
    manifest.task(f"{first}.iteration-item.fit", "Failed", message="Error (exit code 1)", exit_code=1)
    # when
    steps = by_name(manifest.read())
    # then
    assert list(steps) == ["for-loop-1", "iteration-0", "fit"]
    assert [step.task.type for step in steps.values()] == ["LOOP", "LOOP_ITERATION", "RUNTIME"]
    assert steps["fit"].task.parent_task_id == steps["iteration-0"].task.task_id
    assert steps["iteration-0"].task.parent_task_id == steps["for-loop-1"].task.task_id
    assert steps["iteration-0"].attempts == ()


def test_an_exit_task_is_seen_and_its_hook_is_not() -> None:
    manifest = Manifest().add("root.exit-handler-1-driver", DAG_DRIVER, "Succeeded")
    manifest.add("root.exit-handler-1", "comp-exit-handler-1", "Failed")
    manifest.add("root.exit-handler-1.onExit", "exit-hook-root-clean", "Succeeded", inside="root")
    manifest.task("root.exit-handler-1.onExit.clean")
    steps = by_name(manifest.read())
    assert {name: step.task.type for name, step in steps.items()} == {
        "exit-handler-1": "EXIT_HANDLER",
        "clean": "RUNTIME",
    }


def test_an_importer_and_a_volume_are_tasks_of_one_pod() -> None:
    manifest = Manifest("Succeeded").add("root.importer", "system-importer", "Succeeded")
    manifest.add("root.createpvc", DRIVER, "Succeeded")
    steps = by_name(manifest.read())
    assert [(name, step.task.type, len(step.attempts)) for name, step in steps.items()] == [
        ("importer", "IMPORTER", 1),
        ("createpvc", "RUNTIME", 1),
    ]


def test_ids_are_those_that_kfp_reports() -> None:
    manifest = Manifest().task("root.a", "Failed")
    reported = Task(
        task_id="23b5315c", display_name="a", child_tasks=[ChildTask(pod_name=node_id("root.a.executor"))]
    )
    assert by_name(manifest.read(), (reported,))["a"].task.task_id == "23b5315c"
    assert by_name(manifest.read())["a"].task.task_id == node_id("root.a")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"status": {"nodes": []}}', "… omitted, 13737 characters"]
)
def test_what_is_no_workflow_is_none(text: str) -> None:
    assert read_workflow(text) is None


def test_a_workflow_that_nobody_has_seen_has_no_tasks() -> None:
    workflow = read_workflow('{"metadata":{"name":"hello-tpcxt","generateName":"hello-"}}')
    assert workflow is not None
    assert list_steps(workflow, "run") == []


def test_nodes_that_go_in_circles_end() -> None:
    manifest = Manifest().add("root.a", EXECUTOR, "Failed", kind="Retry", children=["root.a", "root.b"])
    manifest.add("root.b", EXECUTOR, "Failed", kind="Retry", children=["root.b", "root.a"], inside="root.b")
    assert isinstance(list_steps(manifest.read(), "run"), list)


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["what"])
def test_recorded_tasks_are_folded_to_those_of_the_pipeline(entry: dict[str, object]) -> None:
    details = msgspec.convert(entry["run_details"], RunDetails)
    names = {task.display_name for task in fold_tasks(details.task_details)}
    assert names <= {"a", "b", "c"}
    assert "a" in names


def test_a_component_that_is_called_driver_stays() -> None:
    names = [
        "root-driver",
        "test",
        "test-driver",
        "test-driver-driver",
        "test-driver",
        "executor",
        "executor(0)",
    ]
    folded = fold_tasks([Task(task_id=str(number), display_name=name) for number, name in enumerate(names)])
    assert sorted(task.display_name for task in folded) == ["test", "test-driver"]


def test_tasks_of_a_server_that_says_what_they_are_stay_as_they_are() -> None:
    tasks = [Task(display_name="executor", type="RUNTIME"), Task(display_name="root", type="DAG")]
    assert fold_tasks(tasks) == tasks
