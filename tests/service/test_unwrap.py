"""A run reads the same whether Argo wraps every node in a Retry (`shipped`) or not (`plain`)."""

from __future__ import annotations

import json

import msgspec
import pytest

from jupyter_kfp_mt.models import Run
from jupyter_kfp_mt.service.tasks.rows import read_task_plan, select_leaves
from jupyter_kfp_mt.service.tasks.unwrap import drop_attempts, unwrap
from jupyter_kfp_mt.service.tasks.workflow import Workflow, fold_tasks, list_steps, read_workflow
from tests.replay.recordings import CONFIGURATIONS, Moment, load_run, load_series, runs, series_names

BOTH = sorted(
    set(runs("plain")) & set(runs("shipped")) - {"bad-image"}
)  # one was recorded later than the other


def workflow_of(moment: Moment) -> Workflow:
    return read_workflow(moment.v1["pipeline_runtime"].get("workflow_manifest", "")) or Workflow()


def run_of(moment: Moment) -> Run:
    return msgspec.json.decode(json.dumps(moment.v2), type=Run)


def table_of(moment: Moment) -> list[tuple[str, ...]]:
    """Name, type, phase, attempts and place of each step, without what differs from run to run."""
    run = run_of(moment)
    workflow, reported_as = unwrap(workflow_of(moment))
    steps = list_steps(workflow, run.run_id, run.task_details, reported_as)
    names = {step.task.task_id: step.task.display_name for step in steps}
    rows = [
        (
            step.task.display_name,
            step.task.type,
            step.task.phase.value,
            str(step.task.attempt),
            names.get(step.task.parent_task_id, ""),
            "driver" if step.driver else "",
        )
        for step in steps
    ]
    return sorted(rows)


@pytest.mark.parametrize("name", BOTH)
def test_a_run_has_the_same_steps_in_both_configurations(name: str) -> None:
    assert table_of(load_run("plain", name)) == table_of(load_run("shipped", name))


@pytest.mark.parametrize("name", BOTH)
def test_task_details_alone_fold_to_the_same_tasks(name: str) -> None:
    plain, shipped = (
        sorted(
            (task.display_name, task.state) for task in fold_tasks(drop_attempts(run_of(run).task_details))
        )
        for run in (load_run("plain", name), load_run("shipped", name))
    )
    assert plain == shipped


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize("name", ["broken", "digits", "flow", "hello"])
def test_folded_tasks_are_those_of_the_pipeline(configuration: str, name: str) -> None:
    run = run_of(load_run(configuration, name))
    plan = read_task_plan(run.pipeline_spec)
    folded = {task.display_name for task in fold_tasks(drop_attempts(run.task_details))}
    assert plan.names <= folded
    assert not any(part in each for each in folded for part in ("(0)", "driver", "executor"))
    assert {task.display_name for task in select_leaves(run.task_details, plan)} == plan.names


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize("name", series_names("plain"))
def test_no_moment_of_a_run_shows_a_part_of_a_task(configuration: str, name: str) -> None:
    recorded = load_series(configuration, name)
    moments = [recorded.at(change.at) for change in recorded.changes if change.kind == "v1"]
    tables = [table_of(moment) for moment in moments]
    assert tables[-1]
    for table in tables:
        for row in table:
            assert "(0)" not in row[0]
            assert row[0] not in ("root", "executor")
            assert not row[0].endswith("-driver")


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_every_step_has_the_id_that_kfp_reports(configuration: str) -> None:
    for name in runs(configuration):
        run = run_of(moment := load_run(configuration, name))
        workflow, reported_as = unwrap(workflow_of(moment))
        ids = {step.task.task_id for step in list_steps(workflow, run.run_id, run.task_details, reported_as)}
        known = {task.task_id for task in run.task_details}
        assert ids <= known, name


@pytest.mark.parametrize("name", runs("shipped"))
def test_each_pod_of_a_wrapped_run_is_found_by_its_name(name: str) -> None:
    moment = load_run("shipped", name)
    run = run_of(moment)
    workflow, _ = unwrap(workflow_of(moment))
    pods = {
        attempt.pod
        for step in list_steps(workflow, run.run_id)
        for attempt in (*step.attempts, *([step.driver] if step.driver else []))
    }
    if moment.pods:
        assert pods <= set(moment.pods)
