"""When triggers fire: cron texts, intervals, bounds, and times that were missed."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from jupyter_kfp_mt.schedule import NEVER, CronError, Trigger, check_cron


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 30 9 * * *", "2026-03-01T09:30:00", "2026-03-02T09:30:00"),
        ("30 9 * * *", "2026-03-01T00:00:00", "2026-03-01T00:09:30"),
        ("*/15 * * * * ?", "2026-03-01T00:00:01", "2026-03-01T00:00:15"),
        ("0 0 0 1 * 1", "2026-03-02T01:00:00", "2026-03-09T00:00:00"),
        ("@hourly", "2026-03-01T00:00:00", "2026-03-01T01:00:00"),
        ("@every 1h30m", "2026-03-01T00:00:00", "2026-03-01T01:30:00"),
        ("TZ=Europe/Berlin 0 0 12 * * *", "2026-03-28T12:00:00", "2026-03-29T10:00:00"),
        ("TZ=Europe/Berlin 0 30 2 * * *", "2026-03-28T12:00:00", "2026-03-29T01:00:00"),
        ("TZ=Europe/Berlin 0 30 2 * * *", "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
        ("TZ=Europe/Berlin 20 30 2 * * *", "2026-03-28T12:00:00", "2026-03-29T01:00:20"),
        ("TZ=Europe/Berlin 20 30 2 * * *", "2026-10-25T00:30:20", "2026-10-26T01:30:20"),
        ("TZ=Europe/Berlin 5,20 30 2 * * *", "2026-10-25T00:30:05", "2026-10-25T00:30:20"),
        ("TZ=Europe/Berlin 0 */20 * * * *", "2026-10-25T00:40:00", "2026-10-25T01:00:00"),
        ("TZ=Asia/Tokyo 0 0 9 * * *", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
    ],
)
def test_cron(cron: str, after: str, expected: str) -> None:
    found = Trigger(cron=cron).find_next_time(created=0, last=at(after))

    assert datetime.fromtimestamp(found, timezone.utc).isoformat()[:19] == expected


@pytest.mark.parametrize("created", ["2027-10-31T00:40:00", "2027-10-31T01:29:40"])
def test_a_time_that_comes_twice_fires_the_second_time_for_a_schedule_that_is_new(created: str) -> None:
    trigger = Trigger(cron="TZ=Europe/Berlin 0 30 2 * * *")

    first = trigger.find_next_time(created=at(created), last=None)
    second = trigger.find_next_time(created=at(created), last=first)

    assert (first, second) == (at("2027-10-31T01:30:00"), at("2027-11-01T01:30:00"))
    assert trigger.skip_missed(first, now=second - 1) == first
    assert trigger.skip_missed(first, now=second) == second


@pytest.mark.parametrize("seconds", ["0", "17"])
@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Europe/Berlin", "2026-03-29T01:00:00"),
        ("Europe/Berlin", "2026-10-25T01:00:00"),
        ("America/New_York", "2026-03-08T07:00:00"),
        ("America/New_York", "2026-11-01T06:00:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00"),
    ],
)
def test_a_daily_time_fires_once_a_day_when_clocks_change(zone: str, moment: str, seconds: str) -> None:
    change = at(moment)
    for minutes in range(0, 4 * 60, 10):
        trigger = Trigger(cron=f"TZ={zone} {seconds} {minutes % 60} {minutes // 60} * * *")
        for hours in (-60, -1, 0, 1):  # before the change, and around it
            created = change + hours * 3600 + 7
            times, last = [], None
            while last is None or last < change + 72 * 3600:
                last = trigger.find_next_time(created=created, last=last)
                times.append(last)
            days = [datetime.fromtimestamp(time, ZoneInfo(zone)).date() for time in times]
            assert times == sorted(set(times))
            assert created < times[0] <= created + 25 * 3600
            assert [(later - day).days for day, later in pairwise(days)] == [1] * (len(days) - 1)


@pytest.mark.parametrize(
    ("trigger", "last", "expected"),
    [
        (Trigger(interval=60), None, 1060),
        (Trigger(interval=60, start=2000), None, 2060),
        (Trigger(interval=60), 1060, 1120),
        (Trigger(interval=60, end=1100), 1060, NEVER),
        (Trigger(interval=(1 << 63) - 1), None, NEVER),
        (Trigger(cron="0 * * * * *", end=1030), None, 1020),
        (Trigger(cron="0 0 0 30 2 *"), None, NEVER),
        (Trigger(), None, 1000),
        (Trigger(), 1000, NEVER),
    ],
)
def test_intervals_bounds_and_once(trigger: Trigger, last: int | None, expected: int) -> None:
    assert trigger.find_next_time(created=1000, last=last) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (Trigger(cron="* * * * * *"), 4_000_000_000),
        (Trigger(cron="@every 7s"), 3_999_999_995),
        (Trigger(cron="@every 7s", end=20), 19),
        (Trigger(cron="TZ=Asia/Tokyo @every 7s", end=20), 19),
        (Trigger(cron="*/10 * * * * *", end=65), 60),
        (Trigger(cron="5,6 * * * * *", end=66), 66),
        (Trigger(cron="5,6 * * * * *", end=67), 66),
        (Trigger(cron="0 0 0 1 1 *", end=100), 5),
        (Trigger(cron="5 * * * * *", end=3), 5),
    ],
)
def test_the_last_of_those_that_were_missed(trigger: Trigger, expected: int) -> None:
    assert trigger.skip_missed(5, now=4_000_000_000) == expected


@pytest.mark.parametrize(
    "cron",
    [
        "0 0 * * * *",
        "0 * * * *",
        "@hourly",
        "@every 1h30m",
        "*/5 0-12/2 1,2 ? jan-mar MON",
        "TZ=Europe/Paris 0 0 3 * * *",
    ],
)
def test_robfig_accepts(cron: str) -> None:
    check_cron(cron)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("", "Empty spec string"),
        ("* * * *", "Expected 5 to 6 fields, found 4: * * * *"),
        ("61 * * * * *", "End of range (61) above maximum (59): 61"),
        ("0 0 0 ? * 7", "End of range (7) above maximum (6): 7"),
        ("0 0 0 0 * *", "Beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * * *", "Beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * * *", "Step of range should be a positive number: */0"),
        ("@sometimes", "Unrecognized descriptor: @sometimes"),
        ("@every 3000000h", "Failed to parse duration @every 3000000h: time: invalid duration"),
        ("TZ=Mars/Base 0 0 * * * *", "unknown time zone Mars/Base"),
        ("1/2/3 * * * * *", "Too many slashes: 1/2/3"),
    ],
)
def test_robfig_refuses(cron: str, words: str) -> None:
    with pytest.raises(CronError) as error:
        check_cron(cron)
    assert str(error.value) == words
