"""A notebook pod as a folder and variables, a Kubernetes API over TLS, and a KFP that answers as set."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.context.poddefault import make_poddefault
from jupyter_kfp_mt.doctor import examine
from jupyter_kfp_mt.models import Check, DoctorReport
from jupyter_kfp_mt.settings import KfpSettings
from tests.kube.recorded import EDITOR, RecordedCluster, pod_of_a_cluster

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
RECORDED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "data/answers.json").read_text())
ACCOUNT = "system:serviceaccount:alice:default-editor"
CANARY = "canary0123456789"
PATIENCE = 45.0  # seconds; on a busy machine everything takes long


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Not at all."""


class Kfp:
    """A KFP server; every path has an answer that a test may replace."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.url = ""
        self.open = threading.Event()  # nothing is answered while it is not set
        self.open.set()
        self._answers: dict[str, tuple[int, str, bytes]] = {}
        self.answer("healthz", 200, {"multi_user": True, "tag_name": "2.15.0"})
        self.answer("experiments", 200, {"experiments": []})

    def answer(
        self, path: str, status: int, body: Any, content_type: str = "application/json", **_: str
    ) -> None:
        """Answer requests whose path holds `path`."""
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self._answers = {path: (status, content_type, raw)} | {
            k: v for k, v in self._answers.items() if k != path
        }

    def recorded(self, name: str, path: str = "experiments") -> None:
        """Answer requests whose path holds `path` as a real server did."""
        entry = RECORDED[name]
        self.answer(path, entry["status"], entry["body"], entry["content_type"])

    def only_v1beta1(self) -> None:
        """Be a server of Kubeflow 1.7 or older."""
        self._answers = {}
        self.answer("/apis/v1beta1/healthz", 200, {"multi_user": True, "tag_name": "1.8.5"})
        experiment = {"id": "e1", "name": "Default", "created_at": "2026-11-20T05:00:00Z"}
        self.answer("/apis/v1beta1/experiments", 200, {"experiments": [experiment], "total_size": 1})

    def everything(self, status: int, body: Any, content_type: str = "text/plain") -> None:
        """Answer everything the same: something stands in between."""
        self._answers = {"": (status, content_type, b"")}
        self.answer("", status, body, content_type)

    def find(self, path: str) -> tuple[int, str, bytes]:
        self.open.wait(60)
        found = next((answer for part, answer in self._answers.items() if part in path), None)
        return found or (404, "application/json", b'{"code":5,"message":"Not Found","details":[]}')


class World:
    """A pod in profile alice with notebook analysis."""

    def __init__(self, root: Path, kube: RecordedCluster, kfp: Kfp, variables: dict[str, str]) -> None:
        self.root, self.kube, self.kfp, self.variables = root, kube, kfp, variables
        self.settings = KfpSettings(endpoint=kfp.url, data_dir=str(root / "data"), request_timeout_s=PATIENCE)
        self.may(create_option=True, restart=True, run=True)
        self.started_with({})

    def token(
        self, audience: str = "pipelines.kubeflow.org", minutes: int = 100, subject: str = ACCOUNT
    ) -> str:
        """Mount a token for KFP."""
        claims = {"sub": subject, "aud": [audience], "exp": (NOW + timedelta(minutes=minutes)).timestamp()}
        parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
        encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
        text = ".".join([*encoded, CANARY])
        self.file("var/run/secrets/kubeflow/pipelines/token", text)
        return text

    def file(self, path: str, text: str) -> None:
        """Put a file into the pod."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def options(self, *manifests: dict[str, object]) -> None:
        """Let the profile have these options."""
        self.kube.answer(
            "GET", "/apis/kubeflow.org/v1alpha1/namespaces/alice/poddefaults", 200, {"items": manifests}
        )

    def started_with(self, labels: dict[str, str]) -> None:
        """Let this notebook's pod have labels."""
        pod = {"metadata": {"name": "analysis-0", "labels": labels}}
        self.kube.answer("GET", "/api/v1/namespaces/alice/pods/analysis-0", 200, pod)

    def may(self, *, create_option: bool = True, restart: bool = True, run: bool = True) -> None:
        """Let access reviews come out so."""
        self.kube.grant("create", "poddefaults", group="kubeflow.org", allowed=create_option)
        self.kube.grant("patch", "notebooks", group="kubeflow.org", allowed=restart)
        self.kube.grant("delete", "statefulsets", group="apps", allowed=restart)
        for resource in ("runs", "experiments", "pipelines"):
            self.kube.grant("create", resource, group="pipelines.kubeflow.org", allowed=run)

    def prepared(self, *, label: bool = True, objects: bool = True) -> None:
        """Let the profile be set up for runs, or not."""
        marks = {"app.kubernetes.io/part-of": "kubeflow-profile"} | (
            {"pipelines.kubeflow.org/enabled": "true"} if label else {}
        )
        namespace = {
            "metadata": {"name": "alice", "labels": marks, "annotations": {"owner": "alice@example.com"}}
        }
        self.kube.answer("GET", "/api/v1/namespaces/alice", 200, namespace)
        for path in ("configmaps/kfp-launcher", "secrets/mlpipeline-minio-artifact"):
            status = 200 if objects else 404
            self.kube.answer("GET", f"/api/v1/namespaces/alice/{path}", status, {"metadata": {"name": "x"}})

    @property
    def environment(self) -> Environment:
        return Environment(self.variables, root=self.root, clock=StillClock(), patience=PATIENCE)

    def examine(self) -> DoctorReport:
        """Ask the doctor."""
        return examine(self.settings, environment=self.environment)

    def row(self, name: str) -> Check:
        """One row of the doctor's answer."""
        return next(check for check in self.examine().checks if check.name == name)


@contextmanager
def serving(kfp: Kfp) -> Iterator[None]:
    """Run a KFP that answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kfp.sent.append(dict(self.headers))
            status, content_type, body = kfp.find(self.path)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            if 300 <= status < 400:
                self.send_header("Location", "https://login.example/oauth2/authorize")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kfp.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def a_world(root: Path) -> Iterator[World]:
    """A healthy notebook pod, its cluster and its KFP."""
    kfp = Kfp()
    with (
        pod_of_a_cluster(root / "var/run/secrets/kubernetes.io/serviceaccount", token=EDITOR) as pod,
        serving(kfp),
    ):
        variables = {
            "KUBERNETES_SERVICE_HOST": pod.host,
            "KUBERNETES_SERVICE_PORT": str(pod.port),
            "NB_PREFIX": "/notebook/alice/analysis",
            "HOSTNAME": "analysis-0",
            "HOME": "/home/jovyan",
        }
        world = World(root, pod.server, kfp, variables)
        world.options(make_poddefault("alice"))
        world.prepared()
        yield world
