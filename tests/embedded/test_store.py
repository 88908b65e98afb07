"""What is remembered: totals, one transaction, migrations, and creates that race."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.embedded.store import ExperimentRow, RunRow, Store
from jupyter_kfp_mt.embedded.store.db import Database, StoreError, fold, fold_pattern
from jupyter_kfp_mt.embedded.store.store import MIGRATIONS, SORTED_KEYS
from tests.contract.packages import specs
from tests.embedded.running import running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.sqlite", now=lambda: 100)
    made.experiments.add(ExperimentRow(experiment_id="e", namespace="ana", display_name="E", created_at=1))
    yield made
    made.close()


def run(run_id: str, **fields: object) -> RunRow:
    row = {"namespace": "ana", "experiment_id": "e", "display_name": "r", "created_at": 5, "spec": b"{}"}
    return RunRow(run_id=run_id, **{**row, **fields})  # type: ignore[arg-type]


def counted(store: Store, where: str = "1") -> int:
    return int(store.db.read.execute(f"SELECT COUNT(*) FROM runs WHERE {where}").fetchone()[0])


def test_totals_are_what_counting_gives(store: Store) -> None:
    for number in range(5):
        store.runs.add(run(f"r{number}"))
    store.runs.set_storage_state("r0", "ARCHIVED")
    store.runs.set_storage_state("r0", "ARCHIVED")
    store.runs.remove("r1")
    assert store.runs.count("n:ana") == counted(store) == 4
    assert store.runs.count("e:e", "AVAILABLE") == counted(store, "storage_state = 'AVAILABLE'") == 3
    store.experiments.archive("e")
    assert (store.runs.count("n:ana", "ARCHIVED"), store.runs.count("n:ana", "AVAILABLE")) == (4, 0)
    store.empty("ana")
    assert store.runs.count("n:ana") == counted(store) == 0


def test_a_state_is_written_to_the_history_when_it_is_another(store: Store) -> None:
    store.runs.add(run("r"))
    for state in ("RUNNING", "RUNNING", "SUCCEEDED"):
        store.runs.set_state("r", state, finished_at=7)
    found = store.runs.get("R")
    assert found is not None
    assert [entry.state for entry in found.history] == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert (found.finished_at, store.runs.list_unfinished()) == (7, [])


def test_the_runs_of_each_namespace_take_turns(store: Store) -> None:
    for run_id, namespace in (("a1", "ana"), ("a2", "ana"), ("a3", "ana"), ("b1", "bob"), ("b2", "bob")):
        store.runs.add(run(run_id, namespace=namespace))
    assert store.runs.list_unfinished() == ["a1", "b1", "a2", "b2", "a3"]


def test_a_slow_flush_holds_up_nobody_else(tmp_path: Path) -> None:
    flushing, release, slow = threading.Event(), threading.Event(), []

    def flush(_log: int) -> None:
        if threading.current_thread() in slow:
            flushing.set()
            assert release.wait(60)

    store = Store(tmp_path / "store.sqlite", flush=flush)
    waiting = threading.Thread(target=lambda: store.runs.add(run("slow")))
    slow.append(waiting)
    waiting.start()
    assert flushing.wait(60)

    assert store.runs.add(run("fast"))
    assert counted(store) == 2

    assert waiting.is_alive()
    release.set()
    waiting.join()
    store.close()


def test_each_change_is_flushed_once(tmp_path: Path) -> None:
    flushed: list[int] = []
    store = Store(tmp_path / "store.sqlite", flush=flushed.append)
    flushed.clear()
    with store.db.write():
        store.runs.add(run("one"))
        store.runs.add(run("two"))
    assert len(flushed) == 1
    store.runs.set_state("absent", "RUNNING")
    assert len(flushed) == 1
    store.close()


def test_a_spec_is_kept_as_long_as_a_run_has_it(store: Store) -> None:
    store.runs.add(run("a", spec=b'{"x":1}'))
    store.runs.add(run("b", spec=b'{"x":1}'))
    store.runs.remove("a")
    assert store.db.read.execute("SELECT COUNT(*) FROM specs").fetchone()[0] == 1
    store.runs.remove("b")
    assert store.db.read.execute("SELECT COUNT(*) FROM specs").fetchone()[0] == 0


def test_a_block_that_fails_leaves_nothing_behind(store: Store) -> None:
    def fail() -> None:
        with store.db.write():
            store.runs.add(run("r"))
            assert store.runs.get("r") is not None  # its own block sees it
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert store.runs.get("r") is None


def test_migrations_run_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    steps = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y DEFAULT 1"]
    Database(path, steps[:1]).close()
    with sqlite3.connect(path) as sql:
        sql.execute("INSERT INTO a VALUES (7)")
    Database(path, steps).close()
    later = Database(path, steps)
    assert tuple(later.read.execute("SELECT x, y FROM a").fetchone()) == (7, 1)
    later.close()
    with pytest.raises(StoreError, match="newer version"):
        Database(path, steps[:1])


def test_the_first_released_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    released = (Path(__file__).parent / "data" / "schema-1.sql").read_text()
    Database(path, [released]).close()
    Store(path).close()
    fresh = tmp_path / "fresh.sqlite"
    Store(fresh).close()
    schema = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    with sqlite3.connect(path) as old, sqlite3.connect(fresh) as new:
        assert old.execute(schema).fetchall() == new.execute(schema).fetchall()
    assert len(MIGRATIONS) >= 1


@pytest.mark.parametrize(
    ("one", "other"), [("Exp", "exp"), ("éxp", "Exp"), ("exp ", "exp"), ("STRASSE", "straße"), ("", "  ")]
)
def test_texts_that_the_database_of_kfp_takes_for_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_texts_sort_as_in_mysql_8() -> None:
    # `ORDER BY name COLLATE utf8mb4_0900_ai_ci`
    ordered = [
        "",
        "a",
        "a x",
        "a_x",
        "a-x",
        "a.x",
        "a/x",
        "a+x",
        "a$x",
        "a–x",
        "a0",
        "Á1",
        "A2",
        "ab",
        "b",
        "ж",
    ]
    shuffled = ordered[::-1]
    assert sorted(shuffled, key=fold) == ordered


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a-x", "1 A-X 2", True),
        ("a_x", "a.x", True),  # a wildcard of LIKE, as in KFP
        ("a%2", "a-x 2", True),
        ("a\\_x", "a_x", True),
        ("a\\_x", "a-x", False),
        ("a\\%", "a%", True),
        ("a ", "a b", True),
        ("a ", "a", False),
        ("%", "", True),
        ("\\", "100%", True),  # it escapes the wildcard after it
        ("\\", "100", False),
    ],
)
def test_a_pattern_is_found_in_folded_texts(pattern: str, text: str, fits: bool) -> None:
    query = "SELECT ? LIKE ? ESCAPE '\\'"
    with sqlite3.connect(":memory:") as sql:
        assert bool(sql.execute(query, (fold(text), fold_pattern(pattern))).fetchone()[0]) is fits


def test_the_keys_of_an_older_store_are_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    before = Database(path, MIGRATIONS[: MIGRATIONS.index(SORTED_KEYS)])
    with before.write() as sql:
        sql.execute(
            "INSERT INTO experiments (experiment_id, namespace, display_name, name_key, created_at)"
            " VALUES ('e', 'alice', 'An-Experiment', 'an-experiment', 1)"
        )
    before.close()
    store = Store(path)
    assert store.experiments.find_by_name("alice", "an-experiment") is not None
    store.close()


def test_the_same_create_at_once_makes_one_run(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        token = server.token("alice")
        made = {"display_name": "e", "namespace": "alice"}
        experiment = server.call("POST", "/apis/v2beta1/experiments", made, token=token).json["experiment_id"]
        body = {
            "run_id": "one",
            "display_name": "r",
            "experiment_id": experiment,
            "pipeline_spec": specs()["plain"],
        }
        replies: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: replies.append(
                    server.call("POST", "/apis/v2beta1/runs", body, token=token).status
                )
            )
            for _ in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert replies == [200] * 8
        assert server.runner.orders == [("submit", "one")]
        other = server.call("POST", "/apis/v2beta1/runs", {**body, "display_name": "x"}, token=token)
        assert (other.status, other.json["code"]) == (409, 6)
