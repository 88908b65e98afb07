"""What the commands show of recorded runs: iterations, events, logs, and what a run waits for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.cli.terminal import Terminal
from jupyter_kfp_mt.commands import perform
from jupyter_kfp_mt.commands.session import Session
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.display import render_text
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.settings import KfpSettings
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS, Moment, load_run
from tests.replay.server import Pod, serve

PULL = "Its image cannot be pulled (registry.example.invalid/team/trainer:1.2). The registry does not answer."


class Shell:
    """A terminal in the pod of a replay cluster."""

    def __init__(self, pod: Pod) -> None:
        self.cluster = pod.cluster
        self.terminal = Terminal(json=False, quiet=False)
        settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
        environment = Environment(pod.variables, root=pod.root)
        self.session = Session(lambda **_: connect(settings=settings, environment=environment), self.terminal)

    def do(self, *words: str) -> Any:
        return perform(self.session, words)

    def show(self, *words: str) -> str:
        return render_text(self.do(*words))


def with_a_failed_iteration(configuration: str) -> Moment:
    """Return the recorded run of `flow` as if `say` had failed in the second iteration."""
    moment = load_run(configuration, "flow")
    workflow = json.loads(moment.v1["pipeline_runtime"]["workflow_manifest"])
    for node in workflow["status"]["nodes"].values():
        if "(1:1)" in node["name"] and re.search(r"\.say(\(0\))?(\.executor(\(0\))?)?$", node["name"]):
            node["phase"] = "Failed"
    moment.v1["pipeline_runtime"]["workflow_manifest"] = json.dumps(workflow)
    moment.v2["state"] = "FAILED"
    return moment


@pytest.fixture
def open_shell(tmp_path: Path) -> Iterator[Callable[[str], Shell]]:
    with ExitStack() as stack:
        yield lambda configuration: Shell(stack.enter_context(serve(ReplayCluster(configuration), tmp_path)))


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_task_in_a_loop_is_named_with_its_iteration(
    open_shell: Callable[[str], Shell], configuration: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = open_shell(configuration)
    run_id = shell.cluster.add("flow")
    listed = shell.do("tasks", run_id)
    assert [line.split("  ")[1] for line in render_text(listed).splitlines()[1:-1] if "say" in line] == [
        "say (iteration-0)",
        "say (iteration-1)",
    ]
    says = {row["iteration"]: task.task_id for task in listed if (row := listed.row(task))["name"] == "say"}
    view = shell.session.service().view_run(run_id)
    assert "say (iteration-0)" in render_text(view)
    shell.terminal.show_progress(view.run, lambda: view)
    assert "✓ say (iteration-1)" in capsys.readouterr().err
    with pytest.raises(KfpError) as caught:
        shell.do("logs", run_id, "say")
    assert caught.value.message == "“say” fits 2 tasks."
    assert (
        f"{says['iteration-0']} (iteration-0), {says['iteration-1']} (iteration-1)" in caught.value.next_step
    )
    assert shell.do("logs", run_id, says["iteration-1"]).task == "say"


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_events_are_in_order_with_their_counts(
    open_shell: Callable[[str], Shell], configuration: str
) -> None:
    shell = open_shell(configuration)
    run_id = shell.cluster.add("bad-image")
    events = shell.do("events", run_id, "noimg").events
    assert events[0].reason == "Scheduled"
    assert max(event.count for event in events) > 1
    (scheduled,) = (each for each in shell.do("events", shell.cluster.add("hello"), "say-hello").events[:1])
    assert scheduled.reason == "Scheduled"


def test_a_table_of_tasks_says_why_one_failed_or_waits(open_shell: Callable[[str], Shell]) -> None:
    shell = open_shell("plain")
    assert "file not found (data/raw.csv)" in shell.show("tasks", shell.cluster.add("broken"))
    assert "No node has a free GPU (" in shell.show("tasks", shell.cluster.add("wants-gpu"))


def test_an_event_that_goes_on_is_counted(open_shell: Callable[[str], Shell]) -> None:
    shell = open_shell("plain")
    last = shell.do("events", shell.cluster.add("wants-gpu")).events[-1]
    assert (last.reason, last.count > 100) == ("FailedScheduling", True)


def test_what_a_run_waits_for_is_said_by_each_command(
    open_shell: Callable[[str], Shell], capsys: pytest.CaptureFixture[str]
) -> None:
    shell = open_shell("shipped")
    run_id = shell.cluster.add("bad-image")
    assert PULL in shell.do("why", run_id)
    service = shell.session.service()
    assert PULL in render_text(service.view_run(run_id))
    for _ in range(2):
        shell.terminal.show_progress(service.get_run(run_id), lambda: service.view_run(run_id))
    assert capsys.readouterr().err.count(PULL) == 1


def test_before_the_first_task_the_driver_is_shown(
    open_shell: Callable[[str], Shell], capsys: pytest.CaptureFixture[str]
) -> None:
    shell = open_shell("plain")
    run_id = shell.cluster.start("broken")
    shell.cluster.advance(5)
    assert "Waiting for the first report" in shell.show("tasks", run_id)
    pod = shell.do("events", run_id)
    assert "system-dag-driver" in pod.pod
    assert [event.reason for event in pod.events][:2] == ["Scheduled", "Pulled"]
    assert "level=INFO" in shell.do("logs", run_id, "--tail", "3")
    assert capsys.readouterr().err == "No task has started yet.\n"


def test_a_run_without_tasks_says_why_it_has_none(
    open_shell: Callable[[str], Shell], capsys: pytest.CaptureFixture[str]
) -> None:
    shell = open_shell("plain")
    run_id = shell.cluster.add("no-account")
    assert "service account nosuch is not there" in shell.show("tasks", run_id)
    assert shell.do("logs", run_id) == ""
    assert "service account nosuch is not there" in capsys.readouterr().err


def test_the_log_of_a_task_from_the_cache_says_whose_it_is(open_shell: Callable[[str], Shell]) -> None:
    shell = open_shell("shipped")
    run_id = shell.cluster.add("hello-cached")
    assert shell.do("logs", run_id, "say-hello") == "say-hello was taken from the cache.\n"
    origin = shell.cluster.add("hello-archived")
    wanted = f"say-hello was taken from the cache. Its log is that of the same task in run {origin}.\n"
    assert shell.do("logs", run_id, "say-hello") == wanted


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_task_that_failed_in_an_iteration_is_named_with_it(
    open_shell: Callable[[str], Shell], configuration: str
) -> None:
    shell = open_shell(configuration)
    run_id = shell.cluster.put(with_a_failed_iteration(configuration))
    assert shell.do("why", run_id).startswith("Task say (iteration-1) ")
