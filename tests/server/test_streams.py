"""The memory of events: what a page that comes back is given."""

from __future__ import annotations

import random
from datetime import datetime, timezone

from jupyter_kfp_mt.models import Run, RunsEvent, Status
from jupyter_kfp_mt.server.streams import NAMESPACES, EventLog, Streams
from jupyter_kfp_mt.server.watch import Reset
from tests.server.fake_service import FakeKfp, FakeService

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def change(number: int) -> RunsEvent:
    return RunsEvent(namespace="team-a", runs=[Run(run_id=f"run-{number}")], at=NOW)


def kinds(events: list[bytes]) -> list[str]:
    return [event.decode().split("\n")[1].removeprefix("event: ") for event in events]


def test_a_newcomer_before_the_first_event_waits_for_it() -> None:
    log = EventLog()
    events, position = log.since("")
    log.add(change(1))
    assert events == []
    assert kinds(log.since(position)[0]) == ["runs"]


def test_a_newcomer_before_the_first_look_reads_everything_once() -> None:
    log = EventLog()
    log.add(Status(connected=True))
    before, position = log.since("")
    log.add(Reset())
    after, _ = log.since(position)
    assert kinds(before + after) == ["status", "reset"]


def test_a_newcomer_reads_everything() -> None:
    log = EventLog("abc")
    log.add(change(1))
    events, position = log.since("")
    assert kinds(events) == ["reset"]
    assert events[0].startswith(b"id: abc-1\n")
    assert log.since(position) == ([], "abc-1")


def test_a_page_cut_a_hundred_times_in_a_thousand_changes_loses_and_repeats_nothing() -> None:
    chance, log, position, seen = random.Random(7), EventLog(), "", []
    position = log.since(position)[1]
    for number in range(1000):
        log.add(change(number))
        if chance.random() < 0.1:
            events, position = log.since(position)
            seen += events
    seen += log.since(position)[0]
    assert [event.split(b'"run_id":"run-')[1].split(b'"')[0] for event in seen] == [
        b"%d" % n for n in range(1000)
    ]


def test_a_page_that_was_away_too_long_reads_everything() -> None:
    log = EventLog("abc", most=10)
    for number in range(12):
        log.add(change(number))
    assert kinds(log.since("abc-1")[0]) == ["reset"]
    assert kinds(log.since("abc-2")[0]) == ["runs"] * 10


def test_memory_is_bounded_in_bytes() -> None:
    log = EventLog("abc", most_bytes=2000)
    for number in range(100):
        log.add(change(number))
    assert len(b"".join(log.since("abc-99")[0])) < 2000
    assert kinds(log.since("abc-1")[0]) == ["reset"]


def test_ids_that_are_not_ours_mean_to_read_everything() -> None:
    log = EventLog("abc")
    log.add(change(1))
    for last_id in ("xyz-1", "abc-2", "abc--1", "abc-", "abc", "abc-१", "abc-" + "9" * 5000):
        assert kinds(log.since(last_id)[0]) == ["reset"], last_id


def test_streams_nobody_reads_are_forgotten_after_a_while() -> None:
    streams = Streams(lambda namespace, again: FakeService(FakeKfp(), namespace), 5, 30)
    first = streams.get_stream("team-0")
    for number in range(NAMESPACES + 1):
        streams.get_stream(f"team-{number}")
    assert streams.get_stream("team-0") is not first
