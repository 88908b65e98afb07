"""Files of artifacts, by KFP's routes, else from the store that the namespace's configuration names.

The API server's own route knows what Argo stored, and refuses everybody on a multi-user server; that of KFP's
UI exists only where the UI does, so it is asked from outside of the cluster. The ConfigMap `kfp-launcher` may
name a store (`providers`, backend/src/v2/config/env.go in github.com/kubeflow/pipelines); else it is that
into which Argo archives (`artifact-repositories`): in KFP's manifests they are one.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

import yaml

from ....client import runs as requests
from ....client.s3 import ArtifactStore, download
from ....errors import KfpError, kfp_error
from ....files import replace_file
from ....kube import Kubernetes
from ....models import Artifact
from ...backend import Backend
from ...tasks.workflow import RunSteps
from ..details import MadeArtifact
from ..read_route import save_from_kfp
from .run import find_step

MOST = 1024 * 1024 * 1024  # bytes of one artifact
_SCHEMES = ("minio", "s3")


def save_artifact(backend: Backend, steps: RunSteps, made: MadeArtifact, path: Path) -> None:
    """Write the file of an artifact to `path`; raises `artifact-unread` with the line that copies it."""
    artifact, step = made.artifact, find_step(steps, made.task.task_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    if step is not None and step.attempts and save_from_kfp(backend, made, step.attempts[-1].node_id, path):
        return
    url = urlsplit(artifact.uri)
    bucket, key = url.netloc, url.path.lstrip("/")
    if backend.kubernetes is None and _save_from_ui(backend, steps.namespace, artifact, path):
        return
    if url.scheme not in _SCHEMES or not bucket or not key:
        raise _unread(artifact, "It is in no S3-compatible store.")
    if backend.kubernetes is None:
        raise _unread(artifact, "The keys of the store can only be read in the cluster.")
    store = _find_store(backend.kubernetes, steps.namespace, artifact, bucket)
    with replace_file(path) as file:
        problem = download(store, bucket, key, file, now=backend.clock.now(), limit=MOST)
        if problem:
            raise _unread(artifact, problem, store.endpoint)


def _save_from_ui(backend: Backend, namespace: str, artifact: Artifact, path: Path) -> bool:
    """Write what KFP's UI hands out of the store, if it does; it would make an archive of a folder."""
    url = urlsplit(artifact.uri)
    if url.scheme not in (*_SCHEMES, "gs") or not url.netloc or not url.path.lstrip("/"):
        return False
    request = requests.read_ui_artifact(url.scheme, url.netloc, url.path.lstrip("/"), namespace)
    try:
        response = backend.api.send(request)
    except KfpError:
        return False
    if ".tar.gz" in response.headers.get("content-disposition", "") and not url.path.endswith(".gz"):
        return False
    with replace_file(path) as file:
        file.write(response.body)
    return True


def copy_command(uri: str, endpoint: str = "") -> str:
    """Return the line that copies an artifact into the current folder; empty where we know none."""
    url = urlsplit(uri)
    if url.scheme == "gs":
        return f"gcloud storage cp {quote(uri)} ."
    if url.scheme not in _SCHEMES:
        return ""
    where = f" --endpoint-url {quote(endpoint)}" if endpoint else ""
    return f"aws s3 cp{where} {quote(f's3://{url.netloc}{url.path}')} ."


def _unread(artifact: Artifact, why: str, endpoint: str = "") -> KfpError:
    command = copy_command(artifact.uri, endpoint)
    return kfp_error("artifact-unread", name=artifact.name, why=why, command=command)


def _find_store(kubernetes: Kubernetes, namespace: str, artifact: Artifact, bucket: str) -> ArtifactStore:
    """Return the store of the namespace; raises `artifact-unread` if it, or its keys, may not be read."""
    endpoint = ""
    try:
        store = _read_launcher(kubernetes, namespace, urlsplit(artifact.uri).scheme)
        store = store or _read_repository(kubernetes, namespace, bucket)
        if store is None:
            raise _unread(artifact, f"No configuration of {namespace} says where its store is.")
        endpoint, region, (secret, access_name, secret_name) = store
        keys = kubernetes.read_data("secrets", secret, namespace) or {}
        access_key, secret_key = _decode(keys.get(access_name)), _decode(keys.get(secret_name))
    except KfpError as error:
        if error.code == "artifact-unread":
            raise
        raise _unread(artifact, f"{error.message} {error.why}".strip(), endpoint) from None
    if not access_key or not secret_key:
        raise _unread(artifact, f"Secret {secret} has no keys for the store.", endpoint)
    return ArtifactStore(endpoint, access_key, secret_key, region or "us-east-1")


_Found = tuple[str, str, tuple[str, str, str]]  # endpoint, region, and the Secret with the names of its keys


def _read_launcher(kubernetes: Kubernetes, namespace: str, scheme: str) -> _Found | None:
    data = kubernetes.read_data("configmaps", "kfp-launcher", namespace) or {}
    provider = _child(_child(_load(data.get("providers", "")), scheme), "default")
    keys = _child(_child(provider, "credentials"), "secretRef")
    if not provider.get("endpoint") or not keys.get("secretName"):
        return None
    names = (str(keys["secretName"]), str(keys.get("accessKeyKey", "")), str(keys.get("secretKeyKey", "")))
    endpoint = _to_url(str(provider["endpoint"]), insecure=_is_true(provider.get("disableSSL")))
    return endpoint, str(provider.get("region", "")), names


def _read_repository(kubernetes: Kubernetes, namespace: str, bucket: str) -> _Found | None:
    data = kubernetes.read_data("configmaps", "artifact-repositories", namespace) or {}
    for text in data.values():
        s3 = _child(_load(text), "s3")
        access, secret = _child(s3, "accessKeySecret"), _child(s3, "secretKeySecret")
        if s3.get("endpoint") and s3.get("bucket") == bucket and access.get("name"):
            names = (str(access["name"]), str(access.get("key", "")), str(secret.get("key", "")))
            endpoint = _to_url(str(s3["endpoint"]), insecure=_is_true(s3.get("insecure")))
            return endpoint, str(s3.get("region", "")), names
    return None


def _load(text: str) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return value if isinstance(value, dict) else {}


def _child(parent: dict[str, Any], name: str) -> dict[str, Any]:
    child = parent.get(name)
    return child if isinstance(child, dict) else {}


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _to_url(endpoint: str, *, insecure: bool) -> str:
    if endpoint.startswith(("http://", "https://")):
        return endpoint.rstrip("/")
    return f"{'http' if insecure else 'https'}://{endpoint.rstrip('/')}"


def _decode(text: str | None) -> str:
    try:
        return b64decode(text or "", validate=True).decode()
    except (Base64Error, UnicodeDecodeError):
        return ""
