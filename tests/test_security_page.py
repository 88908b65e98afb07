"""Each promise of docs/security.md names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_promise_names_a_test_that_is_there(file: str, name: str) -> None:
    assert re.search(
        rf"^(async )?(def|class) {name}\b", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE
    )


def test_every_promise_has_a_test() -> None:
    rows = re.findall(
        r"^\| Promise \| Test \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    promises = [row for table in rows for row in table.splitlines()]
    assert len(rows) == 4
    assert [row for row in promises if "::" not in row] == []
