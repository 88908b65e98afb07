"""What the terminal shows of the outputs of recorded runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import cli, connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.settings import KfpSettings
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS
from tests.replay.refusals import DENIED
from tests.replay.server import Pod, serve
from tests.replay.store import serve_store

FILES = (("load", "testing"), ("load", "training"), ("train", "model"))
METRICS = {"accuracy": 0.9689, "f1": 0.9691}


@pytest.fixture(params=CONFIGURATIONS)
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster(request.param), tmp_path / "pod") as served:
        yield served


@pytest.fixture
def do(
    pod: Pod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str, str]]:
    """A terminal in the pod: the exit code and both outputs of a command."""
    for name, value in pod.settings(tmp_path).items():
        monkeypatch.setenv(f"JUPYTER_KFP_MT_{name.upper()}", value)

    def run(line: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(line.split(), environment=Environment(pod.variables, root=pod.root))
        return (code, *capsys.readouterr())

    return run


def test_the_terminal_shows_outputs_and_metrics(pod: Pod, do: Callable[[str], Any]) -> None:
    run_id = pod.cluster.add("digits")
    code, out, _ = do(f"outputs {run_id}")
    assert (code, out.splitlines()[4].split()) == (0, ["evaluate", "Output", "0.9689"])
    code, out, _ = do(f"metrics {run_id}")
    assert (code, out.splitlines()[0].split(), out.split()[5:7]) == (
        0,
        ["Run", "accuracy", "f1", "Id"],
        ["0.9689", "0.9691"],
    )
    _, out, _ = do(f"metrics {run_id} --json")
    assert json.loads(out)["metrics"][0]["metrics"] == pytest.approx(METRICS, abs=1e-4)


def test_tasks_of_a_loop_have_outputs_of_their_own(pod: Pod, do: Callable[[str], Any]) -> None:
    _, out, _ = do(f"outputs {pod.cluster.add('flow')} --json")
    assert json.loads(out) == {
        "items": {"Output": [1, 2, 3]},
        "say (iteration-0)": {"Output": 1},
        "say (iteration-1)": {"Output": 2},
        "ok (iteration-1)": {"Output": "two"},
    }


def test_the_terminal_says_why_there_are_no_outputs(pod: Pod, do: Callable[[str], Any]) -> None:
    pod.cluster.denied = {"pods/log"}
    run_id = pod.cluster.add("digits")
    code, _, told = do(f"outputs {run_id}")
    assert code
    assert "are not readable here." in told
    assert DENIED in told
    _, out, _ = do(f"metrics {run_id}")
    assert out == f"The metrics are not readable here. {DENIED}\n"


def test_files_of_artifacts_are_saved(pod: Pod, do: Callable[[str], Any], tmp_path: Path) -> None:
    run_id, folder = pod.cluster.add("digits"), tmp_path / "saved"
    _, out, _ = do(f"outputs {run_id} --json")
    uris = [json.loads(out)[task][name] for task, name in FILES]
    with serve_store({uri.removeprefix("minio:/"): uri.encode() for uri in uris}) as pod.cluster.store:
        code, out, _ = do(f"outputs {run_id} --save {folder}")
    places = [folder / task / name for task, name in FILES]
    assert (code, out.splitlines()) == (0, [str(place) for place in places])
    assert [place.read_text() for place in places] == uris
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(places)


def test_files_that_the_api_server_hands_out_need_no_store(
    pod: Pod, do: Callable[[str], Any], tmp_path: Path
) -> None:
    pod.become("default-viewer")
    pod.cluster.artifacts = {"model": b"\x00\xff"}
    run_id = pod.cluster.add("digits")
    code, out, _ = do(f"outputs {run_id} train --save {tmp_path / 'saved'}")
    assert (code, out.strip()) == (0, str(tmp_path / "saved/train/model"))
    assert (tmp_path / "saved/train/model").read_bytes() == b"\x00\xff"
    code, _, told = do(f"outputs {run_id} load --save {tmp_path / 'saved'}")
    assert code
    assert "No right to read secrets in alice." in told


def test_outside_of_the_cluster_the_page_of_kfp_hands_out_files(pod: Pod, tmp_path: Path) -> None:
    settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, namespace="alice")
    token = {"KF_PIPELINES_SA_TOKEN_PATH": "/var/run/secrets/kubeflow/pipelines/token"}
    service = connect(settings=settings, environment=Environment(token, root=pod.root))
    run_id = pod.cluster.add("digits")
    uri = service.outputs(run_id, "train")["train"]["model"]
    pod.cluster.pages = {f"/artifacts/{uri.replace('://', '/')}": b"weights"}
    saved, failed = service.save_outputs(run_id, folder=tmp_path / "saved")
    assert [path.read_bytes() for path in saved] == [b"weights"]
    assert {error.why for error in failed} == {"The keys of the store can only be read in the cluster."}
    assert failed[0].command.startswith("aws s3 cp s3://mlpipeline/")


def test_what_cannot_be_saved_is_there_to_be_copied(
    pod: Pod, do: Callable[[str], Any], tmp_path: Path
) -> None:
    run_id = pod.cluster.add("digits")
    with serve_store({}) as pod.cluster.store:
        code, _, told = do(f"outputs {run_id} train --save {tmp_path}")
        assert code
        assert "The file of model cannot be read here." in told
        assert "The store has no such object: it may be a folder, or be gone." in told
        line = f"aws s3 cp --endpoint-url http://{pod.cluster.store} s3://mlpipeline/private-artifacts/alice/"
        assert line in told
    pod.become("default-viewer")
    code, _, told = do(f"outputs {run_id} train --save {tmp_path}")
    assert "No right to read secrets in alice." in told
    assert not [path for path in tmp_path.rglob("*model*") if path.is_file()]


def test_a_folder_that_cannot_be_written_is_named(pod: Pod, do: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with serve_store({}) as pod.cluster.store:
        code, _, told = do(f"outputs {pod.cluster.add('digits')} --save {tmp_path / 'file'}")
    assert code
    assert f"Not a directory: {tmp_path / 'file'}" in told
