"""Files that somebody else may replace by links and pipes at any time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_kfp_mt.files import open_beneath


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a link to a secret beside it, and a link to the folder of the secret."""
    folder = tmp_path / "own"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("mine")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "file").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secrets" / "file")
    (folder / "elsewhere").symlink_to(tmp_path / "secrets")
    os.mkfifo(folder / "pipe")
    return folder


def test_a_file_below_the_folder_is_opened(folder: Path) -> None:
    with open(open_beneath(folder, folder / "deep" / "file"), "rb") as file:
        assert file.read() == b"mine"


@pytest.mark.parametrize("name", ["link", "elsewhere/file", "pipe", "deep", "nothing"])
def test_nothing_else_is(folder: Path, name: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=rf"{name.partition('/')[0]}|not a regular file"):
        open_beneath(folder, folder / name)
    assert len(os.listdir("/proc/self/fd")) <= before  # some of an earlier test may be closed meanwhile
