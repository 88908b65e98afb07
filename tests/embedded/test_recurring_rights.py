"""A recurring run has the rights that whoever created it has when it fires, not those of its creation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.core.packages import read_spec
from jupyter_kfp_mt.embedded.core.pipelines import PipelineNames
from jupyter_kfp_mt.embedded.engine.recurring import RecurringRunController
from jupyter_kfp_mt.embedded.tenants import EDITOR, subject
from tests.contract.packages import specs
from tests.embedded.running import Running, running

BOB = subject("bob", EDITOR)
V2, V1 = "/apis/v2beta1/recurringruns", "/apis/v1beta1/jobs"


class Schedules:
    """A server with a private pipeline of alice, and a clock for its recurring runs."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.now = time.time() + 60
        names = PipelineNames(name="private", display_name="private")
        pipeline, _ = server.manager.pipelines.create("alice", names, read_spec(specs()["plain"]))
        self.pipeline_id = pipeline.pipeline_id

    def share(self, namespace: str, role: str) -> None:
        """Give bob a role in a namespace, or take it back."""
        self.server.manager.store.tenants.share(namespace, BOB, role)

    def create(self, namespace: str, source: dict[str, Any]) -> str:
        """Create a recurring run as bob."""
        owner = self.server.token(namespace)
        body = {"display_name": f"e{self.now}", "namespace": namespace}
        experiment = self.server.call("POST", "/apis/v2beta1/experiments", body, token=owner).json
        body = {
            "display_name": "often",
            "experiment_id": experiment["experiment_id"],
            "max_concurrency": 10,
            "mode": "ENABLE",
            "trigger": {"periodic_schedule": {"interval_second": "10"}},
            **source,
        }
        made = self.server.call("POST", V2, body, token=self.server.token("bob"))
        assert made.status == 200, made.body
        return str(made.json["recurring_run_id"])

    def fire(self) -> int:
        """Let a minute pass; return how many runs that started."""
        manager = self.server.manager
        self.now += 60
        controller = RecurringRunController(manager.store, lambda: self.now, manager.tenancy.is_allowed)
        return sum(bool(controller.fire(row)) for _ in range(2) for row in controller.find_due())

    def describe(self, recurring_run_id: str, namespace: str) -> tuple[Any, Any, Any]:
        """Return its status, its error of v2 and that of v1."""
        token = self.server.token(namespace)
        new = self.server.call("GET", f"{V2}/{recurring_run_id}", token=token).json
        old = self.server.call("GET", f"{V1}/{recurring_run_id}", token=token).json
        return new["status"], new.get("error"), old.get("error")


@pytest.fixture
def schedules(tmp_path: Path) -> Iterator[Schedules]:
    with running(tmp_path) as server:
        yield Schedules(server)


def test_a_pipeline_that_may_no_longer_be_read_is_not_run(schedules: Schedules) -> None:
    schedules.share("alice", "view")
    job = schedules.create("bob", {"pipeline_version_reference": {"pipeline_id": schedules.pipeline_id}})
    assert schedules.fire() > 0

    schedules.share("alice", "")
    assert schedules.fire() == 0
    text = (
        f"There is no such pipeline for {BOB}, who created it: it was deleted,"
        " or the right to read it was taken back."
    )
    assert schedules.describe(job, "bob") == ("ENABLED", {"code": 7, "message": text}, text)

    schedules.share("alice", "view")
    assert schedules.fire() > 0
    assert schedules.describe(job, "bob") == ("ENABLED", None, None)


def test_a_deleted_pipeline_is_described_alike(schedules: Schedules) -> None:
    schedules.share("alice", "view")
    job = schedules.create("bob", {"pipeline_version_reference": {"pipeline_id": schedules.pipeline_id}})
    schedules.server.manager.store.pipelines.remove(schedules.pipeline_id)
    assert schedules.fire() == 0
    assert schedules.describe(job, "bob")[2].startswith(f"There is no such pipeline for {BOB}")


def test_nobody_runs_where_they_may_no_longer_run(schedules: Schedules) -> None:
    schedules.share("alice", "edit")
    job = schedules.create("alice", {"pipeline_spec": specs()["plain"]})
    assert schedules.fire() > 0

    schedules.share("alice", "view")
    assert schedules.fire() == 0
    text = f"{BOB}, who created it, may no longer create runs in namespace alice."
    assert schedules.describe(job, "alice") == ("ENABLED", {"code": 7, "message": text}, text)
