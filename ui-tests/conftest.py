"""A real JupyterLab, a real Chromium, and a home folder of their own for the browser and notebook tests."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

PROJECT = Path(__file__).parent.parent
LIGHT = PROJECT / "ui-tests" / "light"  # modules that take the place of heavy ones
expect.set_options(timeout=20_000)  # milliseconds; a machine may have more to do
STOP_S = 40  # for JupyterLab and its kernels; pytest ends a test after 120


class Lab(NamedTuple):
    """A running JupyterLab."""

    url: str
    token: str
    root: Path
    environ: dict[str, str]

    def link(self, path: str = "lab") -> str:
        """The address of a page, signed in and with a fresh layout."""
        return f"{self.url}{path}?reset&token={self.token}"


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a user who has never started Jupyter; stops the embedded server at the end."""
    home = tmp_path_factory.mktemp("home")
    values = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_KFP_MT_EMBEDDED": "auto",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(LIGHT), os.environ.get("PYTHONPATH")))),
    }
    yield values
    subprocess.run(["jupyter-kfp", "serve", "--stop"], env=values, check=False, capture_output=True)


@pytest.fixture(scope="module")
def lab(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a copy of the notebooks."""
    root = tmp_path_factory.mktemp("root") / "notebooks"
    shutil.copytree(PROJECT / "notebooks", root)
    with start_lab(root, environ) as started:
        yield started


@contextmanager
def start_lab(root: Path, environ: dict[str, str], *options: str) -> Iterator[Lab]:
    """Start JupyterLab on the folder `root`, and stop it at the end."""
    token, port = secrets.token_hex(16), _free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--port-retries=0", f"--IdentityProvider.token={token}"),
        *(f"--ServerApp.root_dir={root}", "--LabApp.extension_manager=readonly"),
        "--LabApp.expose_app_in_browser=True",
        *options,
    ]
    log = root.parent / "lab.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environ, stdout=output, stderr=output) as server,
    ):
        url = f"http://127.0.0.1:{port}/"
        try:
            _wait_for(f"{url}api/status?token={token}", log)
            yield Lab(url, token, root, environ)
        finally:
            server.terminate()
            try:
                server.wait(timeout=STOP_S)
            except subprocess.TimeoutExpired:  # on a loaded machine; its kernels end with it
                server.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def window(browser: Browser, lab: Lab) -> Iterator[Page]:
    """JupyterLab in a new window. The tests of a module share it: loading the page takes longer than most."""
    with open_page(browser, lab) as page:
        yield page


@pytest.fixture
def page(window: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """JupyterLab with nothing open in its main area."""
    # closing would ask whether to save a notebook
    window.evaluate("() => [...window.jupyterapp.shell.widgets('main')].forEach(each => each.dispose())")
    yield window
    results = PROJECT / "ui-tests" / "results"
    results.mkdir(exist_ok=True)
    window.screenshot(path=results / f"{request.node.name}.png")


@contextmanager
def open_page(browser: Browser, lab: Lab) -> Iterator[Page]:
    """Open JupyterLab in a new window; what its console says against us fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 860},
        locale="en-GB",
        device_scale_factor=float(os.environ.get("PICTURE_SCALE", "1")),
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.extend(_list_ours(error.stack or error.message)))
    page.goto(lab.link())
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    # JupyterLab's splash goes 0.2 s later and cannot bear another, as a change of theme shows one, before
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    yield page
    context.close()
    assert complaints == []


def api(lab: Lab, path: str, body: object = None) -> object:
    """Ask the server extension, as a script with the Jupyter token would; with a `body` it is a POST."""
    question = urllib.request.Request(
        f"{lab.url}jupyter-kfp-mt/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {lab.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(question, timeout=30) as answer:
        return json.load(answer)


def _list_ours(complaint: str) -> list[str]:
    """Leave out what is not ours: the extension of ipywidgets cannot bear a notebook without a kernel."""
    return [] if "/extensions/@jupyter-widgets/" in complaint else [complaint]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(log.read_text(encoding="utf-8")[-4000:])
