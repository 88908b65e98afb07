"""Run is pressed while answers are lost: “Not confirmed” until it is known, and never a second run."""

from __future__ import annotations

import json
import re
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT, Lab, start_lab
from playwright.sync_api import Locator, Page, expect
from steps import command, panel, run_row, save, value_field

from jupyter_kfp_mt import embedded
from tests.service.network import Network

CONFIG = """
from pathlib import Path

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.client import HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.service import Journal, KfpService, Policies, Settling

context = Context({url!r}, "ana", credential=TokenFile(Path({token!r}), {url!r}), timeout=5.0)
service = KfpService(
    context,
    HttpTransport(context),
    journal=Journal(Path({journal!r})),
    policies=Policies(settling=Settling(first=0.2, longest=0.5, bound=6.0)),
)
c.KfpExtension.service_factory = lambda *, start_embedded: service
c.KfpSettings.data_dir = {data!r}
c.KfpSettings.poll_active_s = 0.5
"""


class Lossy(Network):
    """A network that loses the requests that a test names."""

    creates = "none"  # "drop": the answer; "reset": the request
    looks_up = True  # whether runs can be asked for

    def fault(self) -> str:
        return self.creates

    def carry(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if method == "GET" and "/runs" in path and not self.looks_up:
            return (503, b"no healthy upstream") if "/runs/" in path else (200, b"{}")
        return super().carry(method, path, body, headers)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lossy]:
    folder = tmp_path_factory.mktemp("kfp")
    with warnings.catch_warnings():  # the server outlives its Popen on purpose
        warnings.simplefilter("ignore", ResourceWarning)
        embedded.ensure_running(folder, namespace="ana")
    with Lossy(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    embedded.stop(folder)


@pytest.fixture(scope="module")
def lab(network: Lossy, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on the other side of that network."""
    root: Path = tmp_path_factory.mktemp("root")
    config, pipeline = root / "jupyter_server_config.py", PROJECT / "notebooks/pipelines/hello.yaml"
    (root / "hello.yaml").write_bytes(pipeline.read_bytes())
    token, data = str(network.folder / "token-ana"), str(root / "data")
    journal = str(root / "data" / "journal.sqlite")
    config.write_text(CONFIG.format(url=network.url, token=token, journal=journal, data=data), "utf-8")
    with start_lab(root, environ, f"--config={config}") as started:
        yield started


@pytest.fixture(autouse=True)
def calm(network: Lossy) -> Iterator[None]:
    yield
    network.creates, network.looks_up = "none", True


def filled_in(page: Page, name: str) -> Locator:
    """A form for a run with this name; the button Run."""
    expect(panel(page).get_by_role("button", name="Connected")).to_be_visible()
    command(page, "jupyter-kfp-mt:run-file", path="hello.yaml")
    value_field(page, "name").fill("unclear")
    page.get_by_role("textbox", name="Run name").fill(name)
    return page.get_by_role("button", name="Run", exact=True)


def started(network: Lossy, name: str) -> int:
    """How many runs with this name KFP has, asked without the network in between."""
    token = (network.folder / "token-ana").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    _, body = Network.carry(network, "GET", "/apis/v2beta1/runs?namespace=ana&page_size=100", b"", headers)
    return [run["display_name"] for run in json.loads(body)["runs"]].count(name)


def test_an_answer_that_is_lost_is_waited_for_and_never_sent_again(page: Page, network: Lossy) -> None:
    run = filled_in(page, "lost-answer")
    network.creates, network.looks_up = "drop", False

    run.dblclick()

    row = run_row(page, "Not confirmed, lost-answer")
    expect(row).to_have_count(1)
    expect(page.get_by_text("Nothing is sent twice. You can close this page.")).to_be_visible()
    save(page, "not-confirmed")
    page.wait_for_timeout(1000)  # the form is kept soon after a change
    page.reload()
    expect(row).to_have_count(1)
    page.get_by_role("button", name="Run", exact=True).click()  # the form is there again, and so is its wish
    expect(page.get_by_text("Not confirmed yet.").first).to_be_visible()
    assert started(network, "lost-answer") == 1

    network.looks_up = True
    expect(run_row(page, "Succeeded, lost-answer")).to_have_count(1)
    expect(run_row(page, "lost-answer")).to_have_count(1)
    assert started(network, "lost-answer") == 1


def test_two_pages_with_the_same_form_start_one_run(page: Page, lab: Lab, network: Lossy) -> None:
    run = filled_in(page, "two-pages")
    page.wait_for_timeout(1000)  # the form is kept soon after a change
    other = page.context.new_page()
    other.goto(f"{lab.url}lab/workspaces/second?clone=default")  # as JupyterLab duplicates a page
    other_run = other.get_by_role("button", name="Run", exact=True)
    expect(other_run).to_be_visible()
    expect(other_run).not_to_have_attribute("aria-disabled", "true")
    network.creates, network.looks_up = "drop", False

    run.click()
    other_run.click()

    expect(run_row(page, "Not confirmed, two-pages")).to_have_count(1)
    expect(run_row(other, "Not confirmed, two-pages")).to_have_count(1)
    network.looks_up = True
    expect(run_row(page, "Succeeded, two-pages")).to_have_count(1)
    expect(run_row(other, "Succeeded, two-pages")).to_have_count(1)
    assert started(network, "two-pages") == 1


def test_what_did_not_arrive_is_tried_again_and_becomes_the_one_run(page: Page, network: Lossy) -> None:
    run = filled_in(page, "lost-request")
    network.creates = "reset"

    run.click()

    expect(run_row(page, "Not confirmed, lost-request")).to_have_count(1)
    notice = page.get_by_text(re.compile("lost-request.* did not start. KFP has no record of it."))
    expect(notice.first).to_be_visible()
    expect(run_row(page, "lost-request")).to_have_count(0)
    network.creates = "none"
    page.get_by_role("button", name="Try again").first.click()
    expect(run_row(page, "Succeeded, lost-request")).to_have_count(1)
    assert started(network, "lost-request") == 1
