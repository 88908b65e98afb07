"""Runs one attempt of a task: starts it, keeps its log, stops it, and writes how it ended.

Standard library only; never imported by the server. The supervisor is the parent of the task's process and
the reaper of everything that process leaves behind. It outlives the server: the files that it writes to the
folder of the attempt are enough for the next server to adopt the attempt.

```text
claim       locked while the supervisor lives; has its process id. Whoever creates it runs the attempt.
log         the output of the task on descriptors 1 and 2
exit.json   {"code": …, "reason": …, "at": …, "mounts": …}, renamed into place after the last line of the log
```
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Collection
from typing import Any

import mounts  # type: ignore[import-not-found] # run by path

EXIT_ROOM = 4096  # bytes of `exit.json`, a block
GRACE = 1.0  # seconds between SIGTERM and SIGKILL
TAIL = 64 * 1024  # bytes kept from the end of a log beyond its limit
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
TIMED_OUT = 124  # the exit code of timeout(1)
STOPPED = 128 + signal.SIGTERM  # of a task that ends with 0 because it was stopped: it has not done its work
# Starts the process of the task; returns its id and a descriptor from which its output can be read.
Start = Callable[[], tuple[int, int]]


def supervise(job: dict[str, Any], start: Start, report: Callable[[bytes], None]) -> None:
    """Run `job` to its end, unless another supervisor has claimed the attempt.

    `report` gets the contents of `exit.json`, once the file exists or cannot be written.
    """
    folder = job["folder"]
    prctl(PR_SET_CHILD_SUBREAPER)
    try:
        claim = take_claim(folder)
        if claim is None:
            return
        reserve_exit(folder)
        log = _Log(os.path.join(folder, "log"), job["log_limit"])
    except OSError as error:
        report(render_exit(126, f"It could not be started: {error.strerror}."))
        return
    stop = _Stop(job.get("timeout") or 0)
    try:
        pid, output = start()
        code = _watch(pid, output, log, stop)
        if stop.reason:
            code = TIMED_OUT if stop.timed_out else code or STOPPED
        reason = stop.reason or log.fault or ("" if code == 0 else describe_exit(code))
    except OSError as error:
        code, reason = 126, f"The task could not be started: {error}."
    log.close()
    text = render_exit(code, reason)
    with contextlib.suppress(OSError):
        write_exit(folder, text)
    with contextlib.suppress(OSError):  # the server has ended
        report(text)
    remove_empty(job["own"])


def remove_empty(folder: str) -> None:
    """Remove a folder of empty folders; the server removes others, in its own time."""
    with contextlib.suppress(OSError):
        for inner, _, _ in os.walk(folder, topdown=False):
            os.rmdir(inner)


def take_claim(folder: str) -> int | None:
    """Claim the attempt in `folder` for this process; None when it is already claimed.

    The draft is locked before it gets its name, and linking fails if the name exists. So exactly one process
    claims an attempt, and a claim that anybody else can lock has lost its owner.
    """
    path = os.path.join(folder, "claim")
    draft = f"{path}.{os.getpid()}"
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, str(os.getpid()).encode())
    try:
        os.link(draft, path)
    except FileExistsError:
        os.close(descriptor)
        return None
    finally:
        os.unlink(draft)
    return descriptor


def reserve_exit(folder: str) -> None:
    """Reserve disk space for `exit.json`: the task may fill the disk."""
    with open(os.path.join(folder, "exit.part"), "w", encoding="utf-8") as file:
        file.write(" " * EXIT_ROOM)


def render_exit(code: int, reason: str) -> bytes:
    """Return how the attempt ended as JSON, and whether its task could have mounts."""
    end = {"code": code, "reason": reason[:500], "at": time.time(), "mounts": mounts.works()}
    return json.dumps(end, ensure_ascii=True).ljust(EXIT_ROOM).encode()


def write_exit(folder: str, text: bytes) -> None:
    """Write how the attempt ended; the rename makes the whole file appear at once.

    There is no fsync: a power cut that loses the file would also lose the outputs of the task.
    """
    if not os.path.isdir(folder):  # the task removed it
        os.mkdir(folder)
    os.chmod(folder, 0o700)
    part = os.path.join(folder, "exit.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(text)
    os.replace(part, os.path.join(folder, "exit.json"))


def describe_exit(code: int) -> str:
    """Describe an exit code in a sentence."""
    if code >= 0:
        return f"It ended with exit code {code}."
    name = signal.Signals(-code).name if -code in signal.Signals.__members__.values() else str(-code)
    return f"It was ended by {name}."


def prctl(option: int, value: int = 1) -> None:
    """Call prctl(2); does nothing outside Linux."""
    if _LIBC is not None:
        _LIBC.prctl(option, value, 0, 0, 0)


class _Stop:
    """Stops the task at its deadline or on SIGTERM: first politely, after GRACE with SIGKILL."""

    def __init__(self, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout if timeout else float("inf")
        self._timeout = timeout
        self._since = 0.0
        self.reason = ""
        self.timed_out = False
        self._wake, wake = os.pipe()
        for end in (self._wake, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._request)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})

    @property
    def wake(self) -> int:
        """The descriptor that becomes readable after a signal."""
        return self._wake

    def _request(self, *_: object) -> None:
        self.reason = self.reason or "It was stopped."

    def advance(self) -> float:
        """Send the next signal if it is due; returns the seconds until the next call."""
        now = time.monotonic()
        if not self.reason and now >= self._deadline:
            self.reason = f"It ran longer than its time limit of {self._timeout:g} s."
            self.timed_out = True
        if not self.reason:
            return min(self._deadline - now, 3600.0)
        if not self._since:
            self._since = now
            kill_descendants(signal.SIGTERM)
        if now - self._since < GRACE:
            return min(0.02, GRACE)
        kill_descendants(signal.SIGKILL)
        return 0.02


class _Log:
    """The log file: everything up to a limit, and the end of what exceeds it."""

    def __init__(self, path: str, limit: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._room = limit
        self._limit = limit
        self._tail = b""
        self._left_out = 0
        self._lost = b""
        self.fault = ""

    def write(self, data: bytes) -> None:
        """Append `data`, or record that the disk is full."""
        kept, rest = data[: self._room], data[self._room :]
        self._room -= len(kept)
        self._put(kept)
        if rest:
            if not self._left_out:
                self._put(f"\n[The log has reached its limit of {self._limit} bytes.]\n".encode())
            self._left_out += len(rest)
            self._tail = (self._tail + rest)[-TAIL:]

    def close(self) -> None:
        """Append the end of a log that exceeded its limit."""
        if self._tail:
            missing = self._left_out - len(self._tail)
            self._put(f"[{missing} bytes are left out here; the end follows.]\n".encode() + self._tail)
        os.close(self._file)

    def _put(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            self._lost = (self._lost + data)[-1000:]
            last = self._lost.decode("utf-8", "replace").strip().rpartition("\n")[2]
            self.fault = f"Its log could not be written ({error.strerror}); it ended with: {last}"


def _watch(pid: int, reader: int, log: _Log, stop: _Stop) -> int:
    """Copy the output until the task and its descendants have ended; returns the exit code of the task.

    After the task itself has ended, its descendants are killed, as in a container. Until all are gone,
    processes are polled: a descendant may hold the pipe open, or have closed it long ago.
    """
    os.set_blocking(reader, False)
    code: int | None = None
    sources = [reader, stop.wake]
    while True:
        pause = stop.advance()
        ready, _, _ = select.select(sources, [], [], pause if code is None else 0.02)
        if stop.wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(stop.wake, 4096)
        if reader in ready and not _copy(reader, log):
            sources.remove(reader)
        ended, alive = _reap(pid)
        code = ended if code is None else code
        if code is not None and not alive:
            _copy(reader, log)
            os.close(reader)
            return code
        if code is not None:
            kill_descendants(signal.SIGKILL)


def _copy(reader: int, log: _Log) -> bool:
    """Copy the available output; False at its end."""
    try:
        while data := os.read(reader, 65536):
            log.write(data)
    except BlockingIOError:
        return True
    return False


def _reap(pid: int) -> tuple[int | None, bool]:
    """Reap ended children; returns the exit code of `pid` if it was one, and whether any child lives."""
    code = None
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code, False
        if ended == 0:
            return code, True
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)


def kill_descendants(signum: int) -> None:
    """Send `signum` to all descendants of this process, also those in other sessions."""
    for pid in find_descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signum)


def find_descendants(root: int, but: Collection[int] = ()) -> list[int]:
    """Return all descendants of `root`, nearest first, without `but` and their descendants."""
    children: dict[int, list[int]] = {}
    for pid, parent in _list_processes():
        children.setdefault(parent, []).append(pid)
    pids: list[int] = []
    level = [root]
    while level:
        level = [child for pid in level for child in children.get(pid, []) if child not in but]
        pids += level
    return pids


def _list_processes() -> list[tuple[int, int]]:
    """Return (process id, parent's id) of every process."""
    if not os.path.isdir("/proc/self"):
        import subprocess

        lines = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False
        ).stdout.splitlines()
        return [(int(one), int(two)) for one, two in (line.split() for line in lines)]
    processes = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                # "pid (name) state parent …"; the name may contain brackets
                processes.append((int(name), int(file.read().rpartition(b")")[2].split()[1])))
    return processes
