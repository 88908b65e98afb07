from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.client import Request, Response
from jupyter_kfp_mt.client.gateway_errors import timeout_error
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import Phase
from jupyter_kfp_mt.service import Journal, KfpService
from jupyter_kfp_mt.service.state.journal import Intent, Stage
from tests.fakes import FakeTransport, ManualClock, ok, problem
from tests.service.stand_ins import CONTEXT, OURS, PLAIN, RUNS, accepted, kfp

ONE_PRESS = msgspec.structs.replace(PLAIN, display_name="mine", submit_key="k")
GONE = problem(404, 5, "Run x not found")


def intent(run_id: str, key: str = "", **values: Any) -> Intent:
    known = {"server": "e", "namespace": "n", "display_name": "d", "experiment_id": "x", "sent_at": 1.0}
    return Intent(run_id=run_id, submit_key=key, **{**known, **values})


def unclear(fake: FakeTransport) -> FakeTransport:
    """A KFP that answers the next submit too late."""

    return fake.answer("POST", RUNS, timed_out_late())


def timed_out_late() -> KfpError:
    return timeout_error(CONTEXT).replace(unclear=True)


def sent(fake: FakeTransport) -> list[str]:
    return [json.loads(request.body)["run_id"] for request in fake.sent("POST", RUNS)]


def service(fake: FakeTransport, journal: Journal, clock: ManualClock) -> KfpService:
    return KfpService(CONTEXT, fake, clock=clock, journal=journal)


def test_rows_say_which_were_started_from_here(tmp_path: Path) -> None:
    ours, theirs, gone = ({"run_id": f"{n}" * 8 + f"-{n * 4}-{n * 4}-{n * 4}-{n * 12}"} for n in "123")
    journal = Journal(tmp_path / "j")
    for row, stage in ((ours, Stage.ACCEPTED), (gone, Stage.REFUSED)):
        journal.begin(intent(row["run_id"], row["run_id"]))
        journal.settle(row["run_id"], stage)
    fake = kfp().answer(
        "GET", RUNS, ok({"runs": [{**row, "experiment_id": OURS} for row in (ours, theirs, gone)]})
    )

    page = service(fake, journal, ManualClock()).page_runs()

    assert [run.mine for run in page.runs] == [True, False, False]
    journal.close()


def test_a_press_is_written_once(tmp_path: Path) -> None:
    journal, other = Journal(tmp_path / "j"), Journal(tmp_path / "j")

    assert journal.begin(intent("a", "key")) is None
    met = other.begin(intent("b", "key"))

    assert met is not None
    assert (met.run_id, met.stage) == ("a", Stage.SENDING)
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600
    journal.close()
    other.close()


@pytest.mark.parametrize("stage", [Stage.REFUSED, Stage.LOST])
def test_a_press_that_came_to_nothing_may_be_repeated(tmp_path: Path, stage: Stage) -> None:
    journal = Journal(tmp_path / "j")
    journal.begin(intent("a", "key"))
    journal.settle("a", stage)

    assert journal.begin(intent("b", "key", sent_at=2.0)) is None
    found = journal.find_by_key("key")
    assert found is not None
    assert found.run_id == "b"
    journal.close()


def test_old_settled_ones_are_forgotten_and_open_ones_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    for name in ("settled", "open"):
        journal.begin(intent(name))
    journal.settle("settled", Stage.ACCEPTED)

    journal.begin(intent("new", sent_at=30 * 24 * 3600.0))

    assert journal.find("settled") is None
    assert {each.run_id for each in journal.list_unsettled("e", "n")} == {"open", "new"}
    journal.close()


def test_without_a_folder_it_lives_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "j")

    assert journal.begin(intent("a", "key")) is None
    assert journal.find_by_key("key") is not None
    journal.close()


def test_looking_makes_no_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "folder" / "j")

    assert (journal.list_unsettled("e", "n"), journal.find_by_key("k"), journal.find("a")) == ([], None, None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_journal_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("This is no database, and long enough to be seen as none by its header.")
    journal, other = Journal(tmp_path / "j"), Journal(tmp_path / "j")

    assert journal.begin(intent("a")) is None

    assert other.find("a") is not None
    assert (tmp_path / "j.broken").read_text().startswith("This is no database")
    journal.close()
    other.close()


def without_table(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE intents")


def without_pages(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))


@pytest.mark.parametrize("damage", [without_table, without_pages])
def test_a_file_that_fails_on_the_way_gives_way_to_memory(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    journal = Journal(tmp_path / "j")
    journal.begin(intent("a"))
    damage(tmp_path / "j")

    journal.settle("a", Stage.ACCEPTED)  # an outcome is never masked by the disk
    assert journal.begin(intent("b", "key")) is None

    met = journal.begin(intent("c", "key"))
    assert met is not None
    assert met.run_id == "b"
    journal.close()


def test_two_presses_with_one_key_are_one_run() -> None:
    fake, journal = kfp(), Journal()
    pressed = service(fake, journal, ManualClock())
    first = pressed.start_run(ONE_PRESS)
    fake.answer("GET", f"{RUNS}/{first.run_id}", {"run_id": first.run_id, "experiment_id": OURS})

    again = service(fake, journal, ManualClock()).start_run(ONE_PRESS)

    assert first.run_id == again.run_id
    assert sent(fake) == [first.run_id]


def test_an_attempt_is_in_the_journal_before_it_is_sent() -> None:
    journal, seen = Journal(), []

    def answer(request: Request[Any]) -> Response:
        found = journal.find(json.loads(request.body)["run_id"])
        seen.append(found.stage if found else None)
        return accepted(request)

    service(kfp().answer("POST", RUNS, answer), journal, ManualClock()).start_run(PLAIN)

    assert seen == [Stage.SENDING]


def test_who_does_not_wait_gets_the_run_as_not_confirmed_and_lists_show_it() -> None:
    fake, journal, clock = unclear(kfp()).answer("GET", RUNS, {}), Journal(), ManualClock()
    pressed = service(fake, journal, clock)

    run = pressed.start_run(ONE_PRESS, patient=False)

    assert (run.phase, run.display_name, clock.slept) == (Phase.UNCONFIRMED, "mine", [])
    assert [(row.run_id, row.phase) for row in pressed.page_runs().runs] == [(run.run_id, Phase.UNCONFIRMED)]
    assert pressed.get_run(run.run_id).phase is Phase.UNCONFIRMED
    assert pressed.view_run(run.run_id).tasks == []
    again = pressed.start_run(ONE_PRESS, patient=False)
    assert (again.run_id, len(sent(fake))) == (run.run_id, 1)


def test_a_run_that_is_not_confirmed_is_active_and_nothing_can_be_done_with_it() -> None:
    fake, journal, clock = unclear(kfp()).answer("GET", RUNS, {"total_size": 2}), Journal(), ManualClock()
    pressed = service(fake, journal, clock)
    run = pressed.start_run(ONE_PRESS, patient=False)

    assert [row.run_id for row in pressed.list_runs(state=["RUNNING", "UNCONFIRMED"])] == [run.run_id]
    assert pressed.list_runs(state=["RUNNING"]) == []
    assert pressed.status().running == 3
    for act in (pressed.terminate, pressed.archive, pressed.restore, pressed.delete_run, pressed.retry):
        with pytest.raises(KfpError, match=r"not confirmed yet|cannot be retried"):
            act(run.run_id)
    assert fake.sent("POST", f"{RUNS}/{run.run_id}:terminate") == []


def test_the_next_page_settles_what_has_turned_up() -> None:
    fake, journal, clock = unclear(kfp()).answer("GET", RUNS, {}), Journal(), ManualClock()
    pressed = service(fake, journal, clock)
    run = pressed.start_run(PLAIN, patient=False)
    fake.answer("GET", f"{RUNS}/{run.run_id}", ok({"run_id": run.run_id, "experiment_id": OURS}))

    assert pressed.page_runs().runs == []
    found = journal.find(run.run_id)
    assert found is not None
    assert found.stage is Stage.ACCEPTED


def test_what_a_process_left_behind_is_adopted() -> None:
    fake, journal, clock = kfp().answer("GET", RUNS, {}), Journal(), ManualClock()
    left = intent("left", server=CONTEXT.server, namespace="alice", sent_at=clock.now().timestamp())
    journal.begin(left)
    fake.answer("GET", f"{RUNS}/left", ok({"run_id": "left", "experiment_id": OURS}))
    watching = service(fake, journal, clock)

    assert [row.phase for row in watching.page_runs().runs] == [Phase.UNCONFIRMED]
    assert fake.sent("GET", f"{RUNS}/left") == []  # its process may still wait for the answer
    clock.advance(71)
    assert watching.page_runs().runs == []


def test_one_that_cannot_come_any_more_is_given_up_and_only_kfp_can_say_so() -> None:
    fake, journal, clock = unclear(kfp()).answer("GET", RUNS, {}), Journal(), ManualClock()
    pressed = service(fake, journal, clock)
    run = pressed.start_run(ONE_PRESS, patient=False)
    clock.advance(200)
    fake.answer("GET", f"{RUNS}/{run.run_id}", Response(status=502, body=b""))
    assert [row.phase for row in pressed.page_runs().runs] == [Phase.UNCONFIRMED]

    fake.answer("GET", f"{RUNS}/{run.run_id}", GONE)

    assert pressed.page_runs().runs == []
    with pytest.raises(KfpError, match="mine did not start"):
        pressed.get_run(run.run_id)


def test_one_that_was_sent_again_and_turns_up_late_is_ended() -> None:
    fake, journal, clock = unclear(kfp()).answer("GET", RUNS, {}), Journal(), ManualClock()
    pressed = service(fake, journal, clock)
    with pytest.raises(KfpError, match="did not start"):
        pressed.start_run(ONE_PRESS)
    fake.answer("POST", RUNS, accepted)
    second = pressed.start_run(ONE_PRESS)
    first = sent(fake)[0]
    path = f"{RUNS}/{first}"
    fake.answer("GET", path, ok({"run_id": first, "experiment_id": OURS}))
    fake.answer("POST", f"{path}:terminate", {}).answer("DELETE", path, {})

    pressed.page_runs()
    assert not fake.sent("DELETE", path)
    clock.advance(61)
    pressed.page_runs()

    assert second.run_id != first
    assert len(fake.sent("DELETE", path)) == 1


def test_an_interrupted_submit_is_unclear_and_not_lost() -> None:
    journal = Journal()

    def interrupted(request: Request[Any]) -> Response:
        raise KeyboardInterrupt

    fake = kfp().answer("POST", RUNS, interrupted)
    with pytest.raises(KeyboardInterrupt):
        service(fake, journal, ManualClock()).start_run(PLAIN)

    assert [each.stage for each in journal.list_unsettled(CONTEXT.server, "alice")] == [Stage.UNCLEAR]


def test_open_submits_are_settled_without_a_list_and_then_nothing_is_asked() -> None:
    fake, journal, clock = unclear(kfp()).answer("GET", RUNS, {}), Journal(), ManualClock()
    pressed = service(fake, journal, clock)
    run = pressed.start_run(PLAIN, patient=False)
    fake.answer("GET", f"{RUNS}/{run.run_id}", GONE)

    pauses = []
    while (pause := pressed.settle()) is not None:
        pauses.append(pause)
        clock.advance(pause)

    assert pauses[:5] == [0.5, 0.5, 1.0, 2.0, 4.0]
    assert max(pauses) == 8.0
    assert sum(pauses) < 130
    assert journal.list_unsettled(CONTEXT.server, "alice") == []
    looks = len(fake.requests)
    assert pressed.settle() is None
    assert len(fake.requests) == looks


def test_a_server_that_stays_away_is_asked_ever_more_rarely_and_for_a_day() -> None:
    fake, journal, clock = unclear(kfp()), Journal(), ManualClock()
    pressed = service(fake, journal, clock)
    run = pressed.start_run(PLAIN, patient=False)
    fake.answer("GET", f"{RUNS}/{run.run_id}", Response(status=502, body=b""))

    looks = 0
    while (pause := pressed.settle()) is not None:
        clock.advance(pause)
        looks += 1

    assert 24 * 12 < looks < 24 * 12 + 40  # every five minutes, after a quick start
    assert [each.stage for each in journal.list_unsettled(CONTEXT.server, "alice")] == [Stage.UNCLEAR]


def test_what_was_sent_again_is_looked_for_when_it_is_due() -> None:
    fake, journal, clock = kfp(), Journal(), ManualClock()
    now = clock.now().timestamp()
    journal.begin(intent("a", server=CONTEXT.server, namespace="alice", sent_at=now))
    journal.settle("a", Stage.SURPLUS)
    pressed = service(fake, journal, clock)

    pauses = []
    while (pause := pressed.settle()) is not None:
        pauses.append(pause)
        clock.advance(pause)

    assert pauses == [180.0, 240.0, 300.0, 0.5]


def test_a_clock_that_is_set_back_does_not_keep_a_submit_open_for_ever() -> None:
    fake, journal, clock = unclear(kfp()).answer("GET", RUNS, {}), Journal(), ManualClock()
    pressed = service(fake, journal, clock)
    run = pressed.start_run(PLAIN, patient=False)
    fake.answer("GET", f"{RUNS}/{run.run_id}", GONE)
    clock.set_back(days=1)

    pressed.page_runs()
    clock.advance(121)

    assert pressed.page_runs().runs == []


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_who_waits_waits_two_minutes_whatever_the_clock_says(jump: timedelta) -> None:
    fake, clock = kfp(), ManualClock()

    def late(request: Request[Any]) -> Response:
        clock.set_back(seconds=jump.total_seconds())
        raise timed_out_late()

    with pytest.raises(KfpError, match="did not start"):
        service(fake.answer("POST", RUNS, late), Journal(), clock).start_run(PLAIN)

    assert sum(clock.slept) == 120


def test_who_waits_for_a_server_that_stays_away_gets_the_run_as_not_confirmed() -> None:
    fake, clock = kfp(), ManualClock()

    def gone(request: Request[Any]) -> Response:
        fake.answer("GET", f"{RUNS}/{json.loads(request.body)['run_id']}", Response(status=502))
        raise timed_out_late()

    run = service(fake.answer("POST", RUNS, gone), Journal(), clock).start_run(PLAIN)

    assert (run.phase, 120 <= sum(clock.slept) < 125) == (Phase.UNCONFIRMED, True)


def test_a_key_belongs_to_one_namespace() -> None:
    fake, journal = kfp(), Journal()
    pressed = service(fake, journal, ManualClock())
    pressed.start_run(ONE_PRESS)

    with pytest.raises(KfpError, match="submit_key: it was used in alice"):
        pressed.in_namespace("bob").start_run(ONE_PRESS)


OLD = {"multi_user": True, "tag_name": "1.8.5"}  # gives ids of its own, whatever the client says


def test_a_server_that_gives_ids_of_its_own_is_believed() -> None:
    fake, journal = kfp().answer("GET", "/apis/v2beta1/healthz", OLD), Journal()
    fake.answer("POST", RUNS, lambda request: ok({**json.loads(request.body), "run_id": "theirs"}))
    fake.answer("GET", f"{RUNS}/theirs", {"run_id": "theirs", "experiment_id": OURS})
    pressed = service(fake, journal, ManualClock())

    first = pressed.start_run(ONE_PRESS)
    again = pressed.start_run(ONE_PRESS)

    assert (first.run_id, again.run_id, len(sent(fake))) == ("theirs", "theirs", 1)


def test_an_unclear_submit_to_such_a_server_is_found_by_its_name() -> None:
    fake, journal, clock = unclear(kfp()), Journal(), ManualClock()
    fake.answer("GET", "/apis/v2beta1/healthz", OLD)
    now = clock.now()
    listed = [
        {"run_id": "new", "experiment_id": OURS, "display_name": "mine", "created_at": now.isoformat()},
        {
            "run_id": "older",
            "experiment_id": OURS,
            "display_name": "mine",
            "created_at": "2026-03-12T13:00:00Z",
        },
    ]
    fake.answer("GET", RUNS, {"runs": listed})

    run = service(fake, journal, clock).start_run(ONE_PRESS)

    known = journal.find_by_key("k")
    assert known is not None
    assert (run.run_id, known.run_id, known.stage) == ("new", "new", Stage.ACCEPTED)


def test_an_answer_with_somebody_elses_run_is_no_answer() -> None:
    fake, clock = kfp(), ManualClock()

    def mixed_up(request: Request[Any]) -> Response:
        wanted = json.loads(request.body)["run_id"]
        fake.answer("GET", f"{RUNS}/{wanted}", {"run_id": wanted, "experiment_id": OURS})
        return ok({"run_id": "other", "display_name": "another"})

    run = service(fake.answer("POST", RUNS, mixed_up), Journal(), clock).start_run(PLAIN)

    assert run.run_id == sent(fake)[0]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff", b'{"run_id": 5}'])
def test_an_answer_that_is_not_understood_is_unclear(body: bytes) -> None:
    fake, journal = kfp().answer("POST", RUNS, Response(status=200, body=body)), Journal()

    run = service(fake, journal, ManualClock()).start_run(PLAIN, patient=False)

    assert run.phase is Phase.UNCONFIRMED
