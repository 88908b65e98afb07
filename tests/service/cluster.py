"""A run of a real server: its Workflow from KFP's old interface, its pods from Kubernetes over TLS."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.service import KfpService
from tests.fakes import FakeTransport, ManualClock
from tests.kube.recorded import Pod
from tests.service.argo import IMPL, Manifest, node_id

RUN = "9849af41-ccb6-43fd-b5f9-a797d87e4500"
EXPERIMENT = "fdc80bae-addb-40fc-9c9e-bf983781ea3c"


class Cluster:
    """One run, its manifest, and the Kubernetes it ran on."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.kfp = FakeTransport()
        self.clock = ManualClock(datetime(2026, 11, 22, 3, 22, tzinfo=timezone.utc))
        experiment = {"experiment_id": EXPERIMENT, "display_name": "Default", "namespace": "alice"}
        self.kfp.answer("GET", f"/apis/v2beta1/experiments/{EXPERIMENT}", experiment)
        self.run("FAILED")

    def run(self, state: str) -> None:
        run = {"run_id": RUN, "display_name": "prep", "experiment_id": EXPERIMENT, "state": state}
        self.kfp.answer("GET", f"/apis/v2beta1/runs/{RUN}", run)

    def ran(self, manifest: Manifest) -> None:
        detail = {"run": {"id": RUN}, "pipeline_runtime": {"workflow_manifest": manifest.text}}
        self.kfp.answer("GET", f"/apis/v1beta1/runs/{RUN}", detail)

    def wrote(self, pod: str, text: str) -> None:
        lines = [
            f"2026-11-22T03:17:00.{number:09d}Z {line}\n" for number, line in enumerate(text.splitlines())
        ]
        path = f"/api/v1/namespaces/alice/pods/{pod}/log?container=main&tailLines=20000&timestamps=true"
        self.pod.server.answer("GET", path, 200, "".join(lines))
        again = path.replace("tailLines=20000", "sinceTime=2026-11-22T03%3A17%3A00Z")
        self.pod.server.answer("GET", again, 200, "".join(lines))

    def status(self, pod: str, status: dict[str, Any]) -> None:
        self.pod.server.answer(
            "GET", f"/api/v1/namespaces/alice/pods/{pod}", 200, {"metadata": {"name": pod}, "status": status}
        )

    def service(self, *, kubernetes: bool = True) -> KfpService:
        context = Context("http://kfp:8888", namespace="alice", kind="notebook")
        asks = self.pod.kubernetes() if kubernetes else None
        return KfpService(context, self.kfp, clock=self.clock, kubernetes=asks)


def pod_name(name: str, template: str = IMPL) -> str:
    workflow, _, hashed = node_id(name).rpartition("-")
    return f"{workflow}-{template}-{hashed}"


def failed() -> Manifest:
    return Manifest().task("root.load", "Failed", message="Error (exit code 1)", exit_code=1)
