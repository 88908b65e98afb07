"""docs/embedded.md lists the rows of the tests; `WRITE_DOCS=1 pytest tests/engine/test_docs.py` writes it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.engine import rows_control, rows_platform, rows_values

PAGE = Path(__file__).parents[2] / "docs" / "embedded.md"
PART = re.compile(r"(<!-- what runs here: begin -->\n).*(<!-- what runs here: end -->)", re.DOTALL)


def table() -> str:
    """Return one line for each row that runs, and for each that is refused."""
    rows = [*rows_control.ROWS, *rows_values.ROWS, *rows_platform.ROWS, *rows_platform.WHERE_POSSIBLE]
    lines = ["| Feature | Here |", "|---|---|"]
    lines += [f"| {row.feature} | runs{f': {row.note}' if row.note else ''} |" for row in rows]
    lines += [f"| {row.feature} | refused before the run starts |" for row, _, _ in rows_platform.REFUSED]
    return "\n".join(lines) + "\n"


def test_the_page_has_the_rows_of_the_tests() -> None:
    text = PAGE.read_text(encoding="utf-8")
    wanted = PART.sub(lambda match: match[1] + "\n" + table() + "\n" + match[2], text)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(wanted, encoding="utf-8")

    assert PART.search(text)
    assert PAGE.read_text(encoding="utf-8") == wanted
