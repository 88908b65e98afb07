"""Experiments and runs: filters, the runs table, and changes of many runs, mostly by keyboard."""

from __future__ import annotations

import re

import pytest
from conftest import Lab, api
from playwright.sync_api import Page, expect
from steps import command, panel, run_row, save, widen
from test_looks import complaints, cut_off

COUNT = 6


@pytest.fixture(scope="module")
def runs(lab: Lab) -> list[str]:
    """The ids of some runs of the example, in experiments of two names."""
    namespace = api(lab, "status")["namespace"]
    wish = {"source": {"kind": "example"}, "cache": "on"}
    return [
        api(
            lab,
            f"namespaces/{namespace}/runs",
            {**wish, "experiment": "churn" if number % 2 else "nightly", "display_name": f"train-{number}"},
        )["run_id"]
        for number in range(COUNT)
    ]


@pytest.fixture
def listed(page: Page, runs: list[str]) -> Page:
    """The page with all of them in the list, and without a filter."""
    widen(page, 300)
    command(page, "jupyter-kfp-mt:clear-filter")
    expect(run_row(page, "Succeeded, train-")).to_have_count(COUNT)
    return page


def test_the_filter_menu_by_keyboard_and_its_chips(listed: Page) -> None:
    page = listed
    panel(page).get_by_role("button", name="Filter", exact=True).focus()
    page.keyboard.press("Enter")
    save(page, "filter-menu")
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown", "Enter"):  # State: Running
        page.keyboard.press(key)
    expect(panel(page).get_by_text("No runs match.")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Filter", exact=True)).to_be_focused()
    command(page, "jupyter-kfp-mt:filter", since="today")
    save(page, "filter-chips", panel(page))
    assert cut_off(page) == []
    panel(page).get_by_title("Running: remove this filter").click()
    expect(run_row(page, "Succeeded, train-")).to_have_count(COUNT)
    panel(page).get_by_title("Today: remove this filter").click()


def test_many_runs_are_archived_and_brought_back(listed: Page) -> None:
    page = listed
    run_row(page, "train-").first.focus()
    page.keyboard.press("ControlOrMeta+a")
    bar = panel(page).get_by_role("toolbar", name="Selected runs")
    expect(bar).to_contain_text(f"{COUNT} selected")
    save(page, "selected", panel(page))
    assert cut_off(page) == []
    bar.get_by_role("button", name="Archive").click()
    expect(run_row(page, "train-")).to_have_count(0)
    notice = page.locator(".Toastify__toast", has_text=f"{COUNT} archived.")
    notice.get_by_role("button", name="Undo").press("Enter")  # the notice above it is about to go
    expect(run_row(page, "Succeeded, train-")).to_have_count(COUNT)


def test_the_runs_table_by_keyboard(listed: Page, lab: Lab) -> None:
    page = listed
    command(page, "jupyter-kfp-mt:open-runs-table")
    main = page.locator("#jp-main-dock-panel")
    table = main.get_by_role("grid", name=re.compile("Runs in"))
    rows = table.get_by_role("row", name=re.compile("train-"))
    expect(rows).to_have_count(COUNT)
    table.get_by_role("button", name="Name", exact=True).click()
    expect(table.get_by_role("columnheader", name="Name", exact=True)).to_have_attribute(
        "aria-sort", "ascending"
    )
    expect(rows.first).to_contain_text("train-0")
    rows.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(main.get_by_role("toolbar", name="Selected runs")).to_contain_text("2 selected")
    save(page, "runs-table")
    assert complaints(page) == []
    with page.expect_download() as download:
        main.get_by_role("button", name="Download CSV").click()
    assert download.value.path().read_text(encoding="utf-8").count("train-") == 2
    page.keyboard.press("Escape")
    rows.first.focus()
    page.keyboard.press("Enter")
    expect(main.get_by_role("tab", name=re.compile("train-0"))).to_be_visible()


def test_an_experiment_is_archived_by_its_menu_and_restored(listed: Page) -> None:
    page = listed
    widen(page, 250)
    panel(page).locator(".jp-AccordionPanel-title").filter(has_text="Experiments").click()
    row = panel(page).locator(".jp-kfp-ExperimentRow").filter(has_text="churn")
    expect(row).to_be_visible()
    save(page, "experiments", panel(page))
    assert cut_off(page) == []
    assert complaints(page) == []
    row.click(button="right")
    page.get_by_role("menuitem", name="Archive").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(row).to_have_count(0)
    panel(page).get_by_role("button", name="Show archived").click()
    row.click(button="right")
    page.get_by_role("menuitem", name="Restore").click()
    expect(row).to_have_count(0)
    panel(page).get_by_role("button", name="Show archived").click()
    expect(row).to_be_visible()
