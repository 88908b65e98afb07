"""An embedded server that speaks the KFP API, for one machine; reached over HTTP like any other.

`find` looks for a running server, `ensure_running` starts one, `stop` ends it, `back_up` copies
its store; each takes the data folder.

The process that serves a folder holds its lock, which the kernel releases however the process ends. The
runtime file holds address and owner key; it is trusted only if the server accepts that key, which changes at
every start.
"""

from __future__ import annotations

from .lifecycle import back_up, ensure_running, find, stop

__all__ = [
    "back_up",
    "ensure_running",
    "find",
    "stop",
]
