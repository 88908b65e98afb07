"""The service on a real embedded server: a person's whole way, over HTTP, with real tasks."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

import jupyter_kfp_mt
from jupyter_kfp_mt.client import HttpTransport, Request, Response, Transport
from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.context import Context, Environment
from jupyter_kfp_mt.embedded import ensure_running, stop
from jupyter_kfp_mt.errors import KfpError, KfpNotFoundError, KfpRefusedError, RunFailed
from jupyter_kfp_mt.models import Phase, Run, Source, SourceKind, SubmitRequest
from jupyter_kfp_mt.owner import OwnerClient, is_served, read_runtime
from jupyter_kfp_mt.service import Journal, KfpService
from jupyter_kfp_mt.service.state.journal import Stage
from jupyter_kfp_mt.settings import KfpSettings
from tests.contract.packages import zipped
from tests.service.loops import nested

PIPELINES = Path(__file__).parents[2] / "notebooks" / "pipelines"
LAPTOP = Environment({}, Path("/no/such/root"), is_served=is_served)
WRITES = """
pipelineInfo: {name: writes}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
components:
  comp-write:
    executorLabel: exec-write
    outputDefinitions:
      artifacts: {data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}
deploymentSpec:
  executors:
    exec-write:
      container:
        image: python
        command: [sh, -c, 'mkdir -p "$(dirname "$0")"; echo kept > "$0"']
        args: ["{{$.outputs.artifacts['data'].path}}"]
root:
  dag:
    tasks:
      write: {componentRef: {name: comp-write}, taskInfo: {name: write}}
"""
TIMEOUT = 60


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> KfpSettings:
    return KfpSettings(data_dir=str(tmp_path_factory.mktemp("data") / "kfp"))


@pytest.fixture(scope="module")
def kfp(settings: KfpSettings) -> Iterator[KfpService]:
    said: list[str] = []
    service = connect(settings=settings, start_embedded=True, say=said.append, environment=LAPTOP)
    assert said == [f"Started the embedded server, namespace {service.namespace}, on this machine only."]
    yield service
    service.close()
    stop(Path(settings.data_dir))


@pytest.fixture(scope="module")
def hello(kfp: KfpService) -> Run:
    return kfp.wait(kfp.submit(PIPELINES / "hello.yaml", {"name": "Ana"}, cache="off"), timeout=TIMEOUT)


@pytest.fixture(scope="module")
def broken(kfp: KfpService) -> Run:
    run = kfp.submit(PIPELINES / "broken.yaml", name="broken one")
    with pytest.raises(RunFailed, match="broken one failed"):
        kfp.wait(run, timeout=TIMEOUT)
    return kfp.get_run(run)


def test_a_run_left_by_a_deleted_experiment_is_there_but_not_retried(kfp: KfpService) -> None:
    run = kfp.submit(PIPELINES / "broken.yaml", experiment="short-lived")
    with pytest.raises(RunFailed):
        kfp.wait(run, timeout=TIMEOUT)
    kfp.delete_experiment("short-lived")

    with pytest.raises(KfpError) as caught:
        kfp.retry(run)

    assert (caught.value.code, caught.value.why) == ("retry-refused", "Its experiment was deleted.")
    assert kfp.get_run(run).phase is Phase.FAILED


def test_nothing_is_started_unless_somebody_wants_it(tmp_path: Path) -> None:
    with pytest.raises(KfpError) as caught:
        connect(settings=KfpSettings(data_dir=str(tmp_path)), start_embedded=None, environment=LAPTOP)

    assert caught.value.code == "no-kubeflow"
    assert list(tmp_path.iterdir()) == []


def test_switched_off_is_off(tmp_path: Path) -> None:
    settings = KfpSettings(data_dir=str(tmp_path), embedded="off")

    with pytest.raises(KfpError, match="No Kubeflow Pipelines found"):
        connect(settings=settings, start_embedded=True, environment=LAPTOP)


def test_the_status_says_who_we_are_where_and_that_it_works(kfp: KfpService) -> None:
    status = kfp.status()

    assert (status.connected, status.embedded, status.multi_user, status.can_run) == (True, True, True, True)
    assert (status.identity, status.namespace) == ("default-editor", kfp.namespace)
    assert status.token_expires_at is not None


def test_a_viewer_may_not_run(kfp: KfpService, settings: KfpSettings, tmp_path: Path) -> None:
    runtime = read_runtime(Path(settings.data_dir))
    assert runtime is not None
    asked = {"account": "default-viewer", "seconds": 600}
    issued = OwnerClient(runtime, TIMEOUT).send("POST", "profiles", kfp.namespace, "tokens", body=asked)
    token = tmp_path / "token"
    token.write_text(json.loads(issued.body)["token"])
    viewer = KfpSettings(endpoint=kfp.context.endpoint, namespace=kfp.namespace, token_path=str(token))

    service = connect(settings=viewer, environment=LAPTOP)

    assert service.status().can_run is False
    service.close()


def test_a_run_succeeds_and_tells_what_it_made(kfp: KfpService, hello: Run) -> None:
    assert (hello.phase, hello.experiment_name, hello.namespace) == (
        Phase.SUCCEEDED,
        "Default",
        kfp.namespace,
    )
    assert [task.phase for task in kfp.tasks(hello)] == [Phase.SUCCEEDED] * 3
    assert kfp.outputs(hello)["say-hello"] == {"Output": "Hello, Ana!"}
    assert "Hello, Ana!" in kfp.logs(hello, "say-hello")


def test_the_view_has_parameters_and_the_pipeline(kfp: KfpService, hello: Run) -> None:
    view = kfp.view_run(hello)

    assert [(each.name, each.value, each.is_default) for each in view.parameters] == [("name", "Ana", False)]
    assert "pipelineInfo:" in view.spec
    assert (view.failure, view.lists_all_tasks) == (None, True)


def test_a_failure_is_explained_in_one_sentence(kfp: KfpService, broken: Run) -> None:
    why = kfp.why(broken)

    assert why is not None
    assert why.message == "Task load stopped: file not found (data/raw.csv)."
    assert (why.task, why.exit_code, broken.failed_task) == ("load", 1, "load")
    assert kfp.list_runs(state=["FAILED"])[0].failed_task == "load"


def test_the_row_of_the_failed_task_says_why_too(kfp: KfpService, broken: Run) -> None:
    (load,) = [task for task in kfp.view_run(broken).tasks if task.name == "load"]

    assert load.reason == "file not found (data/raw.csv)"


def test_a_run_is_found_by_what_people_write(kfp: KfpService, broken: Run) -> None:
    for reference in (broken.run_id, broken.run_id[:8], "broken one"):
        assert kfp.find_run(reference).run_id == broken.run_id


def test_lists_are_lists_and_tables(kfp: KfpService, hello: Run, broken: Run) -> None:
    found = kfp.list_runs(limit=1)

    assert (len(found), found.total_size >= 2) == (1, True)
    assert list(found.to_df().columns)[:3] == ["run_id", "display_name", "state"]


def test_a_run_is_archived_and_restored(kfp: KfpService, hello: Run) -> None:
    assert kfp.archive(hello).storage_state == "ARCHIVED"
    assert [run.run_id for run in kfp.list_runs(archived=True)] == [hello.run_id]
    assert kfp.restore(hello).storage_state == "AVAILABLE"


def test_a_deleted_run_is_not_there(kfp: KfpService) -> None:
    run = kfp.submit(PIPELINES / "hello.yaml")

    kfp.delete_run(run)

    with pytest.raises(KfpNotFoundError):
        kfp.get_run(run)


def test_a_pipeline_is_registered_and_run(kfp: KfpService) -> None:
    first = kfp.upload(PIPELINES / "hello.yaml", name="greet")
    second = kfp.upload(PIPELINES / "hello.yaml", name="greet", description="again")

    assert first.pipeline_id == second.pipeline_id == kfp.find_pipeline("greet").pipeline_id
    assert len(kfp.list_versions(first.pipeline_id)) == 2
    third = kfp.upload(PIPELINES / "hello.yaml", name="greet")
    assert (third.is_unchanged, third.pipeline_version_id) == (True, second.pipeline_version_id)
    assert len(kfp.list_versions(first.pipeline_id)) == 2
    run = kfp.submit(Source(kind=SourceKind.PIPELINE, pipeline_id=first.pipeline_id))
    assert run.pipeline_version_reference is not None
    assert kfp.wait(run, timeout=TIMEOUT).phase is Phase.SUCCEEDED
    assert kfp.view_run(run).parameters[0].value == "world"


def test_an_upload_is_named_and_shared_on_request(kfp: KfpService, tmp_path: Path) -> None:
    packed = tmp_path / "hello.zip"
    packed.write_bytes(zipped(("pipeline.yaml", (PIPELINES / "hello.yaml").read_bytes())))

    private = kfp.upload(packed, name="for-me", version="v1")
    shared = kfp.upload(packed, name="for-all", version="v1", shared=True)

    assert (private.display_name, shared.display_name) == ("v1", "v1")
    assert kfp.upload(packed, name="for-all", version="v1", shared=True).is_unchanged
    assert "for-all" not in [each.display_name for each in kfp.list_pipelines()]
    assert [each.display_name for each in kfp.list_pipelines(shared=True)] == ["for-all"]
    again = kfp.upload(packed, name="for-all", version="v2", shared=True)
    assert (again.pipeline_id, again.display_name) == (shared.pipeline_id, "v2")


def test_what_is_not_applied_on_this_machine_is_said_before_a_run(kfp: KfpService, tmp_path: Path) -> None:
    spec = yaml.safe_load((PIPELINES / "hello.yaml").read_text())
    executor = next(iter(spec["deploymentSpec"]["executors"].values()))["container"]
    executor |= {
        "image": "alpine:latest",
        "resources": {"accelerator": {"type": "nvidia.com/gpu", "count": "1"}},
    }
    file = tmp_path / "gpu.yaml"
    file.write_text(yaml.safe_dump(spec))

    found = kfp.inspect(file)

    image, gpu = found.warnings
    assert sorted(found.ignored) == ["pipeline_root", "service_account"]
    assert image.startswith("Image alpine:latest is not used here; the task runs in this Jupyter's Python 3.")
    assert re.fullmatch(r"The GPU request of \S+ is not applied here\.", gpu)
    assert kfp.inspect(PIPELINES / "hello.yaml").warnings == []


def test_the_example_greets_the_namespace(kfp: KfpService) -> None:
    source = Source(kind=SourceKind.EXAMPLE)

    assert kfp.inspect(source).pipeline.parameters[0].default == kfp.namespace
    run = kfp.wait(kfp.submit(source), timeout=TIMEOUT)
    assert kfp.outputs(run, "say-hello") == {"say-hello": {"Output": f"Hello, {kfp.namespace}!"}}


def test_another_namespace_is_refused_with_the_cure(kfp: KfpService) -> None:
    with pytest.raises(KfpRefusedError) as caught:
        kfp.in_namespace("team-b").list_runs()

    assert caught.value.message == "You may not list runs in team-b."
    share = f"jupyter kfp profiles share team-b {kfp.namespace} --role edit"
    assert (caught.value.code, caught.value.command) == ("forbidden", share)


def test_metrics_stand_side_by_side(kfp: KfpService, hello: Run) -> None:
    table = kfp.metrics([hello])

    assert [(row.display_name, row.metrics) for row in table] == [(hello.display_name, {})]


def test_a_view_tells_what_holds_the_tasks_beside_them(kfp: KfpService) -> None:
    run = kfp.wait(kfp.submit(nested, {}, cache="off"), timeout=TIMEOUT)
    view = kfp.view_run(run)
    held = {task.task_id: task.parent_task_id for task in view.groups}
    kinds = sorted(task.type for task in view.groups)
    assert kinds == ["CONDITION", "DAG", "DAG", "LOOP", "LOOP_ITERATION", "LOOP_ITERATION"]
    assert [task.name for task in view.tasks] == ["one", "one", "one"]
    turns = [held[task.parent_task_id] for task in view.tasks if task.parent_task_id in held]
    assert len(set(turns)) == 2


def test_a_row_names_the_task_that_failed_not_what_holds_it(kfp: KfpService) -> None:
    with pytest.raises(RunFailed):
        kfp.wait(kfp.submit(nested, {"turns": [1, 0]}, cache="off"), timeout=TIMEOUT)
    assert kfp.list_runs(limit=1)[0].failed_task == "one"


def test_an_unclear_submit_is_settled_after_the_server_came_back_on_another_port(tmp_path: Path) -> None:
    # given
    settings = KfpSettings(data_dir=str(tmp_path / "kfp"))
    before = connect(settings=settings, start_embedded=True, environment=LAPTOP)
    run = before.start_run(SubmitRequest(source=Source(kind=SourceKind.EXAMPLE), submit_key="one press"))
    before.close()
    stop(tmp_path / "kfp")
    journal = Journal(tmp_path / "kfp/journal.sqlite")
    journal.settle(run.run_id, Stage.UNCLEAR)
    # when
    ensure_running(tmp_path / "kfp", port=free_port())
    after = connect(settings=settings, start_embedded=False, environment=LAPTOP)
    # then
    assert after.context.endpoint != before.context.endpoint
    assert after.settle() is None
    known = journal.find(run.run_id)
    assert known is not None
    assert known.stage is Stage.ACCEPTED
    assert [row.run_id for row in after.list_runs()] == [run.run_id]
    journal.close()
    after.close()
    stop(tmp_path / "kfp")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Elsewhere:
    """A transport to a server whose files this process cannot see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: Request[Any]) -> Response:
        response = self._transport.send(request)
        return msgspec.structs.replace(
            response, body=response.body.replace(b'"uri":"/', b'"uri":"/elsewhere/')
        )

    def in_context(self, context: Context) -> Elsewhere:
        return Elsewhere(self._transport.in_context(context))

    def close(self) -> None:
        self._transport.close()


def test_the_server_hands_out_files_that_are_out_of_reach(kfp: KfpService, tmp_path: Path) -> None:
    pipeline = tmp_path / "writes.yaml"
    pipeline.write_text(WRITES, encoding="utf-8")
    run = kfp.wait(kfp.submit(pipeline), timeout=TIMEOUT)
    service = KfpService(kfp.context, Elsewhere(HttpTransport(kfp.context)))

    saved, failed = service.save_outputs(run, folder=tmp_path / "saved")

    assert service.outputs(run)["write"]["data"].startswith("/elsewhere/")
    assert (saved, failed) == ([tmp_path / "saved" / "write" / "data"], [])
    assert saved[0].read_text() == "kept\n"


def test_the_files_of_artifacts_are_saved(kfp: KfpService, tmp_path: Path) -> None:
    pipeline = tmp_path / "writes.yaml"
    pipeline.write_text(WRITES, encoding="utf-8")
    run = kfp.wait(kfp.submit(pipeline), timeout=TIMEOUT)

    saved, failed = kfp.save_outputs(run, folder=tmp_path / "saved")

    assert (saved, failed) == ([tmp_path / "saved" / "write" / "data"], [])
    assert saved[0].read_text() == "kept\n"


def test_tab_offers_what_people_use_and_wrong_states_raise(kfp: KfpService) -> None:
    offered = [name for name in dir(kfp) if not name.startswith("_")]
    assert {"submit", "wait", "logs", "list_runs", "outputs", "metrics", "why", "restore"} <= set(offered)
    assert all(hasattr(kfp, name) for name in offered)
    assert not {"on_behalf", "restart_notebook", "page_runs", "pod", "settle"} & set(offered)
    assert dir(jupyter_kfp_mt) == ["__version__", "connect"]
    assert kfp.list_runs(state="running", search="no-such-name") == []
    with pytest.raises(KfpError, match="“BAD” is not a state"):
        kfp.list_runs(state=["bad"])
