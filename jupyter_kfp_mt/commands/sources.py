"""SOURCE words → what the service runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import kfp_error
from ..models import Source, SourceKind
from .session import Session

if TYPE_CHECKING:
    from ..service import KfpService

_REGISTERED = "pipeline:"
_VERSIONS = 1000  # of one pipeline that are looked through for a name


def read_source(session: Session, word: str) -> Source:
    """Return what SOURCE means: a notebook value, a registered pipeline, a function's name, or a path."""
    value = getattr(word, "value", None)
    if isinstance(value, Source):
        return value
    if word.startswith(_REGISTERED):
        return registered(session.service(start=True), word.removeprefix(_REGISTERED))
    named = session.variables.get(word)
    function = value if callable(value) else named if not Path(word).exists() else None
    if callable(function):
        from ..service.submit.sources import to_source  # not read for a word that names a file

        return to_source(function)
    return Source(kind=SourceKind.FILE, path=str(value if isinstance(value, Path) else word))


def registered(service: KfpService, reference: str) -> Source:
    """What NAME[@VERSION] of a registered pipeline means; raises `not-found`."""
    name, _, version = reference.partition("@")
    pipeline = service.find_pipeline(name)
    if not version:
        return Source(kind=SourceKind.PIPELINE, pipeline_id=pipeline.pipeline_id)
    for found in service.list_versions(pipeline.pipeline_id, limit=_VERSIONS):
        if version in {found.display_name, found.name, found.pipeline_version_id}:
            return Source(
                kind=SourceKind.PIPELINE,
                pipeline_id=pipeline.pipeline_id,
                pipeline_version_id=found.pipeline_version_id,
            )
    raise kfp_error("not-found", thing="version", ref=version, ns=name, list=f"versions {name}")
