"""Replaces Argo's tags of a Workflow (`{{workflow.name}}`) in a pipeline and in the values of its run.

On a cluster KFP replaces `{{workflow.uid}}` by the id of the run in the text of the whole Workflow
(`ReplaceUID` in backend/src/common/util/workflow.go). Argo replaces the others, also in the IR that the
Workflow contains, since that is a parameter of its templates. A tag without a value stays as it is.
https://argo-workflows.readthedocs.io/en/latest/variables/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any

import msgspec

from ...bounds import TextRoom

_TAG = re.compile(r"\{\{([^{}]{1,400})\}\}")
_LABEL, _ANNOTATION, _CREATED = "workflow.labels.", "workflow.annotations.", "workflow.creationTimestamp."
_FORMATS = frozenset("aAbBcdfHIjmMpSwxXyYzZ")  # letters of strftime that Argo knows
RETRIES = "retries"  # the only tag that differs between the attempts of a task


class WorkflowTags(msgspec.Struct, frozen=True, kw_only=True):
    """What the tags of one run stand for; labels and annotations are those of its Workflow."""

    run_id: str
    name: str
    namespace: str
    service_account: str
    created_at: float
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    labels_text: str = "{}"  # as JSON
    annotations_text: str = "{}"

    def replace(self, value: Any) -> Any:
        """Return `value`, a document, with all tags replaced that have a value; raises TextTooLongError."""
        return self._replace(value, TextRoom())

    def _replace(self, value: Any, room: TextRoom) -> Any:
        if isinstance(value, str):
            return _TAG.sub(partial(self._replace_one, room), value) if "{{" in value else value
        if isinstance(value, list):
            return [self._replace(each, room) for each in value]
        if isinstance(value, Mapping):
            return {self._replace(key, room): self._replace(each, room) for key, each in value.items()}
        return value

    def find(self, tag: str) -> str | None:
        """Return what `tag` stands for; None when it has no value."""
        if tag.startswith(_LABEL):
            return self.labels.get(tag.removeprefix(_LABEL))
        if tag.startswith(_ANNOTATION):
            return self.annotations.get(tag.removeprefix(_ANNOTATION))
        if tag.startswith(_CREATED):
            return self._format_time(tag.removeprefix(_CREATED))
        return {
            "workflow.uid": self.run_id,
            "workflow.name": self.name,
            "workflow.namespace": self.namespace,
            "workflow.serviceAccountName": self.service_account,
            "workflow.creationTimestamp": self._format_time("RFC3339"),
            "workflow.labels": self.labels_text,
            "workflow.labels.json": self.labels_text,
            "workflow.annotations": self.annotations_text,
            "workflow.annotations.json": self.annotations_text,
            "workflow.mainEntrypoint": "entrypoint",
            "workflow.status": "Running",
        }.get(tag)

    def _replace_one(self, room: TextRoom, match: re.Match[str]) -> str:
        value = self.find(match[1].strip())
        if value is None:
            return match[0]
        room.take(len(value))
        return value

    def _format_time(self, form: str) -> str | None:
        moment = datetime.fromtimestamp(int(self.created_at), timezone.utc)
        if form == "RFC3339":
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        if form == "s":
            return str(int(self.created_at))
        return moment.strftime(f"%{form}") if form in _FORMATS else None


def make_workflow_tags(
    metadata: Mapping[str, Any],
    *,
    run_id: str = "",
    run_name: str = "",
    name: str = "",
    namespace: str = "",
    service_account: str = "",
    created_at: float = 0,
) -> WorkflowTags:
    """Return the tags of a run whose Workflow was sent with `metadata`, which IR does not have.

    KFP adds a label and an annotation (`RunWorkflow` in backend/src/apiserver/template).
    """
    labels = {**_as_texts(metadata.get("labels")), "pipeline/runid": run_id}
    annotations = _as_texts(metadata.get("annotations"))
    annotations["pipelines.kubeflow.org/run_name"] = run_name
    return WorkflowTags(
        run_id=run_id,
        name=name,
        namespace=namespace,
        service_account=service_account,
        created_at=created_at,
        labels=labels,
        annotations=annotations,
        labels_text=_write_json(labels),
        annotations_text=_write_json(annotations),
    )


def replace_retries(text: str, attempt: int) -> str:
    """Return `text` with `{{retries}}` replaced: 0 in the first attempt."""
    return re.sub(r"\{\{\s*retries\s*\}\}", str(attempt - 1), text) if RETRIES in text else text


def _as_texts(values: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}


def _write_json(values: Mapping[str, str]) -> str:
    return msgspec.json.encode(values, order="sorted").decode()
