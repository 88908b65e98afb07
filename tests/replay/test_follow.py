"""Following a run and its logs gives the same lines and the same end in both configurations of Argo."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.cli.terminal import Terminal
from jupyter_kfp_mt.commands import perform
from jupyter_kfp_mt.commands.session import Session
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.service.tasks.launcher import is_launcher_line
from jupyter_kfp_mt.settings import KfpSettings
from tests.fakes import ManualClock
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import load_run, runs
from tests.replay.server import serve

pytestmark = pytest.mark.slow  # each recorded pair is followed to its end

BOTH = sorted(set(runs("plain")) & set(runs("shipped")) - {"bad-image"})  # which was not ended in `shipped`
STARTED = [  # `sleeper` was taken from the cache in `shipped`
    ("broken", ""),
    ("broken", "load"),
    ("broken", "train"),
    ("digits", "evaluate"),
    ("flow", "ok"),
    ("flow", "bye"),
]
_OF_ONE_RECORDING = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # ids
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"  # times
    r"|/tmp/tmp\.\w+"
    r'|"name": "\d+"'  # of an artifact in KFP's store
)


class Followed(NamedTuple):
    """What a command that follows a run has written."""

    out: list[str]  # without the lines of Argo and the launcher
    err: list[str]  # without durations
    end: str  # the name of the task, or the error


Follow = Callable[..., Followed]


@pytest.fixture
def follow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Follow:
    """Perform a command on a run that was just started, or that has ended; waiting lets time pass."""

    def perform_on(configuration: str, name: str, verb: str, *words: str, ended: bool = False) -> Followed:
        clock, terminal = ManualClock(), Terminal(json=False, quiet=False)
        with serve(ReplayCluster(configuration, clock.monotonic), tmp_path / configuration) as pod:
            if ended:
                moment = load_run(configuration, name)
                moment.v2["display_name"] = "RUN"
                run_id = pod.cluster.put(moment)
            else:
                run_id = pod.cluster.start(name, display_name="RUN")
            settings = KfpSettings(**pod.settings(tmp_path))
            environment = Environment(pod.variables, root=pod.root)
            session = Session(
                lambda **_: connect(settings=settings, environment=environment, clock=clock),
                terminal,
                sleep=clock.sleep,
            )
            try:
                result = perform(session, [verb, run_id, *filter(None, words)])
                end = getattr(result, "task", "")
            except KfpError as error:
                end = f"{error.message} {error.why}"
        out, err = capsys.readouterr()
        own = [line for line in out.splitlines() if not is_launcher_line(line)]
        told = (re.sub(r"  \d.*", "", line) for line in err.splitlines())
        return Followed([_OF_ONE_RECORDING.sub("…", line) for line in own], sorted(told), end)

    return perform_on


@pytest.mark.parametrize(("name", "task"), STARTED)
def test_a_log_is_followed_to_the_same_lines(follow: Follow, name: str, task: str) -> None:
    plain, shipped = (follow(each, name, "logs", task, "--follow") for each in ("plain", "shipped"))
    assert plain == shipped
    assert plain.out or task == "train"  # which is skipped
    assert plain.end


def test_a_task_that_is_skipped_ends_the_following(follow: Follow) -> None:
    followed = follow("shipped", "broken", "logs", "train", "--follow")
    assert followed == Followed([], [], "There is no log. The task was skipped, so nothing ran.")


def test_a_task_of_another_pipeline_is_not_waited_for(follow: Follow) -> None:
    assert follow("plain", "digits", "logs", "trian", "--follow").end.endswith("Did you mean “train”?")


@pytest.mark.parametrize("name", sorted(set(BOTH) - {"oom", "terminated"}))  # killed at other lines
def test_the_log_of_an_ended_run_is_followed_to_the_same_lines(follow: Follow, name: str) -> None:
    plain, shipped = (follow(each, name, "logs", "--follow", ended=True) for each in ("plain", "shipped"))
    assert plain == shipped
    assert plain.end


@pytest.mark.parametrize("name", ["broken", "digits", "flow"])
def test_a_run_is_waited_for_to_the_same_end(follow: Follow, name: str) -> None:
    plain, shipped = (follow(each, name, "wait") for each in ("plain", "shipped"))
    assert plain == shipped
    assert plain.err


@pytest.mark.parametrize("name", BOTH)
def test_waiting_for_an_ended_run_ends_the_same(follow: Follow, name: str) -> None:
    plain, shipped = (follow(each, name, "wait", ended=True) for each in ("plain", "shipped"))
    assert plain == shipped
