from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from jupyter_kfp_mt.display import formats, phases
from jupyter_kfp_mt.models import Phase

NOW = datetime(2026, 3, 12, 14, 2, 7).astimezone()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.4, "0 s"),
        (59.9, "59 s"),
        (192, "3 min 12 s"),
        (360, "6 min 00 s"),
        (2 * 3600 + 5 * 60, "2 h 05 min"),
        (3 * 86400 + 4 * 3600 + 59, "3 d 4 h"),
        (-3, "–"),
    ],
)
def test_a_duration_is_described_in_two_units(seconds: float | None, text: str) -> None:
    assert formats.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=4, seconds=30), "4 min ago"),
        (timedelta(hours=4, minutes=48), "today 09:14"),
        (timedelta(days=1), "11 Mar, 14:02"),
        (timedelta(days=366), "11 Mar 2025"),
    ],
)
def test_a_moment_is_described_by_its_age(ago: timedelta, text: str) -> None:
    assert formats.format_time(NOW - ago, NOW) == text


@pytest.mark.parametrize(
    "unset", [None, datetime(1970, 1, 1, tzinfo=timezone.utc), datetime(1, 1, 1, tzinfo=timezone.utc)]
)
def test_a_moment_that_is_not_set_is_a_dash(unset: datetime | None) -> None:
    assert formats.format_time(unset, NOW) == "–"
    assert formats.format_full_time(unset) == ""


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_has_a_word_and_a_sign(phase: Phase) -> None:
    assert phases.label_of(phase).word
    assert formats.display_width(phases.label_of(phase).sign) in {1, 2}


def test_an_unknown_state_is_quoted() -> None:
    assert phases.label_of(Phase.UNKNOWN, "ODD\x1b[2J").word == "Unknown (“ODD”)"


def test_numbers_have_four_significant_digits() -> None:
    assert [formats.format_number(value) for value in (0.93123, 12345.6, float("nan"), 3, True, "x")] == [
        "0.9312",
        "1.235e+04",
        "NaN",
        "3",
        "True",
        "x",
    ]
