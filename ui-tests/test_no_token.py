"""A Kubeflow notebook that was started without access to Pipelines: from the notice to the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from conftest import Lab
from playwright.sync_api import Page, expect
from pod import lab_in_pod
from steps import command, new_notebook, panel, save, widen

from jupyter_kfp_mt.context.poddefault import make_poddefault
from tests.doctor.world import World, a_world

YEARS = 5_000_000  # minutes: the server has the real clock


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The pod, its cluster without the option, and a KFP that wants a token."""
    with a_world(tmp_path_factory.mktemp("pod")) as found:
        found.options()
        for path in ("experiments", "runs"):
            found.kfp.recorded("no credential", path)
        yield found


@pytest.fixture(scope="module")
def lab(world: World, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab in that pod."""
    variables = {**world.variables, "KF_PIPELINES_ENDPOINT": world.kfp.url}
    with lab_in_pod(variables, world.root, environ, tmp_path_factory.mktemp("root")) as started:
        yield started


def test_two_steps_lead_to_the_connection(page: Page, world: World) -> None:
    ours = panel(page)
    widen(page, 300)
    expect(
        ours.get_by_text("Profile alice has no “Allow access to Kubeflow Pipelines” option")
    ).to_be_visible()
    expect(ours.get_by_role("button", name="Restart…")).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_text("New pipeline run")).to_be_visible()  # the launcher
    save(page, "no-token")
    command(page, "jupyter-kfp-mt:doctor")
    expect(page.get_by_text("Who can do this: you.")).to_be_visible()
    save(page, "doctor-no-token")

    ours.get_by_role("button", name="Create…").click()
    expect(page.get_by_role("dialog").get_by_text("kind: PodDefault")).to_be_visible()
    save(page, "no-token-create")
    page.get_by_role("button", name="Create", exact=True).click()
    world.options(make_poddefault("alice"))
    expect(ours.get_by_text("Option created")).to_be_visible()

    new_notebook(page)
    ours.get_by_role("button", name="Restart…").click()
    expect(page.get_by_text("Restart analysis with access to Pipelines?")).to_be_visible()
    save(page, "restart")
    page.get_by_role("button", name="Restart", exact=True).click()
    expect(ours.get_by_text("Restarting this notebook with access to Pipelines…")).to_be_visible()
    world.token(minutes=YEARS)
    for path in ("experiments", "runs"):
        world.kfp.answer(path, 200, {})

    expect(ours.get_by_role("button", name="Connected")).to_be_visible()
    # the page may ask between the two, and then the account is known
    connected = re.compile(r"Connected to Kubeflow Pipelines (as default-editor )?in alice\.")
    expect(page.get_by_text(connected).first).to_be_visible()
    changed = [asked.method for asked in world.kube.asked if "reviews" not in asked.path]
    assert [method for method in changed if method != "GET"] == ["POST", "PATCH", "DELETE"]
