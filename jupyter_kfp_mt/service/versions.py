"""Pipelines and their versions in detail: what they hold, what differs, and what deleting them means."""

from __future__ import annotations

import msgspec

from ..client import pipelines as requests
from ..client import recurring_runs as recurring_requests
from ..errors import KfpError
from ..models import (
    NO_SPEC,
    PageQuery,
    Pipeline,
    PipelinePage,
    PipelineQuery,
    PipelineVersion,
    PipelineVersionPage,
    PipelineView,
    RecurringRun,
    VersionDifference,
    VersionView,
)
from ..pipeline_spec import Package, summarize
from ..pipeline_spec.difference import compare_code, compare_inputs, compare_tasks, compare_texts
from ..pipeline_spec.tasks import describe_tasks
from . import pipelines
from .backend import LOOK_UPS, Backend
from .paging import MAX_PAGE
from .submit.sources import read_package

_MOST_RECURRING = 1000  # recurring runs to look through for those that use a pipeline


def read_page(backend: Backend, query: PipelineQuery) -> PipelinePage:
    """Return one page of pipelines with the number of their versions, as far as it is known.

    KFP counts with one call for each, so a page asks for a few that are not known yet.
    """
    page = pipelines.read_page(backend, query)
    left = MAX_PAGE if backend.context.embedded else LOOK_UPS
    rows = []
    for pipeline in page.pipelines:
        count = backend.caches.versions_of.get(pipeline.pipeline_id)
        if count is None and left:
            left -= 1
            count = _count_versions(backend, pipeline)
        rows.append(msgspec.structs.replace(pipeline, versions=count))
    return msgspec.structs.replace(page, pipelines=rows)


def read_versions_page(backend: Backend, pipeline_id: str, query: PageQuery) -> PipelineVersionPage:
    """Return one page of versions without their specs, but with the number of tasks and inputs."""
    page = pipelines.read_versions_page(backend, pipeline_id, query)
    rows = [_describe_row(version) for version in page.pipeline_versions]
    return msgspec.structs.replace(page, pipeline_versions=rows)


def view_pipeline(backend: Backend, pipeline_id: str) -> PipelineView:
    """Return a pipeline with the recurring runs of this namespace that use it."""
    pipeline = pipelines.find_pipeline(backend, pipeline_id)
    using = _list_using(backend, pipeline.pipeline_id)
    return PipelineView(
        pipeline=msgspec.structs.replace(pipeline, versions=_count_versions(backend, pipeline)),
        recurring_runs=[row.display_name for row in using],
        used_versions=sorted(
            {
                row.pipeline_version_reference.pipeline_version_id
                for row in using
                if row.pipeline_version_reference and row.pipeline_version_reference.pipeline_version_id
            }
        ),
    )


def view_version(backend: Backend, pipeline_id: str, version_id: str) -> VersionView:
    """Return a version with its tasks, inputs and spec."""
    version = pipelines.read_version(backend, pipelines.find_pipeline(backend, pipeline_id), version_id)
    package = read_package(version)
    return VersionView(
        version=_describe(version, package),
        pipeline=summarize(package),
        tasks=describe_tasks(package),
        spec=package.to_yaml(),
    )


def compare_versions(backend: Backend, pipeline_id: str, left_id: str, right_id: str) -> VersionDifference:
    """Return what differs between two versions of a pipeline."""
    pipeline = pipelines.find_pipeline(backend, pipeline_id)
    left, right = (pipelines.read_version(backend, pipeline, each) for each in (left_id, right_id))
    before, after = read_package(left), read_package(right)
    return VersionDifference(
        left=_describe(left, before),
        right=_describe(right, after),
        inputs=compare_inputs(before, after),
        tasks=compare_tasks(before, after),
        code=compare_code(before, after),
        spec=compare_texts("spec", before.to_yaml(), after.to_yaml()),
    )


def _count_versions(backend: Backend, pipeline: Pipeline) -> int:
    page = backend.api.call(requests.list_versions(pipeline.pipeline_id, page_size=1))
    return backend.caches.versions_of.put(pipeline.pipeline_id, page.total_size)


def _list_using(backend: Backend, pipeline_id: str) -> list[RecurringRun]:
    """Return the recurring runs of this namespace that run a pipeline, among the newest ones."""
    using: list[RecurringRun] = []
    token = ""
    for _ in range(_MOST_RECURRING // MAX_PAGE):
        request = recurring_requests.list_recurring_runs(
            backend.namespace(), sort_by="created_at desc", page_size=MAX_PAGE, page_token=token
        )
        page = backend.api.call(request)
        using += [
            row
            for row in page.recurring_runs
            if row.pipeline_version_reference and row.pipeline_version_reference.pipeline_id == pipeline_id
        ]
        token = page.next_page_token
        if not token:
            break
    return using


def _describe_row(version: PipelineVersion) -> PipelineVersion:
    try:
        return _describe(version, read_package(version))
    except KfpError:  # one of KFP 1, or none of the list
        return msgspec.structs.replace(version, pipeline_spec=NO_SPEC)


def _describe(version: PipelineVersion, package: Package) -> PipelineVersion:
    about = summarize(package)
    return msgspec.structs.replace(
        version, pipeline_spec=NO_SPEC, tasks=about.tasks, inputs=len(about.parameters)
    )
