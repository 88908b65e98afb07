"""A store that is damaged, lost or restored: it is said, and no file of a run is lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.embedded.store import Store, StoreError
from jupyter_kfp_mt.errors import KfpConnectionError
from tests.embedded.running import Reply, send


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kfp"
    embedded.stop(tmp_path / "kfp")


def call(folder: Path, method: str, path: str, body: object = None) -> Reply:
    """Call the server of the folder as its first tenant."""
    runtime = embedded.ensure_running(folder, namespace="ana")
    token = (folder / "token-ana").read_text()
    reply = send(runtime.url, method, path, body, [("Authorization", f"Bearer {token}")])
    assert reply.status == 200, reply.body
    return reply


def list_experiments(folder: Path) -> list[str]:
    reply = call(folder, "GET", "/apis/v2beta1/experiments?namespace=ana")
    return [experiment["display_name"] for experiment in reply.json["experiments"]]


def test_a_backup_of_a_running_server_is_restored_after_a_damage(folder: Path, tmp_path: Path) -> None:
    store, copy = folder / "store.sqlite", tmp_path / "copy.sqlite"
    body = {"display_name": "study", "namespace": "ana"}
    call(folder, "POST", "/apis/v2beta1/experiments", body)  # in the write-ahead log only

    embedded.back_up(folder, copy)
    embedded.stop(folder)
    model = folder / "runs" / "unknown-run" / "model"
    model.parent.mkdir(parents=True)
    model.write_text("weights")
    store.write_bytes(b"\0" * 4096 + store.read_bytes()[4096:])
    with pytest.raises(KfpConnectionError) as caught:
        embedded.ensure_running(folder)
    assert "store.sqlite is damaged (file is not a database). Put a backup in its place" in caught.value.why
    assert model.exists()

    for path in folder.glob("store.sqlite*"):
        path.unlink()
    shutil.copy(copy, store)
    assert "study" in list_experiments(folder)
    embedded.stop(folder)
    embedded.ensure_running(folder, recover=True)

    assert "study" in list_experiments(folder)
    assert model.read_text() == "weights"


def test_a_backup_is_one_complete_private_file(tmp_path: Path) -> None:
    source, copy = tmp_path / "store.sqlite", tmp_path / "copy.sqlite"
    store = Store(source)
    store.folders.add("runs/a", deleted=True)

    embedded.back_up(tmp_path, copy)
    store.close()

    assert copy.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.sqlite"]
    restored = Store(copy)
    assert restored.folders.list_deleted() == {"runs/a"}
    restored.close()


def test_a_backup_replaces_nothing(tmp_path: Path) -> None:
    Store(tmp_path / "store.sqlite").close()
    with pytest.raises(FileExistsError):
        embedded.back_up(tmp_path, tmp_path / "store.sqlite")
    with pytest.raises(FileNotFoundError):
        embedded.back_up(tmp_path / "nothing", tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite").exists()


def zero_header(data: bytes) -> bytes:
    return bytes(100) + data[100:]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def scramble(data: bytes) -> bytes:
    """Overwrite the second half of each page after the first."""
    pages = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    return b"".join([pages[0], *(page[:2048] + b"\xa5" * 2048 for page in pages[1:])])


@pytest.mark.parametrize("damage", [zero_header, cut, scramble])
def test_a_damaged_store_is_not_opened(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = Store(path)
    for number in range(1000):
        store.folders.add(f"runs/{number}", deleted=False)
    store.close()
    with sqlite3.connect(path) as sql:  # without the free pages that the store keeps
        sql.execute("VACUUM")
    sql.close()
    before = damage(path.read_bytes())
    path.write_bytes(before)

    with pytest.raises(StoreError, match=r"store.sqlite is damaged .* Put a backup in its place, or move"):
        Store(path)

    assert path.read_bytes() == before
