"""Deleting folders in the background."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_kfp_mt.embedded.engine.loop.remover import FolderRemover
from tests.engine.bench import PATIENCE


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder with a file in it."""
    (tmp_path / "full" / "inner").mkdir(parents=True)
    (tmp_path / "full" / "inner" / "file").write_text("large")
    return tmp_path / "full"


def until_empty(folder: Path) -> None:
    until(lambda: not any(folder.iterdir()))


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_name_is_free_immediately_and_nothing_remains(full: Path, tmp_path: Path) -> None:
    remover = FolderRemover(tmp_path / "removed")
    remover.start()

    remover.put(full)
    full.mkdir()
    until_empty(tmp_path / "removed")

    assert list(full.iterdir()) == []


def test_leftovers_are_deleted_after_the_next_start(full: Path, tmp_path: Path) -> None:
    (tmp_path / "removed").mkdir()
    full.rename(tmp_path / "removed" / uuid.uuid4().hex)

    FolderRemover(tmp_path / "removed").start()

    until_empty(tmp_path / "removed")


def test_what_it_did_not_put_there_is_kept(full: Path, tmp_path: Path) -> None:
    kept = tmp_path / "removed" / "unknown-20261031T012940Z"
    kept.parent.mkdir()
    full.rename(kept)
    remover = FolderRemover(tmp_path / "removed")
    remover.start()

    (tmp_path / "next").mkdir()
    remover.put(tmp_path / "next")
    until(lambda: list((tmp_path / "removed").iterdir()) == [kept])

    assert (kept / "inner" / "file").read_text() == "large"


def test_a_missing_folder_is_no_error(tmp_path: Path) -> None:
    remover = FolderRemover(tmp_path / "removed")
    remover.start()

    remover.put(tmp_path / "nothing")

    until_empty(tmp_path / "removed")


def test_its_own_folder_was_deleted(full: Path, tmp_path: Path) -> None:
    remover = FolderRemover(tmp_path / "removed")
    remover.start()
    (tmp_path / "removed").rmdir()

    remover.put(full)

    assert not full.exists()


def test_a_folder_that_cannot_be_moved_is_deleted_in_place(full: Path, tmp_path: Path) -> None:
    remover = FolderRemover(tmp_path / "removed")
    remover.start()
    (tmp_path / "removed").rmdir()
    (tmp_path / "removed").write_text("somebody's file")

    remover.put(full)

    assert not full.exists()
