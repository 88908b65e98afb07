"""Read files below the Jupyter root through Jupyter's contents manager and authorizer."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from jupyter_core.utils import ensure_async
from jupyter_server.utils import ApiPath, to_os_path
from tornado import web

from ..errors import kfp_error
from ..models import Source, SourceKind
from ..notebooks.gathered import Gathered, check_files, locate_files
from .base import KfpHandler

_ARCHIVES = (".zip", ".tar.gz", ".tgz")


async def read_file_source(handler: KfpHandler, source: Source) -> Source:
    """Return `source`, with a file replaced by its text, or by its bytes if it is an archive.

    A notebook or a cell has its files with it. Raises `not-found`, `too-large` and `not-a-pipeline`, and 403
    if the user may not read files, or, for a Python file, which is run, may not execute.
    """
    limit = handler.parts.upload_limit
    _check_size(len(source.data), limit)
    if source.kind is SourceKind.CELL and not source.path:
        if source.files:
            problem = "they are looked for beside a notebook, and the cell is of none"
            raise kfp_error("bad-input", field="files", problem=problem)
        return _gather(source)
    if source.kind not in (SourceKind.FILE, SourceKind.NOTEBOOK, SourceKind.CELL):
        return source
    user = handler.current_user
    if not await ensure_async(handler.authorizer.is_authorized(handler, user, "read", "contents")):
        raise web.HTTPError(403, "You may not read files on this Jupyter server.")
    model = await _read_model(handler, source.path)
    if model["type"] == "directory":
        raise kfp_error("bad-input", field="source.path", problem="is a folder")
    _check_size(model.get("size") or 0, limit)
    if source.kind is not SourceKind.FILE:
        return await _gather_notebook(handler, source)
    if source.path.endswith(".py"):
        return await _locate_python(handler, source)
    if source.path.lower().endswith(_ARCHIVES):
        packed = await _read_model(handler, source.path, form="base64")
        return msgspec.structs.replace(source, kind=SourceKind.DATA, data=b64decode(packed["content"]))
    text = (await _read_model(handler, source.path, form="text"))["content"]
    return msgspec.structs.replace(source, kind=SourceKind.TEXT, text=text)


async def _locate_python(handler: KfpHandler, source: Source) -> Source:
    """Return the source with the file's path on this machine: it is run in its folder, beside its modules."""
    if not await handler.is_allowed("execute"):
        raise web.HTTPError(403, "You may not run code on this Jupyter server.")
    root = str(getattr(handler.contents_manager, "root_dir", ""))
    place = Path(to_os_path(ApiPath(source.path.strip("/")), root))
    if not place.is_absolute() or not place.is_file():
        problem = "is not on this server's disk, where a Python file is compiled"
        raise kfp_error("bad-input", field="source.path", problem=problem)
    return msgspec.structs.replace(source, path=str(place))


async def _gather_notebook(handler: KfpHandler, source: Source) -> Gathered:
    """Return a notebook or a cell with the files that go along, and the names of those beside it."""
    path = PurePosixPath(source.path.strip("/"))
    folder = "" if str(path.parent) == "." else str(path.parent)
    places = locate_files(folder, source.files)
    models = {place: await _read_model(handler, place) for place in places}
    for place, model in models.items():
        if model["type"] == "directory":
            raise kfp_error("bad-input", field="files", problem=f"“{place}” is a folder")
    check_files({place: model.get("size") or 0 for place, model in models.items()})
    beside = await _read_model(handler, folder, form="json", kind="directory")
    return _gather(
        source,
        notebook=await _read_bytes(handler, source.path),
        folder=tuple(PurePosixPath(folder).parts),
        contents={place: await _read_bytes(handler, place) for place in models},
        beside=frozenset(each["name"] for each in beside["content"] or []),
    )


def _gather(source: Source, **more: Any) -> Gathered:
    return Gathered(**{name: getattr(source, name) for name in Source.__struct_fields__}, **more)


async def _read_bytes(handler: KfpHandler, path: str) -> bytes:
    return b64decode((await _read_model(handler, path, form="base64"))["content"])


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        mebibyte = 1 << 20
        words = {"size": f"{size / mebibyte:.1f} MiB", "limit": f"{limit // mebibyte} MiB"}
        raise kfp_error("too-large", thing="The file", **words)


async def _read_model(
    handler: KfpHandler, path: str, *, form: str = "", kind: str = "file"
) -> dict[str, Any]:
    """Return the contents manager's model of a file, with its content if that has a form."""
    get: Callable[..., Any] = handler.contents_manager.get
    try:
        options = {"type": kind, "format": form} if form else {}
        model: dict[str, Any] = await ensure_async(get(path, content=bool(form), **options))
    except web.HTTPError as error:
        if error.status_code == 404:
            folder = "the files of this Jupyter server"
            raise kfp_error("not-found/file", thing="file", ref=path, folder=folder) from error
        if error.status_code == 400 and form:
            raise kfp_error("not-a-pipeline", n=1, reason="the file is not text") from error
        raise
    return model
