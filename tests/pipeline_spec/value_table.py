"""The table of parameter values that the page's form is tested against, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[2] / "labextension" / "test" / "data" / "parameters.json"
CASES: list[dict[str, Any]] = json.loads(TABLE.read_text())


def name_of(case: dict[str, Any]) -> str:
    return f"{case['type']} {json.dumps(case.get('text', case.get('value')))[:40]}"
