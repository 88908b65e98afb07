"""What KFP's driver and launcher say about a task in its pod and its log, beside the task's own lines. Pure.

No route of KFP up to 2.17 gives the inputs and outputs of a task. The driver writes the inputs, and where
each output will be, into the command line of the launcher; the launcher prints the outputs as JSON, and how
the program ended: the exit code of the container is the launcher's own, 1. Sources, in
github.com/kubeflow/pipelines: backend/src/v2/driver/container.go (`--executor_input`) and
backend/src/v2/component/launcher_v2.go (`ExecutorOutput: `, `failed to execute component: `).
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any, NamedTuple

from ...models import Artifact, TaskValues

MAX_OUTPUTS = 4 * 1024 * 1024  # characters of outputs that are read
_EMISSARY = re.compile(r'time="?\d{4}-\d\d-\d\dT\S+ level=(?:info|INFO|debug|DEBUG|warning|WARN)\b')
_EMISSARY_END = re.compile(r"Error: exit status \d{1,3}\Z")  # after the launcher has ended
_LAUNCHER = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\]")
# not only at the start of a line: what the task printed last may lack its newline
_OUTPUTS = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\] ExecutorOutput: (?=\{)")
_ENDED = re.compile(r"^F\d{4} \S+ +\d+ \S+\.go:\d+\] failed to execute component: exit status (\d{1,3})$")
_CACHED = re.compile(
    r"""key:"cache_fingerprint"\s+value:\{string_value:"([0-9a-f]{64})"\}\}"""
    r""".*key:"cached_execution_id"\s+value:\{string_value:"(\d+)"\}"""
)
_LOGS = "executor-logs"  # an output that KFP adds to each component: its log
_PRIVATE = frozenset({"display_name", "store_session_info"})  # metadata that KFP adds to each input


class Launch(NamedTuple):
    """What the driver gave to the launcher of a task."""

    execution_id: str = ""  # the attempt's, in KFP's metadata store
    inputs: TaskValues = TaskValues()
    outputs: TaskValues = TaskValues()  # the artifacts to be made: their types and addresses


class CacheHit(NamedTuple):
    """Which earlier execution a task took its outputs from."""

    fingerprint: str
    execution_id: str


def is_launcher_line(line: str) -> bool:
    """Whether a line is the launcher's or Argo's, not the task's own."""
    return any(form.match(line) is not None for form in (_EMISSARY, _EMISSARY_END, _LAUNCHER))


def exit_code_of(lines: tuple[str, ...]) -> int | None:
    """Return the exit code of the task's program, as the launcher gives it; None where it does not."""
    ends = (_ENDED.match(line) for line in reversed(lines))
    found = next((end for end in ends if end is not None), None)
    return int(found[1]) if found is not None else None


def launch_of(patch: str) -> Launch:
    """Return what the launcher was given, by the driver's patch of its pod; empty if that is unreadable."""
    containers = read_object(patch).get("containers")
    first = containers[0] if isinstance(containers, list) and containers else None
    command = first.get("command") if isinstance(first, dict) else None
    words = [str(word) for word in command] if isinstance(command, list) else []
    options = dict(pairwise(words))
    given = read_object(options.get("--executor_input", ""))
    component = read_object(options.get("--component_spec", ""))
    inputs, outputs = take_object(given, "inputs"), take_object(given, "outputs")
    types = _types(take_object(take_object(component, "inputDefinitions"), "artifacts"))
    return Launch(
        options.get("--execution_id", ""),
        TaskValues(
            parameters=take_object(inputs, "parameterValues"),
            artifacts=_read_artifacts(take_object(inputs, "artifacts"), types),
        ),
        TaskValues(artifacts=_read_artifacts(take_object(outputs, "artifacts"), {})),
    )


def outputs_of(log: str, planned: TaskValues = TaskValues()) -> TaskValues | None:  # noqa: B008 - a value
    """Return the outputs that the launcher printed last; None where it printed none that can be read.

    The log does not repeat the types of artifacts, nor those that the program left to the launcher: `planned`
    has them.
    """
    places = list(_OUTPUTS.finditer(log))
    if not places:
        return None
    outputs = read_object(log[places[-1].end() : places[-1].end() + MAX_OUTPUTS], whole=False)
    if not outputs:
        return None
    types = {name: listed[0].type for name, listed in planned.artifacts.items() if listed}
    written = _read_artifacts(take_object(outputs, "artifacts"), types)
    return TaskValues(
        parameters=take_object(outputs, "parameterValues"),
        artifacts={**planned.artifacts, **{name: listed for name, listed in written.items() if listed}},
    )


def cache_hit_of(log: str) -> CacheHit | None:
    """Return where a task's outputs come from, by its driver's log; None where it ran itself."""
    match = _CACHED.search(log)
    return CacheHit(match[1], match[2]) if match is not None else None


def read_object(text: str, *, whole: bool = True) -> dict[str, Any]:
    """Return the JSON object that `text` is, or, unless it is the `whole`, begins with; else an empty one."""
    try:
        value = json.loads(text) if whole else json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def take_object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object `name` of `parent`; an empty one where it is none."""
    child = parent.get(name)
    return child if isinstance(child, dict) else {}


def _list_objects(holder: Any) -> list[dict[str, Any]]:
    """Return the artifacts in what KFP calls an ArtifactList."""
    items = holder.get("artifacts") if isinstance(holder, dict) else None
    return [item for item in (items if isinstance(items, list) else []) if isinstance(item, dict)]


def _types(definitions: dict[str, Any]) -> dict[str, str]:
    """Return the schema titles of a component's artifacts by their names."""
    return {name: title_of(take_object(definitions, name).get("artifactType")) for name in definitions}


def title_of(kind: Any) -> str:
    """Return the schema title of an artifact type; empty where it has none."""
    return str(kind.get("schemaTitle", "")) if isinstance(kind, dict) else ""


def _read_artifacts(found: dict[str, Any], types: dict[str, str]) -> dict[str, list[Artifact]]:
    return {
        name: [_read_artifact(item, types.get(name, "")) for item in _list_objects(found[name])]
        for name in found
        if name != _LOGS
    }


def _read_artifact(item: dict[str, Any], kind: str) -> Artifact:
    """Return one artifact; KFP gives the name of an input, which is a number, beside its `display_name`."""
    metadata = take_object(item, "metadata")
    return Artifact(
        name=str(metadata.get("display_name") or item.get("name", "")),
        type=title_of(item.get("type")) or kind,
        uri=str(item.get("uri", "")),
        metadata={key: value for key, value in metadata.items() if key not in _PRIVATE},
    )
