"""The embedded server as its owner sees it: the runtime file, the lock and the routes of a data folder.

A server holds the lock of its folder, which the kernel releases however the process ends. Its runtime file
says where it listens, and holds the owner key that the routes under `/embedded` ask for.
"""

from __future__ import annotations

import os
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from .deadlines import BoundedConnection
from .files import read_file
from .models import NOT_JSON, RuntimeFile
from .proof import require_proof

LOCK = "lock"
RUNTIME = "runtime.json"
STORE = "store.sqlite"
_LARGEST_RUNTIME = 64 * 1024  # bytes
OWNER_HEADER = "X-Kfp-Owner-Key"


def read_runtime(folder: Path) -> RuntimeFile | None:
    """Return the runtime file of `folder`, or None; ignores a partially written file."""
    try:
        return msgspec.json.decode(read_file(folder / RUNTIME, _LARGEST_RUNTIME), type=RuntimeFile)
    except (OSError, *NOT_JSON):
        return None


def is_served(folder: Path) -> bool:
    """Whether a server holds the lock of `folder`; a process id in a file may be another process by now."""
    import fcntl

    try:
        with open(os.open(folder / LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


class OwnerResponse(NamedTuple):
    """The response to a request of the owner."""

    status: int
    body: bytes


class OwnerClient:
    """Sends requests to the server of a runtime file; the owner key goes into one header and nowhere else."""

    def __init__(self, runtime: RuntimeFile, timeout: float) -> None:
        self._runtime = runtime
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"OwnerClient({self._runtime.url!r})"

    def send(self, method: str, *path: str, body: dict[str, Any] | None = None) -> OwnerResponse:
        """Send a request to `/embedded/…`, without any proxy, once the server has proved that it is ours.

        Raises TimeoutError, and ConnectionError for any other failure.
        """
        target = "/".join(["/embedded", *(quote(part, safe=":") for part in path)])
        url = self._runtime.url
        connection = BoundedConnection(urlsplit(url).netloc, timeout=self._timeout)
        headers = {OWNER_HEADER: self._runtime.owner_key, "Content-Type": "application/json"}
        sent = msgspec.json.encode(body) if body is not None else None
        try:
            connection.connect()
            require_proof(connection.sock, self._runtime, self._timeout)
            connection.request(method, target, sent, headers)
            response = connection.getresponse()
            return OwnerResponse(response.status, response.read())
        except TimeoutError:
            raise TimeoutError(f"No response from {url}") from None
        except (OSError, HTTPException):
            raise ConnectionError(f"{url} cannot be reached") from None
        finally:
            connection.close()
