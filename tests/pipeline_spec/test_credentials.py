"""Values that look like credentials: fifteen do, fifteen do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_kfp_mt.pipeline_spec.credentials import find_credentials

CORPUS: dict[str, list[tuple[str, str]]] = json.loads(
    (Path(__file__).parent / "data" / "credentials.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("name", "value"), CORPUS["secrets"])
def test_a_credential_is_recognized(name: str, value: str) -> None:
    assert find_credentials({"rounds": 3, name: value}) == [name]


@pytest.mark.parametrize(("name", "value"), CORPUS["harmless"])
def test_a_harmless_value_is_not_taken_for_one(name: str, value: str) -> None:
    assert find_credentials({name: value, "list": [value], "nothing": None}) == []


def test_the_corpus_has_thirty_values() -> None:
    assert [len(values) for values in CORPUS.values()] == [15, 15]
