"""The queue of commands that other threads have for the engine's thread."""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable


class CommandQueue:
    """A queue of commands with a descriptor that becomes readable when there is one."""

    def __init__(self) -> None:
        self._commands: deque[Callable[[], object]] = deque()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._reader.fileno()

    def put(self, command: Callable[[], object]) -> None:
        """Add a command and wake the engine; does nothing after `close`."""
        self._commands.append(command)
        with contextlib.suppress(OSError):  # the engine is awake already, or the queue is closed
            self._writer.send(b"!")

    def clear_wakeup(self) -> None:
        """Make the descriptor wait for the next command."""
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)

    def run_all(self) -> None:
        """Run the commands in order; one that raises stays first, and those that come meanwhile wait."""
        for _ in range(len(self._commands)):
            self._commands[0]()
            self._commands.popleft()

    def close(self) -> None:
        """Close the queue."""
        self._reader.close()
        self._writer.close()
