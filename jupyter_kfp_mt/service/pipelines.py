"""Registered pipelines: list, find, upload, inspect, delete."""

from __future__ import annotations

import re
import sys
from functools import partial

import msgspec

from ..client import filters
from ..client import pipelines as requests
from ..errors import KfpError, KfpNotFoundError, KfpRefusedError, kfp_error
from ..lists import PipelineList, PipelineVersionList
from ..models import (
    Inspection,
    PageQuery,
    Pipeline,
    PipelineInfo,
    PipelinePage,
    PipelineQuery,
    PipelineVersion,
    PipelineVersionPage,
    Source,
    SourceKind,
)
from ..pipeline_spec import Package, list_gpu_tasks, summarize
from ..pipeline_spec.images import describe_image
from .backend import UUID, Backend
from .experiments import check_texts
from .paging import MAX_PAGE, read_pages
from .submit.sources import AnySource, get_version, propose_run_name, read_package, resolve, to_source

_REGISTERED = "pipeline:"
_VERSIONS = 1000  # searched for a name, of one pipeline


def read_page(backend: Backend, query: PipelineQuery) -> PipelinePage:
    """Return one page of the namespace's own pipelines, or of the shared ones."""
    predicates = [filters.contains("display_name", query.search)] if query.search else []
    return backend.api.call(
        requests.list_pipelines(
            "" if query.shared else backend.namespace(),
            predicates,
            sort_by=query.sort_by,
            page_size=query.page_size,
            page_token=query.page_token,
        )
    )


def list_pipelines(backend: Backend, query: PipelineQuery, *, limit: int) -> PipelineList:
    """Return the newest pipelines, at most `limit`."""
    pages = list(read_pages(partial(read_page, backend), query, limit))
    rows = [pipeline for page in pages for pipeline in page.pipelines]
    listed = PipelineList(rows, total_size=pages[-1].total_size if pages else 0)
    listed.is_part = bool(query.search)
    return listed


def find_pipeline(backend: Backend, reference: str) -> Pipeline:
    """Find a pipeline by id or name, an own one before a shared one; raises `not-found`."""
    if UUID.fullmatch(reference):
        pipeline = backend.api.call(requests.get_pipeline(reference))
        if pipeline.namespace in ("", backend.namespace()):
            return pipeline
        raise backend.not_found_error("pipeline", reference, Pipeline)
    for namespace in dict.fromkeys((backend.namespace(), "")):
        named = _find_by_name(backend, namespace, reference)
        if named is not None:
            return named
    raise backend.not_found_error("pipeline", reference, Pipeline)


def find_source(backend: Backend, source: AnySource) -> Source:
    """Return `source` as a value: also a word such as `pipeline:NAME[@VERSION]`; raises `not-found`."""
    if isinstance(source, str) and source.startswith(_REGISTERED):
        return find_registered(backend, source.removeprefix(_REGISTERED))
    return to_source(source)


def find_registered(backend: Backend, reference: str) -> Source:
    """Return the registered pipeline or version that NAME[@VERSION] names; raises `not-found`."""
    name, _, version = reference.partition("@")
    pipeline = find_pipeline(backend, name)
    if not version:
        return Source(kind=SourceKind.PIPELINE, pipeline_id=pipeline.pipeline_id)
    query = PageQuery()
    for page in read_pages(partial(read_versions_page, backend, pipeline.pipeline_id), query, _VERSIONS):
        for found in page.pipeline_versions:
            if version in {found.display_name, found.name, found.pipeline_version_id}:
                return Source(
                    kind=SourceKind.PIPELINE,
                    pipeline_id=pipeline.pipeline_id,
                    pipeline_version_id=found.pipeline_version_id,
                )
    raise kfp_error("not-found", thing="version", ref=version, ns=name, list=f"versions {name}")


def read_versions_page(backend: Backend, pipeline_id: str, query: PageQuery) -> PipelineVersionPage:
    """Return one page of the versions of a pipeline, newest first."""
    pipeline = find_pipeline(backend, pipeline_id)
    return backend.api.call(
        requests.list_versions(
            pipeline.pipeline_id,
            sort_by=query.sort_by,
            page_size=query.page_size,
            page_token=query.page_token,
        )
    )


def list_versions(backend: Backend, pipeline_id: str, *, limit: int) -> PipelineVersionList:
    """Return the newest versions of a pipeline, at most `limit`, and at most a page."""
    page = read_versions_page(backend, pipeline_id, PageQuery(page_size=min(limit, MAX_PAGE)))
    return PipelineVersionList(page.pipeline_versions, total_size=page.total_size)


def delete_pipeline(backend: Backend, reference: str, version_id: str = "") -> None:
    """Delete a pipeline with its versions, or one version of it."""
    pipeline = find_pipeline(backend, reference)
    if version_id:
        read_version(backend, pipeline, version_id)
        backend.api.call(requests.delete_version(pipeline.pipeline_id, version_id))
        backend.caches.versions.drop(version_id)
    else:
        backend.api.call(requests.delete_pipeline(pipeline.pipeline_id))
    backend.caches.versions_of.drop(pipeline.pipeline_id)


def read_version(backend: Backend, pipeline: Pipeline, version_id: str) -> PipelineVersion:
    """Return a version of `pipeline`; raises `not-found` for that of another, which KFP would return."""
    version = get_version(backend, pipeline.pipeline_id, version_id)
    if version.pipeline_id != pipeline.pipeline_id:
        raise backend.not_found_error("pipeline version", version_id, PipelineVersion)
    return version


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload is called, and who may see it."""

    name: str = ""  # of the pipeline; empty: the one in the file
    version: str = ""  # empty: made from the pipeline's name and the time
    description: str = ""
    shared: bool = False  # with everyone on this KFP


def upload_pipeline(backend: Backend, source: AnySource, label: Label) -> PipelineVersion:
    """Register a pipeline, or a new version of a known name, unless it is the newest one."""
    package = resolve(backend, find_source(backend, source)).package
    name = label.name or package.name
    # it also names the version, which has less room
    check_texts("name", name, label.description, most_bytes=127)
    if label.version:
        check_texts("version", label.version, "", most_bytes=127)
    namespace = "" if label.shared else backend.namespace()
    known = _find_by_name(backend, namespace, name)
    newest = _find_newest(backend, known) if known is not None else None
    if newest is not None and _is_same(newest, package) and _is_labelled(newest, label):
        return msgspec.structs.replace(newest, is_unchanged=True)
    if known is not None:
        backend.caches.versions_of.drop(known.pipeline_id)
    try:
        return _register(backend, namespace, known, package, msgspec.structs.replace(label, name=name))
    except KfpRefusedError as error:
        if label.shared and error.code in ("upload-refused", "forbidden"):
            raise kfp_error(
                "upload-refused/shared", id=backend.context.credential.account or "Your account"
            ) from error
        raise


def _register(
    backend: Backend, namespace: str, known: Pipeline | None, package: Package, label: Label
) -> PipelineVersion:
    """Register a version; KFP names the first one of a pipeline like it, unless they are made one by one."""
    text, note = package.to_yaml(), label.description
    if known is None and not label.version:
        upload = requests.upload_pipeline(namespace, text, name=label.name, description=note)
        return get_version(backend, backend.api.call(upload).pipeline_id, "")
    pipeline = known or backend.api.call(requests.create_pipeline(namespace, label.name, description=note))
    version = label.version or f"{label.name[:100]} {backend.clock.now().strftime('%Y-%m-%d %H-%M-%S')}"
    return backend.api.call(
        requests.upload_version(pipeline.pipeline_id, text, name=version, description=note)
    )


def _is_labelled(version: PipelineVersion, label: Label) -> bool:
    """Whether `version` has what `label` names."""
    return label.description in ("", version.description) and label.version in ("", version.display_name)


def _find_newest(backend: Backend, pipeline: Pipeline) -> PipelineVersion | None:
    """Return the newest version of a pipeline; None if all were deleted."""
    try:
        return get_version(backend, pipeline.pipeline_id, "")
    except KfpNotFoundError:
        return None


def _is_same(version: PipelineVersion, package: Package) -> bool:
    """Whether `version` was made of `package`."""
    try:
        known = read_package(version)
    except KfpError:
        return False  # one of KFP 1
    return (known.pipeline_spec, known.platform_spec) == (package.pipeline_spec, package.platform_spec)


def inspect_source(backend: Backend, source: AnySource) -> Inspection:
    """Return a source as a form needs it; starts nothing."""
    resolved = resolve(backend, find_source(backend, source), choose=True)
    pipeline = summarize(resolved.package)
    if resolved.greets:
        pipeline = _greet_namespace(backend, pipeline)
    embedded = backend.context.embedded
    describe = _list_differences if embedded else _list_doubts
    inspection = Inspection(
        pipeline=pipeline,
        display_name=propose_run_name(backend, resolved.title),
        warnings=describe(resolved.package, pipeline),
        ignored=_NOT_APPLIED if embedded else {},
        functions=list(resolved.functions),
        function=resolved.function,
    )
    compiled = resolved.compiled
    if compiled is None:
        return inspection
    return msgspec.structs.replace(
        inspection,
        code=compiled.code,
        imports=compiled.imports,
        names=compiled.names,
        is_tagged=compiled.is_tagged,
        cells=compiled.cells,
        files=compiled.files,
        image=compiled.image,
        kernel=compiled.kernel,
        language="python",
    )


def _list_doubts(package: Package, pipeline: PipelineInfo) -> list[str]:
    """Return what may go wrong with a pipeline on a cluster."""
    warnings = [text for text in map(describe_image, pipeline.images) if text]
    size = len(msgspec.json.encode(package.wire()))
    if size > _LARGE:
        warnings.append(
            f"The pipeline has {size / 2**20:.1f} MiB; a cluster takes mostly 1.5 MiB as a Workflow."
        )
    return warnings


def _list_differences(package: Package, pipeline: PipelineInfo) -> list[str]:
    """Return what the embedded server, whose tasks are processes, does not apply of a pipeline."""
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    images = [image for image in pipeline.images if not _PYTHON_IMAGE.fullmatch(image)]
    return [
        *(f"Image {image} is not used here; the task runs in this Jupyter's {python}." for image in images),
        *(f"The GPU request of {task} is not applied here." for task in list_gpu_tasks(package)),
    ]


_LARGE = 1 << 20  # bytes; the Workflow is larger than the pipeline it is made of
_NOT_APPLIED = {  # options of a run, by field
    "service_account": "The account is not applied here; tasks run as you.",
    "pipeline_root": "The pipeline root is not applied here; artifacts are files on this machine.",
}
_PYTHON_IMAGE = re.compile(
    r"(?:docker\.io/)?(?:library/)?python(?::[\w.-]+)?"
)  # of components without another


def _greet_namespace(backend: Backend, pipeline: PipelineInfo) -> PipelineInfo:
    """Return our example with the namespace as the default of the name that it greets."""
    ours = [
        msgspec.structs.replace(spec, default=backend.context.namespace)
        if spec.name == "name" and backend.context.namespace
        else spec
        for spec in pipeline.parameters
    ]
    return msgspec.structs.replace(pipeline, parameters=ours)


def _find_by_name(backend: Backend, namespace: str, name: str) -> Pipeline | None:
    """Find a pipeline by its unique name, else by a display name that only one has."""
    for key in ("name", "display_name"):
        request = requests.list_pipelines(namespace, [filters.equals(key, name)], page_size=2)
        pipelines = backend.api.call(request).pipelines
        if len(pipelines) == 1:
            return pipelines[0]
    return None
