"""Serve a replay cluster over TLS, and lay out the files that a notebook's pod has of it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

from tests.replay.cluster import ReplayCluster, token_of
from tests.replay.recordings import Request


class Pod(NamedTuple):
    """A notebook's pod on the replay cluster."""

    root: Path  # its file system
    url: str  # of KFP and of Kubernetes
    cluster: ReplayCluster

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that Kubeflow and Kubernetes give it."""
        host, _, port = self.url.removeprefix("https://").partition(":")
        return {
            "NB_PREFIX": "/notebook/alice/notes",
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
            "KF_PIPELINES_ENDPOINT": self.url,
            "KF_PIPELINES_SA_TOKEN_PATH": "/var/run/secrets/kubeflow/pipelines/token",
            "KF_PIPELINES_SSL_SA_CERTS": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
        }

    @property
    def ca_file(self) -> str:
        """The certificate of the authority that vouches for both APIs."""
        return str(self.root / "var/run/secrets/kubernetes.io/serviceaccount/ca.crt")

    def settings(self, folder: Path) -> dict[str, str]:
        """Return the settings with which the pod is found although its files are not at the root here."""
        return {"endpoint": self.url, "ca_file": self.ca_file, "data_dir": str(folder / "kfp")}

    def become(self, account: str) -> None:
        """Mount the tokens of another account of the profile."""
        for folder in ("kubernetes.io/serviceaccount", "kubeflow/pipelines"):
            place = self.root / "var/run/secrets" / folder
            place.mkdir(parents=True, exist_ok=True)
            (place / "token").write_text(token_of(account))


@contextmanager
def serve(cluster: ReplayCluster, root: Path, *, account: str = "default-editor") -> Iterator[Pod]:
    """Serve `cluster`; the yielded pod's file system is laid out under `root`."""
    authority = trustme.CA()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cluster))
    server.daemon_threads = True
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    pod = Pod(root, f"https://127.0.0.1:{server.server_port}", cluster)
    pod.become(account)
    folder = root / "var/run/secrets/kubernetes.io/serviceaccount"
    (folder / "namespace").write_text("alice")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    thread.start()
    try:
        yield pod
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(cluster: ReplayCluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a body waits 40 ms for the receipt of its headers otherwise

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            raw = self.rfile.read(length)
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query))
            if "filter" in query:
                query["filter"] = unquote(query["filter"])  # KFP decodes it once more
            token = self.headers.get("Authorization", "").partition(" ")[2]
            sent_json = self.headers.get_content_type() == "application/json"
            body = json.loads(raw) if raw and sent_json else None
            reply = cluster.respond(Request(self.command, url.path, query, body=body), token)
            text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            kind = "text/plain" if isinstance(reply.body, str) else "application/json"
            data = b"" if reply.status == 204 else text.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Keep the output clean."""

    return Handler
