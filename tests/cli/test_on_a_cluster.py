"""The command line in a notebook's pod, as its accounts see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt import cli
from jupyter_kfp_mt.context import Environment
from tests.cli.outcome import Outcome
from tests.laptop import HELLO
from tests.replay.cluster import ReplayCluster
from tests.replay.server import Pod, serve


class Terminal:
    """A terminal in the pod."""

    def __init__(self, pod: Pod, capsys: pytest.CaptureFixture[str]) -> None:
        self.pod = pod
        self.folder = pod.root / "kfp"
        self._capsys = capsys

    def do(self, line: str) -> Outcome:
        self._capsys.readouterr()
        environment = Environment(self.pod.variables, root=self.pod.root)
        code = cli.main([*line.split(), "--data", str(self.folder)], environment=environment)
        return Outcome(code, *self._capsys.readouterr())


@pytest.fixture
def terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    with serve(ReplayCluster(), tmp_path) as pod:
        pod.cluster.add("hello")
        monkeypatch.setenv("JUPYTER_KFP_MT_CA_FILE", pod.ca_file)
        yield Terminal(pod, capsys)


@pytest.mark.parametrize(
    ("line", "message", "command"),
    [
        ("secrets list", "This is for the secrets of the embedded server.", "kubectl get secrets -n alice"),
        (
            "configmaps set db user=-",
            "This is for the config maps of the embedded server.",
            "kubectl create configmap db -n alice --from-literal=…",
        ),
        ("profiles list", "An administrator does this on a cluster.", "kubectl get profiles"),
        (
            "token alice",
            "An administrator does this on a cluster.",
            "kubectl create token default-editor -n alice --audience=pipelines.kubeflow.org --duration=7200s",
        ),
    ],
)
def test_what_the_embedded_server_has_of_its_own_does_not_start_it(
    terminal: Terminal, line: str, message: str, command: str
) -> None:
    outcome = terminal.do(f"{line} --json")
    assert (outcome.code, outcome.error["message"], outcome.error["command"]) == (4, message, command)
    assert not terminal.folder.exists()


def test_an_account_without_rights_may_not_look(terminal: Terminal) -> None:
    terminal.pod.become("default")
    outcome = terminal.do("")
    assert outcome.code == 4
    assert "alice as default (may not look)" in outcome.out
    assert "You may not list runs in alice." in outcome.out
    assert "failed today" not in outcome.out


def test_a_viewer_may_look_and_its_runs_are_counted(terminal: Terminal) -> None:
    terminal.pod.become("default-viewer")
    outcome = terminal.do("")
    assert outcome.code == 0
    assert "may not look" not in outcome.out
    assert "0 running, 0 failed today" in outcome.out


def test_an_upload_by_a_viewer_names_whom_to_ask(terminal: Terminal) -> None:
    terminal.pod.become("default-viewer")
    error = terminal.do(f"upload {HELLO} --json").error
    assert (error["code"], error["why"]) == (
        "upload-refused",
        "default-viewer may not create pipelines in alice.",
    )
    assert error["next"] == "Ask an owner of alice to run:"
    assert error["command"].endswith("--clusterrole=kubeflow-edit --serviceaccount=alice:default-viewer")
