"""From a laptop with a kubeconfig, through a cluster's API server, to a KFP without users."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.doctor import examine
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.kube import read_environment_with_kubeconfig
from jupyter_kfp_mt.kube.config import read_kubeconfig
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings
from tests.embedded.running import Running, running
from tests.service.smoke import smoke

TOKEN = "cluster-token-canary"
SERVICE = "/api/v1/namespaces/kubeflow/services/ml-pipeline:http/proxy"


class ApiServer(ThreadingHTTPServer):
    """Passes calls on to a service as a real one does: the credential is its own and goes no further."""

    daemon_threads = True

    def __init__(self, kfp: Running, authority: trustme.CA) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.kfp = kfp
        self.headers: list[dict[str, str]] = []
        self.refusal: tuple[int, str] | None = None
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        tls.verify_mode = ssl.CERT_OPTIONAL
        authority.configure_trust(tls)
        self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_port}"


class Door(BaseHTTPRequestHandler):
    server: ApiServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.headers.append(dict(self.headers))
        certified = bool(self.connection.getpeercert())  # type: ignore[attr-defined]  # an SSLSocket
        known = certified or self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if self.server.refusal or not known or not self.path.startswith(SERVICE):
            status, text = self.server.refusal or ((404, "services not found") if known else (401, "no"))
            refused = {"kind": "Status", "status": "Failure", "message": text, "details": {}, "code": status}
            self.answer(status, json.dumps(refused).encode())
            return
        inside = urlsplit(self.server.kfp.url)
        connection = HTTPConnection(inside.hostname or "", inside.port, timeout=10)
        headers = {"Content-Type": self.headers.get("Content-Type", "")}
        connection.request(self.command, self.path.removeprefix(SERVICE), body, headers)
        answer = connection.getresponse()
        self.answer(answer.status, answer.read())
        connection.close()

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that http.server looks for

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


class Laptop:
    """A home folder with a kubeconfig, whose user a test chooses."""

    def __init__(self, root: Path, server: ApiServer, authority: trustme.CA) -> None:
        self.root, self.server, self.authority = root, server, authority
        self.log_in({"token": TOKEN})

    def log_in(self, user: dict[str, Any], **cluster: Any) -> None:
        trusted = b64encode(self.authority.cert_pem.bytes()).decode()
        known = {"server": self.server.url, "certificate-authority-data": trusted} | cluster
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "kind",
            "clusters": [{"name": "c", "cluster": known}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "kind", "context": {"cluster": "c", "user": "u"}}],
        }
        (self.root / "home/.kube").mkdir(parents=True, exist_ok=True)
        (self.root / "home/.kube/config").write_text(json.dumps(config))

    @property
    def environment(self) -> Environment:
        return read_environment_with_kubeconfig()._replace(variables={"HOME": "/home"}, root=self.root)

    def settings(self, context: str = "kind") -> KfpSettings:
        return KfpSettings(data_dir=str(self.root / "none"), kube_context=context)

    def connect(self, context: str = "kind") -> KfpService:
        return connect(settings=self.settings(context), environment=self.environment, start_embedded=False)


@pytest.fixture
def laptop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Laptop]:
    authority = trustme.CA()
    (tmp_path / "kfp").mkdir()
    users = getattr(request, "param", False)
    with running(tmp_path / "kfp", multi_user=users) as kfp, ApiServer(kfp, authority) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Laptop(tmp_path, server, authority)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("context", ["kind", "current"])
def test_standalone_kfp_through_the_api_server(laptop: Laptop, context: str) -> None:
    smoke(laptop.connect(context), "")


def test_a_client_certificate_and_a_log_in_command_are_the_official_clients_matter(laptop: Laptop) -> None:
    person = laptop.authority.issue_cert("alice@example.com")
    data = {
        "client-certificate-data": b64encode(person.cert_chain_pems[0].bytes()).decode(),
        "client-key-data": b64encode(person.private_key_pem.bytes()).decode(),
    }
    given = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    answer = json.dumps(given | {"status": {"token": TOKEN}})
    command = {"apiVersion": given["apiVersion"], "command": "echo", "args": [answer]}
    for user in (data, {"exec": command | {"interactiveMode": "Never"}}):
        laptop.log_in(user)
        assert laptop.connect().status().connected


def test_a_kubeconfig_is_never_used_unasked(laptop: Laptop) -> None:
    with pytest.raises(KfpError, match="No Kubeflow Pipelines found"):
        laptop.connect("")
    assert laptop.server.headers == []


@pytest.mark.parametrize(
    ("context", "cluster", "word"),
    [
        ("prod", {}, "Expected object with name prod"),
        ("kind", {"insecure-skip-tls-verify": True}, "insecure-skip-tls-verify"),
        ("kind", {"tls-server-name": "other"}, "tls-server-name"),
    ],
)
def test_what_cannot_be_used_is_named(
    laptop: Laptop, context: str, cluster: dict[str, Any], word: str
) -> None:
    laptop.log_in({"token": TOKEN}, **cluster)
    with pytest.raises(KfpError, match=word) as caught:
        laptop.connect(context)
    assert caught.value.code == "bad-input"
    assert TOKEN not in str(caught.value.lines())


@pytest.mark.parametrize("text", ["{", "[]", "7", "a: b", "users: 3", f"{{token: {TOKEN}, x: [", "\x00"])
def test_a_kubeconfig_that_is_none_is_an_error_without_a_stack(laptop: Laptop, text: str) -> None:
    (laptop.root / "home/.kube/config").write_text(text)
    with pytest.raises(KfpError, match="“current” cannot be used") as caught:
        laptop.connect("current")
    assert TOKEN not in str(caught.value.lines())


def test_without_a_kubeconfig_the_error_names_its_path(laptop: Laptop) -> None:
    (laptop.root / "home/.kube/config").unlink()
    with pytest.raises(KfpError, match=r"there is no .*home/.kube/config"):
        laptop.connect()


@pytest.mark.parametrize(
    ("refusal", "code", "word"),
    [
        ((401, "Unauthorized"), "kubernetes-unavailable", "kubeconfig"),
        (
            (
                403,
                'services "x" is forbidden: User "bob" cannot get resource "services/proxy" in API group ""',
            ),
            "kubernetes-denied",
            "bob may not get services/proxy",
        ),
        ((404, 'services "ml-pipeline:http" not found'), "kfp-dns", "“kubeflow”"),
        ((503, 'no endpoints available for service "ml-pipeline:http"'), "kfp-unavailable", ""),
    ],
)
def test_a_refusal_of_the_api_server_is_reported_as_one(
    laptop: Laptop, refusal: tuple[int, str], code: str, word: str
) -> None:
    laptop.server.refusal = refusal
    error = laptop.connect().status().error
    assert error is not None
    assert error.code == code
    assert word in error.why


@pytest.mark.parametrize("laptop", [True], indirect=True)
def test_a_multi_user_kfp_needs_another_way(laptop: Laptop) -> None:
    kfp = laptop.connect().in_namespace("alice")
    with pytest.raises(KfpError, match="No credential was sent") as caught:
        kfp.list_runs()
    assert "kubectl port-forward -n kubeflow" in caught.value.command


def test_the_credential_goes_to_the_api_server_only_and_is_shown_nowhere(laptop: Laptop) -> None:
    kfp = laptop.connect()
    kfp.healthz()
    assert laptop.server.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    report = examine(laptop.settings(), environment=laptop.environment)
    assert "the API server of a kubeconfig" in report.text
    shown = [repr(kfp), repr(kfp.context), report.text, str(kfp.status())]
    assert [text for text in shown if TOKEN in text] == []


def test_the_report_hides_the_credential_that_a_server_repeats(laptop: Laptop) -> None:
    laptop.server.refusal = (418, f"you sent {TOKEN}")
    report = examine(laptop.settings(), environment=laptop.environment)
    assert "you sent (secret)" in report.text
    assert TOKEN not in report.text


def of(user: dict[str, Any] | None = None, **changes: Any) -> str:
    """A kubeconfig; JSON is YAML."""
    known = {
        "current-context": "c",
        "clusters": [{"name": "k", "cluster": {"server": "https://k8s.example:6443"}}],
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "users": [{"name": "u", "user": user or {"token": TOKEN}}],
    }
    return json.dumps({**known, **changes})


def login(command: str, *arguments: str) -> dict[str, Any]:
    kind = {"apiVersion": "client.authentication.k8s.io/v1beta1", "interactiveMode": "Never"}
    return {"exec": {**kind, "command": command, "args": list(arguments)}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("[]", "it is not understood"),
        ("a: [", "while parsing"),
        ("[" * 2000, "it is not understood"),
        (of(clusters=[]), "Expected object with name k"),
        (of(clusters=[{"name": "k", "cluster": {"server": 5}}]), "it is not understood"),
        (of(**{"current-context": "other"}), "Expected object with name other"),
        (of(login("sleep", "2")), "its log-in command does not end in 0.3 s"),
    ],
)
def test_an_unusable_kubeconfig_is_reported_soon(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "config").write_text(text)

    with pytest.raises(KfpError) as caught:
        read_kubeconfig([tmp_path / "config"], "current", timeout=60.0 if "end in" not in why else 0.3)

    assert (caught.value.code, why in caught.value.message) == ("bad-input", True)
    assert TOKEN not in str(caught.value.body)
