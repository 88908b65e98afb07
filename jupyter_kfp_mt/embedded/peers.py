"""Finds out which user of this machine is at the other end of a connection.

Without tenants there are no tokens, and tools that know none must go on working. But the loopback interface
is open to every user of a machine, and whoever may start a run runs code as the server's user. The kernel
knows whose socket is at the other end (https://docs.kernel.org/networking/proc_net_tcp.html).
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from weakref import WeakKeyDictionary

from tornado.iostream import IOStream

_MAPPED = b"\0" * 10 + b"\xff\xff"  # before an IPv4 address as IPv6 writes it
_TABLES = (("/proc/net/tcp", b""), ("/proc/net/tcp6", _MAPPED))
_ORPHAN = "0"  # the inode of a socket that its process has closed; its user is written as root

Address = tuple[str, int]


class SameUser:
    """Admits the connections of processes of one user."""

    def __init__(self, user: int | None = None) -> None:
        self._user = os.geteuid() if user is None else user
        self._known: WeakKeyDictionary[IOStream, bool] = WeakKeyDictionary()

    async def admits(self, stream: IOStream) -> bool:
        """Whether the process at the other end is one of ours; asks the kernel once for each connection."""
        if stream not in self._known:
            # In a thread: the kernel walks through its whole table, which takes 20 ms on a large machine.
            self._known[stream] = await asyncio.to_thread(self._is_ours, stream.socket)
        return self._known[stream]

    def _is_ours(self, connection: socket.socket | None) -> bool:
        try:
            if connection is None:
                return False
            return find_user(connection.getpeername(), connection.getsockname()) == self._user
        except OSError:  # it was closed
            return False


def can_find_users() -> bool:
    """Whether the kernel tells here whose socket is at the other end of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as caller:
        try:
            caller.connect(listener.getsockname())
            return find_user(caller.getsockname(), caller.getpeername()) == os.geteuid()
        except OSError:
            return False


def find_user(client: Address, server: Address) -> int | None:
    """Return the user of the socket `client` that is connected to `server`; None when there is none.

    Raises OSError where the kernel has no such tables.
    """
    for table, prefix in _TABLES:
        ends = f" {_render(prefix, client)} {_render(prefix, server)} "
        with open(table, encoding="ascii") as lines:
            for line in lines:
                if ends in line:
                    columns = line.split()
                    return None if columns[9] == _ORPHAN else int(columns[7])
    return None


def _render(prefix: bytes, address: Address) -> str:
    """Write an address as the kernel does: words of 32 bits in the byte order of the machine."""
    raw = prefix + socket.inet_aton(address[0])
    words = (int.from_bytes(raw[at : at + 4], sys.byteorder) for at in range(0, len(raw), 4))
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"
