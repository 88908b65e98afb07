"""The kernel and the panel know of each other's runs, and do not need each other."""

from __future__ import annotations

from conftest import Lab, api
from playwright.sync_api import Page, expect
from steps import command, new_notebook, panel, run_cell, run_row


def test_a_run_from_a_cell_is_in_the_panel_and_outlives_the_kernel(page: Page, lab: Lab) -> None:
    new_notebook(page)

    run_cell(page, "%load_ext jupyter_kfp_mt\n%kfp submit pipelines/hello.yaml name=cell")
    expect(run_row(page, "hello-pipeline")).to_have_count(1)
    page.evaluate("async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }")

    expect(run_row(page, "Succeeded, hello-pipeline")).to_have_count(1)
    expect(panel(page).get_by_role("button", name="Connected")).to_be_visible()


def test_a_busy_kernel_does_not_hold_the_panel_up(page: Page, lab: Lab) -> None:
    new_notebook(page)
    run_cell(page, "import time\nwhile True: time.sleep(1)")
    before = len(api(lab, f"namespaces/{api(lab, 'status')['namespace']}/runs")["runs"])

    command(page, "jupyter-kfp-mt:run-example")

    expect(run_row(page, "Succeeded, hello-pipeline")).to_have_count(before + 1)
