"""Commands on registered pipelines: list, upload, show as YAML, delete."""

from __future__ import annotations

from pathlib import Path

from ..errors import kfp_error
from ..lists import PipelineList, PipelineVersionList
from ..models import PipelineVersion
from ..results import BulkResult, Text
from .arguments import FRAME, LIMIT, SEARCH, SOURCE, YES
from .grammar import argument, command, usage_error
from .session import Session
from .sources import read_source, read_spec


@command(
    "pipelines",
    argument("--shared", action="store_true", help="those that everyone can read"),
    SEARCH,
    LIMIT,
    FRAME,
)
def pipelines(session: Session, *, shared: bool, search: str, limit: int) -> PipelineList:
    """List registered pipelines: private ones, or shared ones."""
    return session.service().list_pipelines(shared=shared, search=search, limit=limit)


@command("versions", argument("pipeline", metavar="PIPELINE", help="name or id"), LIMIT, FRAME)
def versions(session: Session, *, pipeline: str, limit: int) -> PipelineVersionList:
    """List the versions of a registered pipeline, newest first."""
    service = session.service()
    return service.list_versions(service.find_pipeline(pipeline).pipeline_id, limit=limit)


@command(
    "spec",
    argument("ref", metavar="RUN|pipeline:NAME[@VERSION]", help="a run or a registered pipeline"),
    argument("-o", dest="output", metavar="FILE", default="", help="write it to FILE"),
)
def spec(session: Session, *, ref: str, output: str) -> Text:
    """Show the compiled pipeline of a run, or of a registered pipeline, as YAML."""
    text = read_spec(session, ref)
    if not output:
        return Text(text)
    try:
        Path(output).expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"“{output}” cannot be written: {error.strerror}"
        raise kfp_error("bad-input", field="-o", problem=problem) from None
    return Text(f"Wrote {output}.")


@command(
    "upload",
    SOURCE,
    argument("--name", metavar="NAME", default="", help="the pipeline's name (default: that in the file)"),
    argument("--version", metavar="NAME", default="", help="the version's name (default: with the time)"),
    argument("--description", metavar="TEXT", default="", help="a note that stays with it"),
    argument("--shared", action="store_true", help="let all namespaces of this KFP read and run it"),
    YES,
)
def upload(
    session: Session, *, source: str, name: str, version: str, description: str, shared: bool, yes: bool
) -> PipelineVersion:
    """Register a pipeline in the namespace, or a new version of a registered one."""
    if shared and not yes:
        raise usage_error(
            f"Share {name or source} with everyone? Nothing was done.",
            why="All namespaces of this KFP can read and run it.",
            next_step="add --yes",
        )
    service = session.service(start=True)
    chosen = read_source(session, source)
    return service.upload(chosen, name=name, version=version, description=description, shared=shared)


@command(
    "pipeline delete",
    argument("reference", metavar="NAME[@VERSION]", help="a pipeline's name or id, or one version of it"),
    YES,
)
def delete_pipeline(session: Session, *, reference: str, yes: bool) -> BulkResult:
    """Delete a pipeline with its versions, or one version, for good."""
    service = session.service()
    source = service.find_source(f"pipeline:{reference}")
    if not yes:
        count = 1 if source.pipeline_version_id else service.list_versions(source.pipeline_id).total_size
        removed = "1 version is" if count == 1 else f"{count} versions are"
        raise usage_error(
            f"Delete {reference}? Nothing was done.",
            why=f"{removed} removed. Recurring runs that use it will fail. This cannot be undone.",
            next_step="add --yes",
        )
    service.delete_pipeline(source.pipeline_id, source.pipeline_version_id)
    return BulkResult(done=[source.pipeline_version_id or source.pipeline_id])
