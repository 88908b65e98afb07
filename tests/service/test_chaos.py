"""Submits through a network that loses, delays and doubles answers: one press, one run, one execution.

The server here is as unforgiving as a real one; the embedded one, restarted, is in `test_chaos_restarts.py`.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_kfp_mt.client import HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError, KfpNotStartedError
from jupyter_kfp_mt.models import Phase, SubmitRequest
from jupyter_kfp_mt.service import Journal, KfpService, Policies, Settling
from tests.service.faulty import KINDS, LOST, NOT_SENT, Kfp, serving
from tests.service.stand_ins import TRAIN

PRESSES = int(os.environ.get("KFP_CHAOS_PRESSES", "20"))
PATIENCE = Settling(timeout=0.3, first=0.05, longest=0.2, bound=1.5, again=(0.05, 0.1), sending=0.6)


@pytest.fixture
def kfp() -> Iterator[Kfp]:
    with serving(Kfp()) as server:
        yield server


def request_for(key: str, submit_key: str = "") -> SubmitRequest:
    return SubmitRequest(source=TRAIN, parameters={"name": key}, display_name=key, submit_key=submit_key)


def press(service: KfpService, key: str) -> str:
    """Press Run, twice as quickly as a person can, and "Try again" where it is offered; return the id."""
    while True:
        try:
            run = service.start_run(request_for(key, key), patient=False)
        except KfpError:
            continue  # said to have come to nothing
        if run.phase is not Phase.UNCONFIRMED:
            return run.run_id
        while any(row.run_id == run.run_id for row in service.page_runs().runs):
            time.sleep(0.05)


def submit(service: KfpService, key: str) -> tuple[str, int]:
    """Submit as a command does, once more after each `not-started`; return the id and how often that was."""
    again = 0
    while True:
        try:
            return service.start_run(request_for(key)).run_id, again
        except KfpNotStartedError:
            again += 1


def services_at(kfp: Kfp, folder: Path) -> list[KfpService]:
    """Two processes with one journal."""
    context = Context(kfp.url, "alice", timeout=2.0)
    policies = Policies(settling=PATIENCE)
    return [
        KfpService(
            context, HttpTransport(context), journal=Journal(folder / "journal.sqlite"), policies=policies
        )
        for _ in range(2)
    ]


def unsettled(folder: Path, kfp: Kfp) -> int:
    journal = Journal(folder / "journal.sqlite")
    try:
        return len(journal.list_unsettled(kfp.url, "alice"))
    finally:
        journal.close()


@pytest.mark.slow
@pytest.mark.timeout(120 + PRESSES)
def test_each_press_is_one_run_and_one_execution(kfp: Kfp, tmp_path: Path) -> None:
    services = services_at(kfp, tmp_path)
    keys = [f"press-{number}" for number in range(PRESSES)]

    with ThreadPoolExecutor(16) as pool:
        run_ids = set(pool.map(press, services * PRESSES, [key for key in keys for _ in services]))

    assert set(kfp.runs) == run_ids
    assert sorted(kfp.runs.values()) == sorted(keys)
    assert set(kfp.executions.values()) == {1}
    assert unsettled(tmp_path, kfp) == 0
    assert {kind for kinds in kfp.faults.values() for kind in kinds} == {"none", *KINDS}
    for service in services:
        service.close()


@pytest.mark.slow
@pytest.mark.timeout(120 + PRESSES)
def test_commands_that_submit_again_after_not_started_are_one_run_each(
    kfp: Kfp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services = services_at(kfp, tmp_path)
    keys = [f"command-{number}" for number in range(PRESSES)]
    started = time.monotonic()

    with ThreadPoolExecutor(16) as pool:
        outcomes = dict(zip(keys, pool.map(submit, services * PRESSES, keys), strict=True))

    faults = Counter(kind for kinds in kfp.faults.values() for kind in kinds)
    again = sum(times for _, times in outcomes.values())
    figures = {
        "presses": PRESSES,
        "runs": len(kfp.runs),
        "executions": sum(kfp.executions.values()),
        "not confirmed": unsettled(tmp_path, kfp),
        "submitted again": again,
        "seconds": round(time.monotonic() - started),
        **faults,
    }
    with capsys.disabled():
        sys.stdout.write(f"\nfaults: {', '.join(f'{name} {count}' for name, count in figures.items())}\n")
    assert set(kfp.runs) == {run_id for run_id, _ in outcomes.values()}
    assert sorted(kfp.runs.values()) == sorted(keys)
    assert set(kfp.executions.values()) == {1}
    assert figures["not confirmed"] == 0
    for key, (_, times) in outcomes.items():  # an answer that was lost is found, not submitted again
        assert times <= sum(kind in (*LOST, *NOT_SENT) for kind in kfp.faults[key])
    for service in services:
        service.close()
