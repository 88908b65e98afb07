"""Pipeline packages that are sent as multipart uploads or named by URL, for both API versions.

Sources: KFP's `backend/src/apiserver/server/pipeline_upload_server.go` and `pipeline_server.go`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ...core.packages import Template, unpack
from ...core.pipelines import PipelineNames
from ...core.resource_manager import ResourceManager
from ...errors import (
    DENIED,
    EXISTS,
    HTTP_STATUS,
    NOT_FOUND,
    UNAUTHENTICATED,
    UNAVAILABLE,
    ApiError,
    invalid_input,
)
from ...store import PipelineRow, VersionRow
from .authorization import Guard
from .calls import JSON, TEXT, ApiResponse, Call, Target
from .protojson import Message, parse, read_map, read_text
from .rendering import Json
from .routing import ApiRoute, Handler
from .targets import find_pipeline_by_id

_CREATE = "Failed to create a pipeline"
_CREATED = "Failed to create a pipeline and a pipeline version"
_CREATE_VERSION = "Failed to create a pipeline version"
_BAD_TAGS = "Failed to parse tags query parameter. Expected JSON object with string keys and values"
_NO_FILE = "Failed to read pipeline from file"
_UNREADABLE = "Failed to read a pipeline spec file"
_TAGS = Message("google.protobuf.Struct", {"tags": read_map(read_text)})
_QUERY = dict.fromkeys(
    ("name", "display_name", "description", "namespace", "tags", "code_source_url"), "text"
)


class Renderer(msgspec.Struct, frozen=True):
    """How an API version shows what was registered."""

    render_pipeline: Callable[[PipelineRow, VersionRow | None], Json]
    render_version: Callable[[VersionRow], Json]


def routes(api_version: str, renderer: Renderer) -> list[ApiRoute]:
    """List the upload routes of an API version."""
    base = f"/apis/{api_version}/pipelines"
    return [
        ApiRoute(
            "*",
            f"{base}/upload",
            Guard("pipelines", "create", _locate_upload, is_upload=True),
            _upload_pipeline(renderer),
            query=_QUERY,
            parse=_parse_upload,
            render_error=_render_upload_error(_CREATE, _CREATED),
            slow=True,
        ),
        ApiRoute(
            "*",
            f"{base}/upload_version",
            Guard("pipelines", "create", _find_pipeline_of_upload, is_upload=True),
            _upload_version(renderer),
            query={**_QUERY, "pipelineid": "text"},
            parse=_parse_version_upload,
            render_error=_render_upload_error(_CREATE_VERSION, _CREATE_VERSION),
            slow=True,
        ),
    ]


class _Upload(msgspec.Struct, frozen=True):
    """An upload as it is read before authorization."""

    names: PipelineNames
    text: bytes


def _parse_upload(manager: ResourceManager, call: Call) -> _Upload:
    """Read the file of a new pipeline and check its names."""
    file_name, text = _unpack_file(call)
    names = _names_in_query(call, file_name)
    manager.pipelines.check(call.text("namespace"), names)
    return _Upload(names, text)


def _parse_version_upload(manager: ResourceManager, call: Call) -> _Upload:
    """Read the file of a new version and check its names."""
    file_name, text = _unpack_file(call)
    names = _names_in_query(call, file_name)
    manager.pipelines.check_version(names)
    return _Upload(names, text)


def _unpack_file(call: Call) -> tuple[str, bytes]:
    if call.file is None:
        raise invalid_input(_NO_FILE)
    return call.file[0], unpack(*call.file)


def _names_in_query(call: Call, file_name: str) -> PipelineNames:
    tags: Mapping[str, str] = {}
    if call.text("tags"):
        try:
            tags = parse(_TAGS, f'{{"tags": {call.text("tags")}}}').get("tags", {})
        except ApiError:
            raise invalid_input(_BAD_TAGS) from None
    return parse_names({**call.arguments, "tags": tags}, file_name)


def parse_names(message: Mapping[str, Any], otherwise: str = "") -> PipelineNames:
    """Return the names in a message or query; `otherwise` stands in for a name that was not sent."""
    return PipelineNames(
        name=message.get("name", ""),
        display_name=message.get("display_name", ""),
        description=message.get("description", ""),
        tags=message.get("tags", {}),
    ).fill(otherwise)


def _locate_upload(manager: ResourceManager, call: Call) -> Target:
    """Find where a pipeline goes; without namespace it is shared."""
    namespace = call.text("namespace") if manager.tenancy.multi_user else ""
    return Target(namespace, call.parsed.names.name)


def _find_pipeline_of_upload(manager: ResourceManager, call: Call) -> Target:
    if not call.text("pipelineid"):
        raise invalid_input(_CREATE_VERSION)
    return find_pipeline_by_id(manager, call.text("pipelineid"))


def _upload_pipeline(renderer: Renderer) -> Handler:
    """Make the handler that registers an uploaded pipeline with its first version."""

    def handle(manager: ResourceManager, call: Call) -> Json:
        row, version = manager.pipelines.create(
            call.namespace,
            call.parsed.names,
            manager.templates.read(call.parsed.text),
            code_source_url=call.text("code_source_url"),
            creator=call.identity,
        )
        return renderer.render_pipeline(row, version)

    return handle


def _upload_version(renderer: Renderer) -> Handler:
    """Make the handler that registers an uploaded version."""

    def handle(manager: ResourceManager, call: Call) -> Json:
        version = manager.pipelines.create_version(
            call.row,
            call.parsed.names,
            manager.templates.read(call.parsed.text),
            code_source_url=call.text("code_source_url"),
        )
        return renderer.render_version(version)

    return handle


def _render_upload_error(generic: str, generic_store: str) -> Callable[[ApiError], ApiResponse]:
    """Make the renderer of upload errors.

    KFP reports missing rights as 400 here, and sends some bodies as JSON of the type text/plain.
    """

    def render(error: ApiError) -> ApiResponse:
        if "length cannot exceed" in error.text:
            return ApiResponse(400, f"{error.message}\n".encode(), TEXT)
        text, status, content_type = error.text, 400, JSON
        if error.code in (DENIED, UNAUTHENTICATED, NOT_FOUND):
            text, content_type = generic, TEXT
        elif error.code == EXISTS:
            text, status = generic_store, 409
        elif error.code == UNAVAILABLE:
            status = HTTP_STATUS[UNAVAILABLE]
        elif error.text in (_NO_FILE, _UNREADABLE, _BAD_TAGS, _CREATE_VERSION):
            content_type = TEXT
        body = {"error_message": text, "error_details": error.message}
        return ApiResponse(status, msgspec.json.encode(body), content_type)

    return render


# by URL


def fetch_template(manager: ResourceManager, url: str) -> Template:
    """Download and read the pipeline behind a URL."""
    return manager.templates.read(unpack(file_name_in(url), manager.fetch(url)))


def file_name_in(url: str) -> str:
    """Return the file name in a URL; it names a pipeline that has no other name."""
    try:
        return posixpath.basename(urlsplit(url).path) if "://" in url else ""
    except ValueError:  # brackets without an address; fetching it raises the error
        return ""
