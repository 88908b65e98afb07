"""A run that fails says why; a value that is wrong never leaves the form."""

from __future__ import annotations

import re

from conftest import Lab, api
from playwright.sync_api import Page, expect
from steps import command, run_row, task, value_field


def test_a_failed_run_explains_itself(page: Page) -> None:
    command(page, "jupyter-kfp-mt:run-file", path="pipelines/broken.yaml")
    page.get_by_role("button", name="Run", exact=True).click()

    expect(run_row(page, "Failed, broken")).to_have_count(1)
    expect(task(page, "load")).to_contain_text("Failed")
    expect(task(page, "train")).to_contain_text("Skipped")
    expect(page.get_by_text("Task load stopped: file not found").first).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("No such file or directory: 'data/raw.csv'")


def test_a_wrong_value_keeps_run_off_and_says_which(page: Page, lab: Lab) -> None:
    namespace = api(lab, "status")["namespace"]
    before = api(lab, f"namespaces/{namespace}/runs")["total_size"]
    command(page, "jupyter-kfp-mt:run-file", path="pipelines/digits.yaml")

    value_field(page, "regularization").fill("0,01")

    expect(page.get_by_text("“0,01” is not a number. Write 0.01.").first).to_be_visible()
    run = page.get_by_role("button", name="Run", exact=True)
    expect(run).to_have_attribute("aria-disabled", "true")
    run.click(force=True)
    page.wait_for_timeout(500)
    assert api(lab, f"namespaces/{namespace}/runs")["total_size"] == before


def test_a_file_that_is_no_pipeline_says_so(page: Page, lab: Lab) -> None:
    (lab.root / "values.yaml").write_text("replicas: 3\n", encoding="utf-8")

    command(page, "jupyter-kfp-mt:run-file", path="values.yaml")

    expect(page.get_by_text("This file is not a compiled pipeline.")).to_be_visible()
    expect(page.get_by_text(re.compile("kfp dsl compile"))).to_be_visible()


def test_the_file_browser_offers_to_run_a_yaml(page: Page) -> None:
    page.get_by_role("tab", name=re.compile("File Browser")).click()
    page.locator(".jp-DirListing-item", has_text="pipelines").dblclick()
    page.locator(".jp-DirListing-item", has_text="hello.yaml").click(button="right")

    page.get_by_role("menuitem", name="Run as pipeline…").click()

    expect(value_field(page, "name")).to_be_visible()
