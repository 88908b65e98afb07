"""Find, start and stop the embedded server of a data folder."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from .. import __version__
from ..bounds import RunBounds
from ..errors import KfpError, kfp_error
from ..models import NOT_JSON, RuntimeFile
from ..owner import STORE, OwnerClient, is_served, read_runtime
from .environment import make_server_environment
from .log import FILE

IDLE_MINUTES = 30
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
_ANSWER_SECONDS = 5.0  # for a server that is busy, or starting on a slow machine
_KILLS = 2  # while it starts; more are no accident: memory is short
_PAUSE = 0.02


def find(data_dir: Path, *, patience: float = _ANSWER_SECONDS) -> RuntimeFile | None:
    """Return the running server of this folder; None when there is none, or it is starting or stopping.

    Raises `embedded-failed` when a server holds the folder and does not answer for `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while (runtime := _find_claimed(data_dir)) is not None:
        if _ask(runtime, "GET", "state", timeout=patience) is not None:
            return runtime
        if time.monotonic() > deadline:
            line = f"Process {runtime.pid} serves {data_dir} and does not answer."
            raise kfp_error("embedded-failed", line=line)
        time.sleep(_PAUSE)  # it was killed a moment ago, or another server takes over
    return None


def ensure_running(
    data_dir: Path,
    *,
    namespace: str = "",
    port: int = 0,
    options: Sequence[str] | None = None,
    bounds: RunBounds = RunBounds(),  # noqa: B008 - frozen
    recover: bool = False,
    on_step: Callable[[str], None] = lambda _step: None,
) -> RuntimeFile:
    """Return the server of this folder, and start it if needed; raises `embedded-failed` with the reason.

    `options` are further ones of `python -m jupyter_kfp_mt.embedded`; None: those of the server that is
    replaced, or was killed. A server of another version is restarted when no run is under way.
    """
    runtime = find(data_dir)
    before = runtime or read_runtime(data_dir)  # a server that is stopped leaves none
    if runtime is not None and not _is_outdated(runtime):
        return runtime
    if runtime is not None:
        on_step("Restarting the embedded server: another version was installed")
        stop(data_dir)
    on_step("Starting the embedded server")
    data_dir = data_dir.absolute()  # the server's working directory is this folder
    arguments = ["--data", str(data_dir), "--port", str(port), "--idle-minutes", str(IDLE_MINUTES)]
    if options is None:
        options = before.options if before is not None else []
    arguments += [*options, *bounds.to_arguments()]  # the last one counts
    arguments += ["--namespace", namespace] if namespace else []
    arguments += ["--recover"] if recover else []
    try:
        runtime = _Start(data_dir, arguments).wait()
    except OSError as error:  # a folder that cannot be written, a full disk
        raise kfp_error("embedded-failed", line=f"{data_dir}: {error.strerror or error}.") from error
    on_step("The embedded server is running")
    return runtime


def back_up(data_dir: Path, target: Path) -> Path:
    """Copy the store of this folder into the new file `target`, also while it is served; returns its path.

    Raises FileNotFoundError without a store, FileExistsError, OSError, `embedded-failed` for a damaged one.
    """
    from .store import StoreError
    from .store import back_up as back_up_store

    store = data_dir / STORE
    if not store.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(store))
    try:
        back_up_store(store, target)
    except StoreError as error:
        raise kfp_error("embedded-failed/backup", line=str(error)) from error
    return store


def stop(data_dir: Path) -> bool:
    """Stop the server of this folder, even one that is starting, and wait for it; False when there is none.

    Raises `embedded-failed` when it does not stop.
    """
    if not is_served(data_dir):
        return False
    deadline, key = time.monotonic() + _STOP_SECONDS, ""
    while is_served(data_dir):
        if time.monotonic() > deadline:
            raise kfp_error("embedded-failed/stop", line=f"The server of {data_dir} does not stop.")
        runtime = read_runtime(data_dir)
        if runtime is not None:
            key = key or runtime.owner_key
            if runtime.owner_key != key:
                return True  # it has ended, and another one was started
            # By its key, not by its process id: that may belong to another process by now.
            _ask(runtime, "POST", "stop", timeout=_ANSWER_SECONDS)
        time.sleep(_PAUSE)
    return True


class _Start:
    """One start: our process becomes the server unless another process is faster."""

    def __init__(self, data_dir: Path, arguments: list[str]) -> None:
        self._data_dir = data_dir
        self._arguments = arguments
        self._killed = 0
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._log = data_dir / FILE
        self._process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(
                [sys.executable, "-m", "jupyter_kfp_mt.embedded", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data_dir,
                env={**make_server_environment(os.environ), "PYTHONPATH": _python_path()},
                start_new_session=True,
            )

    def wait(self) -> RuntimeFile:
        """Return the server that serves in the end; raises `embedded-failed`."""
        deadline = time.monotonic() + _START_SECONDS
        try:
            while (runtime := self._check(deadline)) is None:
                time.sleep(_PAUSE)
        except BaseException:
            self._end()
            raise
        if runtime.pid != self._process.pid:
            self._end()  # another process won the race; ours must exit, not wait for the lock
        else:
            # It outlives this call; if it ends before we do, its exit code has to be collected.
            threading.Thread(target=self._process.wait, name="kfp-embedded-exit", daemon=True).start()
        return runtime

    def _check(self, deadline: float) -> RuntimeFile | None:
        runtime = find(self._data_dir)
        if runtime is None:
            code = self._process.poll()
            if code is not None:
                self._start_again(code)
            if time.monotonic() > deadline:
                raise self._failure(f"It did not answer within {_START_SECONDS:.0f} s.")
        return runtime

    def _start_again(self, code: int) -> None:
        """Start once more if ours was killed, or gave way to another server that has ended since."""
        if code > 0:
            raise self._failure(f"It ended with exit code {code} and wrote no log.")
        self._killed += code < 0
        if self._killed > _KILLS:
            line = f"It was ended by signal {-code} each time it was started."
            raise kfp_error("embedded-failed", line=line)
        self._process = self._spawn()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _failure(self, otherwise: str) -> KfpError:
        """Return the error with what this start wrote into the log, or why it could not, or `otherwise`."""
        try:
            with self._log.open("r+b") as log:
                log.seek(self._log_start)
                lines = [line for line in log.read().decode(errors="replace").split("\n") if line.strip()]
                if not lines:
                    log.write(f"{otherwise}\n".encode())
        except OSError as error:  # the disk is too full for the log, too
            lines = [f"{self._log}: {error.strerror}."]
        line = lines[-1] if lines else otherwise
        return kfp_error("embedded-failed", details="\n".join(lines[-20:]), line=line)


def _is_outdated(runtime: RuntimeFile) -> bool:
    """Whether this is an idle server of another version."""
    if runtime.version == __version__:
        return False
    state = _ask(runtime, "GET", "state", timeout=_ANSWER_SECONDS)
    return state is not None and state.get("unfinished_runs") == 0


def _ask(runtime: RuntimeFile, method: str, *path: str, timeout: float) -> dict[str, object] | None:
    """Return what the server of `runtime` says; None when it does not answer, or refuses the owner key."""
    try:
        response = OwnerClient(runtime, timeout).send(method, *path)
        return msgspec.json.decode(response.body, type=dict[str, object]) if response.status == 200 else None
    except (OSError, *NOT_JSON):
        return None


def _python_path() -> str:
    """Return a PYTHONPATH that finds this package even when it is not installed."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH", "")])])


def _find_claimed(data_dir: Path) -> RuntimeFile | None:
    """Return the runtime file of a served folder; a new server removes the file of the last one."""
    runtime = read_runtime(data_dir)
    return runtime if runtime is not None and is_served(data_dir) else None
