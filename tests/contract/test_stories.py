"""What a real KFP server answered, asked again: every step is a test of its own.

`KFP_CONTRACT_URL` and `KFP_CONTRACT_TOKENS` (a folder with files `<namespace>-editor`, `<namespace>-viewer`)
point the suite at another server; then only what was recorded counts.

Where the embedded server is meant to differ, the step says so under `embedded`, with the reason; the reasons
are explained in docs/embedded.md.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.contract.replay import Story, stories
from tests.contract.worlds import Voices, before, fill, make_in, people, specs
from tests.embedded.running import running

OTHER_URL = os.environ.get("KFP_CONTRACT_URL", "")  # a real server, and a folder with tokens for it
LOCAL = {
    "filters",
    "paging",
    "single-user",
    "states",
}  # stand on states or modes that no API call brings about
STORIES = {name: story for name, story in stories().items() if not OTHER_URL or name not in LOCAL}
REASONS = {
    "bad-input",
    "idempotent",
    "no-probing",
    "not-served",
    "reference",
    "rights-first",
    "shared-by-name",
    "shared-rights",
    "yaml-words",
}
STEPS = [(name, number) for name, story in STORIES.items() for number in range(len(story["steps"]))]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is wrong with the answer to each step, by story; each story has a server of its own."""
    results: dict[str, list[str]] = {}
    for name, story in STORIES.items():
        single = name == "single-user"
        folder = tmp_path_factory.mktemp(name)
        with running(folder, multi_user=not single, identity_header="kubeflow-userid") as server:
            people(server.core.tenancy, server.core.store)
            voices = Voices(server, OTHER_URL, Path(os.environ["KFP_CONTRACT_TOKENS"]) if OTHER_URL else None)
            if "world" in story:
                fill(server, voices, story["world"])
            teller = Story(name, voices, specs(), before(server, voices, story["before"], specs()["plain"]))
            teller.unordered = "world" in story
            teller.make = partial(make_in, server, voices)
            answer = (lambda step: step) if OTHER_URL else expected
            results[name] = [teller.tell(answer(step)) for step in story["steps"]]
    return results


def expected(step: dict[str, Any]) -> dict[str, Any]:
    """The step with the answer that the embedded server is meant to give."""
    ours = step.get("embedded")
    if ours is None:
        return step
    answer = {"status": ours["status"], **({"text": ours["text"]} if ours["text"] else {})}
    return {**step, "answer": answer}


@pytest.mark.parametrize(
    ("name", "number"), STEPS, ids=[f"{name}-{STORIES[name]['steps'][n]['what'][:50]}" for name, n in STEPS]
)
def test_step(told: dict[str, list[str]], name: str, number: int) -> None:
    assert told[name][number] == "", STORIES[name]["steps"][number]["request"]


def test_there_are_many_steps_and_every_difference_has_a_reason() -> None:
    differences = [
        step["embedded"] for story in STORIES.values() for step in story["steps"] if "embedded" in step
    ]
    assert len(STEPS) >= 250
    assert {each["why"] for each in differences} <= REASONS
    assert all(each["status"] < 500 for each in differences)
