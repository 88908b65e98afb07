"""Turn what to run (a file, an address, a registered version, our example, …) into a compiled pipeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ...client import pipelines as requests
from ...errors import kfp_error
from ...models import PipelineVersion, PipelineVersionReference, Source, SourceFunction, SourceKind
from ...notebooks.gathered import to_file_source
from ...pipeline_spec import Package, from_wire_any, parse_any, parse_any_file
from ...pipeline_spec.reading import MAX_BYTES
from ..backend import UUID, Backend
from .address import PREFIX, read_address
from .compile import compile_file, compile_function
from .notebooks import Compiled, compile_source

EXAMPLES = ("hello", "digits")  # in the package
_EXAMPLE = "example:"

AnySource = Source | str | Path | Callable[..., Any]


class Resolved(NamedTuple):
    """A compiled pipeline, and its registered version if it has one."""

    package: Package
    reference: PipelineVersionReference | None = None
    greets: bool = False  # our first example, which greets whoever runs it
    compiled: Compiled | None = None  # of a notebook or a cell
    functions: Sequence[SourceFunction] = ()  # of a Python file
    function: str = ""  # the chosen one

    @property
    def title(self) -> str:
        """The name that people know it by."""
        return self.compiled.title if self.compiled is not None else self.package.name


def to_source(source: AnySource) -> Source:
    """Return `source` as a value: a path as a file, a function as the text it compiles to."""
    if isinstance(source, Source):
        return source
    if isinstance(source, str) and source.startswith(PREFIX):
        return Source(kind=SourceKind.ADDRESS, path=source)
    if isinstance(source, str) and source.startswith(_EXAMPLE):
        return Source(kind=SourceKind.EXAMPLE, path=source.removeprefix(_EXAMPLE))
    if isinstance(source, (str, Path)):
        return to_file_source(str(source))
    package = compile_function(source)
    return Source(kind=SourceKind.TEXT, text=package.to_yaml(), path=package.name)


def resolve(backend: Backend, source: Source, *, choose: bool = False) -> Resolved:
    """Return the pipeline of `source`; raises why it cannot be used.

    With `choose`, the first of several pipelines in a Python file is taken, which is an error otherwise.
    """
    if source.kind == SourceKind.PIPELINE:
        version = get_version(backend, source.pipeline_id, source.pipeline_version_id)
        return Resolved(read_package(version), _to_reference(version))
    if source.kind == SourceKind.EXAMPLE:
        name = source.path or EXAMPLES[0]
        return Resolved(_read_example(name), greets=name == EXAMPLES[0])
    if source.kind == SourceKind.TEXT:
        return Resolved(parse_any(source.text, name=Path(source.path).name or "The text"))
    if source.kind == SourceKind.DATA:
        return Resolved(parse_any_file(source.data, name=Path(source.path).name or "The file"))
    if source.kind == SourceKind.ADDRESS:
        return Resolved(read_address(source.path))
    if source.kind in (SourceKind.NOTEBOOK, SourceKind.CELL):
        compiled = compile_source(backend, source)
        return Resolved(compiled.package, compiled=compiled)
    return read_path(source.path, source.function, choose=choose)


def _read_example(name: str) -> Package:
    if name not in EXAMPLES:
        there = f"There are {' and '.join(_EXAMPLE + each for each in EXAMPLES)}."
        problem = f"there is no example “{name[:80]}”"
        raise kfp_error("bad-input", field="source", problem=problem, why=there)
    text = resources.files("jupyter_kfp_mt").joinpath(f"example/{name}.yaml").read_bytes()
    return parse_any(text, name=f"{name}.yaml")


def propose_run_name(backend: Backend, pipeline_name: str) -> str:
    """Return the name of a run without one: the pipeline's, shortened if needed, with the time."""
    moment = backend.clock.now().astimezone().strftime("%Y-%m-%d %H-%M-%S")
    return f"{' '.join(pipeline_name.split())[:200]} {moment}"


def take_run_name(backend: Backend, pipeline_name: str) -> str:
    """Return such a name, numbered if an earlier run of this process got it in the same second."""
    name = propose_run_name(backend, pipeline_name)
    names = backend.caches.names
    number = names.put(name, (names.get(name) or 0) + 1)
    return name if number == 1 else f"{name}-{number}"


def read_path(word: str, function: str = "", *, choose: bool = False) -> Resolved:
    """Read `file.yaml`, `.json`, `.zip`, `.tar.gz`, `.py` or `file.py:function` from this machine's disk."""
    name, _, named = word.rpartition(":") if ".py:" in word else (word, "", "")
    path = Path(name).expanduser()
    try:
        size = path.stat().st_size
        if path.suffix == ".py" and path.is_file():
            made = compile_file(path, function or named, choose=choose)
            return Resolved(made.package, functions=made.functions, function=made.function)
        text = path.read_bytes() if size <= MAX_BYTES else b""
    except FileNotFoundError:
        folder = path.absolute().parent
        raise kfp_error("not-found/file", thing="file", ref=path.name, folder=folder) from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "it has a NUL in it"
        raise kfp_error("bad-input", field="source", problem=f"“{name}” cannot be read: {reason}") from None
    if size > MAX_BYTES:
        raise kfp_error(
            "too-large", thing="The file", size=f"It has {size / 2**20:.1f} MiB", limit="32.0 MiB"
        )
    return Resolved(parse_any_file(text, name=path.name))


def get_version(backend: Backend, pipeline_id: str, version_id: str) -> PipelineVersion:
    """Return a registered version, by default the newest; raises `not-found`."""
    for thing, given in (("pipeline", pipeline_id), ("pipeline version", version_id)):
        if given and not UUID.fullmatch(given):
            raise backend.not_found_error(thing, given, PipelineVersion)
    if version_id:
        kept = backend.caches.versions.get(version_id)
        return kept or backend.caches.versions.put(
            version_id, backend.api.call(requests.get_version(pipeline_id or version_id, version_id))
        )
    page = backend.api.call(requests.list_versions(pipeline_id, sort_by="created_at desc", page_size=1))
    if not page.pipeline_versions:
        raise backend.not_found_error("pipeline version", pipeline_id, PipelineVersion)
    return page.pipeline_versions[0]


def read_package(version: PipelineVersion) -> Package:
    """Return the compiled pipeline of a registered version."""
    return from_wire_any(
        msgspec.json.decode(version.pipeline_spec), name=version.display_name or version.name
    )


def _to_reference(version: PipelineVersion) -> PipelineVersionReference:
    return PipelineVersionReference(
        pipeline_id=version.pipeline_id, pipeline_version_id=version.pipeline_version_id
    )
