"""The composition root: settings and surroundings → context → transport → service.

Only this module and the terminal's own commands in `cli/` may start the embedded server: this one where
nothing else is found and the user or the settings ask for it, or where a notebook does with `%kfp serve`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .client import AnyVersion, HttpTransport
from .clock import SYSTEM, Clock
from .context import NOTHING_FOUND, Context, Environment, KubeconfigServer, detect, read_environment
from .errors import KfpConnectionError, kfp_error
from .models import RuntimeFile
from .service import Journal, KfpService, Presets
from .settings import KfpSettings, load_settings

if TYPE_CHECKING:
    from .kube import Kubernetes


def _say(message: str) -> None:
    """Show a sentence where it is no part of what a script writes."""
    sys.stderr.write(f"{message}\n")


def connect(
    *,
    namespace: str = "",
    endpoint: str = "",
    settings: KfpSettings | None = None,
    start_embedded: bool | None = True,
    say: Callable[[str], None] = _say,
    environment: Environment | None = None,
    clock: Clock = SYSTEM,
) -> KfpService:
    """Find Kubeflow Pipelines and return its verbs.

    `endpoint` wins over what is found; `namespace` is a namespace of that server, chosen by the caller.
    Where there is nothing, the embedded server is started, and again when a run is submitted after it has
    stopped; `say` then gets one line. With `start_embedded=False` it is not, and with None only if the
    setting `embedded` is `auto`. Raises KfpConnectionError.
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
    again = partial(connect, settings=chosen, say=say, environment=environment, clock=clock)
    service = KfpService(
        context,
        transport,
        clock=clock,
        journal=journal,
        presets=presets,
        kubernetes=kubernetes,
        start_again=again if start_embedded else None,
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
        if error.code not in NOTHING_FOUND or not wanted or settings.embedded == "off":
            raise
    runtime = start_server(settings)
    say(f"Started the embedded server, namespace {runtime.namespace}, on this machine only.")
    return detect(environment, settings)


def find_server(settings: KfpSettings) -> RuntimeFile | None:
    """Return the embedded server that runs in the folder of the settings."""
    from .embedded import find

    return find(Path(settings.data_dir).expanduser())


def start_server(settings: KfpSettings, on_step: Callable[[str], None] = lambda _: None) -> RuntimeFile:
    """Start the embedded server in the background, or find the running one."""
    from .embedded import ensure_running

    if settings.embedded == "off":
        raise kfp_error("embedded-failed/off")
    folder = Path(settings.data_dir).expanduser()
    return ensure_running(folder, bounds=settings.run_bounds, on_step=on_step)


def stop_server(settings: KfpSettings) -> None:
    """Stop the embedded server; its history stays."""
    from .embedded import stop

    stop(Path(settings.data_dir).expanduser())


def _kubernetes(environment: Environment, context: Context) -> Kubernetes | None:
    if context.embedded or not environment.variable("KUBERNETES_SERVICE_HOST"):
        return None
    from .kube import in_cluster  # not imported outside of a cluster

    return in_cluster(environment)


def _read_kubeconfig(files: Sequence[Path], context: str) -> KubeconfigServer:
    from .kube.config import read_kubeconfig  # not imported without a kubeconfig

    return read_kubeconfig(files, context)
