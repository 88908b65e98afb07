"""Registered pipelines: private and shared ones, their versions, two of them side by side, and their end."""

from __future__ import annotations

import pytest
from conftest import PROJECT, Lab, api
from playwright.sync_api import Locator, Page, expect
from steps import command, panel, save, widen
from test_looks import THEMES, complaints, cut_off

TRAIN = (PROJECT / "notebooks" / "pipelines" / "digits.yaml").read_text()
NEXT = TRAIN.replace("python:3.12", "python:3.13")


def upload(lab: Lab, text: str, name: str, **options: object) -> None:
    namespace = api(lab, "status")["namespace"]
    source = {"kind": "text", "text": text, "path": f"{name}.yaml"}
    api(lab, f"namespaces/{namespace}/pipelines", {"source": source, "name": name, **options})


@pytest.fixture(scope="module")
def registered(lab: Lab, window: Page) -> None:
    """Two versions of a private pipeline, and a shared one."""
    upload(lab, TRAIN, "digits", version="v1")
    upload(lab, NEXT, "digits", version="v2")
    upload(lab, TRAIN, "for everyone", shared=True)
    command(window, "jupyter-kfp-mt:refresh")
    panel(window).locator(".jp-AccordionPanel-title").filter(has_text="Pipelines").click()


def row(page: Page, name: str) -> Locator:
    return panel(page).get_by_role("listitem").filter(has=page.get_by_role("button", name=name))


def test_groups_and_the_view_of_a_pipeline(page: Page, registered: None) -> None:
    widen(page, 300)
    expect(panel(page).get_by_role("heading", name="Private")).to_be_visible()
    expect(row(page, "digits")).to_contain_text("2 versions")
    expect(panel(page).get_by_role("list", name="Shared")).to_contain_text("for everyone")
    row(page, "digits").get_by_role("button", name="digits").click()
    view = page.locator(".jp-kfp-PipelineView")
    view.get_by_role("treeitem").first.click()
    expect(view.get_by_role("status")).to_contain_text("python:3.1")
    save(page, "pipeline")
    assert complaints(page) == []
    view.get_by_role("tab", name="Inputs").click()
    expect(view.get_by_role("table")).to_contain_text("integer")
    view.get_by_role("tab", name="Spec").click()
    expect(view.locator("pre")).to_contain_text("pipelineInfo")


def test_two_versions_side_by_side(page: Page, registered: None) -> None:
    row(page, "digits").hover()
    row(page, "digits").get_by_role("button", name="More").click()
    save(page, "pipeline-menu")
    page.get_by_role("menuitem", name="Compare versions").click()
    view = page.locator(".jp-kfp-PipelineView")
    expect(view.get_by_role("row", name="load, image python:3.12 python:3.13")).to_be_visible()
    expect(view.locator("mark").first).to_be_visible()
    save(page, "compare-versions")
    command(page, "apputils:change-theme", theme=THEMES["dark"])
    widen(page, 250)
    save(page, "compare-versions-dark")
    assert complaints(page) == []
    assert cut_off(page) == []
    command(page, "apputils:change-theme", theme=THEMES["light"])


def test_a_pipeline_with_versions_is_deleted_by_its_name(page: Page, registered: None) -> None:
    row(page, "digits").hover()
    row(page, "digits").get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 versions are removed.")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    save(page, "pipeline-delete")
    dialog.get_by_role("textbox").fill("digits")
    dialog.get_by_role("button", name="Delete").click()
    expect(row(page, "digits")).to_have_count(0)
