"""Commands for the engine's thread, from any other: put in, and wake it."""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable


class CommandQueue:
    """A queue of commands whose descriptor becomes readable when there is one."""

    def __init__(self) -> None:
        self._commands: deque[Callable[[], object]] = deque()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._reader.fileno()

    def put(self, command: Callable[[], object]) -> None:
        """Add a command; nothing happens after `close`."""
        self._commands.append(command)
        with contextlib.suppress(OSError):  # it has been woken already, or is closed
            self._writer.send(b"!")

    def clear_wakeup(self) -> None:
        """Note that the reader is awake."""
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)

    def run_all(self) -> None:
        """Run the commands in their order; one that raises stays first."""
        while self._commands:
            self._commands[0]()
            self._commands.popleft()

    def close(self) -> None:
        """Take no more."""
        self._reader.close()
        self._writer.close()
