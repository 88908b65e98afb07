from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from jupyter_kfp_mt import display
from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.cli.documents import to_document
from jupyter_kfp_mt.client import Request, Response
from jupyter_kfp_mt.client.gateway_errors import timeout_error, unavailable_error
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError, KfpNotFoundError, RunFailed, RunTimeout
from jupyter_kfp_mt.models import NO_DETAILS, NO_SPEC, BulkVerb, Caution, Phase, RunQuery
from jupyter_kfp_mt.service import KfpService
from tests.context.pods import token
from tests.fakes import FakeTransport, ManualClock, ok, problem
from tests.service.stand_ins import CONTEXT, EXPERIMENTS, OURS, RUN_ID, RUNS, run, service

THEIRS = "22222222-2222-4222-8222-222222222222"
HEALTHZ = "/apis/v2beta1/healthz"
SPEC = {
    "root": {
        "dag": {"tasks": {"load": {"componentRef": {"name": "c"}}, "fit": {"componentRef": {"name": "c"}}}}
    },
    "components": {"c": {"executorLabel": "e"}},
}


def kfp(**values: Any) -> FakeTransport:
    """A server with one run in an experiment of alice."""
    ours = {"experiment_id": OURS, "display_name": "churn", "namespace": "alice"}
    fake = FakeTransport(
        {("GET", EXPERIMENTS): {"experiments": [ours]}, ("GET", f"{EXPERIMENTS}/{OURS}"): ours}
    )
    theirs = {"experiment_id": THEIRS, "display_name": "theirs", "namespace": "bob"}
    fake.answer("GET", f"{EXPERIMENTS}/{THEIRS}", theirs)
    fake.answer("GET", f"{RUNS}/{RUN_ID}", run(**values))
    return fake.answer("GET", RUNS, {"runs": [run(**values)], "total_size": 1})


def query(request: Request[Any]) -> dict[str, Any]:
    found = dict(request.query)
    predicates = json.loads(unquote(found.get("filter", '{"predicates":[]}')))["predicates"]
    return found | {"filter": [(each["operation"], each["key"], _value(each)) for each in predicates]}


def _value(predicate: dict[str, Any]) -> Any:
    one = predicate.get("string_value") or predicate.get("timestamp_value")
    return one or predicate["string_values"]["values"]


def test_rows_have_names_and_progress_and_no_spec() -> None:
    details = {
        "task_details": [{"display_name": "load", "state": "SUCCEEDED"}, {"display_name": "load-driver"}]
    }

    row = service(kfp(pipeline_spec=SPEC, run_details=details)).page_runs().runs[0]

    assert (row.namespace, row.experiment_name, row.phase) == ("alice", "churn", Phase.RUNNING)
    assert row.progress is not None
    assert (row.progress.done, row.progress.total) == (1, 2)
    assert (row.pipeline_spec, row.run_details) == (NO_SPEC, NO_DETAILS)


def test_a_failed_row_names_the_task_that_failed_first() -> None:
    tasks = [
        {"display_name": "fit", "state": "FAILED", "end_time": "2026-03-12T14:00:09Z"},
        {"display_name": "load", "state": "FAILED", "end_time": "2026-03-12T14:00:05Z"},
        {"display_name": "root", "state": "FAILED", "end_time": "2026-03-12T14:00:01Z"},
    ]

    row = service(kfp(state="FAILED", run_details={"task_details": tasks})).page_runs().runs[0]

    assert row.failed_task == "load"


def test_a_page_costs_one_call_for_all_experiments_and_then_none() -> None:
    fake = kfp()
    kfp_service = service(fake)

    kfp_service.page_runs()
    kfp_service.page_runs()

    assert [request.path for request in fake.requests].count(EXPERIMENTS) == 1
    assert len(fake.sent("GET", HEALTHZ)) == 1


def test_runs_are_listed_by_recurring_run_and_start() -> None:
    fake = kfp()
    since = datetime(2026, 3, 12, 1, tzinfo=timezone(timedelta(hours=1)))

    service(fake).page_runs(RunQuery(recurring_run_id=THEIRS, created_after=since))

    (asked,) = fake.sent("GET", RUNS)
    assert query(asked)["filter"][1:] == [
        ("EQUALS", "recurring_run_id", THEIRS),
        ("GREATER_THAN_EQUALS", "created_at", "2026-03-12T00:00:00Z"),
    ]


def test_runs_of_a_pipeline_are_sifted_out_of_several_pages() -> None:
    fake = kfp()
    wanted = {"pipeline_version_reference": {"pipeline_id": "p-1"}}
    pages = [
        {"runs": [run(), run(run_id="two", **wanted)], "total_size": 3, "next_page_token": "next"},
        {"runs": [run(run_id="three", **wanted)], "total_size": 3},
    ]
    fake.answer("GET", RUNS, *map(ok, pages))

    page = service(fake).page_runs(RunQuery(pipeline_id="p-1", page_size=10))

    assert ([row.run_id for row in page.runs], page.total_size) == (["two", "three"], 2)
    assert [query(request).get("page_token") for request in fake.sent("GET", RUNS)] == [None, "next"]


def test_a_terminated_run_is_canceled_and_no_failure() -> None:
    history = [{"state": "CANCELING"}, {"state": "FAILED"}]
    kfp_service = service(kfp(state="FAILED", state_history=history))

    assert kfp_service.list_runs(state=["FAILED"]) == []
    assert [each.phase for each in kfp_service.list_runs(state=["CANCELED"])] == [Phase.CANCELED]


def test_the_filter_is_what_was_asked_for() -> None:
    fake = kfp()

    service(fake).page_runs(
        RunQuery(state=["RUNNING", "PENDING"], search="50%", experiment_id=OURS, archived=True)
    )

    assert query(fake.sent("GET", RUNS)[0]) == {
        "namespace": "alice",
        "experiment_id": OURS,
        "page_size": "50",
        "sort_by": "created_at desc",
        "filter": [
            ("EQUALS", "storage_state", "ARCHIVED"),
            ("IN", "state", ["PENDING", "RUNNING", "RUNTIME_STATE_UNSPECIFIED"]),
            ("IS_SUBSTRING", "display_name", "50\\%"),
        ],
    }


@pytest.mark.parametrize(
    "run_id", ["", "../../etc", "a b", "ü", "x" * 64, "44444444-4444-4444-8444-444444444444"]
)
def test_unknown_and_malformed_ids_are_the_same_not_found(run_id: str) -> None:
    with pytest.raises(KfpNotFoundError) as caught:
        service(kfp()).get_run(run_id)

    assert caught.value.message == "No such run."
    assert caught.value.why == f"“{run_id}” does not exist in alice or is not yours to see."


@pytest.mark.parametrize(
    "verb", ["get_run", "terminate", "archive", "retry", "delete_run", "view_run", "why", "logs"]
)
def test_a_run_of_another_namespace_is_not_there(verb: str) -> None:
    fake = kfp(experiment_id=THEIRS)

    with pytest.raises(KfpNotFoundError, match="No such run"):
        getattr(service(fake), verb)(RUN_ID)

    assert not [request for request in fake.requests if request.method != "GET"]


def test_an_experiment_of_another_namespace_lists_nothing() -> None:
    fake = kfp()

    with pytest.raises(KfpNotFoundError, match="No such experiment"):
        service(fake).page_runs(RunQuery(experiment_id=THEIRS))

    assert not fake.sent("GET", RUNS)


def test_without_a_namespace_nothing_is_asked() -> None:
    with pytest.raises(KfpError) as caught:
        KfpService(Context("http://kfp:8888"), kfp()).list_runs()

    assert caught.value.code == "namespace-missing"


def test_a_server_for_one_user_is_asked_without_namespace() -> None:
    fake = FakeTransport({("GET", RUNS): {}}).answer("GET", "/apis/v2beta1/healthz", {"multi_user": False})

    assert KfpService(Context("http://kfp:8888", namespace="alice"), fake).list_runs() == []
    assert "namespace" not in dict(fake.sent("GET", RUNS)[0].query)


def test_a_start_of_an_id_finds_its_run() -> None:
    fake = kfp()

    assert service(fake).find_run("3333").run_id == RUN_ID
    assert query(fake.sent("GET", RUNS)[0])["filter"] == [("IS_SUBSTRING", "run_id", "3333")]


def test_a_name_that_two_runs_have_is_ambiguous() -> None:
    other = "55555555-5555-4555-8555-555555555555"
    fake = kfp().answer("GET", RUNS, {"runs": [run(), run(run_id=other)]})

    with pytest.raises(KfpError) as caught:
        service(fake).find_run("train")

    assert (caught.value.code, caught.value.message) == ("ambiguous", "“train” fits 2 runs.")
    assert "33333333 (train), 55555555 (train)" in caught.value.next_step


def test_last_is_the_newest() -> None:
    fake = kfp()

    assert service(fake).find_run("@last").run_id == RUN_ID
    assert query(fake.sent("GET", RUNS)[0])["sort_by"] == "created_at desc"


def test_terminate_is_safe_to_repeat() -> None:
    fake = kfp(state="CANCELING")

    assert service(fake).terminate(RUN_ID).phase is Phase.CANCELING
    assert not fake.sent("POST", f"{RUNS}/{RUN_ID}:terminate")


def test_only_what_failed_is_retried() -> None:
    with pytest.raises(KfpError) as caught:
        service(kfp(state="SUCCEEDED")).retry(RUN_ID)

    assert (caught.value.code, caught.value.why) == ("retry-refused", "It has succeeded.")


NO_EXPERIMENT = problem(404, 5, f"Experiment {OURS} not found")


@pytest.mark.parametrize(
    ("verb", "state", "code", "said"),
    [
        ("terminate", "RUNNING", "bad-input", "so it can no longer be terminated."),
        ("restore", "FAILED", "bad-input", "so it can no longer be restored."),
        ("retry", "FAILED", "retry-refused", "Its experiment was deleted."),
    ],
)
def test_a_run_left_by_a_deleted_experiment_says_so(verb: str, state: str, code: str, said: str) -> None:
    fake = kfp(state=state).answer("POST", f"{RUNS}/{RUN_ID}:{verb}", NO_EXPERIMENT)
    fake.answer("GET", f"{EXPERIMENTS}/{OURS}", NO_EXPERIMENT)

    with pytest.raises(KfpError) as caught:
        getattr(service(fake), verb)(RUN_ID)

    assert caught.value.code == code
    assert said in f"{caught.value.message} {caught.value.why}"


def test_a_deleted_experiment_is_not_found_after_its_runs_were_listed() -> None:
    fake = kfp().answer("GET", EXPERIMENTS, {}).answer("GET", f"{EXPERIMENTS}/{OURS}", NO_EXPERIMENT)
    ours = service(fake)
    assert [row.experiment_name for row in ours.list_runs()] == [""]

    with pytest.raises(KfpNotFoundError, match="No such experiment"):
        ours.get_experiment(OURS)


def test_a_404_of_a_verb_is_not_about_a_run_that_is_there() -> None:
    fake = kfp().answer("POST", f"{RUNS}/{RUN_ID}:terminate", problem(404, 5, "The moon is not here"))

    with pytest.raises(KfpError, match="unexpected") as caught:
        service(fake).terminate(RUN_ID)

    assert "The moon is not here" in caught.value.why


def test_a_run_that_went_while_it_was_to_be_terminated_is_gone() -> None:
    none = problem(404, 5, f"Run {RUN_ID} not found")
    fake = kfp().answer("POST", f"{RUNS}/{RUN_ID}:terminate", none)
    fake.answer("GET", f"{RUNS}/{RUN_ID}", run(), none)

    with pytest.raises(KfpNotFoundError, match="No such run"):
        service(fake).terminate(RUN_ID)


def test_a_running_run_is_terminated_before_it_is_deleted() -> None:
    fake = kfp().answer("POST", f"{RUNS}/{RUN_ID}:terminate", {}).answer("DELETE", f"{RUNS}/{RUN_ID}", {})

    service(fake).delete_run(RUN_ID)

    changes = [(each.method, each.path.rpartition("/")[2]) for each in fake.requests if each.method != "GET"]
    assert changes == [("POST", f"{RUN_ID}:terminate"), ("DELETE", RUN_ID)]


def test_waiting_ends_with_the_run_and_tells_changes() -> None:
    fake, seen = kfp(), []
    fake.answer("GET", f"{RUNS}/{RUN_ID}", run(), run(), run(state="SUCCEEDED"))

    ended = service(fake).wait(RUN_ID, on_change=lambda each: seen.append(each.phase))

    assert ended.phase is Phase.SUCCEEDED
    assert seen == [Phase.RUNNING, Phase.SUCCEEDED]


def test_waiting_for_a_run_that_fails_raises() -> None:
    with pytest.raises(RunFailed) as caught:
        service(kfp(state="FAILED")).wait(RUN_ID)

    assert (caught.value.message, caught.value.exit_code) == ("train failed.", 1)


def test_waiting_ends_at_its_time_limit() -> None:
    clock = ManualClock()

    with pytest.raises(RunTimeout) as caught:
        service(kfp(), clock).wait(RUN_ID, timeout=7)

    assert (caught.value.message, clock.monotonic()) == ("train has not ended after 7 s.", 7)


def test_waiting_outlives_a_server_that_is_away_for_a_minute() -> None:
    away = [unavailable_error(CONTEXT)] * 30
    fake = kfp().answer("GET", f"{RUNS}/{RUN_ID}", run(), *away, run(state="SUCCEEDED"))

    assert service(fake).wait(RUN_ID).phase is Phase.SUCCEEDED


def test_waiting_gives_up_on_a_server_that_stays_away() -> None:
    clock = ManualClock()

    with pytest.raises(KfpError, match="down or starting"):
        service(kfp().answer("GET", f"{RUNS}/{RUN_ID}", unavailable_error(CONTEXT)), clock).wait(RUN_ID)

    assert clock.monotonic() > 100


def test_status_tells_trouble_and_never_raises() -> None:
    fake = FakeTransport().answer("GET", "/apis/v2beta1/healthz", timeout_error(CONTEXT))

    status = service(fake).status()

    assert (status.connected, status.namespace) == (False, "alice")
    assert status.error is not None
    assert status.error.code == "kfp-timeout"


def test_status_without_rights_is_connected_and_may_not_run() -> None:
    request = "{Namespace:alice,Verb:list,Resource:runs,}"
    text = f"User 'system:serviceaccount:alice:x' is not authorized with reason:  (request: {request})"
    status = service(kfp().answer("GET", RUNS, problem(403, 7, text))).status()

    assert (status.connected, status.can_run) == (True, False)
    assert status.error is not None
    assert status.error.code == "forbidden"


def test_a_terminated_run_has_not_failed_today() -> None:
    history = [{"state": "RUNNING"}, {"state": "CANCELING"}, {"state": "FAILED"}]
    failed = [run(state="FAILED", run_id="a"), run(state="FAILED", run_id="b", state_history=history)]
    fake = kfp().answer("GET", RUNS, {"runs": [], "total_size": 3}, {"runs": failed, "total_size": 2})

    status = service(fake).status()

    assert (status.running, status.failed_today) == (3, 1)


def test_a_status_that_counts_no_runs_says_nothing_of_them() -> None:
    status = service(kfp()).status(counts=False)

    assert (status.running, status.failed_today) == (None, None)


def test_another_namespace_has_to_be_a_name() -> None:
    with pytest.raises(KfpError) as caught:
        service(kfp()).in_namespace("../x")

    assert caught.value.code == "bad-input"


def test_what_a_page_asks_when_it_opens_costs_four_calls() -> None:
    fake = kfp()
    kfp_service = service(fake)

    for _ in range(2):  # the page, and the watch behind its event stream
        kfp_service.status(counts=False)
        kfp_service.page_runs()

    assert [request.path.rpartition("/")[2] for request in fake.requests] == [
        "healthz",
        "experiments",
        "runs",
        "runs",
    ]


def test_a_walk_that_ends_before_the_runs_do_says_so() -> None:
    fake = kfp()
    canceled = [{"state": "CANCELING"}, {"state": "FAILED"}]

    def page(request: Request[Any]) -> Response:
        first = "page_token" not in dict(request.query)
        found = [run(state="FAILED", state_history=canceled if first else [])]
        return ok({"runs": found, "total_size": 5000, "next_page_token": "more"})

    fake.answer("GET", RUNS, page)
    found = service(fake).list_runs(state=["CANCELED"])

    assert (len(found), found.walked) == (1, 1000)
    sizes = [int(query(request)["page_size"]) for request in fake.sent("GET", RUNS)]
    assert sizes == [20, 200, 200, 200, 200, 180]
    assert "Only the newest 1,000 runs were looked through." in display.render_text(found)
    assert to_document(found)["walked"] == 1000
    assert service(kfp(state="FAILED")).list_runs(state=["CANCELED"]).walked is None


@pytest.mark.parametrize(
    ("minutes", "warnings"),
    [
        (90, []),
        (4, ["Using team-a.", "The token was not renewed in time. It ends in 4 min."]),
        (-1, ["Using team-a."]),
    ],
)
def test_status_warns_of_what_does_not_stop(tmp_path: Path, minutes: int, warnings: list[str]) -> None:
    (tmp_path / "token").write_text(token(minutes=minutes))
    context = CONTEXT._replace(
        credential=TokenFile(tmp_path / "token", CONTEXT.endpoint),
        warnings=(Caution("x", "Using team-a."),) if warnings else (),
    )

    status = KfpService(context, kfp(), clock=ManualClock()).status()

    assert [warning.message for warning in status.warnings] == warnings
    assert status.credential == str(tmp_path / "token")
    assert all(f"! {warning}" in display.render_text(status) for warning in warnings)


def lost(request: Request[Any]) -> Response:
    """An answer that does not come, to a request that may have arrived."""
    raise timeout_error(CONTEXT).replace(unclear=True)


@pytest.mark.parametrize(("state", "retried"), [("RUNNING", True), ("FAILED", False)])
def test_a_retry_without_an_answer_is_looked_at_and_never_sent_again(state: str, retried: bool) -> None:
    fake = kfp().answer("POST", f"{RUNS}/{RUN_ID}:retry", lost)
    fake.answer("GET", f"{RUNS}/{RUN_ID}", run(state="FAILED"), run(state=state))

    if retried:
        assert service(fake).retry(RUN_ID).phase is Phase.RUNNING
    else:
        with pytest.raises(KfpError, match="does not answer"):
            service(fake).retry(RUN_ID)

    assert len(fake.sent("POST", f"{RUNS}/{RUN_ID}:retry")) == 1


def test_a_run_that_ends_while_it_is_terminated_is_no_error() -> None:
    over = problem(400, 3, "Row not found")
    fake = kfp().answer("POST", f"{RUNS}/{RUN_ID}:terminate", over)
    fake.answer("GET", f"{RUNS}/{RUN_ID}", run(), run(state="SUCCEEDED"))

    assert service(fake).terminate(RUN_ID).phase is Phase.SUCCEEDED


def test_a_file_that_is_not_there_is_looked_for_where_it_says(tmp_path: Path) -> None:
    with pytest.raises(KfpNotFoundError, match="No such file") as caught:
        service(kfp()).submit(tmp_path / "train.yaml")
    assert caught.value.lines()[1:] == [
        f"  Why   “train.yaml” is not in {tmp_path}.",
        "  Next  Check the path.",
    ]


def test_in_python_a_failed_run_says_what_to_type_in_a_terminal() -> None:
    with pytest.raises(RunFailed) as caught:
        service(kfp(state="FAILED")).wait(RUN_ID)
    assert caught.value.command == f"%kfp logs {RUN_ID[:8]}"


def test_many_runs_cost_a_call_each_and_one_to_look_them_up() -> None:
    other = "44444444-4444-4444-8444-444444444444"
    fake = (
        kfp()
        .answer("POST", f"{RUNS}/{RUN_ID}:archive", {})
        .answer("GET", f"{RUNS}/{other}", problem(404, 5, "no"))
    )
    kfp_service = service(fake)

    rows = kfp_service.list_by_id([RUN_ID, other])
    kfp_service.change_one(rows[RUN_ID], BulkVerb.ARCHIVE)

    asked = [(request.method, request.path) for request in fake.requests if request.path != HEALTHZ]
    assert asked == [("GET", RUNS), ("GET", EXPERIMENTS), ("POST", f"{RUNS}/{RUN_ID}:archive")]
    assert query(fake.sent("GET", RUNS)[0])["filter"] == [("IN", "run_id", [RUN_ID, other])]
    with pytest.raises(KfpNotFoundError, match="No such run"):
        kfp_service.change_one(other, BulkVerb.ARCHIVE)
