"""An engine in a separate process, to be killed: `python crash_server.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_kfp_mt.embedded.engine import Engine, Limits
from jupyter_kfp_mt.embedded.store import Store

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    engine = Engine(Store(folder / "store.sqlite"), folder, Limits(tasks=4))
    engine.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
