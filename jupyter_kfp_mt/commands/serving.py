"""How to use a running embedded server, in words that both fronts share."""

from __future__ import annotations

from ..models import RuntimeFile

_WHO = {
    "user": "  For          processes of your own user only; --open lets every user of this machine in\n",
    "open": "  Warning      every user of this machine can run code as you\n",
}


def describe_server(runtime: RuntimeFile, *, stop: str, lab: str = "finds it by itself") -> str:
    """Return where the server is, and how JupyterLab and the SDK reach it."""
    where = f", namespace {runtime.namespace}," if runtime.multi_user else ", one user, no namespaces,"
    client = f'kfp.Client(host="{runtime.url}"'
    namespace = f', namespace="{runtime.namespace}"' if runtime.multi_user else ""
    if runtime.multi_user or runtime.access == "token":
        client += (
            f"{namespace},\n"
            f'                 credentials=ServiceAccountTokenVolumeCredentials("{runtime.token_path}"))'
        )
    else:
        client += ")"
    return (
        f"Embedded Kubeflow Pipelines{where} on this machine only.\n"
        f"{_WHO.get(runtime.access, '')}"
        f"  JupyterLab   {lab}\n"
        f"  Python       {client}\n"
        f"  Stop         {stop}"
    )
