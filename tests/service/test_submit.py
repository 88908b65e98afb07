from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.client import Request, Response
from jupyter_kfp_mt.client.gateway_errors import timeout_error
from jupyter_kfp_mt.errors import KfpConflictError, KfpError
from jupyter_kfp_mt.models import CachePolicy, Source, SourceKind
from tests.fakes import FakeTransport, ManualClock, problem
from tests.pipeline_spec.pipelines import SIMPLE
from tests.service.stand_ins import CONTEXT, EXPERIMENTS, OURS, PLAIN, RUN_ID, RUNS, TRAIN, kfp, run, service


def sent(fake: FakeTransport) -> dict[str, Any]:
    [request] = fake.sent("POST", RUNS)
    body: dict[str, Any] = json.loads(request.body)
    return body


def test_one_run_is_sent_with_an_id_of_ours() -> None:
    fake = kfp()

    made = service(fake).submit(TRAIN, {"name": "x", "epochs": 3}, description="why", service_account="sa")

    body = sent(fake)
    assert made.run_id == body["run_id"]
    assert body["runtime_config"] == {"parameters": {"name": "x", "epochs": 3}}
    assert (body["experiment_id"], body["description"], body["service_account"]) == (OURS, "why", "sa")
    assert body["display_name"].startswith("train 2026-03-12")
    assert body["pipeline_spec"]["pipelineInfo"] == {"name": "train"}


def test_each_submit_has_an_id_of_its_own() -> None:
    fake = kfp()

    ids = {service(fake).submit(TRAIN, {"name": "x"}).run_id for _ in range(3)}

    assert len(ids) == 3


def test_runs_of_one_second_have_different_names() -> None:
    fake = kfp()
    ours = service(fake)

    for _ in range(2):
        ours.submit(TRAIN, {"name": "x"})

    first, second = (json.loads(request.body)["display_name"] for request in fake.sent("POST", RUNS))
    assert second == f"{first}-2"


def test_caching_is_switched_off_in_the_pipeline_that_is_sent() -> None:
    fake = kfp()

    service(fake).submit(TRAIN, {"name": "x"}, cache="off")

    tasks = sent(fake)["pipeline_spec"]["root"]["dag"]["tasks"]
    assert [task["cachingOptions"] for task in tasks.values()] == [{}, {}]


def test_a_preview_is_what_would_be_sent_and_sends_nothing() -> None:
    fake = kfp()

    body = service(fake).preview(msgspec.structs.replace(PLAIN, display_name="mine"))

    assert (body["display_name"], body["runtime_config"]) == ("mine", {"parameters": {"name": "x"}})
    assert [request for request in fake.requests if request.method != "GET"] == []


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ({"name": 5}, {}, "name: “5” is not text."),
        ({"name": "x"}, {"name": "x" * 256}, "display_name: it is longer than 255 characters."),
        ({"name": "x"}, {"name": "🚀"}, "display_name: KFP cannot store the character 🚀."),
        ({"name": "x"}, {"name": "a\0"}, "display_name: KFP cannot store the character U+0000."),
        ({"name": "x"}, {"description": "d" * 256}, "description: it is longer than 255 characters."),
        ({"name": "x"}, {"service_account": "s" * 256}, "service_account: it is longer than 255 characters."),
        ({"name": "x"}, {"cache": "maybe"}, "cache: “maybe” is not a choice."),
        ({"name": "x"}, {"experiment": "e" * 129}, "experiment: the name is longer than 128 bytes."),
    ],
)
def test_what_kfp_finds_too_late_is_found_here(
    values: dict[str, object], options: dict[str, str], message: str
) -> None:
    fake = kfp().answer("GET", EXPERIMENTS, {})

    with pytest.raises(KfpError) as caught:
        service(fake).submit(TRAIN, values, **options)

    assert caught.value.message == message
    assert [request for request in fake.requests if request.method != "GET"] == []


def test_an_experiment_that_is_not_there_is_made() -> None:
    made = {"experiment_id": OURS, "display_name": "churn", "namespace": "alice"}
    fake = kfp().answer("GET", EXPERIMENTS, {}).answer("POST", EXPERIMENTS, made)

    assert service(fake).submit(TRAIN, {"name": "x"}, experiment="churn").experiment_name == "churn"


def test_an_experiment_that_somebody_just_made_is_used() -> None:
    theirs = {"experiments": [{"experiment_id": OURS, "display_name": "churn", "namespace": "alice"}]}
    fake = kfp().answer("GET", EXPERIMENTS, {}, theirs).answer("POST", EXPERIMENTS, problem(409, 6, "exists"))

    service(fake).submit(TRAIN, {"name": "x"}, experiment="churn")

    assert sent(fake)["experiment_id"] == OURS


def test_an_archived_experiment_takes_no_runs() -> None:
    archived = {
        "experiment_id": OURS,
        "display_name": "churn",
        "namespace": "alice",
        "storage_state": "ARCHIVED",
    }
    fake = kfp().answer("GET", EXPERIMENTS, {"experiments": [archived]})

    with pytest.raises(KfpConflictError, match="“churn” is taken"):
        service(fake).submit(TRAIN, {"name": "x"}, experiment="churn")


def unclear() -> KfpError:
    return timeout_error(CONTEXT).replace(unclear=True)


@pytest.mark.parametrize(
    "outcome",
    [
        unclear(),
        Response(status=502, body=b"bad gateway"),
        problem(504, 4, "context deadline exceeded"),
        problem(
            500, 13, "Internal Server Error", "Failed to store run: Duplicate entry 'x' for key 'PRIMARY'"
        ),
        problem(500, 13, "Internal Server Error", "Failed to set last run timestamp"),
    ],
    ids=["timeout", "502", "deadline", "duplicate", "timestamp"],
)
def test_an_unclear_answer_is_settled_by_looking(outcome: KfpError | Response) -> None:
    fake, clock = kfp(), ManualClock()

    def answered(request: Request[Any]) -> Response:
        path = f"{RUNS}/{json.loads(request.body)['run_id']}"
        found = run(run_id=path.rpartition("/")[2])
        fake.answer(
            "GET", path, problem(404, 5, "Run x not found"), problem(404, 5, "Run x not found"), found
        )
        if isinstance(outcome, KfpError):
            raise outcome
        return outcome

    made = service(fake.answer("POST", RUNS, answered), clock).submit(TRAIN, {"name": "x"})

    assert made.run_id == sent(fake)["run_id"]
    assert clock.slept == [0.5, 1.0]


def test_a_run_that_never_appears_is_reported_after_two_minutes_and_not_sent_again() -> None:
    fake, clock = kfp().answer("POST", RUNS, unclear()), ManualClock()

    with pytest.raises(KfpError) as caught:
        service(fake, clock).submit(TRAIN, {"name": "x"})

    assert caught.value.lines() == [
        "KfpNotStartedError [not-started]  train 2026-03-12 14-02-00 did not start.",
        "  Why   KFP has no record of it.",
        "  Next  Submit again.",
    ]
    assert caught.value.exit_code == 6
    assert caught.value.details.startswith("Nothing from kfp:8888")
    assert len(fake.sent("POST", RUNS)) == 1
    assert 110 < clock.monotonic() <= 120


@pytest.mark.parametrize(
    "outcome",
    [
        problem(400, 3, "parameter s is not optional"),
        problem(500, 13, "Internal Server Error", "Failed to create a run due to error fetching manifest"),
        problem(500, 13, "Internal Server Error", "Failed to store run: Data too long"),
    ],
    ids=["400", "manifest", "too-long"],
)
def test_a_clear_refusal_is_reported_at_once(outcome: KfpError | Response) -> None:
    fake, clock = kfp().answer("POST", RUNS, outcome), ManualClock()

    with pytest.raises(KfpError):
        service(fake, clock).submit(TRAIN, {"name": "x"})

    assert clock.slept == []


def test_a_registered_version_is_sent_by_reference_unless_caching_changes() -> None:
    pipeline, version = RUN_ID, OURS
    made = {"pipeline_id": pipeline, "pipeline_version_id": version, "display_name": "v1"}
    path = f"/apis/v2beta1/pipelines/{pipeline}/versions/{version}"
    fake = kfp().answer(
        "GET", path, {**made, "pipeline_spec": service(kfp()).preview(PLAIN)["pipeline_spec"]}
    )
    source = Source(kind=SourceKind.PIPELINE, pipeline_id=pipeline, pipeline_version_id=version)

    request = msgspec.structs.replace(PLAIN, source=source)
    plain = service(fake).preview(request)
    changed = service(fake).preview(msgspec.structs.replace(request, cache=CachePolicy.ON))

    assert plain["pipeline_version_reference"] == {"pipeline_id": pipeline, "pipeline_version_id": version}
    assert "pipeline_version_reference" not in changed
    assert changed["pipeline_spec"]["pipelineInfo"]["name"] == "train"


@pytest.mark.parametrize("account", ["Robot", "a b", "-x", "x/y"])
def test_an_account_that_cannot_be_one_is_refused_before_anything_is_sent(account: str) -> None:
    fake = kfp()
    with pytest.raises(KfpError, match="is not the name of a service account"):
        service(fake).start_run(msgspec.structs.replace(PLAIN, service_account=account))
    assert fake.sent("POST", RUNS) == []


def test_an_inspection_warns_of_images_that_may_change() -> None:
    text = SIMPLE.replace('"python:3.11"', '"train:latest"')
    assert text != SIMPLE
    found = service(kfp()).inspect(Source(kind=SourceKind.TEXT, text=text))
    assert found.warnings == ["Image train:latest may change between runs."]
    assert found.ignored == {}
