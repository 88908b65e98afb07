"""The rules about runs: what they say, and that the page's copy of them is tested against the same cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_kfp_mt import run_rules
from jupyter_kfp_mt.run_rules import Phase, phase_of, state_filter

COMMITTED = Path(__file__).parents[1] / "labextension" / "test" / "data" / "run_rules.json"


def test_the_committed_cases_are_made_from_the_rules() -> None:
    made = "python -m jupyter_kfp_mt.run_rules > labextension/test/data/run_rules.json"
    assert json.loads(COMMITTED.read_text()) == run_rules.cases(), made


@pytest.mark.parametrize(
    ("state", "history", "phase"),
    [
        ("", (), Phase.PENDING),
        ("RUNTIME_STATE_UNSPECIFIED", ("PENDING",), Phase.PENDING),
        ("RUNNING", ("PENDING", "", "PENDING"), Phase.RUNNING),
        ("FAILED", ("PENDING", "RUNNING"), Phase.FAILED),
        ("FAILED", ("RUNNING", "CANCELING"), Phase.CANCELED),
        ("SUCCEEDED", ("RUNNING", "CANCELING"), Phase.SUCCEEDED),  # it ended before the deadline took effect
        ("PAUSED", (), Phase.PAUSED),
        ("HIBERNATING", (), Phase.UNKNOWN),
        ("CACHED", (), Phase.UNKNOWN),  # a word of ours is no state of KFP
        ("UNCONFIRMED", (), Phase.UNKNOWN),
    ],
)
def test_a_state_of_kfp_is_a_phase(state: str, history: tuple[str, ...], phase: Phase) -> None:
    assert phase_of(state, history) is phase


def test_a_run_that_kfp_does_not_have_cannot_be_changed() -> None:
    (row,) = [
        row for row in run_rules.cases()["runs"] if row["phase"] == "UNCONFIRMED" and not row["archived"]
    ]
    assert not any(row[verb] for verb in ("terminate", "retry", "archive", "restore", "delete", "clone"))


@pytest.mark.parametrize("phase", list(Phase))
def test_a_run_is_terminated_or_retried_but_never_both(phase: Phase) -> None:
    assert not (run_rules.may_terminate(phase) and run_rules.may_retry(phase))


@pytest.mark.parametrize(
    "state", [*(state.value for state in run_rules.STATES), run_rules.UNSPECIFIED, "HIBERNATING"]
)
@pytest.mark.parametrize("history", [(), ("CANCELING",)])
def test_a_filter_by_the_phase_of_a_run_holds_the_run(state: str, history: tuple[str, ...]) -> None:
    listed, states = state_filter([phase_of(state, history)])
    assert (state in states) is listed


def test_active_is_everything_but_the_states_that_are_final() -> None:
    assert state_filter(run_rules.ACTIVE) == (False, run_rules.FINAL_STATES)
