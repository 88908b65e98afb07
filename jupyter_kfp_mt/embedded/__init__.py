"""An embedded server that speaks the KFP API, for one machine; reached over HTTP like any other.

`find` looks for a running one, `ensure_running` starts one, `stop` ends it; each by the data folder.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from .. import __version__
from ..errors import KfpError, kfp_error
from ..models import RuntimeFile

__all__ = ["ensure_running", "find", "stop"]

IDLE_MINUTES = 30
_START_SECONDS = 20.0
_STOP_SECONDS = 20.0
_PAUSE = 0.02


def find(data_dir: Path) -> RuntimeFile | None:
    """The live server of this folder, or None."""
    try:
        runtime = msgspec.json.decode((data_dir / "runtime.json").read_bytes(), type=RuntimeFile)
    except (OSError, msgspec.DecodeError):
        return None
    return runtime if _serves(data_dir, runtime.pid) else None


def ensure_running(
    data_dir: Path,
    *,
    namespace: str = "",
    port: int = 0,
    single_user: bool = False,
    on_step: Callable[[str], None] = lambda _step: None,
) -> RuntimeFile:
    """The server of this folder, started when none runs; raises `embedded-failed` with its last log line.

    One of another version is restarted when no run is under way.
    """
    found = find(data_dir)
    if found is not None and not _outdated(found):
        return found
    if found is not None:
        on_step("Restarting the embedded server: another version was installed")
        stop(data_dir)
    on_step("Starting the embedded server")
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    arguments = ["--data", str(data_dir), "--port", str(port), "--idle-minutes", str(IDLE_MINUTES)]
    arguments += ["--namespace", namespace] if namespace else []
    arguments += ["--single-user"] if single_user else []
    descriptor = os.open(data_dir / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_kfp_mt.embedded", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=data_dir,
            env={**os.environ, "PYTHONPATH": _python_path()},
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        found = find(data_dir)
        if found is not None:
            if found.pid != process.pid:
                process.terminate()  # another start was first; ours must not take over when that one ends
            # It outlives this call; when it ends before we do, somebody has to take its exit code.
            threading.Thread(target=process.wait, name="kfp-embedded-exit", daemon=True).start()
            on_step("The embedded server is running")
            return found
        if process.poll() not in (None, 0):
            break
        time.sleep(_PAUSE)
    process.terminate()
    process.wait()
    raise _failed(data_dir)


def stop(data_dir: Path) -> bool:
    """End the server of this folder and wait for it; False when none runs."""
    runtime = find(data_dir)
    if runtime is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(runtime.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _serves(data_dir, runtime.pid):
        if time.monotonic() > deadline:
            raise _failed(data_dir)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(runtime.pid, os.WNOHANG)
        time.sleep(_PAUSE)
    return True


def _outdated(runtime: RuntimeFile) -> bool:
    """Whether this is a server of another version that has nothing to do."""
    if runtime.version == __version__:
        return False
    connection = HTTPConnection(urlsplit(runtime.url).netloc, timeout=5)
    try:
        connection.request("GET", "/embedded/state", headers={"X-Kfp-Owner-Key": runtime.owner_key})
        state = msgspec.json.decode(connection.getresponse().read(), type=dict[str, object])
    except (OSError, HTTPException, msgspec.DecodeError):
        return False
    finally:
        connection.close()
    return state.get("unfinished_runs") == 0


def _python_path() -> str:
    """Where this package is, also when it is not installed."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH", "")])])


def _serves(data_dir: Path, pid: int) -> bool:
    """Whether process `pid` lives and a server holds the lock of the folder: a pid alone may be another's."""
    import fcntl

    try:
        os.kill(pid, 0)
        with (data_dir / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def _failed(data_dir: Path) -> KfpError:
    try:
        lines = (data_dir / "server.log").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    text = "\n".join(lines[-20:])
    return kfp_error("embedded-failed", details=text, line=lines[-1] if lines else "It wrote no log.")
