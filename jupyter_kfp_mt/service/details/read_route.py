"""KFP's own route for the bytes of an artifact, which some servers have for some artifacts."""

from __future__ import annotations

from pathlib import Path

from ...client import runs as requests
from ...errors import KfpError
from ...files import replace_file
from ..backend import Backend
from .details import MadeArtifact


def save_from_kfp(backend: Backend, made: MadeArtifact, node_id: str, path: Path) -> bool:
    """Write the file of an artifact to `path` if the API server hands it out; it knows no lists.

    It does so on a server without users and on the embedded one: backend/src/apiserver/server/
    run_artifact_server.go in github.com/kubeflow/pipelines.
    """
    if made.number:
        return False
    try:
        data = backend.api.call(requests.read_artifact(made.run.run_id, node_id, made.output)).data
    except KfpError:
        return False
    with replace_file(path) as file:
        file.write(data)
    return True
