"""Registered pipelines: private and shared ones, their versions, two of them side by side, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT, Lab, api
from playwright.sync_api import Page, expect
from steps import command, panel, save, widen
from test_looks import THEMES, complaints, cut_off

TRAIN = (PROJECT / "notebooks" / "pipelines" / "digits.yaml").read_text()
NEXT = TRAIN.replace("python:3.12", "python:3.13")


def upload(lab: Lab, text: str, name: str, **options: object) -> None:
    namespace = api(lab, "status")["namespace"]
    source = {"kind": "text", "text": text, "path": f"{name}.yaml"}
    api(lab, f"namespaces/{namespace}/pipelines", {"source": source, "name": name, **options})


@pytest.fixture(scope="module")
def registered(lab: Lab, window: Page) -> Iterator[None]:
    """Two versions of a private pipeline, and a shared one."""
    upload(lab, TRAIN, "digits", version="v1")
    upload(lab, NEXT, "digits", version="v2")
    upload(lab, TRAIN, "for everyone", shared=True)
    command(window, "jupyter-kfp-mt:refresh")
    panel(window).locator(".jp-AccordionPanel-title").filter(has_text="Pipelines").click()
    yield


def row(page: Page, name: str):
    return panel(page).get_by_role("listitem").filter(has=page.get_by_role("button", name=name))


def test_groups_and_the_view_of_a_pipeline(page: Page, registered: None) -> None:
    widen(page, 300)
    expect(panel(page).get_by_role("heading", name="Private")).to_be_visible()
    expect(row(page, "digits")).to_contain_text("2 versions")
    expect(panel(page).get_by_role("list", name="Shared")).to_contain_text("for everyone")
    row(page, "digits").hover()
    save(page, "sections")
    row(page, "digits").get_by_role("button", name="digits").click()
    view = page.locator(".jp-kfp-PipelineView")
    expect(view.get_by_role("treeitem").first).to_be_visible()
    view.get_by_role("treeitem").first.click()
    save(page, "pipeline")
    view.get_by_role("tab", name="Inputs").click()
    save(page, "pipeline-inputs")
    view.get_by_role("tab", name="Spec").click()
    save(page, "pipeline-spec")
    view.get_by_role("button", name="Compare versions").click()
    expect(view.get_by_text("v1 and v2")).to_be_visible()
    save(page, "compare-versions")
    command(page, "apputils:change-theme", theme="JupyterLab Dark")
    widen(page, 250)
    row(page, "digits").get_by_role("button", name="More").click()
    save(page, "pipeline-menu-dark")
    page.get_by_role("menuitem", name="Delete…").click()
    page.get_by_role("dialog").wait_for()
    save(page, "pipeline-delete-dark")
    page.keyboard.press("Escape")
    print(complaints(page), cut_off(page))
