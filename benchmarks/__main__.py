"""Measure everything, or some parts: `python -m benchmarks [imports] [clients] [api] [engine] [watch]`."""

from __future__ import annotations

import sys

from . import api, clients, engine, imports, watch
from .processes import compiled
from .table import load, machine, show

PARTS = {
    "imports": imports.rows,
    "clients": clients.rows,
    "api": api.rows,
    "engine": engine.rows,
    "watch": watch.rows,
}


def main() -> None:
    """Print the machine and a table; what is measured at the moment goes to standard error."""
    rows = []
    sys.stdout.write(machine() + "\n\n")
    with compiled():
        for part in sys.argv[1:] or PARTS:
            sys.stderr.write(f"{part} (load {load()})\n")
            rows += PARTS[part]()
    show(rows)


if __name__ == "__main__":
    main()
