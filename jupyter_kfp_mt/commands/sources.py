"""SOURCE words → what the service runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import kfp_error
from ..models import Pipeline, Source, SourceKind
from .session import Session

if TYPE_CHECKING:
    from ..service import KfpService

_REGISTERED = "pipeline:"


def read_source(session: Session, word: str) -> Source | str | Path | Callable[..., Any]:
    """What SOURCE means: a notebook value, a registered pipeline, a function's name, or a path."""
    value = getattr(word, "value", None)
    if callable(value) or isinstance(value, (Path, Source)):
        return value
    if word.startswith(_REGISTERED):
        return _registered(session.service(start=True), word.removeprefix(_REGISTERED))
    named = session.variables.get(word)
    if callable(named) and not Path(word).exists():
        return named
    return str(word)


def _registered(service: KfpService, reference: str) -> Source:
    name, _, version = reference.partition("@")
    pipeline = find_pipeline(service, name)
    if not version:
        return Source(kind=SourceKind.PIPELINE, pipeline_id=pipeline.pipeline_id)
    for found in service.list_versions(pipeline.pipeline_id):
        if version in {found.display_name, found.name, found.pipeline_version_id}:
            return Source(
                kind=SourceKind.PIPELINE,
                pipeline_id=pipeline.pipeline_id,
                pipeline_version_id=found.pipeline_version_id,
            )
    raise kfp_error("not-found", thing="version", ref=version, ns=name, list=f"versions {name}")


def find_pipeline(service: KfpService, name: str) -> Pipeline:
    """The private pipeline `name`, else the shared one; also by id."""
    for shared in (False, True):
        for pipeline in service.list_pipelines(shared=shared):
            if name in {pipeline.display_name, pipeline.name, pipeline.pipeline_id}:
                return pipeline
    raise kfp_error("not-found", thing="pipeline", ref=name, ns=service.namespace, list="pipelines")
