"""`Context`: where Kubeflow Pipelines is, which namespace is ours and which credential proves who we are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from ..auth import Credential
from ..models import Caution


class Notebook(NamedTuple):
    """The notebook this process runs in, as Kubeflow names it; errors mention it."""

    name: str = ""
    namespace: str = ""
    pod: str = ""
    workspace: bool = False  # Kubeflow Workspaces (v2)


class KubeconfigServer(NamedTuple):
    """The API server of a kubeconfig, whose proxy passes requests on to KFP without their credential."""

    url: str
    credential: Credential
    ca_file: str = ""


class Context(NamedTuple):
    """Where and as whom we work; immutable, and passed to everything that needs it."""

    endpoint: str  # without a trailing slash
    namespace: str = ""  # the user's; empty when it is unknown or KFP has none
    credential: Credential = Credential()
    # "settings", "notebook", "workspace", "openshift", "gateway", "pod", "kubeconfig" or "embedded"
    kind: str = "settings"
    source: str = ""  # where the namespace comes from: "from this notebook's pod"
    install_namespace: str = "kubeflow"  # where KFP runs; never the user's
    ca_file: str = ""
    embedded: bool = False
    notebook: Notebook = Notebook()
    timeout: float = 10.0  # seconds for a response
    warnings: tuple[Caution, ...] = ()
    saved_path: str = ""  # of the SDK's `context.json`
    profile_credentials: Mapping[str, Credential] = {}  # embedded: those of all its namespaces
    folder: str = ""  # embedded: its data folder, which outlives its port

    @property
    def server(self) -> str:
        """The lasting name of the server: its address, or the data folder of the embedded one."""
        return self.folder or self.endpoint

    @property
    def host(self) -> str:
        """Host and port, by which messages name the server."""
        return urlsplit(self.endpoint).netloc

    @property
    def near(self) -> bool:
        """Whether no proxy can be on the way: KFP is on this machine or a service of our cluster."""
        name = urlsplit(self.endpoint).hostname or ""
        here = name in ("127.0.0.1", "::1", "localhost")
        return here or "svc" in name.split(".")[2:3] or name.endswith(f".{self.install_namespace}")

    def in_namespace(self, namespace: str) -> Context:
        """Return the same server with another namespace, and with its own credential where there is one."""
        if namespace == self.namespace or (self.embedded and not self.profile_credentials):
            return self  # the embedded server for one user has no namespaces
        credential = self.profile_credentials.get(namespace, self.credential)
        return self._replace(namespace=namespace, source="chosen by you", credential=credential)
