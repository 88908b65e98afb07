"""Pods as folders: the files and variables that Kubeflow puts into one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.context.environment import SERVICE_ACCOUNT
from jupyter_kfp_mt.context.poddefault import AUDIENCE, TOKEN_PATH
from jupyter_kfp_mt.owner import is_served
from tests.fakes import ManualClock

NOW = datetime(2026, 3, 12, 14, 2, tzinfo=timezone.utc)
HOME = "/home/jovyan"


def token(
    audience: str | list[str] = AUDIENCE, *, minutes: float = 90, account: str = "default-editor"
) -> str:
    """A token as a cluster writes it; the signature is of nobody."""
    claims = {
        "aud": [audience] if isinstance(audience, str) else audience,
        "exp": int((NOW + timedelta(minutes=minutes)).timestamp()),
        "sub": f"system:serviceaccount:team-a:{account}",
        "kubernetes.io": {"namespace": "team-a", "pod": {"name": "analysis-0"}},
    }
    parts = ({"alg": "RS256"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


class Folder:
    """A file system of a pod below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> Folder:
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return self

    def notebook(self, namespace: str = "team-a", kfp_token: str | None = None) -> Folder:
        """The files of a notebook pod, with the projected token when one is given."""
        self.write(f"{SERVICE_ACCOUNT}/namespace", namespace)
        self.write(f"{SERVICE_ACCOUNT}/token", token("https://kubernetes.default.svc"))
        return self if kfp_token is None else self.write(TOKEN_PATH, kfp_token)

    def remembered(self, context: Mapping[str, Any] | str) -> Folder:
        """The SDK's `context.json`."""
        text = context if isinstance(context, str) else json.dumps(context)
        return self.write(f"{HOME}/.config/kfp/context.json", text)

    def environment(self, **variables: str) -> Environment:
        """What a process in this pod sees."""
        known = {"HOME": HOME, "HOSTNAME": "analysis-0"}
        return Environment({**known, **variables}, self.root, ManualClock(NOW), is_served)


NOTEBOOK = {"NB_PREFIX": "/notebook/team-a/analysis", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
