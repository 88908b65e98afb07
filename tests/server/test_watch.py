"""A watch without its thread: what it reads and reports."""

from __future__ import annotations

from jupyter_kfp_mt.errors import kfp_error
from jupyter_kfp_mt.models import RunsEvent, Status
from jupyter_kfp_mt.server.rows import PAGE, Rows, compare, read_rows
from jupyter_kfp_mt.server.watch import Change, Pace, Reset, Watch
from tests.server.fake_service import FakeKfp, FakeService


def watched(kfp: FakeKfp) -> tuple[Watch, list[Change]]:
    """Return a watch after its first look, and the list of changes that it reports from then on."""
    watch = Watch(lambda again: FakeService(kfp, "team-a"), "team-a", Pace())
    changes: list[Change] = []
    watch.add(changes.append)
    watch.look_once()
    changes.clear()
    return watch, changes


def changed_runs(changes: list[Change]) -> list[tuple[list[str], list[str]]]:
    return [
        ([run.run_id for run in change.runs], change.removed)
        for change in changes
        if isinstance(change, RunsEvent)
    ]


def test_the_first_look_means_to_read_everything() -> None:
    kfp, changes = FakeKfp(), []
    watch = Watch(lambda again: FakeService(kfp, "team-a"), "team-a", Pace())
    watch.add(changes.append)
    watch.look_once()
    assert [type(change) for change in changes] == [Status, Reset]


def test_new_changed_and_deleted_runs_are_reported() -> None:
    kfp = FakeKfp()
    kfp.put("old"), kfp.put("gone")
    watch, changes = watched(kfp)
    kfp.put("new"), kfp.put("old", "SUCCEEDED"), kfp.delete("gone")
    watch.look_once()
    assert changed_runs(changes) == [(["new", "old"], ["gone"])]


def test_nothing_is_reported_if_nothing_changed() -> None:
    kfp = FakeKfp()
    kfp.put("run")
    watch, changes = watched(kfp)
    watch.look_once()
    assert changes == []


def test_a_change_without_listeners_is_reported_to_the_next_one() -> None:
    kfp = FakeKfp()
    watch, changes = watched(kfp)
    watch.remove(changes.append)
    kfp.put("run")
    watch.look_once()
    watch.add(changes.append)
    watch.look_once()
    assert changed_runs(changes) == [(["run"], [])]


def test_a_page_of_runs_costs_one_call() -> None:
    kfp = FakeKfp()
    for number in range(PAGE):
        kfp.put(f"run-{number}")
    watch, _ = watched(kfp)
    kfp.calls.clear()
    watch.look_once()
    assert kfp.calls == ["page_runs"]


def test_an_active_run_is_followed_when_newer_ones_push_it_off_the_page() -> None:
    kfp = FakeKfp()
    kfp.put("long")
    watch, changes = watched(kfp)
    for number in range(PAGE):
        kfp.put(f"short-{number}", "SUCCEEDED")
        watch.look_once()
    kfp.put("long", "FAILED")
    changes.clear()
    watch.look_once()
    assert changed_runs(changes) == [(["long"], [])]


def test_an_old_run_that_was_already_running_is_found_at_the_first_look() -> None:
    kfp = FakeKfp()
    kfp.put("long", minute=-1)
    for number in range(PAGE):
        kfp.put(f"short-{number}", "SUCCEEDED")
    watch, changes = watched(kfp)
    kfp.put("long", "SUCCEEDED")
    watch.look_once()
    assert changed_runs(changes) == [(["long"], [])]


def test_an_old_run_that_vanishes_is_reported() -> None:
    kfp = FakeKfp()
    kfp.put("long", minute=-1)
    for number in range(PAGE):
        kfp.put(f"short-{number}", "SUCCEEDED")
    watch, changes = watched(kfp)
    kfp.delete("long")
    watch.look_once()
    assert changed_runs(changes) == [([], ["long"])]


def test_many_old_active_runs_cost_two_lists_and_a_few_look_ups() -> None:
    kfp = FakeKfp()
    for number in range(2 * PAGE):
        kfp.put(f"run-{number:03}", "")
    seen = read_rows(FakeService(kfp, "team-a"), Rows({}, kfp.runs))
    assert kfp.calls == ["page_runs", "page_runs", *["get_run"] * 5]
    assert len(seen.every) == 2 * PAGE


def test_a_run_asked_for_is_looked_up_wherever_it_is() -> None:
    kfp = FakeKfp()
    kfp.put("old", "FAILED", minute=-1)
    for number in range(PAGE):
        kfp.put(f"short-{number}", "SUCCEEDED")
    watch, changes = watched(kfp)
    kfp.put("old", "RUNNING")
    watch.ask_for("old")
    watch.look_once()
    assert changed_runs(changes) == [(["old"], [])]


def test_more_new_runs_than_a_page_tell_to_read_everything() -> None:
    kfp = FakeKfp()
    kfp.put("old", "SUCCEEDED")
    watch, changes = watched(kfp)
    for number in range(PAGE + 1):
        kfp.put(f"new-{number}", "SUCCEEDED")
    watch.look_once()
    assert changes == [Reset()]


def test_a_run_that_leaves_the_page_by_age_is_not_removed() -> None:
    kfp = FakeKfp()
    for number in range(PAGE + 1):
        kfp.put(f"run-{number:03}", "SUCCEEDED")
    before = read_rows(FakeService(kfp, "team-a"), Rows())
    kfp.put("new", "SUCCEEDED")
    after = read_rows(FakeService(kfp, "team-a"), before)
    assert compare(before, after).removed == []


def test_a_failure_is_reported_with_the_time_of_the_next_attempt() -> None:
    kfp = FakeKfp()
    watch, changes = watched(kfp)
    kfp.error = kfp_error("kfp-unavailable", host="kfp")
    pauses = [watch.look_once() for _ in range(7)]
    assert pauses == [5, 10, 20, 40, 80, 120, 120]
    assert isinstance(changes[1], Status)
    assert not changes[1].connected
    assert changes[1].endpoint == "http://kfp"
    assert changes[1].error is not None
    assert changes[1].error.next == "We try again in 10 s."


def test_a_refusal_is_no_lost_connection() -> None:
    kfp = FakeKfp()
    watch, changes = watched(kfp)
    kfp.error = kfp_error("forbidden", verb="list", resource="runs", ns="team-a")
    watch.look_once()
    assert isinstance(changes[0], Status)
    assert changes[0].connected


def test_after_a_failure_the_differences_go_on() -> None:
    kfp = FakeKfp()
    kfp.put("run")
    watch, changes = watched(kfp)
    kfp.error = kfp_error("kfp-timeout", host="kfp", s=10)
    watch.look_once()
    kfp.error = None
    kfp.put("run", "SUCCEEDED")
    watch.look_once()
    assert [type(change) for change in changes] == [Status, Status, RunsEvent]
    assert changed_runs(changes) == [(["run"], [])]


def test_the_pace_follows_what_runs() -> None:
    pace = Pace(active=5, idle=30, embedded=0.5, embedded_idle=0.8)
    assert pace.pause_after_look(active=True, embedded=False) == 5
    assert pace.pause_after_look(active=False, embedded=False) == 30
    assert pace.pause_after_look(active=True, embedded=True) == 0.5
    assert pace.pause_after_look(active=False, embedded=True) == 0.8
