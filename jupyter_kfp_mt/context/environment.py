"""What detection may look at: variables, files, the clock, whether a server is there. All are arguments."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import urllib3

from ..clock import SYSTEM, Clock
from ..files import read_file
from ..models import NOT_JSON
from .model import Gate

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
PROBE_S = 2.0
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
    return Environment(variables=os.environ, served=folder_is_served, answers=kfp_answers)


def folder_is_served(folder: Path) -> bool:
    """Whether an embedded server holds the lock of its data `folder`; a process id alone may be another's."""
    import fcntl

    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


class _Health(msgspec.Struct, frozen=True):
    """As much of a healthz answer as tells KFP from anything else."""

    multi_user: bool | None = None
    tag_name: str | None = None


def kfp_answers(endpoint: str) -> bool:
    """Whether KFP answers at `endpoint` soon; sends no credential, since anything may listen there."""
    found: list[bool] = []
    asking = threading.Thread(target=lambda: found.append(_is_kfp(endpoint)), daemon=True)
    asking.start()
    asking.join(PROBE_S)  # of all of it: the resolver has no time-out, and an answer may come byte by byte
    return any(found)


def _is_kfp(endpoint: str) -> bool:
    try:
        with urllib3.PoolManager() as pool:
            answer = pool.request(
                "GET",
                f"{endpoint}/apis/v2beta1/healthz",
                timeout=PROBE_S,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            health = msgspec.json.decode(answer.read(MAX_BYTES), type=_Health)
    except (urllib3.exceptions.HTTPError, OSError, *NOT_JSON):
        return False
    return answer.status == 200 and (health.multi_user is not None or health.tag_name is not None)
