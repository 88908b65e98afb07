"""One rule for "active": lists, the watch and the counts hold the same runs, whatever state a run is in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.client import HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.run_rules import ACTIVE, FILTERABLE, STATES, UNSPECIFIED, Phase
from jupyter_kfp_mt.server.rows import PAGE, Rows, read_rows
from jupyter_kfp_mt.service import KfpService
from tests.embedded.running import Running, running
from tests.service.stand_ins import TRAIN

STORED = {  # name of a run → the states it has been in
    **{state.value: [state.value] for state in STATES},
    "NOT REPORTED": [UNSPECIFIED],
    "TERMINATED": ["CANCELING", "FAILED"],
    "OF A LATER KFP": ["HIBERNATING"],
}
ACTIVE_NAMES = {"PENDING", "RUNNING", "CANCELING", "PAUSED", "NOT REPORTED", "OF A LATER KFP"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def kfp(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KfpService]:
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(server.token("alice"))
    context = Context(server.url, "alice", credential=TokenFile(token, server.url))
    service = KfpService(context, HttpTransport(context))
    for name, states in STORED.items():
        start(service, server, name, states)
    yield service
    service.close()


def start(kfp: KfpService, server: Running, name: str, states: list[str]) -> None:
    run = kfp.submit(TRAIN, {"name": "x"}, name=name)
    for state in states:
        server.manager.store.runs.set_state(run.run_id, state)


def names(kfp: KfpService, *phases: Phase) -> set[str]:
    return {run.display_name for run in kfp.list_runs(state=[phase.value for phase in phases], limit=100)}


def test_a_list_of_active_runs(kfp: KfpService) -> None:
    assert names(kfp, *ACTIVE) == ACTIVE_NAMES
    assert {run.display_name for run in kfp.list_runs(limit=100) if not run.ended} == ACTIVE_NAMES


@pytest.mark.parametrize(
    ("phase", "runs"),
    [
        (Phase.PENDING, {"PENDING", "NOT REPORTED"}),
        (Phase.FAILED, {"FAILED"}),
        (Phase.CANCELED, {"CANCELED", "TERMINATED"}),
        (Phase.UNKNOWN, {"OF A LATER KFP"}),
        *((phase, {phase.value}) for phase in (Phase.RUNNING, Phase.SUCCEEDED, Phase.SKIPPED, Phase.PAUSED)),
    ],
)
def test_a_list_by_one_phase(kfp: KfpService, phase: Phase, runs: set[str]) -> None:
    assert names(kfp, phase) == runs


def test_lists_by_each_phase_hold_every_run_once(kfp: KfpService) -> None:
    held = [name for phase in FILTERABLE for name in names(kfp, phase)]

    assert sorted(held) == sorted(STORED)  # this test stands before those that add runs


def test_a_phase_that_is_no_state_of_a_run_lists_nothing(kfp: KfpService) -> None:
    assert names(kfp, Phase.UNCONFIRMED) == names(kfp, Phase.CACHED) == set()


def test_a_word_that_is_no_state_is_refused(kfp: KfpService) -> None:
    with pytest.raises(KfpError, match="“DONE” is not a state"):
        kfp.list_runs(state=["DONE"])


def test_the_count_of_active_runs(kfp: KfpService) -> None:
    assert kfp.status().running == len(ACTIVE_NAMES)


def test_the_watch_sees_active_runs_below_the_newest_page(kfp: KfpService, server: Running) -> None:
    for number in range(PAGE):
        start(kfp, server, f"newer {number}", ["SUCCEEDED"])

    seen = read_rows(kfp, Rows())

    assert {run.display_name for run in seen.older.values()} == ACTIVE_NAMES
