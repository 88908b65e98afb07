"""Tasks, groups and times of recorded runs, through the service, in both configurations of Argo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.models import Phase, RunView
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS
from tests.replay.server import Pod, serve


@pytest.fixture(params=CONFIGURATIONS)
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster(request.param), tmp_path) as served:
        yield served


def service_of(pod: Pod) -> KfpService:
    settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
    return connect(settings=settings, environment=Environment(pod.variables, root=pod.root))


def view_of(pod: Pod, name: str) -> RunView:
    return service_of(pod).view_run(pod.cluster.add(name))


def test_groups_hold_their_tasks(pod: Pod) -> None:
    view = view_of(pod, "flow")
    names = {task.task_id: task.display_name for task in (*view.tasks, *view.groups)}
    held = {(task.display_name, names.get(task.parent_task_id, "")) for task in view.tasks}
    assert held == {
        ("items", "exit-handler-1"),
        ("say", "iteration-0"),
        ("say", "iteration-1"),
        ("ok", "condition-4"),
        ("bye", ""),
    }
    groups = sorted((group.display_name, group.type, group.phase.value) for group in view.groups)
    assert groups == [
        ("condition-4", "CONDITION", "SKIPPED"),
        ("condition-4", "CONDITION", "SUCCEEDED"),
        ("exit-handler-1", "EXIT_HANDLER", "SUCCEEDED"),
        ("for-loop-3", "LOOP", "SUCCEEDED"),
        ("iteration-0", "LOOP_ITERATION", "SUCCEEDED"),
        ("iteration-1", "LOOP_ITERATION", "SUCCEEDED"),
    ]


def test_a_terminated_run_has_canceled_tasks(pod: Pod) -> None:
    view = view_of(pod, "terminated")
    phases = {task.display_name: task.phase for task in view.tasks}
    assert view.run.phase is Phase.CANCELED
    assert phases == {"sleepy": Phase.CANCELED, "work": Phase.SKIPPED}


def test_the_time_of_a_running_task_goes_on(pod: Pod) -> None:
    run_id = pod.cluster.start("digits")
    pod.cluster.advance(25)
    service = service_of(pod)
    running = [task for task in service.tasks(run_id) if task.phase is Phase.RUNNING]
    assert [task.display_name for task in running] == ["load"]
    assert all(task.start_time and task.end_time is None for task in running)


def test_a_task_that_was_skipped_has_no_start(pod: Pod) -> None:
    view = view_of(pod, "broken")
    assert [(task.name, task.start_time is None) for task in view.tasks] == [
        ("check", False),
        ("load", False),
        ("train", True),
    ]


def test_a_run_that_has_ended_is_not_shown_with_the_tasks_of_a_moment_ago(pod: Pod) -> None:
    run_id = pod.cluster.start("broken")
    pod.cluster.advance(35)
    service = service_of(pod)
    assert service.view_run(run_id).run.phase is Phase.RUNNING
    pod.cluster.advance(100)
    phases = {task.name: task.phase for task in service.view_run(run_id).tasks}
    assert phases == {"check": Phase.SUCCEEDED, "load": Phase.FAILED, "train": Phase.SKIPPED}
