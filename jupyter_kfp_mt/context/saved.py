"""The SDK's `context.json` in the home folder, which outlives notebooks (kubeflow-environment §1.2, §3.2).

Only its namespace is ever used, and only where nothing better is known; what it says against the pod, or adds
to the SDK's calls, is told. Its credential is never read.
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
from ..models import NAMESPACE, NOT_JSON, Caution, SavedPart
from .environment import MAX_BYTES, Environment
from .pod import ThisPod

_KEYS: dict[SavedPart, tuple[str, ...]] = {
    "namespace": ("namespace",),
    "header": ("client_authentication_header_name", "client_authentication_header_value"),
}


class Saved(msgspec.Struct, frozen=True):
    """What the file remembers, but for credentials."""

    namespace: str = ""
    client_authentication_header_name: str = ""


def saved_path(env: Environment) -> Path | None:
    """Return where the file is, or would be; None without a home folder."""
    home = env.variable("HOME")
    return env.path(f"{home}/.config/kfp/context.json") if home else None


def saved_context(env: Environment) -> Saved:
    """Return what the file remembers; nothing where there is none that can be read."""
    text = env.text(f"{env.variable('HOME')}/.config/kfp/context.json") if env.variable("HOME") else None
    try:
        saved = msgspec.json.decode(text, type=Saved) if text else Saved()
    except NOT_JSON:
        return Saved()
    return saved if NAMESPACE.fullmatch(saved.namespace) else msgspec.structs.replace(saved, namespace="")


def cautions(saved: Saved, pod: ThisPod | None) -> tuple[Caution, ...]:
    """Return what to know of `saved`: a namespace that is not the pod's, a header that can block calls."""
    told = []
    if pod is not None and saved.namespace not in ("", pod.namespace):
        other, ours = saved.namespace, pod.namespace
        message = f"The SDK remembers namespace {other}; this notebook belongs to {ours}. Using {ours}."
        told.append(Caution("context-json-stale", message, forget=other))
    if header := saved.client_authentication_header_name:
        message = f"The SDK adds the header {header} to its calls, which can block them. We do not send it."
        told.append(Caution("userid-header", message, forget=header))
    return tuple(told)


def forget(path: Path, part: SavedPart) -> None:
    """Take `part` out of the file at `path` and keep the rest; nothing where it is not there.

    Raises `jupyter-denied` where the file cannot be written.
    """
    real = Path(os.path.realpath(path))  # a link, as people keep their settings, stays one
    try:
        remembered: Any = json.loads(read_file(real, MAX_BYTES))
    except (OSError, ValueError):
        return
    if not isinstance(remembered, dict) or not remembered.keys() & set(_KEYS[part]):
        return
    kept = {key: value for key, value in remembered.items() if key not in _KEYS[part]}
    try:
        _replace(real, json.dumps(kept))
    except OSError as error:
        raise kfp_error("jupyter-denied", why=f"context.json cannot be written: {error.strerror}.") from None


def _replace(path: Path, text: str) -> None:
    """Write `path` whole or not at all, and readable by nobody else: it may hold a cookie."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(number, "w") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
