"""Recurring runs: from the form with a schedule over the section to the edit of one."""

from __future__ import annotations

from conftest import Lab
from playwright.sync_api import Locator, Page, expect
from steps import command, panel, save, widen
from test_looks import THEMES, complaints, cut_off


def unfold(page: Page) -> None:
    """Open the section of recurring runs unless it is open."""
    title = panel(page).locator(".jp-AccordionPanel-title").filter(has_text="Recurring runs")
    if title.get_attribute("aria-expanded") == "false":
        title.click()


def row(page: Page, name: str) -> Locator:
    return panel(page).get_by_role("listitem").filter(has=page.get_by_role("button", name=name))


def form(page: Page) -> Locator:
    return page.get_by_role("form", name="New run")


def menu(page: Page, name: str, item: str) -> None:
    """Choose an item of the menu of a row."""
    row(page, name).hover()
    row(page, name).get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name=item).click()


def starting(page: Page, schedule: str) -> Locator:
    """The row with a schedule."""
    return panel(page).get_by_role("listitem").filter(has_text=schedule)


def test_a_schedule_from_the_form_to_its_section(page: Page, lab: Lab) -> None:
    widen(page, 300)
    unfold(page)
    expect(panel(page).get_by_text("No recurring runs.")).to_be_visible()
    panel(page).locator(".jp-kfp-Panel-recurring").get_by_role("button", name="New recurring run").click()
    form(page).get_by_role("textbox", name="File").fill("pipelines/hello.yaml")
    expect(form(page).get_by_role("radio", name="On a schedule")).to_be_checked()
    expect(form(page).get_by_role("status", name="Next starts").locator("div")).to_have_count(5)
    save(page, "schedule-weekly")
    form(page).get_by_role("radio", name="Cron").check()
    form(page).get_by_role("textbox", name="Cron").fill("61 * * * *")
    expect(form(page).locator(".jp-kfp-Field-error")).to_have_text("Minute “61” is not one of 0 to 59.")
    form(page).get_by_role("textbox", name="Cron").fill("0 9 * * 1-5")
    form(page).get_by_role("textbox", name="Name", exact=True).fill("weekday mornings")
    expect(form(page).get_by_text("Schedule: Weekdays 09:00")).to_be_visible()
    save(page, "schedule-cron")
    assert complaints(page) == []
    form(page).get_by_role("button", name="Create").click()
    expect(row(page, "weekday mornings")).to_contain_text("next")


def test_it_is_run_now_switched_and_its_runs_are_shown(page: Page) -> None:
    menu(page, "weekday mornings", "Run now")
    expect(row(page, "weekday mornings").get_by_role("img", name="Succeeded")).to_be_visible()
    switch = row(page, "weekday mornings").get_by_role("switch")
    switch.click()
    expect(switch).not_to_be_checked()
    expect(row(page, "weekday mornings")).to_contain_text("–")
    switch.click()
    expect(switch).to_be_checked()
    row(page, "weekday mornings").get_by_role("button", name="weekday mornings").click()
    expect(panel(page).get_by_role("grid").get_by_role("row")).to_have_count(1)
    command(page, "apputils:change-theme", theme=THEMES["dark"])
    widen(page, 250)
    save(page, "recurring-dark")
    assert complaints(page) == []
    assert cut_off(page) == []
    command(page, "apputils:change-theme", theme=THEMES["light"])


def test_an_edit_leaves_one_on_and_the_rest_is_deleted(page: Page) -> None:
    menu(page, "weekday mornings", "Edit…")
    expect(form(page).get_by_role("textbox", name="Name", exact=True)).to_have_value("weekday mornings")
    expect(form(page).get_by_role("button", name="Monday")).to_have_attribute("aria-pressed", "true")
    form(page).get_by_role("radio", name="Every").check()
    form(page).get_by_role("textbox", name="Every").fill("2")
    form(page).get_by_role("button", name="Save", exact=True).click()
    expect(starting(page, "Every 2 hours").get_by_role("switch")).to_be_checked()
    expect(starting(page, "Weekdays 09:00").get_by_role("switch")).not_to_be_checked()
    for schedule in ("Every 2 hours", "Weekdays 09:00"):
        starting(page, schedule).hover()
        starting(page, schedule).get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Delete…").click()
        expect(page.get_by_role("dialog")).to_contain_text(
            "No more runs start. Runs that have started go on."
        )
        page.get_by_role("button", name="Delete").click()
        expect(starting(page, schedule)).to_have_count(0)
