"""The page on a recorded cluster, in both configurations of Argo, shows what it does on the embedded server.

The pictures are left in `results/`, as `<part>-<server>.png`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Lab, api, open_page, start_lab
from playwright.sync_api import Browser, Locator, Page, expect
from pod import lab_in_pod
from steps import command, panel, run_row, save, widen

from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS, load_run, load_series
from tests.replay.server import serve

WAITING = {"plain": "wants-memory", "shipped": "bad-image"}
OUTLINE = """
rows => rows.map(row => {
  const name = row.querySelector('.jp-kfp-Tasks-name');
  return [
    parseInt(name.style.paddingInlineStart) / 16,
    name.querySelector('.jp-kfp-cut').textContent,
    row.querySelector('.jp-mod-state').textContent
  ];
})
"""
DRAWING = """
plane => {
  const nodes = [...plane.querySelectorAll('[data-task]')];
  const gap = (node, {x, y}) => {
    const {left, right, top, bottom} = node.getBoundingClientRect();
    return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
  };
  const nearest = point => nodes.reduce((one, other) => gap(other, point) < gap(one, point) ? other : one);
  const end = (path, length) => nearest(path.getPointAtLength(length).matrixTransform(path.getScreenCTM()));
  const name = node => node.querySelector('.jp-kfp-cut').textContent;
  return [
    nodes.map(node => node.getAttribute('aria-label').split(' · ')[0]),
    [...plane.querySelectorAll('.jp-kfp-Graph-edges > path')].map(
      path => [end(path, 0), end(path, path.getTotalLength())].map(name).join(' → '))
  ];
}
"""


class Server(NamedTuple):
    """What the page is connected to; the embedded server is no cluster."""

    name: str
    lab: Lab
    cluster: ReplayCluster | None


@pytest.fixture(scope="module", params=[*CONFIGURATIONS, "embedded"])
def server(
    request: pytest.FixtureRequest, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """JupyterLab on one of the three; on a cluster in a notebook's pod, with each run that was recorded."""
    root: Path = tmp_path_factory.mktemp("root")
    sleeper = load_series("plain", "sleeper").created["pipeline_spec"]
    (root / "sleeper.yaml").write_text(json.dumps(sleeper), encoding="utf-8")
    if request.param == "embedded":
        with start_lab(root, environ) as lab:
            yield Server("embedded", lab, None)
        return
    cluster = ReplayCluster(request.param)
    cluster.add_all()
    with serve(cluster, tmp_path_factory.mktemp("pod")) as pod:
        options = (f"--KfpSettings.ca_file={pod.ca_file}", "--KfpSettings.poll_active_s=0.5")
        with lab_in_pod(pod.variables, pod.root, environ, root, *options) as lab:
            yield Server(request.param, lab, cluster)


@pytest.fixture
def cluster(server: Server) -> ReplayCluster:
    if server.cluster is None:
        pytest.skip("only a cluster was recorded so")
    return server.cluster


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """One window for the tests of a server, which open one run after the other."""
    with open_page(browser, server.lab) as opened:
        widen(opened, 300)
        yield opened


def open_run(page: Page, server: Server, name: str) -> None:
    """Open the recorded run; on the embedded server a new one of its pipeline."""
    namespace = api(server.lab, "status")["namespace"]
    if server.cluster is not None:
        run_id = load_run(server.name, name).run_id
    else:
        spec = json.dumps(load_run("plain", name).v2["pipeline_spec"])
        wish = {"source": {"kind": "text", "text": spec}, "cache": "off"}
        run_id = api(server.lab, f"namespaces/{namespace}/runs", wish)["run_id"]
    command(page, "jupyter-kfp-mt:open-run", run_id=run_id, namespace=namespace)


def view(page: Page) -> Locator:
    """The run view in front."""
    return page.locator(".jp-kfp-Main:visible")


def head(page: Page) -> Locator:
    """The name, state and progress of the run in front."""
    return view(page).locator(".jp-kfp-Head")


def open_tab(page: Page, name: str) -> None:
    view(page).get_by_role("tab", name=re.compile(f"^{name}")).click()


def outline(page: Page) -> list[str]:
    """The rows of the task table: each below the groups that hold it, with its state."""
    path: list[str] = []
    lines: list[str] = []
    for depth, name, state in view(page).locator(".jp-kfp-Tasks-row[data-task]").evaluate_all(OUTLINE):
        path = [*path[:depth], name]
        lines.append(f"{' / '.join(path)}: {state}")
    return sorted(lines)


def drawing(page: Page) -> tuple[list[str], list[str]]:
    """The nodes of the graph with their states, and its edges by the nodes that they touch."""
    nodes, edges = view(page).locator(".jp-kfp-Graph-plane").evaluate(DRAWING)
    return sorted(nodes), sorted(edges)


def test_the_panel_lists_the_runs_of_the_profile(page: Page, server: Server, cluster: ReplayCluster) -> None:
    ours = panel(page)

    expect(ours.get_by_role("button", name="Connected")).to_be_visible()
    expect(ours.get_by_role("button", name="alice")).to_be_visible()
    for row in ("Failed, broken", "Succeeded, digits", "Succeeded, flow", "Canceled, sleeper"):
        expect(run_row(page, row).first).to_be_visible()
    expect(run_row(page, f"Running, {WAITING[server.name]}")).to_have_count(1)
    save(page, f"panel-{server.name}", ours)
    assert api(server.lab, "status")["identity"].endswith("default-editor")


def test_a_failed_run_says_why(page: Page, server: Server) -> None:
    open_run(page, server, "broken")

    expect(view(page).get_by_text("Task load stopped: file not found (data/raw.csv).")).to_be_visible()
    expect(page.get_by_role("log")).not_to_be_empty()
    save(page, f"failed-run-{server.name}")
    assert outline(page) == ["check: Succeeded", "load: Failed", "train: Skipped"]
    open_tab(page, "Graph")
    assert drawing(page) == (
        ["check, Succeeded", "load, Failed", "train, Skipped"],
        ["check → load", "load → train"],
    )


def test_a_waiting_run_says_for_what(page: Page, server: Server, cluster: ReplayCluster) -> None:
    open_run(page, server, WAITING[server.name])

    what = {"plain": "No node has enough free memory", "shipped": "Its image cannot be pulled"}[server.name]
    expect(view(page).get_by_text(what).first).to_be_visible()
    expect(head(page)).to_contain_text("Running")
    save(page, f"waiting-{server.name}")


def test_loops_conditions_and_exit_handlers_hold_their_tasks(page: Page, server: Server) -> None:
    open_run(page, server, "flow")

    expect(head(page)).to_contain_text("Succeeded")
    save(page, f"groups-{server.name}")
    loop = "exit-handler-1 / for-loop-3"
    assert outline(page) == [
        "bye: Succeeded",
        f"{loop} / iteration-0 / condition-4: Skipped",
        f"{loop} / iteration-0 / say: Succeeded",
        f"{loop} / iteration-0: Succeeded",
        f"{loop} / iteration-1 / condition-4 / ok: Succeeded",
        f"{loop} / iteration-1 / condition-4: Succeeded",
        f"{loop} / iteration-1 / say: Succeeded",
        f"{loop} / iteration-1: Succeeded",
        f"{loop}: Succeeded",
        "exit-handler-1 / items: Succeeded",
        "exit-handler-1: Succeeded",
    ]
    open_tab(page, "Graph")
    save(page, f"graph-{server.name}")
    assert drawing(page) == (
        [
            "bye, Succeeded",
            "items, Succeeded",
            "ok (iteration-1), Succeeded",
            "say (iteration-0), Succeeded",
            "say (iteration-1), Succeeded",
        ],
        ["items → bye", "ok (iteration-1) → bye", "say (iteration-1) → ok (iteration-1)"],
    )


def test_a_terminated_run_has_canceled_tasks(page: Page, server: Server, cluster: ReplayCluster) -> None:
    open_run(page, server, "terminated")

    expect(head(page)).to_contain_text("Canceled")
    save(page, f"terminated-{server.name}")
    assert outline(page) == ["sleepy: Canceled", "work: Skipped"]


def test_artifacts_and_metrics_are_listed(page: Page, server: Server) -> None:
    open_run(page, server, "artifacts-all")
    expect(head(page)).to_contain_text("Succeeded")
    open_tab(page, "Artifacts")

    metrics = view(page).get_by_role("region", name="Metrics").get_by_role("row")
    expect(metrics.filter(has_text="accuracy")).to_contain_text("0.93")
    expect(view(page).get_by_role("region", name="Confusion matrix")).to_contain_text("metrics · c")
    artifacts = view(page).get_by_role("region", name="Artifacts").get_by_role("rowheader")
    expect(artifacts).to_have_count(7)
    save(page, f"artifacts-{server.name}")


def test_a_submitted_run_is_followed_to_its_end(page: Page, server: Server, cluster: ReplayCluster) -> None:
    command(page, "jupyter-kfp-mt:run-file", path="sleeper.yaml")
    page.get_by_role("textbox", name="Run name").fill("watched")
    page.get_by_role("button", name="Run", exact=True).click()

    slow = 60_000  # milliseconds: looks come less often while answers take long
    expect(run_row(page, "Pending, watched")).to_have_count(1, timeout=slow)
    cluster.advance(25)
    expect(run_row(page, "Running, watched")).to_have_count(1, timeout=slow)
    expect(head(page)).to_contain_text("Running")
    save(page, f"running-{server.name}")
    cluster.advance(100)
    expect(run_row(page, "Succeeded, watched")).to_have_count(1, timeout=slow)
    expect(head(page)).to_contain_text("Succeeded")
    ended = {"plain": "Succeeded", "shipped": "From cache"}[server.name]
    assert outline(page) == [f"sleepy: {ended}", f"work: {ended}"]
