"""A compiled pipeline: read from YAML or JSON, asked, changed, written back. Pure.

`parse` → `Package` → `info`, `check_parameters`, `with_cache`, `Package.wire()`.
"""

from __future__ import annotations

from .package import (
    Package,
    check_parameters,
    coerce_parameters,
    components,
    executor_of,
    from_wire,
    info,
    parse,
    task_total,
    with_cache,
)
from .parameters import word_of
from .schema import upstream

__all__ = [
    "Package",
    "check_parameters",
    "coerce_parameters",
    "components",
    "executor_of",
    "from_wire",
    "info",
    "parse",
    "task_total",
    "upstream",
    "with_cache",
    "word_of",
]
