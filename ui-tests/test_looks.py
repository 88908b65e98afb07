"""How it looks: both themes, three widths, nothing cut off sideways, nothing an accessibility checker minds.

The pictures are left in `results/`; `make pictures` takes them over into `docs/images/`.
"""

from __future__ import annotations

import pytest
from conftest import Lab, api
from playwright.sync_api import Page, expect
from steps import THEMES, command, complaints, panel, run_row, save, task, widen


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def themed(page: Page, theme: str) -> Page:
    command(page, "apputils:change-theme", theme=THEMES[theme])
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
    widen(page, 300)
    return page


def cut_off(page: Page) -> list[str]:
    """What is wider than the panel that it is in."""
    return page.evaluate(
        """() => {
          const box = document.querySelector('.jp-kfp-Panel').getBoundingClientRect();
          return [...document.querySelectorAll('.jp-kfp-Panel *')]
            .filter(each => each.getClientRects().length)
            .filter(each => each.getBoundingClientRect().right > box.right + 1)
            .map(each => each.outerHTML.slice(0, 160));
        }"""
    )


def test_empty_panel(themed: Page, theme: str, lab: Lab) -> None:
    if theme == "light":
        expect(panel(themed).get_by_role("button", name="Run the example")).to_be_visible()
    expect(themed.get_by_text("New pipeline run")).to_be_visible()  # the launcher
    save(themed, f"empty-{theme}")
    assert complaints(themed) == []


def test_a_run_and_its_log(themed: Page, theme: str, lab: Lab) -> None:
    namespace = api(lab, "status")["namespace"]
    wish = {"source": {"kind": "example"}, "parameters": {"name": theme}, "cache": "off"}
    run = api(lab, f"namespaces/{namespace}/runs", wish)
    command(themed, "jupyter-kfp-mt:open-run", run_id=run["run_id"], namespace=namespace)

    expect(run_row(themed, "Running, hello-pipeline").first).to_be_visible()
    expect(task(themed, "count-letters")).to_be_visible()
    save(themed, f"running-{theme}")
    expect(task(themed, "count-letters")).to_contain_text("Succeeded")
    task(themed, "say-hello").click()
    expect(themed.get_by_role("log")).to_contain_text(f"Hello, {theme}!")
    save(themed, f"run-{theme}")
    assert complaints(themed) == []


def test_form(themed: Page, theme: str) -> None:
    command(themed, "jupyter-kfp-mt:run-file", path="pipelines/digits.yaml")
    expect(themed.get_by_text("3 parameters are right")).to_be_visible()
    save(themed, f"form-{theme}")
    assert complaints(themed) == []


def test_who_am_i_and_a_healthy_doctor(themed: Page, theme: str) -> None:
    expect(panel(themed).get_by_role("button", name="Connected")).to_be_visible()
    themed.evaluate("() => { void window.jupyterapp.commands.execute('jupyter-kfp-mt:who-am-i'); }")
    dialog = themed.get_by_role("dialog")
    expect(dialog.get_by_text("Nothing but shared pipelines.")).to_be_visible()
    save(themed, f"who-am-i-{theme}", dialog.locator(".jp-Dialog-content"))
    assert complaints(themed) == []
    dialog.get_by_role("button", name="Close").click()
    command(themed, "jupyter-kfp-mt:doctor")
    expect(themed.get_by_text("healthy")).to_be_visible()
    save(themed, f"doctor-{theme}")
    assert complaints(themed) == []


def test_failed_run(themed: Page, theme: str) -> None:
    command(themed, "jupyter-kfp-mt:run-file", path="pipelines/broken.yaml")
    themed.get_by_role("button", name="Run", exact=True).click()
    expect(themed.get_by_text("Task load stopped: file not found").first).to_be_visible()
    expect(themed.get_by_role("log")).to_contain_text("data/raw.csv")
    save(themed, f"failed-{theme}")
    assert complaints(themed) == []


@pytest.mark.parametrize("width", [250, 300, 600])
def test_panel_fits_its_width(page: Page, width: int, lab: Lab) -> None:
    namespace = api(lab, "status")["namespace"]
    api(lab, f"namespaces/{namespace}/runs", {"source": {"kind": "example"}})
    widen(page, width)
    expect(run_row(page, "hello-pipeline").first).to_be_visible()
    save(page, f"panel-{width}")
    assert cut_off(page) == []
