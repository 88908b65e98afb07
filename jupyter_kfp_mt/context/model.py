"""`Context`: where Kubeflow Pipelines is, which namespace is ours, and how we prove who we are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from ..auth import Credential
from ..models import Caution


class Notebook(NamedTuple):
    """The notebook this process runs in, as Kubeflow names it; fills in the words of errors."""

    name: str = ""
    namespace: str = ""
    pod: str = ""
    workspace: bool = False  # Kubeflow Workspaces (v2)


class Gate(NamedTuple):
    """The API server of a kubeconfig: calls that enter there go on to KFP's service without a credential."""

    server: str
    credential: Credential
    ca_file: str = ""


class Context(NamedTuple):
    """One answer to "where and as whom"; frozen, and passed to whoever needs it. Shows no secret."""

    endpoint: str  # without a slash at its end
    namespace: str = ""  # the user's; empty where none is known or there are none
    credential: Credential = Credential()
    kind: str = (
        "settings"  # or "notebook", "workspace", "openshift", "gateway", "pod", "kubeconfig", "embedded"
    )
    source: str = ""  # where the namespace comes from: "from this notebook's pod"
    install_namespace: str = "kubeflow"  # where KFP runs; never the user's
    ca_file: str = ""
    embedded: bool = False
    notebook: Notebook = Notebook()
    timeout: float = 10.0  # seconds for an answer
    warnings: tuple[Caution, ...] = ()
    saved_path: str = ""  # of the SDK's `context.json`
    profile_credentials: Mapping[str, Credential] = {}  # embedded: those of all its namespaces
    folder: str = ""  # embedded: its data folder, which stays when the port changes

    @property
    def server(self) -> str:
        """What names the server for good: its address, or the data folder of the embedded one."""
        return self.folder or self.endpoint

    @property
    def host(self) -> str:
        """Host and port, as messages name the server."""
        return urlsplit(self.endpoint).netloc

    @property
    def near(self) -> bool:
        """Whether no proxy can stand between: on this machine, or a service of the cluster we are in."""
        name = urlsplit(self.endpoint).hostname or ""
        here = name in ("127.0.0.1", "::1", "localhost")
        return here or "svc" in name.split(".")[2:3] or name.endswith(f".{self.install_namespace}")

    def in_namespace(self, namespace: str) -> Context:
        """Return the same server with another namespace, and with its own credential where there is one."""
        if namespace == self.namespace or (self.embedded and not self.profile_credentials):
            return self  # the embedded server for one user has no namespaces
        credential = self.profile_credentials.get(namespace, self.credential)
        return self._replace(namespace=namespace, source="chosen by you", credential=credential)
