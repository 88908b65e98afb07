"""Folders whose runs the store does not know: a deletion removes them, a missing row never does."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.engine.execution.unknown_folders import UnknownFolders
from jupyter_kfp_mt.embedded.store import Store
from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine import pipelines
from tests.engine.bench import Bench

Compiled = Callable[[Any], Package]


class Engines:
    """One engine after the other on the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Bench] = []

    def start(self) -> Bench:
        self.stop()
        self._running.append(Bench(self._folder))
        return self._running[0]

    def stop(self) -> None:
        while self._running:
            self._running.pop().close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "engine"


@pytest.fixture
def engines(folder: Path) -> Iterator[Engines]:
    engines = Engines(folder)
    yield engines
    engines.stop()


def add_folder(folder: Path, run_id: str) -> Path:
    path = folder / "runs" / run_id / "artifacts" / "model"
    path.parent.mkdir(parents=True)
    path.write_text("weights")
    return path


def list_set_aside(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "removed").glob("unknown-*/*"))


def bring_back(folder: Path, *, everything: bool) -> None:
    store = Store(folder / "store.sqlite")
    UnknownFolders(store, folder).bring_back(everything=everything)
    store.close()


def test_a_deletion_that_was_interrupted_is_completed(
    engines: Engines, folder: Path, compiled: Compiled
) -> None:
    bench = engines.start()
    run_id = bench.submit(compiled(pipelines.talks))
    bench.wait(run_id)
    bench.store.runs.remove(run_id)

    bench = engines.start()

    bench.until(lambda: not (folder / "runs" / run_id).exists())
    bench.until(lambda: not bench.store.tasks.list_of_run(run_id))
    assert list_set_aside(folder) == []
    bench.until(lambda: not bench.store.folders.list_deleted())


def test_an_unknown_folder_is_set_aside_with_a_line_in_the_log(
    engines: Engines, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    add_folder(folder, "unknown-run")
    (folder / "runs" / ".somebody-elses").mkdir()

    bench = engines.start()

    bench.until(lambda: list_set_aside(folder) == ["unknown-run"])
    assert "brings them back: unknown-run" in caplog.text
    assert (folder / "runs" / ".somebody-elses").exists()


@pytest.mark.parametrize("how", ["missing", "empty", "older"])
def test_a_store_without_the_runs_loses_no_file(
    how: str, engines: Engines, folder: Path, compiled: Compiled
) -> None:
    store = folder / "store.sqlite"
    engines.start()
    engines.stop()
    other = {"missing": None, "empty": b"", "older": store.read_bytes()}[how]
    bench = engines.start()
    run_id = bench.submit(compiled(pipelines.talks), {"lines": 3})
    bench.wait(run_id)
    log = bench.log(run_id, "talk")
    engines.stop()
    good = store.read_bytes()

    store.unlink()
    if other is not None:
        store.write_bytes(other)
    bench = engines.start()
    bench.until(lambda: list_set_aside(folder) == [run_id])
    engines.stop()
    store.write_bytes(good)
    bring_back(folder, everything=False)
    bench = engines.start()

    assert "line 2" in log
    assert bench.log(run_id, "talk") == log
    assert list_set_aside(folder) == []


def test_unknown_folders_that_were_brought_back_stay(engines: Engines, folder: Path) -> None:
    model = add_folder(folder, "unknown-run")
    bench = engines.start()
    bench.until(lambda: list_set_aside(folder) == ["unknown-run"])

    bring_back(folder, everything=True)
    engines.start()
    engines.stop()  # a look at the folders may go on, and takes one away that is being made
    add_folder(folder, "another")
    bench = engines.start()

    bench.until(lambda: list_set_aside(folder) == ["another"])
    assert model.read_text() == "weights"


def test_a_newer_folder_is_not_replaced(engines: Engines, folder: Path) -> None:
    add_folder(folder, "one").write_text("old")
    bench = engines.start()
    bench.until(lambda: list_set_aside(folder) == ["one"])
    newer = add_folder(folder, "one")

    bring_back(folder, everything=True)

    assert newer.read_text() == "weights"
    assert list_set_aside(folder) == ["one"]


def test_a_deletion_removes_no_other_folder_that_the_store_does_not_know(
    engines: Engines, folder: Path, compiled: Compiled
) -> None:
    bench = engines.start()
    package = compiled(pipelines.artifact_cache)
    first, second = [bench.wait(bench.submit(package, {"content": "kept"})).run_id for _ in range(2)]
    engines.stop()
    with sqlite3.connect(folder / "store.sqlite") as store:  # a damage
        store.execute("DELETE FROM runs WHERE run_id = ?", (first,))
        store.execute("DELETE FROM folders")
    store.close()
    bench = engines.start()

    bench.store.runs.remove(second)
    bench.engine.forget(second)

    bench.until(lambda: not (folder / "runs" / second).exists())
    assert (folder / "runs" / first).exists() or list_set_aside(folder) == [first]
