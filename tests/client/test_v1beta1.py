"""Servers of Kubeflow ≤ 1.7: the same verbs, on an API whose v2beta1 half is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.client import AnyVersion, HttpTransport, Request, Response, filters, runs
from jupyter_kfp_mt.client.http import V2
from jupyter_kfp_mt.client.v1models import run_of
from jupyter_kfp_mt.client.v1requests import list_query
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError, KfpNotFoundError
from jupyter_kfp_mt.models import Phase, RunQuery, Source, SourceKind
from jupyter_kfp_mt.run_rules import ACTIVE
from jupyter_kfp_mt.service import KfpService
from tests.client.old_server import NO_ROUTE, Old
from tests.embedded.running import Running, running
from tests.fakes import HEALTH, FakeTransport, problem
from tests.pipeline_spec.pipelines import SIMPLE

TRAIN = Source(kind=SourceKind.TEXT, path="train.yaml", text=SIMPLE)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[tuple[KfpService, Old, Running]]:
    (tmp_path / "server").mkdir()
    with running(tmp_path / "server") as server:
        (tmp_path / "token").write_text(server.token("alice"))
        context = Context(server.url, "alice", credential=TokenFile(tmp_path / "token", server.url))
        transport = Old(HttpTransport(context))
        service = KfpService(context, AnyVersion(transport))
        yield service, transport, server
        service.close()


def test_a_run_is_started_listed_and_stopped(old: tuple[KfpService, Old, Running]) -> None:
    kfp, transport, _ = old

    run = kfp.submit(TRAIN, {"name": "x", "epochs": 3}, name="mine", description="why")

    assert (run.display_name, run.experiment_name, run.phase) == ("mine", "Default", Phase.PENDING)
    assert run.runtime_config is not None
    assert run.runtime_config.parameters == {"name": "x", "epochs": 3}
    assert [row.run_id for row in kfp.list_runs(search="min", state=["PENDING"])] == [run.run_id]
    assert kfp.find_run("mine").run_id == run.run_id
    assert [task.name for task in kfp.view_run(run).tasks] == []
    assert "name: train" in kfp.view_run(run).spec
    assert kfp.terminate(run).phase is Phase.CANCELING
    assert len([path for path in transport.paths if path.startswith(V2)]) == 2


def test_a_run_is_archived_restored_and_deleted(old: tuple[KfpService, Old, Running]) -> None:
    kfp, _, _ = old
    run = kfp.submit(TRAIN, {"name": "x"})

    assert kfp.archive(run).storage_state == "ARCHIVED"
    assert kfp.list_runs() == []
    assert kfp.restore(run).storage_state == "AVAILABLE"
    kfp.delete_run(run)
    with pytest.raises(KfpNotFoundError, match="No such run"):
        kfp.get_run(run)


def test_a_pipeline_is_registered_found_and_run(old: tuple[KfpService, Old, Running]) -> None:
    kfp, _, _ = old

    first = kfp.upload(TRAIN, name="train")
    second = kfp.upload(TRAIN, name="train")

    assert first.pipeline_id == second.pipeline_id == kfp.find_pipeline("train").pipeline_id
    assert len(kfp.list_versions(first.pipeline_id)) == 2
    version = Source(
        kind=SourceKind.PIPELINE,
        pipeline_id=first.pipeline_id,
        pipeline_version_id=first.pipeline_version_id,
    )
    run = kfp.submit(version, {"name": "x"})
    assert run.pipeline_version_reference is not None
    assert run.pipeline_version_reference.pipeline_version_id == first.pipeline_version_id


def test_another_namespace_is_refused_as_ever(old: tuple[KfpService, Old, Running]) -> None:
    kfp, _, _ = old

    with pytest.raises(KfpError) as caught:
        kfp.in_namespace("bob").list_runs()

    assert caught.value.code == "forbidden"


def test_status_names_the_version(old: tuple[KfpService, Old, Running]) -> None:
    status = old[0].status()

    assert (status.connected, status.multi_user, status.error) == (True, True, None)


def test_archived_ones_are_a_list_of_their_own(old: tuple[KfpService, Old, Running]) -> None:
    kfp, _, _ = old
    kept, gone = (kfp.submit(TRAIN, {"name": "x"}, name=name) for name in ("kept", "gone"))
    kfp.archive(gone)

    assert [row.display_name for row in kfp.list_runs(archived=True)] == ["gone"]
    assert [row.display_name for row in kfp.list_runs()] == ["kept"]
    assert [each.display_name for each in kfp.list_experiments()] == ["Default"]
    assert kfp.list_experiments(archived=True) == []
    assert kept.run_id != gone.run_id


def test_every_filter_and_order_finds_what_it_names(old: tuple[KfpService, Old, Running]) -> None:
    kfp, _, server = old
    states = ["RUNNING", "SUCCEEDED", "FAILED", "PENDING"]
    made = {state: kfp.submit(TRAIN, {"name": "x"}, name=f"{state} 100%_a+b") for state in states}
    for state, run in made.items():
        server.manager.store.runs.set_state(run.run_id, state)

    for state in states:
        assert [row.display_name for row in kfp.list_runs(state=[state])] == [made[state].display_name]
    assert len(kfp.list_runs(state=["RUNNING", "PENDING"])) == 2
    assert len(kfp.list_runs(search="100%_a+b")) == 4
    assert len(kfp.list_runs(search="100%ab")) == 0
    assert kfp.find_run(made["FAILED"].run_id[:8]).run_id == made["FAILED"].run_id
    assert len(kfp.list_runs(experiment="Default")) == 4
    names = [row.display_name for row in kfp.list_runs(sort_by="display_name asc")]
    assert names == sorted(names)
    page = kfp.page_runs(RunQuery(page_size=3))
    assert len(kfp.page_runs(RunQuery(page_size=3, page_token=page.next_page_token)).runs) == 1
    assert kfp.status(counts=True).running == 2


def test_a_newer_server_is_never_asked_in_v1beta1() -> None:
    fake = FakeTransport({("GET", f"{V2}/runs/r"): problem(404, 5, "Run r not found")})

    assert AnyVersion(fake).send(runs.get_run("r")).status == 404
    assert [request.path for request in fake.requests] == [f"{V2}/runs/r"]


def test_an_address_with_neither_version_is_a_wrong_address() -> None:
    fake = FakeTransport()
    for path in (f"{V2}/runs", f"{V2}/healthz", "/apis/v1beta1/healthz"):
        fake.answer("GET", path, NO_ROUTE)

    assert AnyVersion(fake).send(runs.list_runs("alice")) == NO_ROUTE


def test_a_newer_server_without_an_address_is_not_taken_for_an_old_one() -> None:
    fake = FakeTransport({("GET", "/apis/v1beta1/healthz"): HEALTH})
    fake.answer("GET", f"{V2}/runs/r/tasks", NO_ROUTE).answer("GET", f"{V2}/runs/r", {"run_id": "r"})
    either = AnyVersion(fake)

    assert either.send(runs.list_tasks("r")) == NO_ROUTE
    assert either.send(runs.get_run("r")).status == 200


def test_an_old_server_is_recognized_once_for_all_namespaces() -> None:
    health = FakeTransport({("GET", "/apis/v1beta1/healthz"): HEALTH, ("GET", "/apis/v1beta1/runs"): {}})
    old = Old(health)
    either = AnyVersion(old)

    for namespace in ("alice", "bob"):
        either.in_context(Context("http://kfp", namespace)).send(runs.list_runs(namespace))

    assert old.paths.count(f"{V2}/healthz") == 1


def test_two_first_calls_at_once_are_both_spoken_to_in_old_words() -> None:
    def meanwhile(_: Request[Any]) -> Response:
        calls.append(either.send(runs.list_runs("bob")))  # another thread is quicker
        return NO_ROUTE

    calls: list[Response] = []
    either = AnyVersion(
        FakeTransport(
            {
                ("GET", f"{V2}/runs"): (meanwhile, NO_ROUTE),
                ("GET", f"{V2}/healthz"): NO_ROUTE,
                ("GET", "/apis/v1beta1/healthz"): HEALTH,
                ("GET", "/apis/v1beta1/runs"): {},
            }
        )
    )

    calls.append(either.send(runs.list_runs("alice")))

    assert [each.status for each in calls] == [200, 200]


def test_what_an_old_server_cannot_do_is_said() -> None:
    fake = FakeTransport({("GET", "/apis/v1beta1/healthz"): HEALTH})
    fake.answer("GET", f"{V2}/runs/r/tasks", NO_ROUTE).answer("GET", f"{V2}/healthz", NO_ROUTE)

    with pytest.raises(KfpError) as caught:
        AnyVersion(fake).send(runs.list_tasks("r"))

    assert caught.value.code == "old-server"


def test_filters_and_orders_have_their_old_names() -> None:
    request = runs.list_runs(
        "alice",
        [
            {"operation": "EQUALS", "key": "storage_state", "string_value": "AVAILABLE"},
            {"operation": "IN", "key": "state", "string_values": {"values": ["FAILED", "CANCELED"]}},
        ],
        sort_by="display_name desc",
    )

    query = dict(list_query(request.query))

    assert query["sort_by"] == "name desc"
    assert json.loads(query["filter"])["predicates"] == [
        {"op": "NOT_EQUALS", "key": "storage_state", "string_value": "ARCHIVED"},
        {"op": "NOT_EQUALS", "key": "storage_state", "string_value": "STORAGESTATE_ARCHIVED"},
        {"op": "IN", "key": "status", "string_values": {"values": ["Error", "Failed"]}},
    ]


def test_active_runs_are_those_with_none_of_the_final_statuses() -> None:
    request = runs.list_runs("team-a", filters.in_phases(ACTIVE))

    sent = json.loads(dict(list_query(request.query))["filter"])["predicates"]

    assert {(each["op"], each["key"]) for each in sent} == {("NOT_EQUALS", "status")}
    assert [each["string_value"] for each in sent] == ["Succeeded", "Done", "Failed", "Error", "Skipped"]


def test_a_run_of_kfp_1_has_no_spec_and_its_parameters_as_text() -> None:
    source = {"workflow_manifest": "{}", "parameters": [{"name": "x", "value": "1"}]}

    run = run_of({"id": "r", "name": "n", "status": "Error", "pipeline_spec": source})

    assert (run["state"], run["runtime_config"]) == ("FAILED", {"parameters": {"x": "1"}})
    assert "pipeline_spec" not in run
