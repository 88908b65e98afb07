"""Answers as JSON documents with KFP's field names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..commands import LogText, Text
from ..models import NO_SPEC, Run

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


def encode(answer: object) -> str:
    """Return `answer` as one JSON document; raises TypeError for what is no data."""
    return msgspec.json.encode(document(answer)).decode()


def document(answer: object) -> Any:
    """Return `answer` as data: dicts, lists, texts and numbers."""
    if isinstance(answer, LogText):
        return {
            "run_id": answer.run_id,
            "task": answer.task,
            "source": answer.source,
            "truncated": answer.truncated,
            "lines": answer.splitlines(),
        }
    if isinstance(answer, Text):
        return {"text": str(answer)}
    if isinstance(answer, Run):
        return _run(answer)
    if isinstance(answer, msgspec.Struct):
        return _fields(answer)
    if isinstance(answer, list):
        return _list(answer)
    if isinstance(answer, Mapping):
        return {key: document(value) for key, value in answer.items()}
    return answer


def _list(answer: list[Any]) -> Any:
    """A list as KFP writes a page: its items under their name, and how many there are."""
    rows = [document(item) for item in answer]
    name = getattr(answer, "field", "")
    if not name:
        return rows
    walked = getattr(answer, "walked", None)
    told = {"walked": walked} if walked is not None else {}
    return {name: rows, "total_size": getattr(answer, "total_size", len(rows)), **told}


def _run(run: Run) -> dict[str, Any]:
    """A run as KFP writes it, without its spec; its tasks without what only we know of them."""
    found = _present(_fields(msgspec.structs.replace(run, pipeline_spec=NO_SPEC)))
    if run.task_details:
        found["run_details"] = {"task_details": [_task(_fields(task)) for task in run.task_details]}
    return found


def _task(task: dict[str, Any]) -> dict[str, Any]:
    return _present({name: value for name, value in task.items() if name in _TASK_FIELDS})


def _fields(answer: msgspec.Struct) -> dict[str, Any]:
    """A model as data; by way of JSON, because a spec that was not decoded is JSON already."""
    return dict(msgspec.json.decode(msgspec.json.encode(answer)))


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not set; a state is always there."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {}) or key == "state"}
