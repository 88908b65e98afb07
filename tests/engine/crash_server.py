"""An engine in a separate process, to be killed: `python crash_server.py FOLDER [deadly]`.

A deadly one is killed when it is about to start a component with packages.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from jupyter_kfp_mt.embedded.engine import Engine, Limits
from jupyter_kfp_mt.embedded.engine.execution.packages import Packages
from jupyter_kfp_mt.embedded.store import Store


class Deadly(Packages):
    """Kills the process when it looks for a package."""

    def find(self, requirements: tuple[str, ...]) -> list[str] | None:
        if requirements:
            os.kill(os.getpid(), signal.SIGKILL)
        return []


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    packages = Deadly(folder / "packages") if sys.argv[2:] == ["deadly"] else None
    store = Store(folder / "store.sqlite")
    engine = Engine(store, folder, Limits(tasks=4), packages=packages, is_allowed=lambda *_asked: True)
    engine.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
