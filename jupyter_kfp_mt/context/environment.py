"""What detection may look at: variables, files, the clock, whether a server is there. All are arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..clock import SYSTEM, Clock
from ..files import read_file
from ..owner import is_served
from ..probe import responds_as_kfp
from .model import Gate

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
MAX_BYTES = 1024 * 1024  # of any file that detection reads


class Environment(NamedTuple):
    """The surroundings of this process, or of the one a test describes."""

    variables: Mapping[str, str]
    root: Path = Path("/")  # a test gives the folder that stands for the pod's file system
    clock: Clock = SYSTEM
    served: Callable[[Path], bool] = lambda _: False  # whether an embedded server holds this data folder
    answers: Callable[[str], bool] = lambda _: False  # whether KFP is at an address; at most two seconds
    kubeconfig: Callable[[Sequence[Path], str], Gate] | None = None  # files, context → its API server

    def variable(self, name: str) -> str:
        """Return a variable without blanks around it, empty when it is not set."""
        return self.variables.get(name, "").strip()

    def path(self, path: str) -> Path:
        """Return where the absolute `path` of this environment really is."""
        return self.root / path.lstrip("/")

    def text(self, path: str) -> str | None:
        """Return a small text file without blanks around it, or None when there is none to read."""
        try:
            return read_file(self.path(path), MAX_BYTES).decode("utf-8-sig", errors="replace").strip()
        except (OSError, ValueError):  # not there, not readable, no file, or a name that no file can have
            return None


def this_process() -> Environment:
    """Return the surroundings of this process."""
    return Environment(variables=os.environ, served=is_served, answers=responds_as_kfp)
