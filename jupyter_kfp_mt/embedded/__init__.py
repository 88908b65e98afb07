"""An embedded server that speaks the KFP API, for one machine; reached over HTTP like any other.

`find` looks for a running one, `ensure_running` starts one, `stop` ends it; each by the data folder.

Who serves a folder holds its lock, which the kernel takes back at any end. The runtime file says where and
with which key; it is believed only when the server behind it takes that key, which is another at each start.
"""

from __future__ import annotations

from .lifecycle import ensure_running, find, stop

__all__ = [
    "ensure_running",
    "find",
    "stop",
]
