"""Workflow manifests with the node names of KFP's Argo compiler and the ids of Argo's controller."""

from __future__ import annotations

import json
from typing import Any

from jupyter_kfp_mt.service.tasks.workflow import Workflow, read_workflow

WORKFLOW = "two-steps-6nbgw"
DRIVER, DAG_DRIVER = "system-container-driver", "system-dag-driver"
EXECUTOR, IMPL = "system-container-executor", "system-container-impl"


def node_id(name: str, workflow: str = WORKFLOW) -> str:
    """Return the id of a node: Argo ends it in the FNV-1a hash of the node's full name."""
    full = f"{workflow}.{name}" if name else workflow
    hashed = 0x811C9DC5
    for byte in full.encode():
        hashed = ((hashed ^ byte) * 0x01000193) % 2**32
    return f"{workflow}-{hashed}" if name else workflow


class Manifest:
    """Collects nodes; a name's boundary is what stands before its last dot."""

    def __init__(self, phase: str = "Failed", message: str = "", workflow: str = WORKFLOW) -> None:
        self.workflow = workflow
        self._status: dict[str, Any] = {"phase": phase, "message": message, "nodes": {}}
        self.add("", "entrypoint", phase).add("root-driver", DAG_DRIVER, "Succeeded").add(
            "root", "root", phase
        )

    def add(
        self, name: str, template: str, phase: str, *, kind: str = "", message: str = "", **more: Any
    ) -> Manifest:
        """Add one node; `exit_code`, `children`, `start` may be given."""
        nodes, start = self._status["nodes"], more.get("start", len(self._status["nodes"]))
        pod = template in (DRIVER, DAG_DRIVER, IMPL, "system-importer")
        boundary, _, last = name.rpartition(".")
        node: dict[str, Any] = {
            "id": node_id(name, self.workflow),
            "name": f"{self.workflow}.{name}" if name else self.workflow,
            "displayName": last or self.workflow,
            "type": kind or ("Pod" if pod else "DAG"),
            "templateName": template,
            "phase": phase,
            "startedAt": f"2026-11-22T03:16:{start:02d}Z",
            "finishedAt": None if phase == "Running" else f"2026-11-22T03:17:{start:02d}Z",
        }
        if name:
            node["boundaryID"] = node_id(more.get("inside", boundary), self.workflow)
        if message:
            node["message"] = message
        if "exit_code" in more:
            node["outputs"] = {"exitCode": str(more["exit_code"])}
        if "children" in more:
            node["children"] = [node_id(child, self.workflow) for child in more["children"]]
        nodes[node["id"]] = node
        return self

    def task(self, path: str, phase: str = "Succeeded", **more: Any) -> Manifest:
        """Add a component: driver, executor and one pod."""
        self.add(f"{path}-driver", DRIVER, "Succeeded")
        self.add(path, EXECUTOR, phase, children=[f"{path}.executor"])
        return self.add(f"{path}.executor", IMPL, phase, **more)

    @property
    def text(self) -> str:
        """The manifest as KFP stores it."""
        return json.dumps({"metadata": {"name": self.workflow}, "spec": {}, "status": self._status})

    def read(self) -> Workflow:
        """The manifest as the product reads it."""
        found = read_workflow(self.text)
        assert found is not None
        return found
