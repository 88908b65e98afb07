"""Run what is in front of you: a notebook, a cell, a Python file, or a pipeline from anywhere."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from conftest import Lab, api
from playwright.sync_api import Locator, Page, expect
from steps import OPEN_NOTEBOOK, THEMES, command, complaints, panel, run_row, save, task, value_field, widen

CELLS = (
    ("parameters", 'epochs = 10\nlr = 0.01\nmode = "fast"'),
    ("", "import features\nprint(features.double(epochs))"),
    ("", "rate = lr * 2\ndf = object()"),
    ("", "print(rate, lr)"),
)
PIPELINES = """
from kfp import dsl

@dsl.component
def add(a: int, b: int = 2) -> int:
    return a + b

@dsl.pipeline(description="Adds twice.")
def twice(a: int = 1):
    add(a=add(a=a).output)

@dsl.pipeline
def once(number: int):
    add(a=number)
"""
BROKEN = "from kfp import dsl\n\n@dsl.pipeline\ndef p(a: int):\n    missing(a)\n"


def notebook(*cells: tuple[str, str], language: str = "python") -> str:
    """Return the text of a notebook with these code cells: a tag and a source of each."""
    made = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": [tag]} if tag else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, (tag, source) in enumerate(cells)
    ]
    kernel = {
        "name": "python3" if language == "python" else "ir",
        "display_name": language,
        "language": language,
    }
    metadata = {"kernelspec": kernel, "language_info": {"name": language}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})


@pytest.fixture(scope="module", autouse=True)
def files(lab: Lab) -> Path:
    """Notebooks and Python files at the root."""
    (lab.root / "features.py").write_text("def double(x):\n    return 2 * x\n")
    (lab.root / "analysis.ipynb").write_text(notebook(*CELLS))
    (lab.root / "fails.ipynb").write_text(notebook(("", "x = 1"), ("", "print(x)"), ("", "1 / 0")))
    (lab.root / "stats.ipynb").write_text(notebook(("", "x <- 1"), language="R"))
    (lab.root / "pipelines.py").write_text(PIPELINES)
    (lab.root / "broken.py").write_text(BROKEN)
    return lab.root


def open_notebook(page: Page, path: str) -> Locator:
    """Open a notebook as it is when it was saved with its kernel: JupyterLab completes the metadata."""
    page.evaluate(OPEN_NOTEBOOK, path)
    command(page, "docmanager:save")
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")


def form(page: Page) -> Locator:
    return page.get_by_role("form", name="New run")


def begin(page: Page, name: str, **arguments: object) -> None:
    """Execute a command that asks something before it ends."""
    page.evaluate(
        "([name, args]) => { void window.jupyterapp.commands.execute(name, args); }", [name, arguments]
    )


def check(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("region", name="Checks").locator(".jp-kfp-Check").filter(has_text=text)


def evaluate(page: Page, code: str) -> None:
    """Run code in the kernel of the notebook that is open."""
    page.evaluate(
        """async code => {
          const shown = [...window.jupyterapp.shell.widgets('main')];
          const notebook = shown.find(each => each.context?.sessionContext.session);
          await notebook.context.sessionContext.session.kernel.requestExecute({ code }).done;
        }""",
        code,
    )


def panel_tab(page: Page) -> None:
    """Show the panel in place of the file browser."""
    page.get_by_role("tab", name=re.compile("Kubeflow Pipelines")).click()


def cut_off(page: Page) -> list[str]:
    """What is wider than the form that it is in."""
    return page.evaluate(
        """() => {
          const form = [...document.querySelectorAll('.jp-kfp-SubmitForm')].find(each => each.offsetParent);
          const right = form.getBoundingClientRect().right + 1;
          return [...form.querySelectorAll('*')]
            .filter(each => each.getClientRects().length && each.getBoundingClientRect().right > right)
            .map(each => each.outerHTML.slice(0, 160));
        }"""
    )


def run(page: Page) -> None:
    """Press Run, which a notice may cover."""
    button = page.get_by_role("button", name="Run", exact=True)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.press("Enter")


def test_a_notebook_runs_in_two_clicks_and_comes_back_executed(page: Page) -> None:
    shown = open_notebook(page, "analysis.ipynb")
    shown.get_by_role("button", name="Run this notebook as a pipeline").click()

    expect(value_field(page, "lr")).to_have_value("0.01")
    expect(check(page, "Notebook analysis.ipynb, 4 cells")).to_be_visible()
    expect(check(page, "1 file")).to_be_visible()  # features.py, which it imports
    value_field(page, "epochs").fill("25")
    run(page)
    expect(run_row(page, "Succeeded, analysis")).to_have_count(1)
    task(page, "analysis").click()
    expect(page.get_by_role("log")).to_contain_text("50")

    page.get_by_role("button", name="Open executed notebook").click()
    executed = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    expect(executed.get_by_text("notebook is read-only")).to_be_visible()
    expect(executed.locator(".jp-OutputArea-output").first).to_contain_text("50")


def test_a_notebook_that_fails_names_its_cell_and_gives_back_what_it_did(page: Page) -> None:
    begin(page, "jupyter-kfp-mt:run-notebook", path="fails.ipynb")
    run(page)

    expect(
        page.get_by_text(re.compile(r"Cell 3 of fails\.ipynb stopped: ZeroDivisionError")).first
    ).to_be_visible()
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download executed notebook").click()
    assert caught.value.suggested_filename == "fails.ipynb"
    cells = json.loads(Path(caught.value.path()).read_text())["cells"]
    assert [each["output_type"] for each in cells[2]["outputs"]] == ["error"]


def test_unsaved_changes_are_asked_about_once(page: Page, lab: Lab) -> None:
    (lab.root / "draft.ipynb").write_text(notebook(("", "print(1)")))
    shown = open_notebook(page, "draft.ipynb")
    begin(page, "jupyter-kfp-mt:run-notebook")
    expect(form(page).get_by_text("No cell is tagged parameters.")).to_be_visible()
    form(page).get_by_role("button", name="Tag the first code cell").click()
    expect(form(page).get_by_text("from the cell tagged parameters")).to_be_visible()
    saved = json.loads((lab.root / "draft.ipynb").read_text())
    assert saved["cells"][0]["metadata"]["tags"] == ["parameters"]

    page.get_by_role("tab", name="draft.ipynb").click()
    shown.locator(".cm-content").first.click()
    page.keyboard.insert_text("lr = 1; ")
    page.get_by_role("tab", name="New run").click()
    expect(
        form(page).get_by_text("draft.ipynb has unsaved changes. The run uses the saved file.")
    ).to_be_visible()
    expect(check(page, "draft.ipynb has unsaved changes.")).to_be_visible()
    run(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Save draft.ipynb first?")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    run(page)
    dialog.get_by_role("button", name="Save and run").click()
    expect(run_row(page, ", draft")).to_have_count(1)
    assert "lr = 1;" in (lab.root / "draft.ipynb").read_text()


def test_the_experiment_of_a_notebook_is_chosen_again_and_its_runs_are_a_chip(page: Page, lab: Lab) -> None:
    namespace = api(lab, "status")["namespace"]
    api(lab, f"namespaces/{namespace}/experiments", {"display_name": "churn"})
    api(lab, f"namespaces/{namespace}/runs", {"source": {"kind": "example"}})  # so that there is a list
    (lab.root / "mine.ipynb").write_text(notebook(("", "print(1)")))
    open_notebook(page, "mine.ipynb")
    chip = panel(page).get_by_role("button", name="This notebook")
    chip.click()
    expect(panel(page).get_by_text("No runs from mine.ipynb yet.")).to_be_visible()
    panel(page).get_by_role("button", name="Run this notebook…").click()
    experiment = form(page).get_by_role("combobox", name="Experiment")
    experiment.select_option("churn")
    run(page)
    expect(run_row(page, ", mine")).to_have_count(1)

    page.get_by_role("tab", name="mine.ipynb").click()
    begin(page, "jupyter-kfp-mt:run-notebook")
    expect(experiment).to_have_value("churn")
    page.evaluate(
        """async () => {
          const { contents } = window.jupyterapp.serviceManager;
          await contents.rename('mine.ipynb', 'yours.ipynb');
        }"""
    )
    open_notebook(page, "yours.ipynb")
    expect(run_row(page, ", mine")).to_have_count(1)  # it is the same notebook
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")


def test_a_cell_runs_with_the_values_it_needs(page: Page) -> None:
    shown = open_notebook(page, "analysis.ipynb")
    shown.locator(".jp-CodeCell").nth(3).click(button="right")
    page.get_by_role("menuitem", name="Run cell as pipeline…").click()

    expect(form(page).get_by_role("region", name="Code")).to_have_text("print(rate, lr)")
    names = form(page).locator(".jp-kfp-Names")
    expect(names).to_contain_text("lr is sent: 0.01")
    expect(names).to_contain_text("rate is not sent.")
    button = page.get_by_role("button", name="Run", exact=True)
    expect(button).to_have_attribute("aria-disabled", "true")
    names.get_by_role("button", name="Send its value").click()
    expect(names).to_contain_text("The kernel does not know it. Run the cell that makes it.")
    evaluate(page, "lr = 0.5; rate = 0.25")
    names.get_by_role("button", name="Send its value").click()
    expect(names).to_contain_text("rate is sent: 0.25")
    expect(button).not_to_have_attribute("aria-disabled", "true")
    save(page, "cell-form")
    run(page)
    expect(run_row(page, "Succeeded, analysis cell 4")).to_have_count(1)
    task(page, "analysis-cell-4").click()
    expect(page.get_by_role("log")).to_contain_text("0.25 0.01")


def test_a_python_file_has_a_choice_and_errors_at_their_line(page: Page) -> None:
    page.get_by_role("tab", name=re.compile("File Browser")).click()
    page.locator(".jp-DirListing-item", has_text="pipelines.py").click(button="right")
    page.get_by_role("menuitem", name="Run as pipeline…").click()
    choice = form(page).get_by_role("combobox", name="Function")
    expect(choice).to_have_value("twice")
    choice.select_option("once")
    expect(value_field(page, "number")).to_be_visible()
    value_field(page, "number").fill("3")
    run(page)
    # Python is compiled again, which takes its time on a busy machine
    expect(page.get_by_role("heading", name=re.compile("^once "))).to_be_visible(timeout=60_000)

    begin(page, "jupyter-kfp-mt:run-file", path="broken.py")
    expect(form(page).get_by_text(re.compile("broken.py line 5"))).to_be_visible()
    form(page).get_by_role("button", name="Open").click()
    expect(page.get_by_role("tab", name="broken.py")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("Ln 5, Col 1")).to_be_visible()
    panel_tab(page)


def test_an_upload_comes_from_disk_and_may_be_shared(page: Page, lab: Lab) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(lab.root / "pipelines" / "hello.yaml", "pipeline.yaml")
    begin(page, "jupyter-kfp-mt:upload-pipeline")
    dialog = page.get_by_role("dialog")
    upload = dialog.get_by_role("button", name="Upload")
    expect(upload).to_be_disabled()
    chooser = dialog.get_by_label("File", exact=True)
    chooser.set_input_files({"name": "values.yaml", "mimeType": "", "buffer": b"replicas: 3"})
    expect(dialog.get_by_text("This file is not a compiled pipeline.")).to_be_visible()
    expect(upload).to_be_disabled()
    chooser.set_input_files({"name": "hello.zip", "mimeType": "", "buffer": packed.getvalue()})
    expect(dialog.get_by_text("Pipeline hello-pipeline, 3 tasks")).to_be_visible()
    dialog.get_by_label("Name").fill("from-disk")
    dialog.get_by_label("Version").fill("v1")
    dialog.get_by_label(re.compile("^Shared")).check()
    upload.click()
    expect(dialog.get_by_text("All namespaces of this KFP can read and run it.")).to_be_visible()
    dialog.get_by_role("button", name="Share").click()
    expect(page.get_by_text("hello.zip uploaded to Shared as from-disk, version v1.")).to_be_visible()

    begin(page, "jupyter-kfp-mt:upload-pipeline")
    dialog.get_by_label("Address").check()
    dialog.get_by_label("Address", exact=True).and_(dialog.get_by_role("textbox")).fill(
        "https://localhost/p.yaml"
    )
    expect(dialog.get_by_text("The address: “localhost” is inside a private network.")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()


def test_another_kernel_is_said(page: Page) -> None:
    begin(page, "jupyter-kfp-mt:run-notebook", path="stats.ipynb")
    expect(form(page).get_by_role("status").filter(has_text=re.compile("R"))).not_to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_forms_of_code_fit_and_are_accessible(page: Page, theme: str) -> None:
    command(page, "apputils:change-theme", theme=THEMES[theme])
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
    open_notebook(page, "analysis.ipynb")
    begin(page, "jupyter-kfp-mt:run-notebook")
    expect(check(page, "1 file")).to_be_visible()
    save(page, f"form-notebook-{theme}")
    assert complaints(page) == []
    widen(page, 900)
    save(page, f"form-notebook-narrow-{theme}")
    assert cut_off(page) == []
    widen(page, 250)
    begin(page, "jupyter-kfp-mt:upload-pipeline")
    expect(page.get_by_role("dialog").get_by_label("Version")).to_be_visible()
    save(page, f"upload-{theme}")
    assert complaints(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
