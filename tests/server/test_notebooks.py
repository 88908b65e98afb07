"""Notebooks and cells as runs, over REST and on the embedded server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_kfp_mt.embedded import ensure_running, stop
from jupyter_kfp_mt.models import Phase, RuntimeFile
from tests.notebooks.making import make_notebook

RUNS = "namespaces/team-a/runs"
INSPECT = "namespaces/team-a/inspect"
PLOT = """\
from IPython.display import Image
%load_ext autoreload
print("before the plot", flush=True)
Image(data=b"\\x89PNG\\r\\n\\x1a\\n", format="png")"""
FAILING = "def half():\n    return 1 / 0\nhalf()"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeFile]:
    folder = tmp_path_factory.mktemp("kfp")
    yield ensure_running(folder, namespace="team-a")
    stop(folder)


@pytest.fixture
def jp_server_config(embedded: RuntimeFile) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpSettings": {"data_dir": str(Path(embedded.token_path).parent)},
        }
    )


class Page:
    """What a page asks."""

    def __init__(self, fetch: Any) -> None:
        self._fetch = fetch

    async def ask(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Return the status and the answer."""
        sent = json.dumps(body) if body is not None else None
        parts, options = path.split("/"), {"params": query, "raise_error": False}
        answer = await self._fetch("jupyter-kfp-mt", *parts, method=method, body=sent, **options)
        return answer.code, json.loads(answer.body)


@pytest.fixture
def page(jp_fetch: Any) -> Page:
    return Page(jp_fetch)


@pytest.fixture
def root(jp_root_dir: Path) -> Path:
    return jp_root_dir


def write(path: Path, notebook: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


async def start(page: Page, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Start a run and return it."""
    code, started = await page.ask("POST", RUNS, {"source": source, **more})
    assert code == 200, started
    return dict(started)


async def run(page: Page, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Start a run and return its view when it has ended."""
    started = await start(page, source, **more)
    end = time.monotonic() + 100
    while time.monotonic() < end:
        _, view = await page.ask("GET", f"{RUNS}/{started['run_id']}")
        if Phase(view["run"]["phase"]).ended:
            return dict(view)
        time.sleep(0.1)
    raise AssertionError("it does not end")


async def test_a_notebook_that_fails_names_its_cell_and_comes_back(page: Page, root: Path) -> None:
    cells = ("lr = 0.1  # learning rate\nn: int = 3", PLOT, FAILING, "print('never')")
    write(root / "müll" / "analysis.ipynb", make_notebook(*cells, tagged=1, notebook_id="n-1"))
    (root / "müll" / "data.csv").write_text("a,b\n")
    source = {"kind": "notebook", "path": "müll/analysis.ipynb", "files": ["data.csv"]}

    _, form = await page.ask("POST", INSPECT, source)
    view = await run(page, source, parameters={"lr": 0.5})
    _, executed = await page.ask("GET", f"{RUNS}/{view['run']['run_id']}/notebook")
    _, log = await page.ask("GET", f"{RUNS}/{view['run']['run_id']}/tasks/{view['tasks'][0]['task_id']}/log")

    assert [(each["name"], each["default"]) for each in form["pipeline"]["parameters"]] == [
        ("lr", 0.1),
        ("n", 3),
    ]
    assert (form["is_tagged"], form["cells"], form["files"]) == (True, 4, [{"path": "data.csv", "size": 4}])
    assert view["run"]["display_name"].startswith("analysis 20")
    assert view["run"]["origin"] == {"path": "müll/analysis.ipynb", "notebook_id": "n-1", "cell": 0}
    assert (
        view["failure"]["message"] == "Cell 3 of analysis.ipynb stopped: ZeroDivisionError: division by zero."
    )
    assert view["failure"]["why"] == "Line 2: return 1 / 0"
    assert executed["name"] == "analysis.ipynb"
    sources = [cell["source"] for cell in executed["content"]["cells"]]
    assert sources[1] == "# Parameters\nlr = 0.5\n"
    assert "image/png" in json.dumps(executed["content"]["cells"][2]["outputs"])
    assert "ZeroDivisionError" in json.dumps(executed["content"]["cells"][3]["outputs"])
    assert "before the plot" in log["text"]


@pytest.mark.slow  # starts a kernel
async def test_a_notebook_reads_its_files_where_they_were(page: Page, root: Path) -> None:
    code = """\
import os, util
print(open("data/rows.csv").read(), open("../top.txt").read(), util.VALUE)
os.chdir("data")
!ls
import asyncio
await asyncio.sleep(0)
raise SystemExit"""
    write(root / "a" / "b.ipynb", make_notebook(code))
    for name, text in {"a/data/rows.csv": "rows", "top.txt": "top", "a/util.py": "VALUE = 'helped'"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    files = ["data/rows.csv", "../top.txt", "util.py"]
    source = {"kind": "notebook", "path": "a/b.ipynb", "files": files}

    _, form = await page.ask("POST", INSPECT, source)
    view = await run(page, source)
    _, executed = await page.ask("GET", f"{RUNS}/{view['run']['run_id']}/notebook")

    assert [(each["module"], each["file"], each["is_listed"]) for each in form["imports"]] == [
        ("util", "util.py", True)
    ]
    assert view["run"]["phase"] == "SUCCEEDED"
    text = executed["content"]["cells"][0]["outputs"][0]["text"]
    assert "".join(text).startswith("rows top helped")


async def test_a_cell_takes_values_and_imports_of_others(page: Page, root: Path) -> None:
    cell = "print(json.dumps({'lr': lr, 'n': n}), open('data/a.txt').read())"
    write(root / "a.ipynb", make_notebook("import json", "lr = 0.1", "n = len('abc')", cell))
    (root / "data").mkdir()
    (root / "data" / "a.txt").write_text("sent")
    source = {"kind": "cell", "path": "a.ipynb", "text": cell, "files": ["data/a.txt"]}

    _, form = await page.ask("POST", INSPECT, source)
    refused, error = await page.ask("POST", RUNS, {"source": source})
    given = {"path": "a.ipynb", "notebook_id": "", "cell": 9}
    view = await run(page, {**source, "inputs": {"n": 7}}, parameters={"lr": 0.5}, origin=given)
    _, log = await page.ask("GET", f"{RUNS}/{view['run']['run_id']}/tasks/{view['tasks'][0]['task_id']}/log")

    assert form["code"] == f"import json\n\n{cell}"
    assert [(name["name"], name["is_sent"], name["value"]) for name in form["names"]] == [
        ("lr", True, 0.1),
        ("n", False, None),
    ]
    assert (refused, error["message"]) == (400, "The cell uses “n”, which it does not define.")
    assert error["why"] == "Cell 3 computes it."
    assert view["run"]["origin"]["cell"] == 4
    assert '{"lr": 0.5, "n": 7} sent' in log["text"]


@pytest.mark.slow  # starts a kernel
async def test_a_cell_with_a_magic_runs_as_a_notebook(page: Page) -> None:
    view = await run(
        page,
        {"kind": "cell", "text": "%time x = 1\nvalue = await f()"}
        | {"inputs": {}, "text": FAILING + "\n!ls"},
    )
    assert view["failure"]["message"] == "The cell stopped: ZeroDivisionError: division by zero."


async def test_runs_are_found_by_their_notebook(page: Page, root: Path) -> None:
    write(root / "moved.ipynb", make_notebook("x = 1", notebook_id="n-7"))
    made = await start(page, {"kind": "notebook", "path": "moved.ipynb"})
    given = {"path": "other.ipynb", "notebook_id": "", "cell": 3}
    example = await start(page, {"kind": "example"}, origin=given)

    async def find(**query: str) -> list[str]:
        _, listed = await page.ask("GET", RUNS, **query)
        return [each["run_id"] for each in listed["runs"]]

    assert await find(notebook="moved.ipynb") == [made["run_id"]]
    assert await find(notebook="renamed.ipynb", notebook_id="n-7") == [made["run_id"]]
    assert await find(notebook="moved.ipynb", notebook_id="n-8") == []
    assert await find(notebook="other.ipynb", notebook_id="n-9") == [example["run_id"]]
    assert example["origin"] == given


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ({"path": "none.ipynb"}, 404, "No such file."),
        ({"path": "a.ipynb", "files": ["none.csv"]}, 404, "No such file."),
        ({"path": "a.ipynb", "files": ["../../etc/passwd"]}, 400, "files: "),
        ({"path": "a.ipynb", "files": ["/etc/passwd"]}, 400, "files: "),
        ({"path": "a.ipynb", "files": ["big.bin"]}, 413, "The set of files is too large."),
        ({"path": "a.ipynb", "files": ["folder"]}, 400, "files: “folder” is a folder."),
        ({"path": "a.ipynb", "packages": ["x'; rm -rf /"]}, 400, "packages: "),
        ({"path": "a.ipynb", "image": "a b"}, 400, "image: "),
        ({"path": "r.ipynb"}, 400, "r.ipynb: its kernel is R, and only Python notebooks can be run."),
        ({"path": "text.ipynb"}, 400, "text.ipynb: it is not a notebook."),
        ({"path": "clash.ipynb"}, 400, "notebook: “notebook” is the name of what comes back."),
        ({"kind": "cell", "text": " "}, 400, "The cell is empty."),
        ({"kind": "cell", "text": "1", "path": "", "files": ["a.csv"]}, 400, "files: "),
        ({"kind": "cell", "text": "def"}, 400, "The cell is not plain Python."),
        ({"kind": "cell", "text": "x" * 100_000}, 413, "The cell is too large."),
    ],
)
async def test_what_cannot_be_sent_is_said(
    page: Page, root: Path, source: dict[str, Any], code: int, said: str
) -> None:
    write(root / "a.ipynb", make_notebook("x = 1"))
    write(root / "clash.ipynb", make_notebook("notebook = 1", tagged=1))
    write(
        root / "r.ipynb",
        {
            **make_notebook("x"),
            "metadata": {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
        },
    )
    (root / "text.ipynb").write_text("hello")
    (root / "big.bin").write_bytes(b"x" * 600 * 1024)
    (root / "folder").mkdir()
    for path, body in ((INSPECT, {}), (RUNS, None)):
        whole = {"kind": "notebook", **source}
        answer, error = await page.ask("POST", path, whole if body is not None else {"source": whole})
        assert (answer, error["message"][: len(said)]) == (code, said)


async def test_a_notebook_without_code_is_a_form(page: Page, root: Path) -> None:
    write(root / "empty.ipynb", make_notebook())
    code, form = await page.ask("POST", INSPECT, {"kind": "notebook", "path": "empty.ipynb"})
    assert (code, form["cells"], form["is_tagged"], form["pipeline"]["parameters"]) == (200, 0, False, [])


async def test_a_run_of_something_else_has_no_notebook(page: Page) -> None:
    view = await run(page, {"kind": "example"})
    code, error = await page.ask("GET", f"{RUNS}/{view['run']['run_id']}/notebook")
    assert (code, error["message"]) == (404, "There is no executed notebook.")


@pytest.mark.slow  # imports the SDK
async def test_the_pipelines_of_a_python_file_are_a_choice(page: Page, root: Path) -> None:
    text = "from kfp import dsl\n@dsl.component\ndef one(x: int): print(x)\n@dsl.component\ndef two(): ...\n"
    (root / "steps.py").write_text(text)
    source = {"kind": "file", "path": "steps.py"}

    _, form = await page.ask("POST", INSPECT, source)
    _, second = await page.ask("POST", INSPECT, {**source, "function": "two"})
    code, error = await page.ask("POST", RUNS, {"source": source})

    assert [(each["name"], each["kind"]) for each in form["functions"]] == [
        ("one", "component"),
        ("two", "component"),
    ]
    assert (form["function"], second["function"]) == ("one", "two")
    assert (code, error["message"]) == (400, "steps.py: there are several pipelines in it.")
