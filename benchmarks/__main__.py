"""Runs all benchmarks, or those that are named: `python -m benchmarks imports clients`."""

from __future__ import annotations

import sys

from . import api, clients, engine, fair, imports, pacing, submits, watch
from .processes import compiling_modules
from .table import describe_machine, print_table, read_load

PARTS = {
    "imports": imports.measure,
    "clients": clients.measure,
    "api": api.measure,
    "engine": engine.measure,
    "fair": fair.measure,
    "watch": watch.measure,
    "submits": submits.measure,
    "pacing": pacing.measure,
}


def main() -> None:
    """Print the machine, a table, and the load when each part started."""
    rows, loads = [], []
    with compiling_modules():
        for part in sys.argv[1:] or PARTS:
            loads.append(f"{part} {read_load()}")
            sys.stderr.write(f"{loads[-1]} …\n")
            rows += PARTS[part]()
    sys.stdout.write(describe_machine() + "\n\n")
    print_table(rows)
    sys.stdout.write(f"\nLoad when each part started: {', '.join(loads)}.\n")


if __name__ == "__main__":
    main()
