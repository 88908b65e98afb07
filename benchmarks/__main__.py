"""Measure everything, or the parts named: `python -m benchmarks [imports] [lists] [engine]`."""

from __future__ import annotations

import sys

from . import engine, imports, lists
from .table import machine, show

PARTS = {"imports": imports.rows, "lists": lists.rows, "engine": engine.rows}


def main() -> None:
    """Print the machine and a table."""
    wanted = sys.argv[1:] or list(PARTS)
    sys.stdout.write(machine() + "\n\n")
    show(row for part in wanted for row in PARTS[part]())


if __name__ == "__main__":
    main()
