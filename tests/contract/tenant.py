"""One tenant of a running server, and what it calls."""

from __future__ import annotations

import time
from typing import Any

from tests.contract.conftest import Served
from tests.embedded.running import Reply, send

FINAL = ("SUCCEEDED", "FAILED")


class Tenant:
    """One tenant's calls."""

    def __init__(self, served: Served, namespace: str) -> None:
        self._url = served.url
        self.namespace = namespace
        self._headers = [("Authorization", f"Bearer {served.token_file(namespace).read_text()}")]

    def call(self, method: str, path: str, body: object = None) -> Reply:
        return send(self._url, method, f"/apis/{path}", body, self._headers)

    def start(self, spec: dict[str, Any], **fields: Any) -> str:
        made = {"display_name": f"e {time.monotonic_ns()}", "namespace": self.namespace}
        experiment = self.call("POST", "v2beta1/experiments", made).json["experiment_id"]
        body = {"display_name": "r", "experiment_id": experiment, "pipeline_spec": spec, **fields}
        reply = self.call("POST", "v2beta1/runs", body)
        assert reply.status == 200, reply.body
        return str(reply.json["run_id"])

    def run(self, run_id: str) -> Any:
        return self.call("GET", f"v2beta1/runs/{run_id}").json

    def until(self, run_id: str, *states: str) -> Any:
        for _ in range(600):
            found = self.run(run_id)
            if found.get("state") in states:
                return found
            time.sleep(0.05)
        raise AssertionError(found)

    def work(self, run_id: str) -> Any:
        """The one task."""
        tasks = self.call("GET", f"v2beta1/runs/{run_id}/tasks").json["tasks"]
        return next(task for task in tasks if task["name"] == "work")
