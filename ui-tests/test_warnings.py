"""What does not stop anything is shown beside the runs, and mended from there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from conftest import Lab
from playwright.sync_api import Page, expect
from pod import lab_in_pod
from steps import command, panel, run_row, save, widen

from tests.doctor.world import World, a_world

YEARS = 5_000_000  # minutes: the server has the real clock
SAVED = "home/jovyan/.config/kfp/context.json"
CHURN = "11111111-1111-4111-8111-111111111111"
RUNS = (
    ("train-churn", "RUNNING", 3),
    ("embed-reviews", "PENDING", 12),
    ("prepare-data", "FAILED", 48),
    ("train-churn", "SUCCEEDED", 95),
    ("sweep-learning-rate", "CANCELING", 130),
    ("sweep-with-a-name-that-is-too-long-for-the-panel", "CANCELED", 240),
    ("nightly-report", "PAUSED", 500),
    ("backfill", "SKIPPED", 900),
    ("imported", "QUEUED_V3", 1500),
)


def listed(name: str, state: str, minutes: int) -> dict[str, object]:
    """A run of that age, as KFP lists it."""
    start = datetime.now(timezone.utc) - timedelta(minutes=minutes)
    ended = start + timedelta(minutes=12, seconds=3) if state in ("FAILED", "SUCCEEDED", "CANCELED") else None
    return {
        "run_id": str(uuid.uuid5(uuid.NAMESPACE_URL, name + state)),
        "experiment_id": CHURN,
        "display_name": name,
        "state": state,
        "created_at": start.isoformat(),
        "finished_at": (ended or datetime.fromtimestamp(0, timezone.utc)).isoformat(),
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A pod whose home folder has seen another namespace, with runs in all states."""
    with a_world(tmp_path_factory.mktemp("pod")) as found:
        found.token(minutes=YEARS)
        churn = {"experiment_id": CHURN, "display_name": "churn", "namespace": "alice"}
        found.kfp.answer("experiments", 200, {"experiments": [churn]})
        found.kfp.answer("runs", 200, {"runs": [listed(*run) for run in RUNS], "total_size": len(RUNS)})
        remembered = {"namespace": "old-team", "client_authentication_header_name": "kubeflow-userid"}
        found.file(SAVED, json.dumps(remembered))
        yield found


@pytest.fixture(scope="module")
def lab(world: World, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab in that pod."""
    variables = {**world.variables, "KF_PIPELINES_ENDPOINT": world.kfp.url}
    with lab_in_pod(variables, world.root, environ, tmp_path_factory.mktemp("root")) as started:
        yield started


def test_warnings_are_told_beside_the_runs_and_mended(page: Page, world: World) -> None:
    ours = panel(page)

    expect(
        ours.get_by_text("The SDK remembers namespace old-team; this notebook belongs to alice.")
    ).to_be_visible()
    widen(page, 300)
    expect(run_row(page, "Unknown (“QUEUED_V3”), imported")).to_have_count(1)
    save(page, "warnings", ours)
    ours.get_by_role("button", name="Forget old-team").click()
    expect(ours.get_by_text("The SDK remembers namespace old-team")).to_have_count(0)
    ours.get_by_role("button", name="Remove from context.json").click()
    expect(ours.get_by_role("list", name="Warnings")).to_have_count(0)
    assert (world.root / SAVED).read_text() == "{}"

    for theme in ("Light", "Dark"):
        command(page, "apputils:change-theme", theme=f"JupyterLab {theme}")
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "Light").lower())
        save(page, f"panel-{theme.lower()}", ours)
