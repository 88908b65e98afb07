"""Everything that detection may look at, as arguments: variables, files, the clock, and which servers run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..clock import SYSTEM, Clock
from ..files import read_file
from ..owner import is_served
from ..probe import responds_as_kfp
from .model import KubeconfigServer

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
MAX_BYTES = 1024 * 1024  # of any file that detection reads


class Environment(NamedTuple):
    """What a process can see: this one, or one that a test describes."""

    variables: Mapping[str, str]
    root: Path = Path("/")  # a test passes a folder that stands for the file system of a pod
    clock: Clock = SYSTEM
    is_served: Callable[[Path], bool] = lambda _: False  # whether an embedded server holds this data folder
    responds: Callable[[str], bool] = lambda _: False  # whether KFP responds at an address within 2 s
    # reads the API server of a context, named by its second argument, from the files of a kubeconfig
    kubeconfig: Callable[[Sequence[Path], str], KubeconfigServer] | None = None
    patience: float = 4.5  # seconds within which the doctor must have all its answers

    def variable(self, name: str) -> str:
        """Return a variable without surrounding blanks; empty when it is not set."""
        return self.variables.get(name, "").strip()

    def path(self, path: str) -> Path:
        """Return the real place of the absolute `path` of this environment."""
        return self.root / path.lstrip("/")

    def read_text(self, path: str) -> str | None:
        """Return a small text file without surrounding blanks, or None when it cannot be read."""
        try:
            return read_file(self.path(path), MAX_BYTES).decode("utf-8-sig", errors="replace").strip()
        except (OSError, ValueError):  # missing, unreadable, not a regular file, or not a possible name
            return None


def read_environment() -> Environment:
    """Return the environment of this process."""
    return Environment(variables=os.environ, is_served=is_served, responds=responds_as_kfp)
