"""What could steer a terminal is removed."""

from __future__ import annotations

import pytest

from jupyter_kfp_mt.plain_text import clean, clean_lines


@pytest.mark.parametrize(
    "hostile",
    [
        "a\x1b[31mb\x1b[0m",
        "a\x1b]0;title\x07b",
        "a\x1b]8;;http://x\x1b\\b",
        "a\x9b2Jb",
        "a\x1bcb",
        "a\x00\x07\x7fb",
        "a\u202eb",
    ],
)
def test_what_steers_a_terminal_is_left_out(hostile: str) -> None:
    assert clean(hostile) == "ab"


def test_lines_of_a_log_stay_lines() -> None:
    assert clean_lines("one\r\ntwo\t3\r4") == "one\ntwo\t3\n4"
