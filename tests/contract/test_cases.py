"""What a real KFP server answered, asked again: each file of `cases/` is a test of its own.

Without more, the cases are sent to embedded servers in this process. `KFP_CONTRACT_URL` names another server
and `KFP_CONTRACT_TOKENS` a folder with its tokens; README.md says what it needs and what is left out there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.case import load, names, setups, tell
from tests.contract.target import URL, CannotSetUpError, Target, other, own

CASES = names()
DOCS = Path(__file__).parents[2] / "docs" / "embedded.md"


@pytest.fixture(scope="module")
def named() -> dict[str, dict[str, Any]]:
    return setups()


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Target]]:
    """The server to ask in each mode."""
    if URL:
        server = other()
        yield dict.fromkeys(("multi-user", "single-user"), server)
        server.clean()
        return
    with (
        own(tmp_path_factory.mktemp("multi"), "multi-user") as multi,
        own(tmp_path_factory.mktemp("single"), "single-user") as single,
    ):
        yield {"multi-user": multi, "single-user": single}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, targets: dict[str, Target], named: dict[str, dict[str, Any]]) -> None:
    case = load(name)
    try:
        problem = tell(case, targets[case.get("mode", "multi-user")], named)
    except CannotSetUpError as reason:
        pytest.skip(str(reason))
    assert problem == "", case["request"]


def test_there_are_many_cases_and_every_difference_is_explained() -> None:
    differences = [case["embedded"] for case in map(load, CASES) if "embedded" in case]
    explained = set(re.findall(r"\[([a-z-]+)\]", DOCS.read_text()))
    assert len(CASES) >= 250
    assert {each["why"] for each in differences} <= explained
    assert all(each["status"] < 500 for each in differences)


def test_every_named_set_up_is_used(named: dict[str, dict[str, Any]]) -> None:
    items = [item for case in map(load, CASES) for item in case.get("setup", [])]
    items += [item for each in named["each"].values() for item in each]
    assert {item for item in items if isinstance(item, str)} == {*named["once"], *named["each"]}
