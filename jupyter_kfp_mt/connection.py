"""The composition root: settings and surroundings → context → transport → service.

Only this module and the terminal's own commands in `cli/` may start the embedded server: this one where
nothing else is found and the user or the settings ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .client import AnyVersion, HttpTransport
from .clock import SYSTEM, Clock
from .context import Context, Environment, KubeconfigServer, detect, read_environment
from .errors import KfpConnectionError
from .service import Journal, KfpService, Presets
from .settings import KfpSettings, load_settings

if TYPE_CHECKING:
    from .kube import Kubernetes


def connect(
    *,
    namespace: str = "",
    endpoint: str = "",
    settings: KfpSettings | None = None,
    start_embedded: bool | None = None,
    say: Callable[[str], None] = lambda _: None,
    environment: Environment | None = None,
    clock: Clock = SYSTEM,
) -> KfpService:
    """Find Kubeflow Pipelines and return its verbs.

    `endpoint` wins over what is found; `namespace` is a namespace of that server, chosen by the caller.
    Where there is nothing, the embedded server is started if `start_embedded` says so, or by the setting
    `embedded` when it says nothing; `say` then gets one line. Raises KfpConnectionError.
    """
    chosen = settings or load_settings()
    if endpoint:
        chosen = chosen.replace(endpoint=endpoint)
    env = environment or read_environment()._replace(kubeconfig=_read_kubeconfig)
    context = find_context(chosen, env, start_embedded=start_embedded, say=say)
    folder = Path(chosen.data_dir).expanduser()
    journal, presets = Journal(folder / "journal.sqlite"), Presets(folder / "presets.sqlite")
    transport = AnyVersion(HttpTransport(context))
    kubernetes = _kubernetes(env, context)
    service = KfpService(
        context, transport, clock=clock, journal=journal, presets=presets, kubernetes=kubernetes
    )
    return service.in_namespace(namespace) if namespace else service


def find_context(
    settings: KfpSettings,
    environment: Environment,
    *,
    start_embedded: bool | None,
    say: Callable[[str], None],
) -> Context:
    """Return the context that detection finds; starts the embedded server where that is wanted."""
    try:
        return detect(environment, settings)
    except KfpConnectionError as error:
        wanted = settings.embedded == "auto" if start_embedded is None else start_embedded
        if error.code != "no-kubeflow" or not wanted or settings.embedded == "off":
            raise
    from .embedded import ensure_running

    runtime = ensure_running(Path(settings.data_dir).expanduser(), bounds=settings.run_bounds)
    say(f"Started the embedded server, namespace {runtime.namespace}, on this machine only.")
    return detect(environment, settings)


def _kubernetes(environment: Environment, context: Context) -> Kubernetes | None:
    if context.embedded or not environment.variable("KUBERNETES_SERVICE_HOST"):
        return None
    from .kube import in_cluster  # not imported outside of a cluster

    return in_cluster(environment)


def _read_kubeconfig(files: Sequence[Path], context: str) -> KubeconfigServer:
    from .kube.config import read_kubeconfig  # not imported without a kubeconfig

    return read_kubeconfig(files, context)
