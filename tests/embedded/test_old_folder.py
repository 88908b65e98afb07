"""A data folder of version 0.1.0 still opens, with everything in it.

A server of revision 28f8c8d made the folder at `/srv/kfp-data` and got `kill -9` during three runs. The
attempt of “outlived” ended while no server ran; the supervisor of “lost” was killed too; the attempt of
“unclaimed” was stored as running before a supervisor had claimed it.
"""

from __future__ import annotations

import base64
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import embedded
from tests.embedded.running import Reply, send

FOLDER = Path(__file__).with_name("data") / "folder-of-0.1.0.tar.gz"
OLD_PLACE = "/srv/kfp-data"
V2 = "/apis/v2beta1"


class OldFolder:
    """A server on the old folder, and the calls of its first tenant."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runtime = embedded.ensure_running(folder, namespace="ana")
        self._token = (folder / "token-ana").read_text()

    def call(self, method: str, path: str, body: object = None) -> Reply:
        headers = [("Authorization", f"Bearer {self._token}")]
        reply = send(self._runtime.url, method, path, body, headers)
        assert reply.status == 200, reply.body
        return reply

    def list(self, kind: str) -> dict[str, Any]:
        """Return all resources of a kind by their display names."""
        reply = self.call("GET", f"{V2}/{kind.lower()}?namespace=ana&page_size=100").json
        return {resource["display_name"]: resource for resource in reply[kind]}

    def run_id(self, name: str) -> str:
        return str(self.list("runs")[name]["run_id"])

    def wait(self, run_id: str) -> Any:
        """Return a run when it has ended."""
        for _ in range(600):
            run = self.call("GET", f"{V2}/runs/{run_id}").json
            if run["state"] in {"SUCCEEDED", "FAILED"}:
                return run
            time.sleep(0.1)
        raise AssertionError(run)

    def tasks(self, run_id: str) -> dict[str, Any]:
        tasks = self.call("GET", f"{V2}/runs/{run_id}/tasks").json["tasks"]
        return {task["name"]: task for task in tasks}

    def log(self, run_id: str, task: str) -> str:
        return self.call("GET", f"/apis/v1alpha1/runs/{run_id}/nodes/{task}/log").body.decode()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldFolder]:
    folder = tmp_path_factory.mktemp("old") / "kfp"
    shutil.unpack_archive(FOLDER, folder)
    move_artifacts(folder)
    yield OldFolder(folder)
    embedded.stop(folder)


def move_artifacts(folder: Path) -> None:
    """Move the stored paths of artifacts to where the folder is now."""
    store = sqlite3.connect(folder / "store.sqlite")
    with store:
        for table, column in (("tasks", "inputs"), ("tasks", "outputs"), ("results", "outputs")):
            moved = f"CAST(replace(CAST({column} AS TEXT), ?, ?) AS BLOB)"
            store.execute(f"UPDATE {table} SET {column} = {moved}", (OLD_PLACE, str(folder)))
    store.close()


def test_lists(old: OldFolder) -> None:
    runs = old.list("runs")
    assert {name: runs[name]["state"] for name in ("finished", "failed", "canceled", "cached")} == {
        "finished": "SUCCEEDED",
        "failed": "FAILED",
        "canceled": "FAILED",
        "cached": "SUCCEEDED",
    }
    assert runs["cached"]["storage_state"] == "ARCHIVED"
    experiments = old.list("experiments")
    assert [experiments[name]["storage_state"] for name in ("study", "old study")] == [
        "AVAILABLE",
        "ARCHIVED",
    ]
    (pipeline,) = old.list("pipelines").values()
    versions = old.call("GET", f"{V2}/pipelines/{pipeline['pipeline_id']}/versions").json["pipeline_versions"]
    assert {version["display_name"] for version in versions} == {"numbers", "numbers 2"}
    recurring = old.list("recurringRuns")
    assert {name: row["status"] for name, row in recurring.items()} == {
        "yearly": "DISABLED",
        "much later": "ENABLED",
    }


def test_every_folder_stays(old: OldFolder) -> None:
    names = {path.name for path in (old.folder / "runs").iterdir()}
    assert len(names) >= 6
    assert names <= {str(run["run_id"]) for run in old.list("runs").values()}
    assert list((old.folder / "removed").glob("unknown-*")) == []


def test_a_finished_run_has_its_tasks_logs_and_artifacts(old: OldFolder) -> None:
    run_id = old.run_id("finished")
    assert old.call("GET", f"{V2}/runs/{run_id}").json["runtime_config"]["parameters"] == {"number": 7}
    tasks = old.tasks(run_id)
    assert tasks["prepare"]["outputs"]["parameters"] == {"Output": 14}
    assert old.log(run_id, tasks["report"]["task_id"]) == "doubled 14 ['number', '7']\n"
    path = f"{V2}/runs/{run_id}/nodes/{tasks['prepare']['task_id']}/artifacts/table:read"
    assert base64.b64decode(old.call("GET", path).json["data"]) == b"number\n7\n"


def test_failed_and_canceled_runs_say_why(old: OldFolder) -> None:
    failed, canceled = old.run_id("failed"), old.run_id("canceled")
    assert old.tasks(failed)["first"]["reason"] == "It ended with exit code 3."
    assert old.log(failed, "first") == "no luck\n"
    assert old.tasks(failed)["second"]["state"] == "SKIPPED"
    assert old.tasks(canceled)["first"]["state"] == "CANCELED"


def test_unfinished_runs_end_as_they_should(old: OldFolder) -> None:
    outlived = old.wait(old.run_id("outlived"))
    lost = old.wait(old.run_id("lost"))
    unclaimed = old.wait(old.run_id("unclaimed"))

    assert [run["state"] for run in (outlived, lost, unclaimed)] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert old.tasks(lost["run_id"])["first"]["reason"] == "The process that watched it is gone."
    for run in (outlived, unclaimed):
        assert old.log(run["run_id"], "first") == "started\nended\n"
        tasks = old.tasks(run["run_id"])
        assert [tasks[name]["attempt"] for name in ("first", "second")] == [1, 1]


def test_results_are_still_taken_from_the_cache(old: OldFolder) -> None:
    version = old.call("GET", f"{V2}/runs/{old.run_id('finished')}").json["pipeline_version_reference"]
    new = {
        "display_name": "new",
        "experiment_id": old.list("experiments")["study"]["experiment_id"],
        "pipeline_version_reference": version,
        "runtime_config": {"parameters": {"number": 7}},
    }

    run = old.wait(old.call("POST", f"{V2}/runs", new).json["run_id"])

    assert run["state"] == "SUCCEEDED"
    assert old.tasks(run["run_id"])["prepare"]["cached_from_run_id"] == old.run_id("finished")
