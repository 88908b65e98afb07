"""What KFP's launcher and Argo's emissary write into the log of a task beside its own lines. Pure.

The launcher prints the outputs of a task as JSON and how its program ended; on KFP up to 2.17 no route gives
the former, and the exit code of the container is the launcher's own: 1. Source: KFP's
backend/src/v2/component/launcher_v2.go (`ExecutorOutput: `, `failed to execute component: `).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ...models import Artifact, TaskValues

MAX_OUTPUTS = 4 * 1024 * 1024  # characters of outputs that are read
_EMISSARY = re.compile(r'time="?\d{4}-\d\d-\d\dT\S+ level=(?:info|INFO|debug|DEBUG|warning|WARN)\b')
_LAUNCHER = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\]")
_OUTPUTS = re.compile(r"^[IWEF]\d{4} \S+ +\d+ \S+\.go:\d+\] ExecutorOutput: (?=\{)", re.MULTILINE)
_ENDED = re.compile(r"^F\d{4} \S+ +\d+ \S+\.go:\d+\] failed to execute component: exit status (\d{1,3})$")
_LOGS = "executor-logs"  # an output that KFP adds to each component: its log


def is_launcher_line(line: str) -> bool:
    """Whether a line is the launcher's or Argo's, not the task's own."""
    return _EMISSARY.match(line) is not None or _LAUNCHER.match(line) is not None


def exit_code_of(lines: tuple[str, ...]) -> int | None:
    """Return the exit code of the task's program, as the launcher gives it; None where it does not."""
    ends = (_ENDED.match(line) for line in reversed(lines))
    found = next((end for end in ends if end is not None), None)
    return int(found[1]) if found is not None else None


def outputs_of(log: str, types: Mapping[str, str]) -> TaskValues | None:
    """Return the outputs that the launcher printed last; None where it printed none that can be read.

    `types` has the schema titles of the component's artifacts by their names: the log does not repeat them.
    """
    places = list(_OUTPUTS.finditer(log))
    if not places:
        return None
    text = log[places[-1].end() : places[-1].end() + MAX_OUTPUTS]
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    parameters, artifacts = found.get("parameterValues"), found.get("artifacts")
    return TaskValues(
        parameters=dict(parameters) if isinstance(parameters, dict) else {},
        artifacts={
            name: _artifacts(listed, types.get(name, ""))
            for name, listed in (artifacts if isinstance(artifacts, dict) else {}).items()
            if name != _LOGS
        },
    )


def _artifacts(listed: Any, kind: str) -> list[Artifact]:
    items = listed.get("artifacts") if isinstance(listed, dict) else None
    return [
        Artifact(
            name=str(item.get("name", "")),
            type=kind,
            uri=str(item.get("uri", "")),
            metadata=item["metadata"] if isinstance(item.get("metadata"), dict) else {},
        )
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
