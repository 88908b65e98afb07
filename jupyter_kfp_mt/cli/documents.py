"""Results as JSON documents with KFP's field names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..models import NO_SPEC, Run
from ..results import LogText, RunDiff, Text

_TASK_FIELDS = {
    "run_id",
    "task_id",
    "display_name",
    "create_time",
    "start_time",
    "end_time",
    "state",
    "error",
}
_TASK_FIELDS |= {"state_history", "parent_task_id", "child_tasks"}


def encode(result: object) -> str:
    """Return `result` as one JSON document; raises TypeError for a value that is no data."""
    return msgspec.json.encode(to_document(result)).decode()


def to_document(result: object) -> Any:
    """Return `result` as data: dicts, lists, texts and numbers."""
    if isinstance(result, LogText):
        return {
            "run_id": result.run_id,
            "task": result.task,
            "source": result.source,
            "truncated": result.truncated,
            "lines": result.splitlines(),
        }
    if isinstance(result, Text):
        return {"text": str(result)}
    if isinstance(result, Run):
        return _run_document(result)
    if isinstance(result, msgspec.Struct):
        return _fields(result)
    if isinstance(result, list):
        return _list_document(result)
    if isinstance(result, Mapping):
        return {key: to_document(value) for key, value in result.items()}
    return result


def _list_document(result: list[Any]) -> Any:
    """Return a list as KFP writes a page: its items under their name, and how many there are."""
    rows = [to_document(item) for item in result]
    name = getattr(result, "field", "")
    if not name:
        return rows
    walked = getattr(result, "walked", None)
    extra = {"walked": walked} if walked is not None else {}
    extra |= {"subjects": result.subjects} if isinstance(result, RunDiff) else {}
    return {name: rows, "total_size": getattr(result, "total_size", len(rows)), **extra}


def _run_document(run: Run) -> dict[str, Any]:
    """Return a run as KFP writes it, without its spec, and its tasks without the fields that we add."""
    document = _present(_fields(msgspec.structs.replace(run, pipeline_spec=NO_SPEC)))
    if run.task_details:
        tasks = [_task_document(_fields(task)) for task in run.task_details]
        document["run_details"] = {"task_details": tasks}
    return document


def _task_document(task: dict[str, Any]) -> dict[str, Any]:
    return _present({name: value for name, value in task.items() if name in _TASK_FIELDS})


def _fields(result: msgspec.Struct) -> dict[str, Any]:
    """Return a model as data, through JSON, since a spec that was not decoded is JSON already."""
    return dict(msgspec.json.decode(msgspec.json.encode(result)))


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out fields that are not set, but for the state."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {}) or key == "state"}
