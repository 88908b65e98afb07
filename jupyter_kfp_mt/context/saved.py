"""Reads the SDK's `~/.config/kfp/context.json`, which lies on the volume and so outlives notebooks.

The SDK writes it in kubeflow/pipelines, sdk/python/kfp/client/client.py.

We use its namespace only, and only if nothing better is known. We warn of a namespace that is not the pod's
and of headers that the SDK adds to its calls. We never read its credential.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from ..errors import kfp_error
from ..files import read_file
from ..models import NOT_JSON, Caution, SavedPart
from ..names import NAMESPACE
from .environment import MAX_BYTES, Environment
from .pod import ThisPod

_KEYS: dict[SavedPart, tuple[str, ...]] = {
    "namespace": ("namespace",),
    "header": ("client_authentication_header_name", "client_authentication_header_value"),
}


class Saved(msgspec.Struct, frozen=True):
    """The content of the file without credentials."""

    namespace: str = ""
    client_authentication_header_name: str = ""


def saved_path(env: Environment) -> Path | None:
    """Return where the file is or would be; None without a home folder."""
    home = env.variable("HOME")
    return env.path(f"{home}/.config/kfp/context.json") if home else None


def saved_context(env: Environment) -> Saved:
    """Return the content of the file; empty when it is missing or unreadable."""
    text = env.read_text(f"{env.variable('HOME')}/.config/kfp/context.json") if env.variable("HOME") else None
    try:
        saved = msgspec.json.decode(text, type=Saved) if text else Saved()
    except NOT_JSON:
        return Saved()
    return saved if NAMESPACE.fullmatch(saved.namespace) else msgspec.structs.replace(saved, namespace="")


def warn_about(saved: Saved, pod: ThisPod | None) -> tuple[Caution, ...]:
    """Return warnings about `saved`: a namespace that is not the pod's, a header that can block calls."""
    warnings = []
    if pod is not None and saved.namespace not in ("", pod.namespace):
        other, ours = saved.namespace, pod.namespace
        message = f"The SDK remembers namespace {other}; this notebook belongs to {ours}. Using {ours}."
        warnings.append(Caution("context-json-stale", message, forget=other))
    if header := saved.client_authentication_header_name:
        message = f"The SDK adds the header {header} to its calls, which can block them. We do not send it."
        warnings.append(Caution("userid-header", message, forget=header))
    return tuple(warnings)


def forget(path: Path, part: SavedPart) -> None:
    """Remove `part` from the file at `path` and keep the rest.

    Raises `jupyter-denied` if the file cannot be written.
    """
    real = Path(os.path.realpath(path))  # a link, as in a folder of dot files, stays a link
    try:
        content: Any = json.loads(read_file(real, MAX_BYTES))
    except (OSError, ValueError):
        return
    if not isinstance(content, dict) or not content.keys() & set(_KEYS[part]):
        return
    kept = {key: value for key, value in content.items() if key not in _KEYS[part]}
    try:
        _replace(real, json.dumps(kept))
    except OSError as error:
        raise kfp_error("jupyter-denied", why=f"context.json cannot be written: {error.strerror}.") from None


def _replace(path: Path, text: str) -> None:
    """Write `path` completely or not at all, and readable by the owner only: it may hold a cookie."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(number, "w") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
