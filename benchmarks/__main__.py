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
    """Print the machine, a table, and how busy the machine was when each part began."""
    rows, busy = [], []
    with compiled():
        for part in sys.argv[1:] or PARTS:
            busy.append(f"{part} {load()}")
            sys.stderr.write(f"{busy[-1]} …\n")
            rows += PARTS[part]()
    sys.stdout.write(machine() + "\n\n")
    show(rows)
    sys.stdout.write(f"\nLoad when each part began: {', '.join(busy)}.\n")


if __name__ == "__main__":
    main()
