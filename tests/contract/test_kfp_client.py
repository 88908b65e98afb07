"""The official client, unchanged: what its scripts do on a cluster they do here.

No postponed annotations: kfp reads the real types of a component.
"""

from pathlib import Path
from typing import Any

import pytest

import jupyter_kfp_mt
from tests.contract.conftest import Served

kfp = pytest.importorskip("kfp")

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
HELLO = str(Path(jupyter_kfp_mt.__file__).parent / "example" / "hello.yaml")


@pytest.fixture
def client(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("kfp.client.Client._LOCAL_KFP_CONTEXT", str(tmp_path / "context.json"))
    credentials = kfp.client.ServiceAccountTokenVolumeCredentials(str(served.token_file("alice")))
    return kfp.Client(host=served.url, namespace="alice", credentials=credentials)


@pytest.fixture
def of_bob(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("kfp.client.Client._LOCAL_KFP_CONTEXT", str(tmp_path / "context.json"))
    credentials = kfp.client.ServiceAccountTokenVolumeCredentials(str(served.token_file("bob")))
    return kfp.Client(host=served.url, namespace="bob", credentials=credentials)


def test_a_script_creates_an_experiment_runs_a_package_and_waits(client: Any) -> None:
    experiment = client.create_experiment("from the sdk", namespace="alice")
    run = client.run_pipeline(
        experiment.experiment_id, "a job", pipeline_package_path=HELLO, params={"name": "ana"}
    )
    ended = client.wait_for_run_completion(run.run_id, timeout=60, sleep_duration=0.2)
    assert (ended.state, ended.display_name) == ("SUCCEEDED", "a job")
    assert [entry.state for entry in ended.state_history] == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert ended.runtime_config.parameters == {"name": "ana"}
    assert {task.display_name for task in ended.run_details.task_details} >= {"say-hello", "count-letters"}


def test_runs_are_listed_by_namespace_experiment_and_filter(client: Any) -> None:
    experiment = client.create_experiment("listing", namespace="alice")
    for number in range(3):
        client.run_pipeline(experiment.experiment_id, f"run {number}", pipeline_package_path=HELLO)
    first = client.list_runs(experiment_id=experiment.experiment_id, page_size=2, sort_by="created_at desc")
    rest = client.list_runs(
        experiment_id=experiment.experiment_id,
        page_size=2,
        sort_by="created_at desc",
        page_token=first.next_page_token,
    )
    assert [run.display_name for run in [*first.runs, *rest.runs]] == ["run 2", "run 1", "run 0"]
    assert (first.total_size, rest.next_page_token) == (3, None)
    wanted = (
        '{"predicates": [{"operation": 1, "key": "display_name", "stringValue": "run 1"},'
        ' {"operation": 1, "key": "storage_state", "stringValue": "AVAILABLE"}]}'
    )
    found = client.list_runs(namespace="alice", filter=wanted)
    assert [run.display_name for run in found.runs] == ["run 1"]


def test_a_run_is_archived_terminated_and_deleted(client: Any) -> None:
    experiment = client.create_experiment("ends", namespace="alice")
    run = client.run_pipeline(experiment.experiment_id, "to end", pipeline_package_path=HELLO)
    client.wait_for_run_completion(run.run_id, timeout=60, sleep_duration=0.2)
    client.archive_run(run.run_id)
    assert client.get_run(run.run_id).storage_state == "ARCHIVED"
    client.unarchive_run(run.run_id)
    with pytest.raises(Exception, match="Row not found"):
        client.terminate_run(run.run_id)
    client.delete_run(run.run_id)
    with pytest.raises(Exception, match="not found"):
        client.get_run(run.run_id)


def test_create_experiment_returns_the_one_that_is_there(client: Any) -> None:
    made = client.create_experiment("twice", description="first", namespace="alice")
    again = client.create_experiment("twice", namespace="alice")
    assert again.experiment_id == made.experiment_id
    assert client.get_experiment(experiment_name="twice", namespace="alice").description == "first"
    client.archive_experiment(made.experiment_id)
    client.unarchive_experiment(made.experiment_id)
    client.delete_experiment(made.experiment_id)


def test_a_private_pipeline_gets_versions_and_runs_from_them(client: Any) -> None:
    pipeline = client.upload_pipeline(HELLO, "private one", description="d", namespace="alice")
    version = client.upload_pipeline_version(HELLO, "v2", pipeline_id=pipeline.pipeline_id)
    names = [each.name for each in client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions]
    assert sorted(names) == ["private one", "v2"]
    assert client.get_pipeline_id("private one") is None  # the client looks among shared ones only
    run = client.run_pipeline(
        client.create_experiment("versions", namespace="alice").experiment_id,
        "from a version",
        pipeline_id=pipeline.pipeline_id,
        version_id=version.pipeline_version_id,
    )
    assert run.pipeline_version_reference.pipeline_version_id == version.pipeline_version_id
    client.delete_pipeline_version(pipeline.pipeline_id, version.pipeline_version_id)
    assert client.get_run(run.run_id).display_name == "from a version"


def test_a_shared_pipeline_is_found_by_name(client: Any, of_bob: Any) -> None:
    pipeline = client.upload_pipeline(HELLO, "shared one")
    assert of_bob.get_pipeline_id("shared one") == pipeline.pipeline_id
    assert of_bob.get_pipeline(pipeline.pipeline_id).display_name == "shared one"


def test_recurring_runs_are_made_switched_and_deleted(client: Any) -> None:
    experiment = client.create_experiment("schedules", namespace="alice")
    made = client.create_recurring_run(
        experiment.experiment_id,
        "nightly",
        cron_expression="0 0 3 * * *",
        pipeline_package_path=HELLO,
        enabled=False,
    )
    assert (made.status, made.trigger.cron_schedule.cron) == ("DISABLED", "0 0 3 * * *")
    client.enable_recurring_run(made.recurring_run_id)
    assert client.get_recurring_run(made.recurring_run_id).status == "ENABLED"
    client.disable_recurring_run(made.recurring_run_id)
    listed = client.list_recurring_runs(experiment_id=experiment.experiment_id)
    assert [each.display_name for each in listed.recurring_runs] == ["nightly"]
    client.delete_recurring_run(made.recurring_run_id)


def test_another_tenant_neither_sees_nor_touches(client: Any, of_bob: Any) -> None:
    experiment = client.create_experiment("mine", namespace="alice")
    run = client.run_pipeline(experiment.experiment_id, "mine", pipeline_package_path=HELLO)
    with pytest.raises(Exception, match="not authorized"):
        of_bob.list_runs(namespace="alice")
    for act in (of_bob.get_run, of_bob.delete_run, of_bob.terminate_run, of_bob.archive_run):
        with pytest.raises(Exception, match=f"Run {run.run_id} not found"):
            act(run.run_id)
    assert client.get_run(run.run_id).storage_state == "AVAILABLE"


def test_the_user_namespace_is_kept_in_the_context_file(client: Any, of_bob: Any) -> None:
    of_bob.set_user_namespace("bob")
    assert of_bob.get_user_namespace() == "bob"
    assert of_bob.list_runs().runs is None
    assert of_bob.get_kfp_healthz().multi_user is True


def test_a_function_becomes_a_run(client: Any, tmp_path: Path) -> None:
    @kfp.dsl.component
    def add(a: int, b: int) -> int:
        return a + b

    @kfp.dsl.pipeline(name="adder")
    def adder(a: int = 1) -> int:
        return add(a=a, b=2).output

    made = client.create_run_from_pipeline_func(adder, arguments={"a": 40}, namespace="alice")
    ended = made.wait_for_run_completion(timeout=90)
    assert ended.state == "SUCCEEDED"
