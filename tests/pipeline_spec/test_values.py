"""Values of parameters, by the table that the page's form is tested against, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.errors import KfpInputError
from jupyter_kfp_mt.models import ParameterSpec
from jupyter_kfp_mt.pipeline_spec import TypedText
from jupyter_kfp_mt.pipeline_spec.parameters import check_values

TABLE = Path(__file__).parents[2] / "labextension" / "test" / "data" / "parameters.json"
CASES: list[dict[str, Any]] = json.loads(TABLE.read_text())


def name_of(case: dict[str, Any]) -> str:
    return f"{case['type']} {json.dumps(case.get('text', case.get('value')))[:40]}"


def spec_of(case: dict[str, Any]) -> ParameterSpec:
    return msgspec.convert({"name": "p", "type": case["type"], **case.get("spec", {})}, ParameterSpec)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_value_is_sent_or_refused(case: dict[str, Any]) -> None:
    value = TypedText(case["text"]) if "text" in case else case["value"]

    if "problem" not in case:
        sent = check_values([spec_of(case)], {"p": value}, "train.yaml")
        assert sent == ({} if case.get("unsent") else {"p": case["sent"]})
        return
    with pytest.raises(KfpInputError) as caught:
        check_values([spec_of(case)], {"p": value}, "train.yaml")
    assert caught.value.message == f"p: {case['problem']}."
    if "write" in case:
        assert caught.value.next_step == f"write p={case['write']}"
