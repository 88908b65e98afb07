"""The embedded server as its owner sees it: the runtime file, the lock and the routes of a data folder.

A server holds the lock of its folder, which the kernel releases however the process ends. Its runtime file
says where it listens, and holds the owner key that the routes under `/embedded` ask for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from .models import NOT_JSON, RuntimeFile

LOCK = "lock"
RUNTIME = "runtime.json"
OWNER_HEADER = "X-Kfp-Owner-Key"


def read_runtime(folder: Path) -> RuntimeFile | None:
    """Return the runtime file of `folder`, or None; ignores a partially written file."""
    try:
        return msgspec.json.decode((folder / RUNTIME).read_bytes(), type=RuntimeFile)
    except (OSError, *NOT_JSON):
        return None


def is_served(folder: Path) -> bool:
    """Whether a server holds the lock of `folder`; a process id in a file may be another process by now."""
    import fcntl

    try:
        with (folder / LOCK).open("rb") as lock:
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
        """Send a request to `/embedded/…`; raises TimeoutError, and ConnectionError for any other failure."""
        import requests  # 0.1 s, and the server itself reads this module without sending anything

        url = "/".join([self._runtime.url, "embedded", *(quote(part, safe=":") for part in path)])
        try:
            with requests.Session() as session:
                session.trust_env = False  # the server is on this machine: no proxy, no .netrc
                response = session.request(
                    method,
                    url,
                    json=body,
                    headers={OWNER_HEADER: self._runtime.owner_key},
                    timeout=self._timeout,
                    allow_redirects=False,
                )
        except requests.Timeout:
            raise TimeoutError(f"No response from {url}") from None
        except requests.RequestException:
            raise ConnectionError(f"{url} cannot be reached") from None
        return OwnerResponse(response.status_code, response.content)
