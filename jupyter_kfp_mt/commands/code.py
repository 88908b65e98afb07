"""Write a submit as code: a line of `%kfp`, Python for a notebook, `curl` for a terminal."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import KfpError
from ..models import CachePolicy, Source, SourceKind, SubmitRequest

if TYPE_CHECKING:
    from ..context import Context
    from ..service import KfpService

_HEREDOC = "KFP_BODY"
_SHORT = 60  # characters of values that fit into one line
_BESIDE = (SourceKind.FILE, SourceKind.NOTEBOOK)  # sources with a path below the Jupyter root


def place_source(source: Source, folder: str) -> Source:
    """Return `source` with its path as a notebook in `folder`, below the Jupyter root, names the file."""
    if source.kind not in (*_BESIDE, SourceKind.CELL) or not source.path:
        return source
    return msgspec.structs.replace(source, path=posixpath.relpath(source.path, folder or "."))


def write_line(service: KfpService, request: SubmitRequest, *, clone_of: str = "") -> str:
    """Return the cell that submits `request` with `%kfp`; empty for a source that has no word.

    A value of several lines has no place in a line, so it becomes a variable in front.
    """
    word = clone_of or _name_source(service, request.source)
    if not word:
        return ""
    words = ["%kfp", "clone" if clone_of else "submit", shlex.quote(word)]
    before = []
    for name, value in request.parameters.items():
        text = _write_value(value)
        if len(text.splitlines()) > 1:
            before.append(f"{name} = {value!r}")
            words.append(f"{name}=${name}")
        else:
            words.append(shlex.quote(f"{name}={text}"))
    experiment = "" if request.experiment in ("", "Default") and not clone_of else request.experiment
    cache = "" if request.cache is CachePolicy.COMPILED else request.cache.value
    for option, text in (
        ("--experiment", experiment),
        ("--name", request.display_name),
        ("--cache", cache),
        ("--description", " ".join(request.description.split())),
        ("--root", request.pipeline_root),
        ("--service-account", request.service_account),
        ("--files", ",".join(request.source.files)),
        ("--packages", ",".join(request.source.packages)),
        ("--image", request.source.image),
    ):
        if text:
            words.append(f"{option} {shlex.quote(text)}")
    return "\n".join([*before, " ".join(words)])


def write_python(service: KfpService, request: SubmitRequest, spec: Mapping[str, Any] | None = None) -> str:
    """Return Python that submits `request`; `spec` stands for a source that only its bytes describe."""
    source = request.source
    if source.kind is SourceKind.DATA and spec is not None:
        source = Source(kind=SourceKind.TEXT, text=msgspec.json.encode(spec).decode())
    imports = ["from jupyter_kfp_mt import connect"]
    written = _write_source(service, source)
    if written.startswith("Source("):
        imports.append("from jupyter_kfp_mt.models import Source, SourceKind")
    options = {
        "experiment": request.experiment,
        "name": request.display_name,
        "description": request.description,
        "cache": "" if request.cache is CachePolicy.COMPILED else request.cache.value,
        "pipeline_root": request.pipeline_root,
        "service_account": request.service_account,
        **_list_luggage(source),
    }
    arguments = [written]
    if request.parameters:
        arguments.append(_write_dict(request.parameters))
    arguments += [f"{name}={value!r}" for name, value in options.items() if value]
    place = f"namespace={service.namespace!r}" if service.namespace else ""
    call = f"run = connect({place}).submit(\n" + "".join(f"    {each},\n" for each in arguments) + ")"
    return "\n".join([*imports, "", call, "run"])


def write_curl(body: str, context: Context) -> str:
    """Return the shell command that sends `body`; it names the credential and does not hold it."""
    header = getattr(context.credential, "header", "") if context.credential.sent else ""
    proof = {"Authorization": "Authorization: Bearer $KFP_TOKEN", "Cookie": "Cookie: $KFP_COOKIE"}.get(header)
    options = ["-H 'Content-Type: application/json'", *([f'-H "{proof}"'] if proof else []), "--data @-"]
    address = shlex.quote(f"{context.endpoint}/apis/v2beta1/runs")
    return f"curl -X POST {address} \\\n  " + " \\\n  ".join(options) + f" <<'{_HEREDOC}'\n{body}\n{_HEREDOC}"


def _name_source(service: KfpService, source: Source) -> str:
    """Return SOURCE of `%kfp submit`; empty if there is none."""
    if source.kind is SourceKind.PIPELINE:
        return _name_version(service, source)
    if source.kind is SourceKind.EXAMPLE:
        return f"example:{source.path or 'hello'}"
    if source.kind in (*_BESIDE, SourceKind.ADDRESS):
        return f"{source.path}:{source.function}" if source.function else source.path
    return ""


def _name_version(service: KfpService, source: Source) -> str:
    """Return `pipeline:NAME@VERSION`, with the ids where the names mean something else."""
    exact = f"{source.pipeline_id}@{source.pipeline_version_id}".rstrip("@")
    try:
        version = service.get_version(source.pipeline_id, source.pipeline_version_id)
        pipeline = service.find_pipeline(source.pipeline_id)
        named = f"{pipeline.display_name}@{version.display_name}"
        found = service.find_source(f"pipeline:{named}")
    except KfpError:
        return f"pipeline:{exact}"
    same = (found.pipeline_id, found.pipeline_version_id) == (source.pipeline_id, version.pipeline_version_id)
    return f"pipeline:{named}" if same else f"pipeline:{exact}"


def _write_source(service: KfpService, source: Source) -> str:
    """Return the first argument of `submit` in Python."""
    if source.kind in (SourceKind.PIPELINE, SourceKind.EXAMPLE, SourceKind.ADDRESS):
        return repr(_name_source(service, source))
    if source.kind in _BESIDE:
        return repr(f"{source.path}:{source.function}" if source.function else source.path)
    given = {name: getattr(source, name) for name in source.__struct_fields__ if name != "kind"}
    written = [f"{name}={value!r}" for name, value in given.items() if value]
    return f"Source({', '.join([f'kind=SourceKind.{source.kind.name}', *written])})"


def _list_luggage(source: Source) -> dict[str, Any]:
    """Return the options of `submit` for a notebook."""
    if source.kind is not SourceKind.NOTEBOOK:
        return {}
    return {"files": source.files, "packages": source.packages, "image": source.image}


def _write_dict(values: Mapping[str, Any]) -> str:
    items = [f"{name!r}: {value!r}" for name, value in values.items()]
    if sum(map(len, items)) < _SHORT:
        return "{" + ", ".join(items) + "}"
    return "{\n" + "".join(f"        {item},\n" for item in items) + "    }"


def _write_value(value: object) -> str:
    """Return a value as `%kfp` reads it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
