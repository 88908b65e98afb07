"""The replay cluster itself: what is recorded is what it answers, and time passes only on request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS, load_run, runs, series_names
from tests.replay.server import Pod, serve


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster("plain"), tmp_path) as served:
        yield served


def service_of(pod: Pod) -> KfpService:
    settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
    return connect(settings=settings, environment=Environment(pod.variables, root=pod.root))


def test_both_configurations_have_runs_and_series() -> None:
    assert all({"broken", "digits", "flow", "oom"} <= set(runs(each)) for each in CONFIGURATIONS)
    assert {tuple(series_names(each)) for each in CONFIGURATIONS} == {("broken", "digits", "flow", "sleeper")}


def test_a_recorded_run_is_listed_with_its_state(pod: Pod) -> None:
    run_id = pod.cluster.add("broken")
    (run,) = service_of(pod).list_runs()
    assert (run.run_id, run.state) == (run_id, load_run("plain", "broken").v2["state"])


def test_a_started_run_moves_only_when_time_passes(pod: Pod) -> None:
    run_id = pod.cluster.start("digits", display_name="mine")
    service = service_of(pod)
    states = [service.get_run(run_id).state]
    for seconds in (0, 10, 200):
        pod.cluster.advance(seconds)
        states.append(service.get_run(run_id).state)
    assert states == ["PENDING", "PENDING", "RUNNING", "SUCCEEDED"]
    assert service.get_run(run_id).display_name == "mine"


def test_two_runs_of_one_recording_share_no_pod(pod: Pod) -> None:
    for _ in range(2):
        pod.cluster.start("sleeper")
    pod.cluster.advance(200)
    first, second = pod.cluster.moments().values()
    assert first.pods
    assert not set(first.pods) & set(second.pods)


def test_an_account_has_the_rights_that_were_recorded(pod: Pod) -> None:
    pod.cluster.add("hello")
    pod.become("default")
    with pytest.raises(KfpError, match="may not"):
        service_of(pod).list_runs()


def test_the_file_of_certificates_may_come_from_the_environment(pod: Pod) -> None:
    run_id = pod.cluster.add("hello")
    settings = KfpSettings(data_dir=str(pod.root / "kfp"))
    (run,) = connect(settings=settings, environment=Environment(pod.variables, root=pod.root)).list_runs()
    assert run.run_id == run_id


@pytest.mark.parametrize(("named", "why"), [("", "certificate"), ("/gone.crt", "gone.crt is not there")])
def test_certificates_that_are_not_named_are_not_trusted(pod: Pod, named: str, why: str) -> None:
    variables = {**pod.variables, "KF_PIPELINES_SSL_SA_CERTS": named}
    settings = KfpSettings(data_dir=str(pod.root / "kfp"))
    with pytest.raises(KfpError, match="is not trusted") as caught:
        connect(settings=settings, environment=Environment(variables, root=pod.root)).list_runs()
    assert why in caught.value.why
