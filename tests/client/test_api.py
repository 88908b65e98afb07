from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.client import Api, Request, Response, experiments, pipelines, runs
from jupyter_kfp_mt.client.gateway_errors import timeout_error, unavailable_error
from jupyter_kfp_mt.client.system import get_healthz
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpConnectionError, KfpError
from tests.fakes import FakeTransport, ManualClock, ok, problem

HERE = Path(__file__).parent / "data"
CONTEXT = Context("http://kfp:8888", namespace="alice")
RUN = "/apis/v2beta1/runs/r1"


def api(transport: FakeTransport, clock: ManualClock | None = None) -> Api:
    return Api(CONTEXT, transport, clock=clock or ManualClock())


def test_a_look_is_repeated_until_the_server_is_back() -> None:
    clock = ManualClock()
    transport = FakeTransport(
        {("GET", RUN): (unavailable_error(CONTEXT), unavailable_error(CONTEXT), {"run_id": "r1"})}
    )

    assert api(transport, clock).call(runs.get_run("r1")).run_id == "r1"
    assert clock.slept == [0.2, 0.4]


def test_a_call_has_an_id_that_its_retries_and_its_error_share() -> None:
    transport = FakeTransport({("GET", RUN): unavailable_error(CONTEXT)})

    with pytest.raises(KfpConnectionError) as caught:
        api(transport).call(runs.get_run("r1"))

    (sent,) = {request.request_id for request in transport.requests}
    assert caught.value.request_id == sent != ""


def test_calls_on_behalf_of_a_request_carry_its_id() -> None:
    transport = FakeTransport({("GET", RUN): {"run_id": [7]}})

    with pytest.raises(KfpError) as caught:
        Api(CONTEXT, transport, request_id="click-4711").call(runs.get_run("r1"))

    assert dict(transport.requests[0].headers)["X-Request-Id"] == "click-4711"
    assert caught.value.request_id == "click-4711"


def test_a_server_that_stays_away_is_told_after_three_attempts() -> None:
    transport = FakeTransport({("GET", RUN): unavailable_error(CONTEXT)})

    with pytest.raises(KfpConnectionError, match="down or starting"):
        api(transport).call(runs.get_run("r1"))

    assert len(transport.requests) == 3


@pytest.mark.parametrize(("seconds", "slept"), [("1", [1.0, 1.0]), ("30", []), ("soon", [0.2, 0.4])])
def test_a_server_that_says_when_to_come_back_is_not_asked_before(seconds: str, slept: list[float]) -> None:
    clock = ManualClock()
    busy = Response(status=429, headers={"retry-after": seconds}, body=b"slow down")
    transport = FakeTransport({("GET", RUN): busy})

    with pytest.raises(KfpConnectionError, match="down or starting") as caught:
        api(transport, clock).call(runs.get_run("r1"))

    assert clock.slept == slept
    assert caught.value.retry_after == (float(seconds) if seconds.isdigit() else 0)


def test_a_slow_server_is_asked_twice() -> None:
    transport = FakeTransport({("GET", RUN): timeout_error(CONTEXT)})

    with pytest.raises(KfpConnectionError, match="does not answer"):
        api(transport).call(runs.get_run("r1"))

    assert len(transport.requests) == 2


def test_a_delete_that_had_worked_before_its_answer_was_lost_has_worked() -> None:
    gone = problem(404, 5, "Run r1 not found")
    transport = FakeTransport({("DELETE", RUN): (unavailable_error(CONTEXT), gone)})

    api(transport).call(runs.delete_run("r1"))

    with pytest.raises(KfpError, match="No such run"):
        api(FakeTransport({("DELETE", RUN): gone})).call(runs.delete_run("r1"))


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (runs.change_run("r1", "terminate"), 3),
        (runs.change_run("r1", "archive"), 3),
        (runs.change_run("r1", "unarchive"), 3),
        (runs.delete_run("r1"), 3),
        (runs.change_run("r1", "retry"), 1),
        (experiments.create_experiment("x", "alice"), 1),
        (pipelines.upload_pipeline("alice", "a: b", name="x"), 1),
        (pipelines.upload_version("p", "a: b", name="x"), 1),
    ],
    ids=lambda value: value.path if isinstance(value, Request) else "",
)
def test_only_what_may_be_repeated_is(request_: Request[Any], sent: int) -> None:
    transport = FakeTransport({(request_.method, request_.path): unavailable_error(CONTEXT)})

    with pytest.raises(KfpConnectionError):
        api(transport).call(request_)

    assert len(transport.requests) == sent


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_new_run_is_never_sent_twice(status: int) -> None:
    transport = FakeTransport({("POST", "/apis/v2beta1/runs"): Response(status=status, body=b"no")})

    with pytest.raises(KfpError):
        api(transport).call(runs.create_run({"run_id": "r1"}))

    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    "refused",
    [
        problem(401, 16, "x", "[invalid bearer token, service account token has expired]"),
        problem(401, 16, "x", "[invalid bearer token, service account token has been invalidated]"),
        Response(status=401, headers={"content-type": "text/plain"}, body=b"Jwt is expired"),
    ],
)
def test_a_call_whose_token_was_just_replaced_is_repeated_with_the_new_one(refused: Response) -> None:
    transport = FakeTransport({("GET", RUN): (refused, {"run_id": "r1"})})

    assert api(transport).call(runs.get_run("r1")).run_id == "r1"


def test_data_that_is_none_of_ours_is_an_error_without_a_stack() -> None:
    transport = FakeTransport({("GET", RUN): ok({"run_id": 5})})

    with pytest.raises(KfpError) as caught:
        api(transport).call(runs.get_run("r1"))

    assert caught.value.code == "kfp-error"
    assert "not understood" in caught.value.why


def test_fields_and_states_that_are_new_do_not_matter() -> None:
    answer = {"run_id": "r1", "state": "DREAMING", "new": {"x": 1}, "finished_at": "0001-01-01T00:00:00Z"}

    assert api(FakeTransport({("GET", RUN): answer})).call(runs.get_run("r1")).state == "DREAMING"


def test_the_spec_of_a_run_is_left_undecoded() -> None:
    spec = {"root": {"dag": {}}}
    transport = FakeTransport({("GET", RUN): {"run_id": "r1", "pipeline_spec": spec}})

    assert json.loads(bytes(api(transport).call(runs.get_run("r1")).pipeline_spec)) == spec


@pytest.mark.parametrize(
    "row", json.loads((HERE / "recorded-answers.json").read_text()), ids=lambda row: row["what"]
)
def test_a_recorded_answer_decodes(row: dict[str, object]) -> None:
    path = str(row["path"]).partition("?")[0]
    kinds = {
        ("runs", False): runs.list_runs("alice"),
        ("runs", True): runs.get_run("x"),
        ("experiments", False): experiments.list_experiments("alice"),
        ("experiments", True): experiments.get_experiment("x"),
        ("healthz", False): get_healthz(),
    }
    parts = path.split("/")
    request = kinds[parts[3], len(parts) > 4 or row["method"] == "POST"]
    transport = FakeTransport().answer(request.method, request.path, row["body"])

    api(transport).call(request)


HEALTHZ = "/apis/v2beta1/healthz"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"[]",
        b"null",
        b'{"status": "ok"}',
        b'{"kind": "APIGroupList", "groups": []}',
        b'{"multi_user": tr',
        b'{"tag_name": "\xe9"}',
        b'{"x": ' + b"[" * 100_000,
    ],
)
def test_a_server_whose_health_is_not_that_of_kfp_is_a_wrong_address(body: bytes) -> None:
    transport = FakeTransport({("GET", HEALTHZ): Response(status=200, body=body)})

    with pytest.raises(KfpConnectionError) as caught:
        api(transport).call(get_healthz())

    assert (caught.value.code, "no Kubeflow Pipelines" in caught.value.why) == ("kfp-path", True)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"x"', b'{"runs": {}}', b'{"runs": [5]}', b"[" * 100_000, b"\xff"]
)
def test_a_list_that_is_none_is_an_error_and_not_empty(body: bytes) -> None:
    transport = FakeTransport({("GET", "/apis/v2beta1/runs"): Response(status=200, body=body)})

    with pytest.raises(KfpError) as caught:
        api(transport).call(runs.list_runs("alice"))

    assert caught.value.code == "kfp-error"


def test_null_is_absent_and_numbers_may_be_text() -> None:
    body = b'\xef\xbb\xbf{"runs": [{"run_id": "r1", "state_history": null, "later": {}}], "total_size": "1"}'
    transport = FakeTransport({("GET", "/apis/v2beta1/runs"): Response(status=200, body=body)})

    found = api(transport).call(runs.list_runs("alice"))

    assert (found.total_size, found.runs[0].run_id, found.runs[0].state_history) == (1, "r1", [])


PAGE = "<!doctype html><html><title>403 Forbidden</title><h1>Request blocked</h1></html>"


@pytest.mark.parametrize("status", [200, 400, 403, 406])
def test_a_web_page_in_place_of_a_change_is_no_log_in_where_looking_works(status: int) -> None:
    page = Response(status=status, headers={"content-type": "text/html"}, body=PAGE.encode())
    transport = FakeTransport(
        {("POST", "/apis/v2beta1/runs"): page, ("GET", "/apis/v2beta1/experiments"): {}}
    )

    with pytest.raises(KfpError) as caught:
        Api(CONTEXT, transport).call(runs.create_run({}))

    error = caught.value
    assert (error.code, error.unclear) == ("gateway-refused", False)
    assert "takes lists but refuses this call with a web page (" in error.why
    assert "Request blocked" in error.details


def test_a_web_page_in_place_of_everything_is_a_log_in() -> None:
    page = Response(status=403, headers={"content-type": "text/html"}, body=PAGE.encode())
    transport = FakeTransport(
        {("POST", "/apis/v2beta1/runs"): page, ("GET", "/apis/v2beta1/experiments"): page}
    )

    with pytest.raises(KfpError) as caught:
        Api(CONTEXT, transport).call(runs.create_run({}))

    assert caught.value.code == "login-page"
