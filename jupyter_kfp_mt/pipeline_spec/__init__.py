"""Compiled pipelines (IR 2.1.0): reading, inspecting, changing and writing them. Pure.

`parse` and `parse_file` return a `Package`, `parse_any` and its like also one of a Workflow of the SDK 1.x.
`summarize`, `check_links`, `check_parameters` and `with_cache` take one; `Package.wire()` is its form in a
request.
"""

from __future__ import annotations

from .package import (
    Package,
    check_links,
    check_parameters,
    from_wire,
    list_gpu_tasks,
    parse,
    parse_file,
    summarize,
    with_cache,
)
from .parameters import TypedText, word_of
from .workflows import from_wire_any, parse_any, parse_any_file

__all__ = [
    "Package",
    "TypedText",
    "check_links",
    "check_parameters",
    "from_wire",
    "from_wire_any",
    "list_gpu_tasks",
    "parse",
    "parse_any",
    "parse_any_file",
    "parse_file",
    "summarize",
    "with_cache",
    "word_of",
]
