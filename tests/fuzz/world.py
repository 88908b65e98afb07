"""A running embedded server with one thing of each kind in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from hypothesis import HealthCheck, settings

from tests.contract.packages import specs
from tests.embedded.running import send

FOLDER = Path(__file__).parent / "swagger"
DESCRIPTIONS = (FOLDER / "kfp-v2beta1.swagger.json", FOLDER / "kfp-v1beta1.swagger.json")
USUAL = 90
EXAMPLES = int(os.environ.get("KFP_FUZZ_EXAMPLES", str(USUAL)))


def bounded(examples: int) -> Callable[[Any], Any]:
    """As many examples, the same each time unless more than usual are asked for."""
    return settings(
        max_examples=max(1, examples),
        derandomize=EXAMPLES == USUAL,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class World:
    """Where the server is, and who we are."""

    url: str
    token: str
    namespace: str

    def post(self, path: str, body: object) -> Any:
        """Make something that must work."""
        reply = send(
            self.url, "POST", f"/apis/v2beta1/{path}", body, [("Authorization", f"Bearer {self.token}")]
        )
        assert reply.status == 200, reply.body
        return reply.json

    def upload(self, what: str, query: dict[str, str]) -> Any:
        """Upload a package that must be taken."""
        reply = requests.post(
            f"{self.url}/apis/v2beta1/pipelines/upload{what}",
            params=query,
            files={"uploadfile": ("plain.yaml", json.dumps(specs()["plain"]))},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        assert reply.status_code == 200, reply.content
        return reply.json()

    def seed(self) -> dict[str, Any]:
        """One thing of each kind, new: values by the names that requests have for them."""
        spec, mark = specs()["plain"], os.urandom(4).hex()
        experiment = self.post("experiments", {"display_name": mark, "namespace": self.namespace})
        inside = {"experiment_id": experiment["experiment_id"], "pipeline_spec": spec}
        run = self.post("runs", {**inside, "display_name": mark})
        every_hour = {"mode": "DISABLE", "trigger": {"periodic_schedule": {"interval_second": "3600"}}}
        job = self.post("recurringruns", {**inside, **every_hour, "display_name": mark, "max_concurrency": 1})
        pipeline = self.upload("", {"name": mark, "namespace": self.namespace})
        version = self.upload("_version", {"name": f"{mark}-2", "pipelineid": pipeline["pipeline_id"]})
        reference = {"type": "EXPERIMENT", "id": experiment["experiment_id"]}
        owner = {"type": "NAMESPACE", "id": self.namespace}
        return {
            "namespace": self.namespace,
            "experiments": experiment["experiment_id"],
            "experiment_id": experiment["experiment_id"],
            "runs": run["run_id"],
            "run_id": run["run_id"],
            "jobs": job["recurring_run_id"],
            "recurring_run_id": job["recurring_run_id"],
            "pipelines": pipeline["pipeline_id"],
            "pipeline_id": pipeline["pipeline_id"],
            "pipeline_name": mark,
            "pipeline_versions": version["pipeline_version_id"],
            "pipeline_version_id": version["pipeline_version_id"],
            "version_id": version["pipeline_version_id"],
            "pipeline_spec": spec,
            "owner": {"key": owner, "relationship": "OWNER"},
            "resource_references": [{"key": reference, "relationship": "OWNER"}],
            "resource_reference_key.type": "NAMESPACE",
            "resource_reference_key.id": self.namespace,
        }

    def alive(self) -> None:
        """The server still answers."""
        assert send(self.url, "GET", "/apis/v2beta1/healthz", None, []).status == 200
