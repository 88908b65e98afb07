"""The promises of the architecture page that a machine can check."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import openapi
from jupyter_kfp_mt.server import handlers
from jupyter_kfp_mt.server.routes import ROUTES, Route

ROOT = Path(__file__).parents[1]
LABEXTENSION = ROOT / "labextension"
FOLDERS = ("jupyter_kfp_mt", "labextension/src", "labextension/test", "tests", "ui-tests", "docs", "scripts")
WRITTEN = {".py", ".ts", ".tsx", ".css", ".md", ".sh"}
PAGE = re.compile(r"\bdocs/[\w/-]+\.md\b")
HEAVY = ("kfp", "kubernetes", "pandas", "ipywidgets")


def run(*command: str, cwd: Path = ROOT) -> str:
    """What a command prints; its output is the failure's message."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))  # npm of a wheel
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_imports_point_down() -> None:
    run("lint-imports", "--no-cache")


def test_every_page_that_is_cited_is_here() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in WRITTEN]
    texts = {path: path.read_text() for path in (*files, *ROOT.glob("*.md"))}
    assert [path for path, text in texts.items() if "\N{SECTION SIGN}" in text] == []  # of papers elsewhere
    cited = {page for text in texts.values() for page in PAGE.findall(text)}
    assert cited
    assert [page for page in sorted(cited) if not (ROOT / page).is_file()] == []


def test_the_committed_openapi_is_made_from_routes_and_models() -> None:
    committed = json.loads((LABEXTENSION / "openapi.json").read_text())
    assert committed == openapi.build_document(), (
        "python -m jupyter_kfp_mt.openapi > labextension/openapi.json"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["jupyter_kfp_mt", "jupyter_kfp_mt.server.handlers", "jupyter_kfp_mt.server.app"]
)
def test_nothing_heavy_is_imported_with(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    assert not set(HEAVY) & set(run(sys.executable, "-c", code).split())


def test_what_only_displays_pulls_in_no_command_line() -> None:
    code = "import sys, jupyter_kfp_mt.display; print(*sys.modules)"
    loaded = set(run(sys.executable, "-c", code).split())
    assert not {"argparse", "jupyter_kfp_mt.commands", "jupyter_kfp_mt.service"} & loaded


def layers(function: Callable[..., Any]) -> Iterator[str]:
    """The modules of the decorators around a function, outermost first."""
    while hasattr(function, "__wrapped__"):
        yield function.__globals__["__name__"]
        function = function.__wrapped__


@pytest.mark.slow
def test_a_starting_jupyter_server_pays_for_no_client() -> None:
    code = "import sys, jupyter_kfp_mt.server.app; print(*sys.modules)"
    loaded = set(run(sys.executable, "-c", code).split())
    assert not {"jupyter_kfp_mt.client", "jupyter_kfp_mt.service", "jupyter_kfp_mt.embedded"} & loaded


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method}-{route.path}")
def test_every_route_asks_who_and_whether(route: Route) -> None:
    handler = getattr(handlers, route.handler)
    verb = vars(handler)[route.method.lower()]  # not inherited: `@authorized` remembers its first call
    assert list(layers(verb)) == ["tornado.web", "jupyter_server.auth.decorator"]
    assert handler.auth_resource == "kfp"


def test_no_handler_has_a_verb_that_the_route_table_has_not() -> None:
    routed = {(route.handler, route.method.lower()) for route in ROUTES}
    verbs = ("get", "post", "put", "patch", "delete", "head")
    written = {
        (name, verb) for name in handlers.__all__ for verb in verbs if verb in vars(getattr(handlers, name))
    }
    assert written == routed
