"""The rows of the benchmarks, printed as a Markdown table."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One measurement, and what it is compared with."""

    what: str
    ours: str
    other: str = "–"
    ratio: str = "–"
    goal: str = "–"


def describe_machine() -> str:
    """Describe the machine in one line."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {os.cpu_count()} cores, Python {platform.python_version()}"


def read_load() -> str:
    """Return the load average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def print_table(rows: Iterable[Row]) -> None:
    """Print the rows with aligned columns."""
    table = [("what", "ours", "compared with", "ratio", "goal"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(5)]
    for index, row in enumerate(table):
        sys.stdout.write(
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |\n"
        )
        if index == 0:
            sys.stdout.write("|" + "|".join("-" * (width + 2) for width in widths) + "|\n")
    sys.stdout.flush()


def time_call(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def format_ms(seconds: float) -> str:
    """Format seconds as milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def format_ratio(other: float, ours: float) -> str:
    """Format how many times faster ours is."""
    return f"{other / ours:.1f} ×" if other < 10 * ours else f"{other / ours:.0f} ×"
