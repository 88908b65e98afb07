"""Read pipelines from files below the Jupyter root through Jupyter's contents manager and authorizer."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import msgspec
from jupyter_core.utils import ensure_async
from tornado import web

from ..errors import kfp_error
from ..models import Source, SourceKind
from .base import KfpHandler

_ARCHIVES = (".zip", ".tar.gz", ".tgz")


async def read_file_source(handler: KfpHandler, source: Source) -> Source:
    """Return `source`, with a file replaced by its text, or by its bytes if it is an archive.

    Raises `not-found`, `too-large` and `not-a-pipeline`, and 403 if the user may not read files.
    """
    limit = handler.parts.upload_limit
    _check_size(len(source.data), limit)
    if source.kind is not SourceKind.FILE:
        return source
    user = handler.current_user
    if not await ensure_async(handler.authorizer.is_authorized(handler, user, "read", "contents")):
        raise web.HTTPError(403, "You may not read files on this Jupyter server.")
    model = await _read_model(handler, source.path)
    if model["type"] == "directory":
        raise kfp_error("bad-input", field="source.path", problem="is a folder")
    _check_size(model.get("size") or 0, limit)
    if source.path.lower().endswith(_ARCHIVES):
        packed = await _read_model(handler, source.path, form="base64")
        return msgspec.structs.replace(source, kind=SourceKind.DATA, data=b64decode(packed["content"]))
    text = (await _read_model(handler, source.path, form="text"))["content"]
    return msgspec.structs.replace(source, kind=SourceKind.TEXT, text=text)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        mebibyte = 1 << 20
        words = {"size": f"{size / mebibyte:.1f} MiB", "limit": f"{limit // mebibyte} MiB"}
        raise kfp_error("too-large", thing="The file", **words)


async def _read_model(handler: KfpHandler, path: str, *, form: str = "") -> dict[str, Any]:
    """Return the contents manager's model of a file, with its content if that has a form."""
    get: Callable[..., Any] = handler.contents_manager.get
    try:
        options = {"type": "file", "format": form} if form else {}
        model: dict[str, Any] = await ensure_async(get(path, content=bool(form), **options))
    except web.HTTPError as error:
        if error.status_code == 404:
            folder = "the files of this Jupyter server"
            raise kfp_error("not-found/file", thing="file", ref=path, folder=folder) from error
        if error.status_code == 400 and form:
            raise kfp_error("not-a-pipeline", n=1, reason="the file is not text") from error
        raise
    return model
