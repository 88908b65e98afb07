"""A compiled pipeline as named parts that can be compared with those of any number of others. Pure."""

from __future__ import annotations

import json
from typing import Any

from . import Package, summarize, word_of
from .tasks import describe_tasks, read_code

Parts = dict[tuple[str, str], Any]  # kind and name → value; that of code is a list of lines


def list_parts(package: Package) -> Parts:
    """Return the parts of a pipeline by kind (`input`, `task`, `image`, `code`) and name."""
    parts: Parts = {}
    for parameter in summarize(package).parameters:
        default = f" = {json.dumps(parameter.default, ensure_ascii=False)}" if parameter.has_default else ""
        parts["input", parameter.name] = f"{word_of(parameter.type)}{default}"
    for task in describe_tasks(package):
        after = f"after {', '.join(task.needs)}" if task.needs else "first"
        parts["task", task.name] = "; ".join(filter(None, (after, task.asks, ", ".join(task.inputs))))
        parts["image", task.name] = task.image
    for name, code in read_code(package).items():
        parts["code", name] = code.splitlines()
    return parts
