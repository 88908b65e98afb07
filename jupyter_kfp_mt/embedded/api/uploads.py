"""Packages that come in: multipart uploads and URLs, for both API versions."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ..core.packages import Template, read_template, unpack
from ..core.pipelines import PipelineNames
from ..core.resource_manager import ResourceManager
from ..errors import DENIED, EXISTS, NOT_FOUND, UNAUTHENTICATED, ApiError, invalid, saying
from ..store import PipelineRow, VersionRow
from . import messages
from .answers import place
from .guards import pipeline_target
from .http import JSON, TEXT, ApiResponse, Call, Guard, Route, Target
from .protojson import Message, parse
from .v2 import pipelines as v2_pipelines

Json = dict[str, Any]
_CREATE = "Failed to create a pipeline"
_CREATED = "Failed to create a pipeline and a pipeline version"
_CREATE_VERSION = "Failed to create a pipeline version"
_BAD_TAGS = "Failed to parse tags query parameter. Expected JSON object with string keys and values"
_NO_FILE = "Failed to read pipeline from file"
_UNREADABLE = "Failed to read a pipeline spec file"
_TAGS = Message("google.protobuf.Struct", {"tags": messages.PIPELINE.fields["tags"]})
_QUERY = dict.fromkeys(
    ("name", "display_name", "description", "namespace", "tags", "code_source_url"), "text"
)


class Written(msgspec.Struct, frozen=True):
    """How an API version writes what was registered."""

    pipeline: Callable[[ResourceManager, PipelineRow, VersionRow | None], Json]
    version: Callable[[ResourceManager, VersionRow], Json]


V2 = Written(
    lambda _manager, row, _version: v2_pipelines.pipeline(row),
    lambda _manager, row: v2_pipelines.version(row),
)


class _Upload(msgspec.Struct, frozen=True):
    """What was read before any question of rights."""

    names: PipelineNames
    text: bytes


def read_upload(manager: ResourceManager, call: Call) -> _Upload:
    """Read the file and check the names of an upload."""
    file, text = _file(call)
    names = _names(call, file)
    manager.pipelines.check(call.text("namespace"), names)
    return _Upload(names, text)


def read_version_upload(manager: ResourceManager, call: Call) -> _Upload:
    """The same for a version."""
    file, text = _file(call)
    names = _names(call, file)
    manager.pipelines.check_version(names)
    return _Upload(names, text)


def _file(call: Call) -> tuple[str, bytes]:
    if call.file is None:
        raise invalid(_NO_FILE)
    return call.file[0], unpack(*call.file)


def _names(call: Call, file: str) -> PipelineNames:
    tags: Mapping[str, str] = {}
    if call.text("tags"):
        try:
            tags = parse(_TAGS, f'{{"tags": {call.text("tags")}}}').get("tags", {})
        except ApiError:
            raise invalid(_BAD_TAGS) from None
    return v2_pipelines.names_of({**call.given, "tags": tags}, file)


def of_upload(manager: ResourceManager, call: Call) -> Target:
    """Where an upload goes; without namespace it is shared, which takes the right to it."""
    return Target(call.text("namespace") if manager.tenancy.multi_user else "", call.asked.names.name)


def upload(written: Written) -> Callable[[ResourceManager, Call], Json]:
    """Register an uploaded pipeline with its first version."""

    def handler(manager: ResourceManager, call: Call) -> Json:
        row, version = manager.pipelines.create(
            place(call),
            call.asked.names,
            read_template(call.asked.text),
            code_source_url=call.text("code_source_url"),
        )
        return written.pipeline(manager, row, version)

    return handler


def upload_version(written: Written) -> Callable[[ResourceManager, Call], Json]:
    """Register an uploaded version."""

    def handler(manager: ResourceManager, call: Call) -> Json:
        row = manager.pipelines.create_version(
            call.row,
            call.asked.names,
            read_template(call.asked.text),
            code_source_url=call.text("code_source_url"),
        )
        return written.version(manager, row)

    return handler


def refuse(generic: str, generic_store: str) -> Callable[[ApiError], ApiResponse]:
    """Errors of uploads: rights are told as 400, and some bodies are JSON sent as text (contract §2.6)."""

    def answer(error: ApiError) -> ApiResponse:
        if "length cannot exceed" in error.text:
            return ApiResponse(400, f"{error.message}\n".encode(), TEXT)
        words, status, kind = error.text, 400, JSON
        if error.code in (DENIED, UNAUTHENTICATED, NOT_FOUND):
            words, kind = generic, TEXT
        elif error.code == EXISTS:
            words, status = generic_store, 409
        elif error.text in (_NO_FILE, _UNREADABLE, _BAD_TAGS, _CREATE_VERSION):
            kind = TEXT
        body = {"error_message": words, "error_details": error.message}
        return ApiResponse(status, msgspec.json.encode(body), kind)

    return answer


# by URL


def read_pipeline_and_version(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check the names of a pipeline that is made with its version."""
    sent = call.message.get("pipeline", {})
    names = v2_pipelines.names_of(sent, file_of(_url(call.message.get("pipeline_version", {}))))
    manager.pipelines.check(sent.get("namespace", ""), names)
    return names


def of_pipeline_and_version(manager: ResourceManager, call: Call) -> Target:
    """Where it goes."""
    namespace = call.message.get("pipeline", {}).get("namespace", "") if manager.tenancy.multi_user else ""
    return Target(namespace, call.asked.name)


def create_pipeline_and_version(manager: ResourceManager, call: Call) -> Json:
    """Register a pipeline with the version behind a URL."""
    version = call.message.get("pipeline_version", {})
    url = _url(version)
    template = template_at(manager, url)
    row, _ = manager.pipelines.create(
        place(call), call.asked, template, package_url=url, version_tags=version.get("tags", {})
    )
    return v2_pipelines.pipeline(row)


def template_at(manager: ResourceManager, url: str) -> Template:
    """The pipeline behind a URL."""
    return read_template(unpack(file_of(url), manager.fetch(url)))


def read_version(manager: ResourceManager, call: Call) -> PipelineNames:
    """Check a new version's names."""
    if "package_url" not in call.message:
        raise invalid("Failed to create a pipeline version. Package URL is nil", final=True)
    if not _url(call.message):
        raise invalid("Failed to create a pipeline version. Package URL is empty", final=True)
    if not call.message.get("pipeline_id"):
        raise invalid("Failed to create a pipeline version. Parent pipeline id is empty", final=True)
    names = v2_pipelines.names_of(call.message)
    if not names.name:
        raise invalid("name is required")
    with saying("Failed to convert API pipeline version to model pipeline version"):
        manager.pipelines.check_version(names)
    return names


def create_version(manager: ResourceManager, call: Call) -> Json:
    """Register the version behind a URL."""
    names: PipelineNames = call.asked
    template = template_at(manager, _url(call.message))
    row = manager.pipelines.create_version(
        call.row,
        names,
        template,
        package_url=_url(call.message),
        code_source_url=call.message.get("code_source_url", ""),
    )
    return v2_pipelines.version(row)


def _url(message: Mapping[str, Any]) -> str:
    return str(message.get("package_url", {}).get("pipeline_url", ""))


def file_of(url: str) -> str:
    """The file name in a URL; it names a pipeline that has no other name."""
    try:
        return posixpath.basename(urlsplit(url).path) if "://" in url else ""
    except ValueError:  # brackets that hold no address; who fetches it says so
        return ""


def by_upload_pipeline(manager: ResourceManager, call: Call) -> Target:
    """The pipeline that a version is uploaded to."""
    if not call.text("pipelineid"):
        raise invalid(_CREATE_VERSION)
    return pipeline_target(manager, call.text("pipelineid"))


def routes(version: str, written: Written) -> list[Route]:
    """The upload routes of an API version."""
    base = f"/apis/{version}/pipelines"
    return [
        Route(
            "*",
            f"{base}/upload",
            Guard("pipelines", "create", of_upload),
            upload(written),
            query=_QUERY,
            read=read_upload,
            refuse=refuse(_CREATE, _CREATED),
            slow=True,
        ),
        Route(
            "*",
            f"{base}/upload_version",
            Guard("pipelines", "create", by_upload_pipeline),
            upload_version(written),
            query={**_QUERY, "pipelineid": "text"},
            read=read_version_upload,
            refuse=refuse(_CREATE_VERSION, _CREATE_VERSION),
            slow=True,
        ),
    ]


def url_routes(access: str, version_guard: Guard) -> list[Route]:
    """The v2beta1 routes that take a URL."""
    return [
        Route(
            "POST",
            "/apis/v2beta1/pipelines/create",
            Guard("pipelines", "create", of_pipeline_and_version, access),
            create_pipeline_and_version,
            _CREATE,
            messages.PIPELINE_AND_VERSION,
            read=read_pipeline_and_version,
            slow=True,
        ),
        Route(
            "POST",
            "/apis/v2beta1/pipelines/{pipeline_id}/versions",
            version_guard,
            create_version,
            "Failed to create a pipeline version. Check error stack",
            messages.VERSION,
            read=read_version,
            slow=True,
        ),
    ]
