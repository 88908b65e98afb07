"""Five minutes on a laptop (the storyboard), as one user would live them: steps build on each other."""

from __future__ import annotations

from conftest import Lab, api
from playwright.sync_api import Page, expect
from steps import panel, run_row, task, value_field


def test_first_look_says_who_where_and_how_to_begin(page: Page, lab: Lab) -> None:
    namespace = api(lab, "status")["namespace"]

    expect(panel(page).get_by_role("button", name="Connected")).to_be_visible()
    expect(panel(page).get_by_text("Embedded", exact=True)).to_be_visible()
    expect(panel(page).get_by_text(f"No runs yet in {namespace}.")).to_be_visible()
    expect(panel(page).get_by_text("A run is one execution of a pipeline.")).to_be_visible()
    expect(panel(page).get_by_role("button", name="New run").first).to_be_visible()


def test_two_clicks_later_a_run_has_succeeded(page: Page, lab: Lab) -> None:
    namespace = api(lab, "status")["namespace"]

    panel(page).get_by_role("button", name="Run the example").click()

    expect(run_row(page, "hello-pipeline")).to_have_count(1)
    for name in ("pick-greeting", "say-hello", "count-letters"):
        expect(task(page, name)).to_contain_text("Succeeded")
    expect(run_row(page, "Succeeded, hello-pipeline")).to_have_count(1)
    task(page, "say-hello").click()
    expect(page.get_by_role("log")).to_contain_text(f"Hello, {namespace}!")


def test_clone_with_another_value_reuses_what_did_not_change(page: Page) -> None:
    run_row(page, "hello-pipeline").click()
    page.get_by_role("button", name="Clone…").first.click()
    value_field(page, "name").fill("team")

    page.get_by_role("button", name="Run", exact=True).click()

    expect(run_row(page, "hello-pipeline")).to_have_count(2)
    expect(task(page, "pick-greeting")).to_contain_text("From cache")
    expect(task(page, "say-hello")).to_contain_text("Succeeded")
    task(page, "say-hello").click()
    expect(page.get_by_role("log")).to_contain_text("Hello, team!")
