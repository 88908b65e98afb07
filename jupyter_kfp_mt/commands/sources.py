"""Resolve SOURCE words to what the service runs."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..errors import kfp_error
from ..files import display_path
from ..models import Source, SourceKind
from ..notebooks.gathered import to_file_source
from ..pipeline_spec import from_wire_any
from .grammar import did_you_mean
from .session import Session

REGISTERED, _EXAMPLE = "pipeline:", "example:"


def read_source(session: Session, word: str) -> Source:
    """Return what SOURCE means: a notebook value, a registered pipeline, a function's name, or a path."""
    value = getattr(word, "value", None)
    if isinstance(value, Source):
        return value
    word = value if isinstance(value, str) else word
    if word.startswith((REGISTERED, _EXAMPLE)):
        return session.service(start=True).find_source(str(word))
    named = session.variables.get(word)
    function = value if callable(value) else named if not Path(word).exists() else None
    if callable(function):
        from ..service.submit.sources import to_source  # imports more than a file needs

        return to_source(function)
    if session.variables and word.isidentifier() and not Path(word).exists():
        names = [name for name, known in session.variables.items() if callable(known) and name[0] != "_"]
        hint = did_you_mean(word, names)
        raise kfp_error("not-found/source", ref=word, folder=display_path(Path.cwd()), hint=hint)
    if word.startswith("https://"):
        return Source(kind=SourceKind.ADDRESS, path=word)
    path = str(value if isinstance(value, Path) else word)
    return _compile(session, path) if ".py" in path else to_file_source(path)


def _compile(session: Session, word: str) -> Source:
    """Return the pipeline of a Python file, after saying so: the SDK takes seconds to compile it."""
    name = Path(word.partition(":")[0]).name
    if not name.endswith(".py"):
        return to_file_source(word)
    from ..service.submit.sources import read_path

    session.front.say(f"Compiling {name}…")
    return Source(kind=SourceKind.TEXT, text=read_path(word).package.to_yaml(), path=name)


def read_spec(session: Session, word: str) -> str:
    """Return the compiled pipeline of a run, or of `pipeline:NAME[@VERSION]`, as YAML."""
    service = session.service()
    value = getattr(word, "value", None)
    word = value if isinstance(value, str) else word
    if not word.startswith(REGISTERED):
        return service.view_run(session.find_run(word).run_id).spec
    source = service.find_source(str(word))
    version_id = source.pipeline_version_id
    if not version_id:
        newest = service.list_versions(source.pipeline_id, limit=1)
        if not newest:
            raise kfp_error("not-found", thing="version", ref=word, ns=service.namespace, list="pipelines")
        version_id = newest[0].pipeline_version_id
    version = service.get_version(source.pipeline_id, version_id)
    return from_wire_any(msgspec.json.decode(version.pipeline_spec), name=version.display_name).to_yaml()
