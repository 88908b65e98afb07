"""The rest of the form: what would be sent, as code, with values that come back; commands say why not."""

from __future__ import annotations

import json
import re

from conftest import Lab, api
from playwright.sync_api import Locator, Page, expect
from steps import command, new_notebook, run_row, value_field


def open_form(page: Page) -> Locator:
    """Open the form for the digits, and return it."""
    command(page, "jupyter-kfp-mt:run-file", path="pipelines/digits.yaml")
    expect(value_field(page, "steps")).to_be_visible()
    return page.get_by_role("form", name="New run")


def test_the_preview_is_what_run_sends(page: Page, lab: Lab) -> None:
    form = open_form(page)
    expect(form.get_by_role("radio", name="File")).to_be_focused()
    value_field(page, "steps").fill("7")
    value_field(page, "test_share").fill("0.5")

    form.get_by_role("button", name="Preview").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Nothing was sent. The token is left out.")).to_be_visible()
    body = json.loads(dialog.get_by_role("tabpanel").inner_text())
    dialog.get_by_role("tab", name="%kfp").click()
    expect(dialog.get_by_role("tabpanel")).to_have_text(
        "%kfp submit pipelines/digits.yaml steps=7 test_share=0.5"
    )
    dialog.get_by_role("button", name="Close").click()
    value_field(page, "steps").press("ControlOrMeta+Enter")

    row = run_row(page, body["display_name"])
    expect(row).to_have_count(1)
    namespace = api(lab, "status")["namespace"]
    run = api(lab, f"namespaces/{namespace}/runs/{row.get_attribute('data-run-id')}")["run"]
    assert run["runtime_config"]["parameters"] == body["runtime_config"]["parameters"]
    assert run["experiment_id"] == body.get("experiment_id", run["experiment_id"])


def test_values_come_back_and_can_be_kept_under_a_name(page: Page) -> None:
    form = open_form(page)
    expect(form.get_by_text("These are the values of your last run.")).to_be_visible()
    expect(value_field(page, "steps")).to_have_value("7")
    value_field(page, "steps").fill("9")
    form.get_by_role("button", name="Save preset").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("quick")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    form.get_by_role("button", name="Reset all").click()
    expect(value_field(page, "steps")).to_have_value("500")

    form.get_by_role("button", name=re.compile("^Preset")).click()
    page.get_by_role("menuitem", name="quick").click()

    expect(value_field(page, "steps")).to_have_value("9")


def test_the_code_goes_into_the_notebook_in_front(page: Page) -> None:
    new_notebook(page)
    form = open_form(page)
    value_field(page, "steps").fill("3")

    form.get_by_role("button", name="Copy as ▾").click()
    page.get_by_role("menuitem", name="Insert in notebook").click()

    page.get_by_role("tab", name=re.compile("Untitled")).click()
    cell = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").last
    expect(cell).to_contain_text("from jupyter_kfp_mt import connect")
    expect(cell).to_contain_text("{'steps': 3")


def test_a_command_that_is_off_says_why_in_the_palette(page: Page) -> None:
    command(page, "apputils:activate-command-palette")
    page.keyboard.insert_text("insert code in notebook")

    off = page.locator(".lm-CommandPalette-item.lm-mod-disabled", has_text="Insert code in notebook")
    expect(off).to_be_visible()
    expect(off).to_contain_text("Open the form for a new run first.")
    page.keyboard.press("Escape")
