"""Our keys stand beside JupyterLab's: none takes one of its defaults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyterlab.commands import get_app_dir

PROJECT = Path(__file__).parent.parent
OURS = PROJECT / "labextension" / "schema" / "plugin.json"
EVERYWHERE = ("body", "*")


def shortcuts(schema: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(schema.read_text()).get("jupyter.lab.shortcuts", [])
    return [each for each in found if not each.get("disabled")]


def theirs() -> list[dict[str, Any]]:
    schemas = Path(get_app_dir(), "schemas", "@jupyterlab")
    return [each for schema in schemas.rglob("*.json") for each in shortcuts(schema)]


def normalize(keys: list[str]) -> tuple[str, ...]:
    return tuple(" ".join(sorted(key.replace("Ctrl", "Accel").split())) for key in keys)


def test_only_the_panel_has_a_key_everywhere_and_nobody_else_has_it() -> None:
    [panel] = [each for each in shortcuts(OURS) if "jp-kfp" not in each["selector"]]
    assert (panel["command"], panel["selector"]) == ("jupyter-kfp-mt:toggle-panel", "body")
    taken = {normalize(each["keys"]) for each in theirs()}
    assert len(taken) > 50
    assert normalize(panel["keys"]) not in taken


def test_no_key_of_our_views_is_one_that_works_everywhere() -> None:
    everywhere = {normalize(each["keys"]) for each in theirs() if each["selector"] in EVERYWHERE}
    assert len(everywhere) > 10
    ours = {normalize(each["keys"]) for each in shortcuts(OURS)}
    assert not ours & everywhere
