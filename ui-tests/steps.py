"""What a person does and sees in the page, named once for all browser tests."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page

OPEN_NOTEBOOK = """
async path => {
  const app = window.jupyterapp;
  const options = { path, factory: 'Notebook', kernel: { name: 'python3' } };
  const widget = await app.commands.execute('docmanager:open', options);
  await widget.context.ready;
  await widget.sessionContext.ready;
  await widget.sessionContext.session.kernel.info;
}
"""


RESULTS = Path(__file__).parent / "results"
AXE = Path(__file__).parent.parent / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def save(page: Page, name: str, part: Locator | None = None) -> None:
    """Leave a picture of the page, or of a part of it, in `results/`."""
    RESULTS.mkdir(exist_ok=True)
    (part or page).screenshot(path=RESULTS / f"{name}.png")


def complaints(page: Page) -> list[str]:
    """What axe minds within what is ours."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run('.jp-kfp')).violations")
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def panel(page: Page) -> Locator:
    """The side panel."""
    return page.get_by_role("region", name="Kubeflow Pipelines")


def widen(page: Page, width: int) -> None:
    """Drag the edge of the left area until the panel is `width` pixels wide."""
    handle = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)").first
    handle.hover()  # waits until it stands still
    edge, box = handle.bounding_box(), panel(page).bounding_box()
    assert edge is not None
    assert box is not None
    page.mouse.down()
    page.mouse.move(edge["x"] + edge["width"] / 2 + width - box["width"], 400, steps=4)
    page.mouse.up()


def run_row(page: Page, name: str) -> Locator:
    """The rows of the runs list whose spoken name contains `name`."""
    return panel(page).get_by_role("grid").get_by_role("row", name=re.compile(re.escape(name)))


def task(page: Page, name: str) -> Locator:
    """The row of a task in the run view in front."""
    tasks = page.get_by_role("table", name=re.compile("Tasks"))
    return tasks.get_by_role("row").filter(has=page.get_by_text(name, exact=True))


def value_field(page: Page, name: str) -> Locator:
    """The field of a parameter in the submit form in front."""
    return page.get_by_role("form", name="New run").get_by_role("textbox", name=re.compile(rf"^{name}\b"))


def command(page: Page, name: str, **arguments: object) -> None:
    """Execute a JupyterLab command, as menus and palette do."""
    page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments])


def new_notebook(page: Page) -> None:
    """Make a notebook and open it, its kernel ready."""
    path = page.evaluate(
        "async () => (await window.jupyterapp.serviceManager.contents.newUntitled({type: 'notebook'})).path"
    )
    page.evaluate(OPEN_NOTEBOOK, path)


def run_cell(page: Page, source: str) -> Locator:
    """Type `source` into the last cell of the notebook in front, run it, and return the cell."""
    cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell")
    cell = cells.nth(cells.count() - 1)
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    return cell
