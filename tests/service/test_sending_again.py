"""A submit that surely did not reach KFP is sent again, under the same id, a few times at most."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.client import Request, Response
from jupyter_kfp_mt.client.gateway_errors import timeout_error, unavailable_error
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError, KfpNotFoundError
from jupyter_kfp_mt.models import Phase
from jupyter_kfp_mt.service import Journal, KfpService
from jupyter_kfp_mt.service.state.journal import Stage
from tests.fakes import FakeTransport, ManualClock, problem
from tests.service.stand_ins import CONTEXT, OURS, PLAIN, RUNS, accepted, kfp

ONE_PRESS = msgspec.structs.replace(PLAIN, display_name="mine", submit_key="k")
NO_UPSTREAM = Response(status=503, headers={"content-type": "text/plain"}, body=b"no healthy upstream")
REFUSED = unavailable_error(CONTEXT)
LOST = unavailable_error(CONTEXT, "broke the connection off").replace(unclear=True)


def sent(fake: FakeTransport) -> list[str]:
    return [json.loads(request.body)["run_id"] for request in fake.sent("POST", RUNS)]


def service(
    fake: FakeTransport, journal: Journal, clock: ManualClock, context: Context = CONTEXT
) -> KfpService:
    return KfpService(context, fake, clock=clock, journal=journal)


def test_what_did_not_arrive_is_sent_again_with_its_id() -> None:
    fake, clock = kfp().answer("POST", RUNS, REFUSED, NO_UPSTREAM, accepted), ManualClock()

    run = service(fake, Journal(), clock).start_run(ONE_PRESS)

    assert (sent(fake), clock.slept) == ([run.run_id] * 3, [0.2, 0.4])


def test_each_time_it_is_in_the_journal_before_it_is_sent() -> None:
    journal, clock, noted = Journal(), ManualClock(), []

    def away(request: Request[Any]) -> Response:
        known = journal.find_by_key("k")
        assert known is not None
        noted.append((known.stage, known.sent_at - clock.now().timestamp()))
        return NO_UPSTREAM

    with pytest.raises(KfpError):
        service(kfp().answer("POST", RUNS, away), journal, clock).start_run(ONE_PRESS)

    assert noted == [(Stage.SENDING, 0.0)] * 5


@pytest.mark.parametrize("patient", [True, False])
def test_who_is_never_let_in_is_told_within_five_seconds_and_may_submit_again(patient: bool) -> None:
    fake, journal, clock = kfp().answer("POST", RUNS, REFUSED), Journal(), ManualClock()
    pressed = service(fake, journal, clock)

    with pytest.raises(KfpError) as caught:
        pressed.start_run(ONE_PRESS, patient=patient)
    fake.answer("POST", RUNS, accepted)
    run = pressed.start_run(ONE_PRESS)

    error = caught.value
    assert (error.code, error.exit_code, clock.monotonic() < 5) == ("not-started", 6, True)
    assert [error.message, error.why, error.next_step] == [
        "mine did not start.",
        "kfp:8888 refused the connection.",
        "Submit again.",
    ]
    assert len(set(sent(fake))) == 2
    assert run.run_id == sent(fake)[-1]


def test_what_may_have_arrived_is_not_sent_again() -> None:
    fake = kfp().answer("POST", RUNS, LOST)

    run = service(fake, Journal(), ManualClock()).start_run(ONE_PRESS, patient=False)

    assert (run.phase, len(sent(fake))) == (Phase.UNCONFIRMED, 1)


def test_what_may_have_arrived_at_a_second_try_is_looked_up() -> None:
    fake, journal = kfp().answer("POST", RUNS, REFUSED, LOST), Journal()

    run = service(fake, journal, ManualClock()).start_run(ONE_PRESS, patient=False)

    assert (run.phase, len(sent(fake))) == (Phase.UNCONFIRMED, 2)
    assert [each.run_id for each in journal.list_unsettled(CONTEXT.server, "alice")] == [run.run_id]


def test_the_embedded_server_is_asked_again_whatever_it_said() -> None:
    fake, context = kfp().answer("POST", RUNS, LOST, REFUSED, accepted), CONTEXT._replace(embedded=True)

    run = service(fake, Journal(), ManualClock(), context).start_run(ONE_PRESS)

    assert sent(fake) == [run.run_id] * 3


def test_an_embedded_server_that_is_gone_after_it_may_have_started_the_run_is_looked_for() -> None:
    fake, context = kfp().answer("POST", RUNS, LOST, REFUSED), CONTEXT._replace(embedded=True)

    run = service(fake, Journal(), ManualClock(), context).start_run(ONE_PRESS, patient=False)

    assert run.phase is Phase.UNCONFIRMED


def test_an_embedded_server_that_is_gone_is_started_again() -> None:
    context = CONTEXT._replace(embedded=True)
    fake = kfp().answer("POST", RUNS, unavailable_error(context))

    with pytest.raises(KfpError) as caught:
        service(fake, Journal(), ManualClock(), context).start_run(ONE_PRESS)

    assert (caught.value.code, caught.value.command) == ("not-started", "jupyter kfp serve")
    assert caught.value.next_step == "Start the server again, then submit again."


def test_a_wait_that_is_interrupted_leaves_nothing_open() -> None:
    class Interrupted(ManualClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    fake, journal = kfp().answer("POST", RUNS, REFUSED), Journal()

    with pytest.raises(KeyboardInterrupt):
        service(fake, journal, Interrupted()).start_run(ONE_PRESS)

    assert journal.list_unsettled(CONTEXT.server, "alice") == []


def test_the_time_for_looking_up_counts_from_the_last_time_it_was_sent() -> None:
    """Another process meets an attempt whose own process sends it again 30 seconds later."""
    journal, clock = Journal(), ManualClock()
    fake = kfp().answer("POST", RUNS, timeout_error(CONTEXT).replace(unclear=True))
    run = service(fake, journal, clock).start_run(ONE_PRESS, patient=False)
    journal.settle(run.run_id, Stage.SENDING)
    clock.advance(30)

    def absent(request: Request[Any]) -> Response:
        if clock.monotonic() < 40:
            journal.send_again(run.run_id, clock.now().timestamp())
        return problem(404, 5, "Run x not found")

    fake.answer("GET", f"{RUNS}/{run.run_id}", absent)
    with pytest.raises(KfpError, match="mine did not start"):
        service(fake, journal, clock).start_run(ONE_PRESS)

    assert 150 < clock.monotonic() < 161


def test_an_attempt_that_was_settled_is_not_sent_again() -> None:
    journal = Journal()

    def settled(request: Request[Any]) -> Response:
        journal.settle(json.loads(request.body)["run_id"], Stage.LOST)
        return NO_UPSTREAM

    fake = kfp().answer("POST", RUNS, settled)
    with pytest.raises(KfpError, match="did not start"):
        service(fake, journal, ManualClock()).start_run(ONE_PRESS)

    assert len(sent(fake)) == 1


def test_what_kubernetes_refused_is_told_at_once() -> None:
    text = (
        "Failed to create a new run: InternalServerError: Failed to create a workflow for (): "
        'namespaces "alice" not found'
    )
    fake, journal, clock = (
        kfp().answer("POST", RUNS, problem(500, 13, "Internal Server Error", text)),
        Journal(),
        ManualClock(),
    )

    with pytest.raises(KfpError) as caught:
        service(fake, journal, clock).start_run(ONE_PRESS)

    assert (caught.value.code, clock.slept, len(fake.sent("POST", RUNS))) == ("cluster-refused", [], 1)
    assert journal.list_unsettled(CONTEXT.server, "alice") == []


def test_a_run_that_did_not_start_is_called_so_wherever_it_is_asked_for() -> None:
    journal, clock = Journal(), ManualClock()
    fake = kfp().answer("POST", RUNS, timeout_error(CONTEXT).replace(unclear=True)).answer("GET", RUNS, {})
    pressed = service(fake, journal, clock)
    run = pressed.start_run(ONE_PRESS, patient=False)
    clock.advance(121)

    with pytest.raises(KfpNotFoundError, match="mine did not start"):  # lists and cards let go of it
        pressed.wait(run.run_id)
    with pytest.raises(KfpError, match="mine did not start"):
        pressed.get_run(run.run_id)
    assert pressed.page_runs().runs == []


def test_a_run_that_is_found_late_by_its_id_is_shown() -> None:
    journal, clock = Journal(), ManualClock()
    fake = kfp().answer("POST", RUNS, timeout_error(CONTEXT).replace(unclear=True))
    pressed = service(fake, journal, clock)
    run = pressed.start_run(ONE_PRESS, patient=False)
    clock.advance(121)
    found = {"run_id": run.run_id, "experiment_id": OURS, "display_name": "mine", "state": "RUNNING"}
    fake.answer("GET", f"{RUNS}/{run.run_id}", problem(404, 5, "Run x not found"), found)

    assert pressed.get_run(run.run_id).phase is Phase.RUNNING


def test_who_waits_is_told_that_it_is_not_confirmed_before_the_wait() -> None:
    fake, clock, calls = kfp().answer("POST", RUNS, LOST), ManualClock(), []

    with pytest.raises(KfpError):
        service(fake, Journal(), clock).start_run(
            ONE_PRESS, on_unclear=lambda: calls.append(clock.monotonic())
        )

    assert calls == [0.0]


def test_a_look_that_takes_longer_than_the_bound_is_the_last() -> None:
    class Strict(ManualClock):
        def sleep(self, seconds: float) -> None:
            assert seconds >= 0
            super().sleep(seconds)

    fake, clock = kfp(), Strict()

    def lost(request: Request[Any]) -> Response:
        fake.answer("GET", f"{RUNS}/{json.loads(request.body)['run_id']}", slow)
        raise LOST

    def slow(request: Request[Any]) -> Response:
        clock.advance(100)
        return problem(404, 5, "Run x not found")

    with pytest.raises(KfpError, match="mine did not start"):
        service(fake.answer("POST", RUNS, lost), Journal(), clock).start_run(ONE_PRESS)
