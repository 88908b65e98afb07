"""One attempt of one task: run it, keep its log, stop it, write how it ended.

Standard library only; never imported by the server. The supervisor is the parent of the task's process and
the reaper of everything that process leaves behind. It outlives the server: what it writes into the
attempt's folder is enough to find the attempt again.

```text
claim       locked as long as the supervisor lives; holds its process id. Who creates it runs the attempt.
log         what the task wrote to its descriptors 1 and 2
exit.json   {"code": …, "reason": …, "at": …}, put in place at once, after the last line of the log
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

EXIT_ROOM = 4096  # bytes of `exit.json`, a block
GRACE = 1.0  # seconds between SIGTERM and SIGKILL
TAIL = 64 * 1024  # bytes of the end that are kept of a log beyond its limit
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
TIMED_OUT = 124  # the exit code of timeout(1)
# Makes the task's process; returns its id, and where what it writes to descriptors 1 and 2 can be read.
Start = Callable[[], tuple[int, int]]


def supervise(job: dict[str, Any], start: Start, tell: Callable[[bytes], None]) -> None:
    """Run `job` to its end, unless the attempt is another's.

    `tell` is called with what `exit.json` holds, once it is there or cannot be written.
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
        tell(exit_text(126, f"It could not be begun: {error.strerror}."))
        return
    stop = _Stop(job.get("timeout") or 0)
    try:
        pid, output = start()
        code = _watch(pid, output, log, stop)
        reason = stop.reason or log.fault or ("" if code == 0 else describe(code))
    except OSError as error:
        code, reason = 126, f"The task could not be started: {error}."
    log.close()
    text = exit_text(TIMED_OUT if stop.reason.startswith("It ran") else code, reason)
    with contextlib.suppress(OSError):
        write_exit(folder, text)
    with contextlib.suppress(OSError):  # the server has gone
        tell(text)


def take_claim(folder: str) -> int | None:
    """Take the attempt in `folder` for this process; None when it was taken before.

    The lock is taken before the file has its name, so a claim that can be locked has lost its owner.
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
    """Take the room for `exit.json` now: the task may fill the disk."""
    with open(os.path.join(folder, "exit.part"), "w", encoding="utf-8") as file:
        file.write(" " * EXIT_ROOM)


def exit_text(code: int, reason: str) -> bytes:
    """Return in JSON how the attempt ended."""
    end = {"code": code, "reason": reason[:500], "at": time.time()}
    return json.dumps(end, ensure_ascii=True).ljust(EXIT_ROOM).encode()


def write_exit(folder: str, text: bytes) -> None:
    """Write how the attempt ended; whoever sees the file sees all of it.

    It is not forced to the disk: a power cut would take what the task made with it.
    """
    if not os.path.isdir(folder):  # the task removed it
        os.mkdir(folder)
    os.chmod(folder, 0o700)
    part = os.path.join(folder, "exit.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(text)
    os.replace(part, os.path.join(folder, "exit.json"))


def describe(code: int) -> str:
    """Return an exit code in words."""
    if code >= 0:
        return f"It ended with exit code {code}."
    name = signal.Signals(-code).name if -code in signal.Signals.__members__.values() else str(-code)
    return f"It was ended by {name}."


def prctl(option: int, value: int = 1) -> None:
    """Ask the kernel for `option`; without effect where it does not know it (other than Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(option, value, 0, 0, 0)


class _Stop:
    """Why and since when the task is being stopped."""

    def __init__(self, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout if timeout else float("inf")
        self._timeout = timeout
        self._since = 0.0
        self.reason = ""
        self._wake, wake = os.pipe()
        for end in (self._wake, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._asked)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})

    @property
    def wake(self) -> int:
        """A descriptor to read from after each signal."""
        return self._wake

    def _asked(self, *_: object) -> None:
        self.reason = self.reason or "It was stopped."

    def act(self) -> float:
        """Stop the task if it is time; returns the seconds until this is to be called again."""
        now = time.monotonic()
        if not self.reason and now >= self._deadline:
            self.reason = f"It ran longer than its time limit of {self._timeout:g} s."
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
    """The log's file: everything up to a limit, and the end of what goes beyond."""

    def __init__(self, path: str, limit: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._room = limit
        self._limit = limit
        self._tail = b""
        self._left_out = 0
        self._lost = b""
        self.fault = ""

    def write(self, data: bytes) -> None:
        """Add `data`, or note that the disk does not take it."""
        kept, rest = data[: self._room], data[self._room :]
        self._room -= len(kept)
        self._put(kept)
        if rest:
            if not self._left_out:
                self._put(f"\n[The log has reached its limit of {self._limit} bytes.]\n".encode())
            self._left_out += len(rest)
            self._tail = (self._tail + rest)[-TAIL:]

    def close(self) -> None:
        """Write the end of a log that went beyond its limit."""
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
    """Copy the output until the task and all it started have ended; returns the task's exit code."""
    os.set_blocking(reader, False)
    code: int | None = None
    sources = [reader, stop.wake]
    while True:
        pause = stop.act()
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
            # As in a container: what the task leaves behind ends with it.
            kill_descendants(signal.SIGKILL)


def _copy(reader: int, log: _Log) -> bool:
    """Copy what there is; False at the end of the output."""
    try:
        while data := os.read(reader, 65536):
            log.write(data)
    except BlockingIOError:
        return True
    return False


def _reap(pid: int) -> tuple[int | None, bool]:
    """Collect what has ended; returns the exit code of `pid` if it is there, and whether anything lives."""
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
    """Send `signum` to every process below this one, those in sessions of their own included."""
    for pid in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signum)


def descendants(root: int, but: Collection[int] = ()) -> list[int]:
    """Return the ids of all processes below `root`, nearest first, without `but` and those below them."""
    children: dict[int, list[int]] = {}
    for pid, parent in _processes():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    level = [root]
    while level:
        level = [child for pid in level for child in children.get(pid, []) if child not in but]
        found += level
    return found


def _processes() -> list[tuple[int, int]]:
    """Return (process id, parent's id) of every process."""
    if not os.path.isdir("/proc/self"):
        import subprocess

        lines = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False
        ).stdout.splitlines()
        return [(int(one), int(two)) for one, two in (line.split() for line in lines)]
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                # "pid (name) state parent …"; the name may hold anything, brackets too
                found.append((int(name), int(file.read().rpartition(b")")[2].split()[1])))
    return found
