"""Schedules in words, and cron texts of a time zone for a server that counts in UTC."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jupyter_kfp_mt.schedule import (
    CronError,
    Trigger,
    check_cron,
    describe_trigger,
    find_clock_change,
    shift_to_utc,
)

WINTER = datetime(2026, 3, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 0 9 * * 1-5", "Weekdays 09:00"),
        ("0 0 9 ? * MON-FRI", "Weekdays 09:00"),
        ("TZ=Europe/Paris 0 0 2 * * 1", "Mondays 02:00"),
        ("0 30 9 * * 1,4", "Mondays and Thursdays 09:30"),
        ("0 0 9 * * 0,6", "Weekends 09:00"),
        ("30 0 9,17 * * *", "Daily 09:00:30 and 17:00:30"),
        ("@daily", "Daily 00:00"),
        ("0 */15 * * * *", "Every 15 minutes"),
        ("0 0 */6 * * *", "Every 6 hours"),
        ("0 0 * * * *", "Every hour"),
        ("0 * * * * *", "Every minute"),
        ("@every 90m", "Every 90 minutes"),
        ("0 0 9 1 * *", "At 09:00 on the first day of every month"),
        ("0 */7 * * * *", "Every seventh minute of every hour"),
        ("0 9 * * *", "At minute 9 of every hour"),
        ("no cron", "no cron"),
    ],
)
def test_a_cron_text_in_words(cron: str, words: str) -> None:
    assert describe_trigger(Trigger(cron=cron)) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "Every second"), (5400, "Every 90 minutes"), (86400 * 2, "Every 2 days")]
)
def test_an_interval_in_words(seconds: int, words: str) -> None:
    assert describe_trigger(Trigger(interval=seconds)) == words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 61 * * * *", "minute “61” is not one of 0 to 59"),
        ("0 0 5-25 * * *", "hour “5-25” is not one of 0 to 23"),
        ("0 0 9 x * *", "day of the month “x” is not one of 1 to 31"),
        ("0 0 9 * * 7", "day of the week “7” is not one of 0 to 6"),
        ("* * *", "expected 5 to 6 fields, found 3: * * *"),
    ],
)
def test_a_bad_cron_text_names_its_field(cron: str, words: str) -> None:
    with pytest.raises(CronError) as caught:
        check_cron(cron)

    assert caught.value.words == words


@pytest.mark.parametrize(
    ("cron", "zone", "moved"),
    [
        ("0 0 9 * * 1-5", "Europe/Paris", "0 0 8 * * 1-5"),
        ("0 30 0 * * 1", "Europe/Paris", "0 30 23 * * 0"),
        ("0 0 20 * * 6", "America/New_York", "0 0 0 * * 0"),
        ("0 0 9 * * *", "Asia/Kolkata", "0 30 3 * * *"),
        ("0 0 9,17 1 * *", "Europe/Paris", "0 0 8,16 1 * *"),
        ("0 5 * * * *", "Europe/Paris", "0 5 * * * *"),
        ("@every 1h", "Europe/Paris", "@every 1h"),
        ("0 0 0 1 * *", "Europe/Paris", None),
        ("0 0 */6 * * *", "Europe/Paris", None),
        ("0 0 9,23 * * *", "America/New_York", None),
    ],
)
def test_times_of_a_zone_in_utc(cron: str, zone: str, moved: str | None) -> None:
    assert shift_to_utc(cron, zone, WINTER) == moved


def test_what_a_change_of_clocks_does() -> None:
    spring = find_clock_change("0 0 9 * * 1-5", "Europe/Paris", WINTER)

    assert spring is not None
    assert (spring.before, spring.after, spring.forward) == ("09:00", "10:00", True)
    assert spring.at == datetime(2026, 3, 29, 1, tzinfo=timezone.utc)
    assert find_clock_change("0 0 9 * * *", "Asia/Kolkata", WINTER) is None
    assert find_clock_change("0 */5 * * * *", "Europe/Paris", WINTER) is None


@pytest.mark.parametrize(
    ("trigger", "last", "expected"),
    [
        (Trigger(interval=60), None, [1060, 1120]),
        (Trigger(interval=60), 1030, [1030 + 60, 1030 + 120]),
        (Trigger(interval=60, start=5000), None, [5060, 5120]),
        (Trigger(interval=60, end=1100), None, [1060]),
        (Trigger(cron="0 * * * * *"), None, [1080, 1140]),
        (Trigger(cron="0 * * * * *", start=3000), None, [3060, 3120]),
        (Trigger(cron="0 0 0 30 2 *"), None, []),
        (Trigger(), None, []),
    ],
)
def test_the_next_times(trigger: Trigger, last: int | None, expected: list[int]) -> None:
    assert trigger.list_next_times(created=1000, last=last, now=1050, count=2) == expected
