"""A Kubernetes API over real TLS that answers from recordings of a real one (`data/kubernetes.json`)."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import trustme

from jupyter_kfp_mt.kube import Cluster, Kubernetes, KubernetesApi

DATA = Path(__file__).parent / "data"
EDITOR, VIEWER, STRANGER = "editor-token-canary", "viewer-token-canary", "stranger-token-canary"
_ACCOUNTS = {
    EDITOR: "alice editor",
    VIEWER: "alice viewer",
    STRANGER: "alice no rights",
    "other-audience": "alice editor, other audience",
}


class Asked(NamedTuple):
    """One request that arrived."""

    method: str
    path: str
    token: str
    body: Any
    headers: dict[str, str]


class RecordedCluster:
    """The recordings, what was added to them, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.open = threading.Event()  # while it is not set, every request hangs
        self.open.set()
        self._answers: dict[tuple[str, str, str, str], tuple[int, bytes]] = {}
        for entry in json.loads((DATA / "kubernetes.json").read_text()):
            request, response = entry["request"], entry["response"]
            body = response["body"] if isinstance(response["body"], str) else json.dumps(response["body"])
            key = self._key(entry["as"], request["method"], request["path"], request["body"])
            self._answers.setdefault(key, (response["status"], body.encode()))

    def answer(
        self,
        method: str,
        path: str,
        status: int,
        body: Any,
        *,
        account: str = "alice editor",
        asked: Any = None,
    ) -> None:
        """Answer one more request."""
        raw = (
            body.encode()
            if isinstance(body, str)
            else body
            if isinstance(body, bytes)
            else json.dumps(body).encode()
        )
        self._answers[self._key(account, method, path, asked)] = (status, raw)

    def grant(
        self, verb: str, resource: str, *, group: str = "", namespace: str = "alice", allowed: bool = True
    ) -> None:
        """Let an access review come out one way."""
        wanted = {"namespace": namespace, "verb": verb, "group": group, "resource": resource}
        spec = {"resourceAttributes": {key: value for key, value in wanted.items() if value}}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        self.answer("POST", path, 201, body | {"status": {"allowed": allowed}}, asked=body)

    def find(self, method: str, path: str, token: str, body: Any) -> tuple[int, bytes]:
        account = _ACCOUNTS.get(token, "none" if not token else "junk")
        unknown = {
            "kind": "Status",
            "status": "Failure",
            "message": f"{path} not found",
            "reason": "NotFound",
            "code": 404,
        }
        refused = {
            "kind": "Status",
            "status": "Failure",
            "message": "Unauthorized",
            "reason": "Unauthorized",
            "code": 401,
        }
        if account in ("junk", "alice editor, other audience"):
            return 401, json.dumps(refused).encode()
        return self._answers.get(self._key(account, method, path, body), (404, json.dumps(unknown).encode()))

    @staticmethod
    def _key(account: str, method: str, path: str, body: Any) -> tuple[str, str, str, str]:
        attributes = ((body or {}).get("spec") or {}).get("resourceAttributes")
        given = {key: value for key, value in attributes.items() if value} if attributes else None
        return account, method, path, json.dumps(given, sort_keys=True) if given else ""


class Pod(NamedTuple):
    """The service-account folder of a pod, and the server it talks to."""

    folder: Path
    host: str
    port: int
    server: RecordedCluster

    def become(self, token: str) -> None:
        """Mount another token."""
        (self.folder / "token").write_text(token)

    def kubernetes(self) -> Kubernetes:
        """Ask as this pod."""
        return Kubernetes(KubernetesApi(Cluster(self.folder, self.host, str(self.port))))


@contextmanager
def pod_of_a_cluster(folder: Path, *, token: str = EDITOR) -> Iterator[Pod]:
    """A pod's files and a running API server whose certificate only the CA of those files vouches for."""
    recorded, authority = RecordedCluster(), trustme.CA()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "namespace").write_text("alice")
    authority.cert_pem.write_to_path(folder / "ca.crt")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            sent = self.headers.get("Authorization", "").removeprefix("bearer ").removeprefix("Bearer ")
            recorded.asked.append(Asked(self.command, self.path, sent, body, dict(self.headers)))
            recorded.open.wait()
            status, answer = recorded.find(self.command, self.path, sent, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    pod = Pod(folder, "127.0.0.1", server.server_port, recorded)
    pod.become(token)
    try:
        yield pod
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
