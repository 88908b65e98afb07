"""A Kubeflow notebook that was started without access to Pipelines: from the notice to the connection."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT, Lab, start_lab
from playwright.sync_api import Page, expect
from steps import panel

sys.path.insert(0, str(PROJECT / "tests"))
from doctor.world import World, a_world

from jupyter_kfp_mt.kube import option_manifest

YEARS = 5_000_000  # minutes: the server has the real clock
CONFIG = """
from pathlib import Path

from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.settings import KfpSettings

settings = KfpSettings(endpoint={endpoint!r}, data_dir={data!r})
environment = Environment({variables!r}, root=Path({root!r}))
c.KfpExtension.service_factory = lambda *, start_embedded: connect(
    settings=settings, environment=environment, start_embedded=start_embedded
)
"""


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
    root: Path = tmp_path_factory.mktemp("root")
    config = root / "jupyter_server_config.py"
    data, pod = str(root / "kfp"), str(world.root)
    config.write_text(
        CONFIG.format(endpoint=world.kfp.url, data=data, variables=world.variables, root=pod),
        encoding="utf-8",
    )
    with start_lab(root, environ, f"--config={config}") as started:
        yield started


def test_two_steps_lead_to_the_connection(page: Page, world: World) -> None:
    ours = panel(page)
    expect(
        ours.get_by_text("Profile alice has no “Allow access to Kubeflow Pipelines” option")
    ).to_be_visible()
    expect(ours.get_by_role("button", name="Restart…")).to_have_attribute("aria-disabled", "true")
    page.screenshot(path=PROJECT / "ui-tests" / "results" / "no-token.png")

    ours.get_by_role("button", name="Create…").click()
    expect(page.get_by_role("dialog").get_by_text("kind: PodDefault")).to_be_visible()
    page.screenshot(path=PROJECT / "ui-tests" / "results" / "no-token-create.png")
    page.get_by_role("button", name="Create", exact=True).click()
    world.options(option_manifest("alice"))
    expect(ours.get_by_text("Option created")).to_be_visible()

    ours.get_by_role("button", name="Restart…").click()
    page.get_by_role("button", name="Restart", exact=True).click()
    expect(ours.get_by_text("Restarting this notebook with access to Pipelines…")).to_be_visible()
    world.token(minutes=YEARS)
    for path in ("experiments", "runs"):
        world.kfp.answer(path, 200, {})

    expect(ours.get_by_role("button", name="Connected")).to_be_visible()
    expect(page.get_by_text("Connected to Kubeflow Pipelines in alice.")).to_be_visible()
    changed = [asked.method for asked in world.kube.asked if "reviews" not in asked.path]
    assert [method for method in changed if method != "GET"] == ["POST", "PATCH", "DELETE"]
