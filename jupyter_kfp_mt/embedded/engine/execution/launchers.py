"""Starts the supervisors of attempts: forked from a warm process, or each as a new process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

import msgspec

from ...environment import make_task_environment
from .jobs import Job

_WORKER = Path(__file__).parents[1] / "worker"
_PATIENCE = 30.0  # seconds for the fork server to accept a job
_AT_ONCE = 64 * 1024  # bytes of a job that a socket takes though nobody reads
_LAST_PATIENCE = 2.0  # seconds for the fork server to end by itself
_TRIES = 3  # attempts to start a fork server that dies


class LaunchError(OSError):
    """A supervisor could not be started."""


class Handle(Protocol):
    """Becomes readable when the attempt ends: with its exit, or with nothing when it was killed."""

    def fileno(self) -> int:
        """The descriptor to wait for."""

    def close(self) -> None:
        """Stop waiting."""


class NotReadyError(LaunchError):
    """What all supervisors need has ended, and has to be prepared again."""


class Launcher(Protocol):
    """Starts supervisors."""

    @property
    def ready(self) -> bool:
        """Whether what all supervisors need runs."""

    def prepare(self) -> None:
        """Start what all supervisors need, which may take seconds; raises LaunchError."""

    def start(self, job: Job) -> Handle:
        """Start the supervisor of `job`; raises LaunchError, and does not wait."""

    def wake(self, *, restart: bool) -> None:
        """Make what starts supervisors go on, or replace it: a supervisor is overdue."""

    def close(self) -> None:
        """Launch no more; running attempts go on."""


class ForkLauncher:
    """Launches supervisors through a fork server, restarting the server if it died.

    Connections are passed through a socket that only the two processes have: there is no file to be left
    behind when both are killed.
    """

    def __init__(self, paths: Sequence[str] = ()) -> None:
        self._paths = list(paths)
        self._server: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._closed = False

    @property
    def ready(self) -> bool:
        """Whether the fork server runs."""
        return self._channel is not None and bool(self.pid)

    def prepare(self) -> None:
        """Start the fork server, which takes a second or more; raises LaunchError."""
        fault: OSError = LaunchError("the launcher is closed")
        for _ in range(0 if self._closed else _TRIES):
            try:
                self._start_server()
            except OSError as error:
                fault = error
                self._end_server()
            else:
                if self._closed:  # meanwhile
                    self._end_server()
                return
        raise LaunchError(f"the fork server does not start ({fault})") from fault

    @property
    def pid(self) -> int:
        """The process id of the fork server; 0 without one."""
        return self._server.pid if self._server is not None and self._server.poll() is None else 0

    def start(self, job: Job) -> Handle:
        """Start the supervisor of `job`; raises NotReadyError."""
        if self._channel is None or not self.ready:
            raise NotReadyError("the fork server does not run")
        try:
            return self._send(self._channel, msgspec.json.encode(job))
        except OSError as error:
            self._end_server()
            raise NotReadyError(f"the fork server does not answer ({error})") from error

    def wake(self, *, restart: bool) -> None:
        """Continue a fork server that a task has stopped, or kill it: the next attempt starts another."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL if restart else signal.SIGCONT)

    @staticmethod
    def _send(channel: socket.socket, data: bytes) -> Handle:
        connection, passed = socket.socketpair()
        try:
            with passed:
                socket.send_fds(channel, [b"!"], [passed.fileno()])
            connection.settimeout(_PATIENCE)
            if len(data) > _AT_ONCE:
                threading.Thread(target=_send_later, args=(connection, data), daemon=True).start()
            else:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Stop the fork server; running attempts go on."""
        self._closed = True
        self._end_server(patience=_LAST_PATIENCE)

    def _start_server(self) -> None:
        self._end_server()
        channel, its_end = socket.socketpair()
        channel.settimeout(_PATIENCE)
        with its_end:
            self._server = server = subprocess.Popen(
                [sys.executable, "-B", str(_WORKER / "forkserver.py"), *self._paths],
                stdin=its_end.fileno(),
                stdout=subprocess.PIPE,
                env=make_task_environment(os.environ),
                start_new_session=True,
            )
        if server.stdout is None or not select.select([server.stdout], [], [], _PATIENCE)[0]:
            raise LaunchError("the fork server is not ready")
        if server.stdout.readline() != b"ready\n":
            raise LaunchError("the fork server did not start")
        self._channel = channel  # only now: it may be used

    def _end_server(self, patience: float = 0) -> None:
        """End the fork server, by itself if it does so in time; its supervisors go on."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
        server, self._server = self._server, None
        if server is None:
            return
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if server.stdout is not None:
            server.stdout.close()


class SingleLauncher:
    """Launches each supervisor as a new process: slower, but no process that runs Python code is forked."""

    def __init__(self, paths: Sequence[str] = ()) -> None:
        self._paths = list(paths)
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def ready(self) -> bool:
        """Whether supervisors can be started: always."""
        return True

    def prepare(self) -> None:
        """Do nothing: each supervisor is a new process."""

    def start(self, job: Job) -> Handle:
        """Start the supervisor of `job`; raises LaunchError."""
        self._started = [process for process in self._started if process.poll() is None]
        if self._paths:
            job = msgspec.structs.replace(job, paths=[*job.paths, *self._paths])
        try:
            process = subprocess.Popen(
                [sys.executable, "-B", str(_WORKER / "single.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=make_task_environment(os.environ),
            )
        except OSError as error:
            raise LaunchError(f"no process can be started ({error})") from error
        self._started.append(process)
        if process.stdin is None or process.stdout is None:
            raise LaunchError("the process has no pipes")
        data = msgspec.json.encode(job)
        threading.Thread(target=_write_later, args=(process.stdin, data), daemon=True).start()
        return process.stdout

    def wake(self, *, restart: bool) -> None:
        """Do nothing: each supervisor is a process of its own."""

    def close(self) -> None:
        """Launch no more; running attempts go on."""
        for process in self._started:
            process.poll()
            process.returncode = process.returncode or 0  # it outlives the server by design


def _send_later(connection: socket.socket, data: bytes) -> None:
    """Send a job in a thread: who takes it may have been stopped, and the engine's thread must not wait.

    If it is not taken in time the connection ends, as it does when the fork server dies.
    """
    with contextlib.suppress(OSError):  # the engine has closed it
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            connection.shutdown(socket.SHUT_RDWR)


def _write_later(pipe: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(OSError), pipe:
        pipe.write(data)


def choose_launcher(executor: str, paths: Sequence[str] = ()) -> Launcher:
    """Return the launcher named `executor`: "fork", "subprocess", or "" for the best that works here."""
    if executor == "subprocess" or not hasattr(os, "fork"):
        return SingleLauncher(paths)
    return ForkLauncher(paths)
