"""A compiled pipeline: read from YAML or JSON, asked, changed, written back. Pure.

`parse` → `Package` → `info`, `check_parameters`, `with_cache`, `Package.wire()`.
"""

from __future__ import annotations

from .package import (
    Package,
    check_parameters,
    components,
    executor_of,
    from_wire,
    info,
    parse,
    with_cache,
)
from .parameters import TypedText, word_of
from .schema import upstream

__all__ = [
    "Package",
    "TypedText",
    "check_parameters",
    "components",
    "executor_of",
    "from_wire",
    "info",
    "parse",
    "upstream",
    "with_cache",
    "word_of",
]
