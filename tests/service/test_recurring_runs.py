"""Recurring runs through the service: on the embedded server over HTTP, and as a cluster sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.client import AnyVersion, HttpTransport, Request, Response, RetryPolicy, Transport
from jupyter_kfp_mt.client.http import V2
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpConnectionError, KfpError, KfpNotFoundError, kfp_error
from jupyter_kfp_mt.models import (
    RecurringRun,
    RecurringRunRequest,
    Schedule,
    Source,
    SourceKind,
    SubmitRequest,
)
from jupyter_kfp_mt.service import Journal, KfpService, Policies
from tests.client.old_server import Old
from tests.embedded.running import Running, running
from tests.fakes import FakeTransport, ManualClock
from tests.pipeline_spec.pipelines import SIMPLE

TRAIN = Source(kind=SourceKind.TEXT, path="train.yaml", text=SIMPLE)
HOURLY = Schedule(cron="0 * * * *")
PAST = datetime(2020, 1, 1, tzinfo=timezone.utc)
SLOWER = Schedule(interval_second=7200)
IN_UTC = "This KFP counts in UTC."
SOON = datetime.now(timezone.utc) + timedelta(days=1)


def ask(name: str = "nightly", schedule: Schedule = HOURLY, **options: Any) -> RecurringRunRequest:
    run = SubmitRequest(source=TRAIN, parameters={"name": "x", "epochs": 3}, display_name=name)
    return RecurringRunRequest(run=run, schedule=schedule, **options)


class Faults:
    """A network on which a test lets requests fail, before they arrive or after."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.before: Callable[[Request[Any]], bool] = lambda _: False
        self.after: Callable[[Request[Any]], bool] = lambda _: False

    def send(self, request: Request[Any]) -> Response:
        if self.before(request):
            raise _lost()
        response = self.inner.send(request)
        if self.after(request):
            raise _lost()
        return response

    def in_context(self, context: Context) -> Faults:
        return self

    def close(self) -> None:
        self.inner.close()


def _lost() -> KfpError:
    return kfp_error("kfp-timeout", host="kfp", s=10, ns="alice", kfp="kubeflow").replace(unclear=True)


class Place(NamedTuple):
    kfp: KfpService
    faults: Faults
    server: Running
    clock: ManualClock

    def states(self) -> list[bool]:
        """Whether each is on, oldest first, as the server says."""
        listed = self.server.call(
            "GET", f"{V2}/recurringruns?namespace=alice", token=self.server.token("alice")
        )
        return [row["status"] == "ENABLED" for row in listed.json.get("recurringRuns", [])]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "server").mkdir()
    with running(tmp_path / "server") as server:
        (tmp_path / "token").write_text(server.token("alice"))
        context = Context(
            server.url, "alice", credential=TokenFile(tmp_path / "token", server.url), embedded=True
        )
        faults, clock = Faults(HttpTransport(context)), ManualClock(datetime.now(timezone.utc))
        kfp = KfpService(
            context,
            faults,
            clock=clock,
            journal=Journal(tmp_path / "journal.sqlite"),
            policies=Policies(retry=RetryPolicy(attempts=1)),
        )
        yield Place(kfp, faults, server, clock)
        kfp.close()


def test_one_is_created_listed_switched_and_deleted(place: Place) -> None:
    kfp = place.kfp
    made = kfp.create_recurring_run(ask(schedule=Schedule(cron="30 9 * * 1-5", time_zone="Europe/Paris")))

    assert made.trigger is not None
    assert made.trigger.cron_schedule is not None
    assert made.trigger.cron_schedule.cron == "TZ=Europe/Paris 0 30 9 * * 1-5"
    assert (made.schedule, made.time_zone, made.experiment_name) == (
        "Weekdays 09:30",
        "Europe/Paris",
        "Default",
    )
    assert len(made.next_starts) == 5
    assert (made.no_catchup, made.max_concurrency, made.enabled) == (True, 1, True)
    [row] = kfp.list_recurring_runs(search="night")
    assert (row.recurring_run_id, row.pipeline_spec) == (made.recurring_run_id, msgspec.Raw(b"null"))
    assert list(kfp.list_recurring_runs(search="other")) == []
    for _ in range(2):
        off = kfp.disable_recurring_run(made.recurring_run_id)
        assert (off.enabled, off.next_starts) == (False, [])
    for _ in range(2):
        assert kfp.enable_recurring_run(made.recurring_run_id).enabled
    for _ in range(2):
        kfp.delete_recurring_run(made.recurring_run_id)
    with pytest.raises(KfpNotFoundError):
        kfp.delete_recurring_run("00000000-0000-4000-8000-000000000000")
    assert place.states() == []


def test_one_run_now_counts_as_a_run_of_it(place: Place) -> None:
    made = place.kfp.create_recurring_run(ask(enabled=False))

    run = place.kfp.run_recurring_run(made.recurring_run_id)

    assert run.runtime_config is not None
    assert (run.recurring_run_id, run.runtime_config.parameters["epochs"]) == (made.recurring_run_id, 3)
    last = place.kfp.get_recurring_run(made.recurring_run_id).last_run
    assert last is not None
    assert last.run_id == run.run_id


def test_it_is_found_by_its_name_and_the_start_of_its_id(place: Place) -> None:
    off = place.kfp.create_recurring_run(ask(enabled=False))
    on = place.kfp.create_recurring_run(ask())

    assert place.kfp.find_recurring_run("nightly").recurring_run_id == on.recurring_run_id
    assert place.kfp.find_recurring_run(off.recurring_run_id[:13]).recurring_run_id == off.recurring_run_id
    place.kfp.disable_recurring_run(on.recurring_run_id)
    with pytest.raises(KfpError) as caught:
        place.kfp.find_recurring_run("nightly")
    assert caught.value.code == "ambiguous"


def test_those_of_another_namespace_are_like_none(place: Place, tmp_path: Path) -> None:
    token = tmp_path / "bob"
    token.write_text(place.server.token("bob"))
    context = Context(place.server.url, "bob", credential=TokenFile(token, place.server.url), embedded=True)
    bob = KfpService(context, HttpTransport(context))
    foreign = bob.create_recurring_run(ask("foreign")).recurring_run_id
    bob.close()
    kfp, messages = place.kfp, []
    for verb in (
        kfp.get_recurring_run,
        kfp.enable_recurring_run,
        kfp.run_recurring_run,
        kfp.delete_recurring_run,
    ):
        for identifier in (foreign, "00000000-0000-4000-8000-000000000000", "x"):
            with pytest.raises(KfpError) as caught:
                verb(identifier)
            messages.append(caught.value.message)
    assert {*messages} == {"No such recurring run."}


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Schedule(), "schedule: it needs a cron text or an interval."),
        (Schedule(cron="61 * * * *"), "cron: minute “61” is not one of 0 to 59."),
        (Schedule(cron="0 9 * * 1-5", time_zone="Mars/North"), "time_zone: unknown time zone Mars/North."),
        (Schedule(cron="* * *"), "cron: expected 5 to 6 fields, found 3: * * *."),
        (Schedule(interval_second=60, start_time=SOON, end_time=SOON), "end_time: it is before the start."),
        (
            Schedule(interval_second=60, end_time=PAST),
            "end_time: it has passed.",
        ),
        (
            Schedule(interval_second=60, start_time=PAST.replace(tzinfo=None)),
            "start_time: it needs a time zone",
        ),
    ],
)
def test_a_schedule_that_cannot_be(place: Place, schedule: Schedule, message: str) -> None:
    for refuse in (
        lambda: place.kfp.create_recurring_run(ask(schedule=schedule)),
        lambda: place.kfp.preview_schedule(schedule),
    ):
        with pytest.raises(KfpError) as caught:
            refuse()
        assert caught.value.code == "bad-input"
        assert caught.value.message.startswith(message)
    assert place.states() == []


def test_a_nameless_one_is_refused(place: Place) -> None:
    with pytest.raises(KfpError, match="a name is needed"):
        place.kfp.create_recurring_run(ask(name=" "))


def on_a_cluster(moment: str) -> KfpService:
    clock = ManualClock(datetime.fromisoformat(moment))
    return KfpService(Context("http://kfp", "alice"), FakeTransport(), clock=clock)


@pytest.mark.parametrize(
    ("moment", "cron", "note"),
    [
        (
            "2026-03-12T12:00:00+00:00",
            "0 0 8 * * 1-5",
            f"{IN_UTC} 09:00 becomes 10:00 in summer.",
        ),
        (
            "2026-07-12T12:00:00+00:00",
            "0 0 7 * * 1-5",
            f"{IN_UTC} 09:00 becomes 08:00 in winter.",
        ),
    ],
)
def test_a_server_without_time_zones_gets_the_time_in_utc(moment: str, cron: str, note: str) -> None:
    seen = on_a_cluster(moment).preview_schedule(Schedule(cron="0 9 * * 1-5", time_zone="Europe/Paris"))

    assert seen.trigger.cron_schedule is not None
    assert (seen.words, seen.time_zone, seen.note) == ("Weekdays 09:00", "UTC", note)
    assert seen.trigger.cron_schedule.cron == cron
    assert [f"{start:%H:%M}" for start in seen.next_starts] == [f"{int(cron.split()[2]):02}:00"] * 5


def test_times_that_utc_cannot_say_are_refused() -> None:
    kfp = on_a_cluster("2026-03-12T12:00:00+00:00")

    with pytest.raises(KfpError, match="this KFP counts in UTC"):
        kfp.preview_schedule(Schedule(cron="0 0 1 * *", time_zone="Europe/Paris"))
    assert kfp.preview_schedule(Schedule(cron="0 0 1 * *")).note == ""


def test_the_embedded_server_keeps_the_hour_over_a_change_of_clocks(place: Place) -> None:
    place.clock.advance((datetime(2027, 3, 27, 12, tzinfo=timezone.utc) - place.clock.now()).total_seconds())

    seen = place.kfp.preview_schedule(Schedule(cron="0 9 * * *", time_zone="Europe/Paris"))

    assert [f"{start:%H:%M}" for start in seen.next_starts[:3]] == ["07:00", "07:00", "07:00"]
    assert (seen.time_zone, seen.note) == ("Europe/Paris", "")


def edited(place: Place, **options: Any) -> tuple[RecurringRun, RecurringRun]:
    old = place.kfp.create_recurring_run(ask(**options))
    return old, place.kfp.edit_recurring_run(old.recurring_run_id, ask(schedule=SLOWER))


def test_an_edit_puts_a_new_one_in_the_place_of_the_old_one(place: Place) -> None:
    old, new = edited(place)

    assert new.recurring_run_id != old.recurring_run_id
    assert (new.schedule, new.display_name, new.enabled) == ("Every 2 hours", "nightly", True)
    assert place.kfp.get_recurring_run(old.recurring_run_id).enabled is False
    assert place.kfp.find_recurring_run("nightly").recurring_run_id == new.recurring_run_id


def test_the_edit_of_one_that_is_off_leaves_it_off(place: Place) -> None:
    _, new = edited(place, enabled=False)

    assert new.enabled is False
    assert place.states() == [False, False]


STEPS = {
    "create": lambda request: request.method == "POST" and request.path.endswith("/recurringruns"),
    "disable": lambda request: request.path.endswith(":disable"),
    "enable": lambda request: request.path.endswith(":enable"),
}


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_failing_edit_leaves_exactly_one_on(place: Place, step: str, arrives: bool) -> None:
    old = place.kfp.create_recurring_run(ask())
    failed: list[Request[Any]] = []

    def fail(request: Request[Any]) -> bool:
        """Fail at this step the first time only: what undoes it may work."""
        if STEPS[step](request) and not failed:
            failed.append(request)
            return True
        return False

    setattr(place.faults, "after" if arrives else "before", fail)
    with contextlib.suppress(KfpConnectionError):
        place.kfp.edit_recurring_run(old.recurring_run_id, ask(schedule=SLOWER))

    assert failed
    assert place.states().count(True) == 1
    place.clock.advance(200)
    place.kfp.list_recurring_runs()
    assert place.states().count(True) == 1


@pytest.mark.parametrize("step", ["disable", "enable"])
def test_an_edit_that_loses_kfp_is_brought_to_an_end_later(place: Place, step: str) -> None:
    old = place.kfp.create_recurring_run(ask())
    gone: list[bool] = []

    def fail(request: Request[Any]) -> bool:
        if STEPS[step](request):
            gone.append(True)
        return bool(gone)

    place.faults.after = fail
    with pytest.raises(KfpConnectionError) as caught:
        place.kfp.edit_recurring_run(old.recurring_run_id, ask(schedule=SLOWER))
    assert "as soon as KFP responds" in caught.value.next_step
    assert place.kfp.settle() is not None
    place.faults.after = lambda _: False

    assert place.kfp.settle() is None
    assert place.states() == [True]
    assert place.kfp.get_recurring_run(old.recurring_run_id).enabled


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(("step", "on"), [("create", "old"), ("disable", "new"), ("enable", "new")])
def test_an_edit_whose_process_died_is_brought_to_an_end(place: Place, step: str, on: str) -> None:
    old = place.kfp.create_recurring_run(ask())

    def die(request: Request[Any]) -> bool:
        if STEPS[step](request):
            raise Died
        return False

    place.faults.after = die
    with pytest.raises(Died):
        place.kfp.edit_recurring_run(old.recurring_run_id, ask(schedule=SLOWER))
    place.faults.after = lambda _: False
    place.clock.advance(80)

    [left] = [row for row in place.kfp.list_recurring_runs() if row.enabled]

    assert (left.recurring_run_id == old.recurring_run_id) is (on == "old")
    assert place.kfp.settle() is None


def test_an_unclear_creation_is_looked_up(place: Place) -> None:
    place.faults.after = STEPS["create"]

    made = place.kfp.create_recurring_run(ask())

    assert made.display_name == "nightly"
    assert place.states() == [True]


def test_an_old_server_has_recurring_runs_too(place: Place, tmp_path: Path) -> None:
    context = place.kfp.context
    old = KfpService(context, AnyVersion(Old(HttpTransport(context))))

    made = old.create_recurring_run(ask(schedule=Schedule(interval_second=3600, catch_up=True)))

    assert (made.schedule, made.enabled, made.no_catchup) == ("Every hour", True, False)
    assert [row.recurring_run_id for row in old.list_recurring_runs()] == [made.recurring_run_id]
    assert old.disable_recurring_run(made.recurring_run_id).enabled is False
    run = old.run_recurring_run(made.recurring_run_id)
    assert run.recurring_run_id == made.recurring_run_id
    new = old.edit_recurring_run(made.recurring_run_id, ask(schedule=Schedule(interval_second=60)))
    assert new.schedule == "Every minute"
    old.delete_recurring_run(made.recurring_run_id)
    old.close()
    assert place.states() == [False]
