"""Values of parameters, by the table that the page's form is tested against, too."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.errors import KfpInputError
from jupyter_kfp_mt.models import ParameterSpec
from jupyter_kfp_mt.pipeline_spec import TypedText
from jupyter_kfp_mt.pipeline_spec.parameters import check_values
from tests.pipeline_spec.value_table import CASES, name_of


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
