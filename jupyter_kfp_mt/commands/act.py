"""The verbs that change something: runs are started and stopped, things are registered and removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import KfpError, kfp_error
from ..lists import RunList
from ..models import (
    CachePolicy,
    Experiment,
    PipelineVersion,
    Run,
    RunQuery,
    Source,
    SourceKind,
    SubmitRequest,
)
from ..results import BulkResult
from .grammar import argument, command, usage_error
from .look import RUN, RUNS
from .session import Session, bulk_error
from .sources import read_source, registered
from .words import pairs, seconds

SOURCE = argument(
    "source",
    metavar="SOURCE",
    help="file.yaml, file.py[:function], a function of the notebook, or pipeline:NAME[@VERSION]",
)
_TIMEOUT = argument(
    "--timeout",
    metavar="TIME",
    type=seconds("--timeout"),
    default=None,
    help="wait no longer, such as 90s, 10m, 2h",
)
_YES = argument("--yes", action="store_true", help="do it: it cannot be undone")


def start_run(
    session: Session,
    request: SubmitRequest,
    *,
    dry_run: bool = False,
    wait: bool = False,
    timeout: float | None = None,
) -> Run | dict[str, Any]:
    """Start the run that `request` describes, or, for a dry run, return what would be sent."""
    service = session.service(start=not dry_run)
    found = service.inspect(request.source)
    for warning in found.warnings:
        session.front.say(warning)
    if dry_run:
        return service.preview(request)
    run = session.remember(service.start_run(request))
    return wait_for(session, run, timeout) if wait else run


_PARAMETERS = argument(
    "parameters",
    metavar="KEY=VALUE",
    nargs="*",
    help="values of parameters; $name takes one of the notebook",
)
_OPTIONS = (
    argument(
        "--experiment",
        "-e",
        metavar="EXPERIMENT",
        default="Default",
        help="made if it is not there (Default)",
    ),
    argument("--name", metavar="NAME", default="", help="the run's name; else the pipeline's with the time"),
    argument(
        "--cache",
        choices=[mode.value for mode in CachePolicy],
        metavar="compiled|on|off",
        default="compiled",
        help="whether tasks may take earlier results (compiled)",
    ),
    argument("--description", metavar="TEXT", default="", help="a note that stays with the run"),
    argument("--root", metavar="URI", default="", help="where artifacts go; else the namespace's own place"),
    argument("--service-account", metavar="SA", default="", help="account that the tasks run as"),
    argument("--dry-run", action="store_true", help="check and show what would be sent; send nothing"),
    argument("--wait", action="store_true", help="until the run has ended; fails when the run fails"),
    _TIMEOUT,
)


@command("submit", SOURCE, _PARAMETERS, *_OPTIONS)
def submit(
    session: Session, *, source: str, parameters: Sequence[str], **options: Any
) -> Run | dict[str, Any]:
    """Start a run of a pipeline.

    Values are checked against the pipeline's parameters before anything is sent.
    """
    values = pairs(parameters)
    return _start(session, read_source(session, source), values, **options)


@command("clone", RUN, _PARAMETERS, *_OPTIONS)
def clone(session: Session, *, run: str, parameters: Sequence[str], **options: Any) -> Run | dict[str, Any]:
    """Start a run like another one, with its pipeline and values, and those that are given."""
    given = pairs(parameters)
    view = session.service().view_run(session.find_run(run))
    version = view.run.pipeline_version_reference
    if version is not None and version.pipeline_version_id:
        what = Source(
            kind=SourceKind.PIPELINE,
            pipeline_id=version.pipeline_id,
            pipeline_version_id=version.pipeline_version_id,
        )
    else:
        what = Source(kind=SourceKind.TEXT, text=view.spec, path=view.run.display_name)
    before = view.run.runtime_config.parameters if view.run.runtime_config else {}
    return _start(session, what, {**before, **given}, **options)


def _start(
    session: Session,
    source: Source,
    parameters: dict[str, Any],
    *,
    name: str,
    cache: str,
    root: str,
    experiment: str,
    description: str,
    service_account: str,
    **how: Any,
) -> Run | dict[str, Any]:
    """Start a run with the options of `submit`, `how` to start it among them."""
    request = SubmitRequest(
        source=source,
        parameters=parameters,
        experiment=experiment,
        display_name=name,
        description=description,
        cache=CachePolicy(cache),
        pipeline_root=root,
        service_account=service_account,
    )
    return start_run(session, request, **how)


def wait_for(session: Session, run: Run, timeout: float | None) -> Run:
    """Wait until `run` has ended; raises RunFailed, RunTimeout, or RunTimeout when a person stops it."""
    service = session.service()

    def show(changed: Run) -> None:
        session.front.watch(changed, lambda: service.view_run(changed.run_id))

    try:
        return service.wait(run.run_id, timeout=timeout, on_change=show)
    except KeyboardInterrupt:
        raise kfp_error("run-timeout/stopped", ref=run.run_id[:8]) from None


@command("wait", RUNS, _TIMEOUT)
def wait(session: Session, *, refs: Sequence[str], timeout: float | None) -> Run | RunList:
    """Wait until runs have ended; fails when one of them fails."""
    found = [session.find_run(ref) for ref in refs]
    ended = [wait_for(session, run, timeout) for run in found]
    return ended[0] if len(ended) == 1 else RunList(ended, total_size=len(ended))


def _each(session: Session, refs: Sequence[str], act: Callable[[str], Run]) -> Run | BulkResult:
    """Do `act` with every run; one run is returned itself. Nothing is done when a word means no run."""
    found = [session.find_run(ref) for ref in refs]
    if len(found) == 1:
        return act(found[0].run_id)
    done: list[str] = []
    failures: list[tuple[str, KfpError]] = []
    for run in found:
        try:
            act(run.run_id)
        except KfpError as error:
            failures.append((run.display_name or run.run_id, error))
        else:
            done.append(run.run_id)
    if failures:
        raise bulk_error(len(done), failures)
    return BulkResult(done=done)


@command("terminate", RUNS)
def terminate(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Stop runs now. Finished tasks keep their results."""
    return _each(session, refs, session.service().terminate)


@command("retry", RUNS)
def retry(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Go on with failed or canceled runs from where they stopped."""
    return _each(session, refs, session.service().retry)


@command("archive", RUNS)
def archive(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Take runs out of the lists; --archived shows them."""
    return _each(session, refs, session.service().archive)


@command("restore", RUNS)
def restore(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Bring archived runs back into the lists."""
    return _each(session, refs, session.service().unarchive)


@command("delete", RUNS, _YES)
def delete(session: Session, *, refs: Sequence[str], yes: bool) -> BulkResult:
    """Delete runs for good."""
    service = session.service()
    found = [session.find_run(ref) for ref in refs]
    if not yes:
        names = ", ".join(run.display_name for run in found[:5])
        raise usage_error(
            f"Delete {names}? Nothing was done.",
            why="The run and its history in KFP are removed. Artifacts stay in the store."
            " This cannot be undone.",
            next_step="add --yes",
        )

    def remove(run_id: str) -> Run:
        service.delete_run(run_id)
        return next(run for run in found if run.run_id == run_id)

    done = _each(session, [run.run_id for run in found], remove)
    return done if isinstance(done, BulkResult) else BulkResult(done=[done.run_id])


@command(
    "experiment create",
    argument("name", metavar="NAME", help="as it is to be called"),
    argument("--description", metavar="TEXT", default="", help="a note that stays with it"),
)
def create_experiment(session: Session, *, name: str, description: str) -> Experiment:
    """Create an experiment: a group for runs that belong together."""
    return session.service(start=True).create_experiment(name, description=description)


_EXPERIMENT = argument("name", metavar="NAME", help="an experiment's name or id")


@command("experiment archive", _EXPERIMENT)
def archive_experiment(session: Session, *, name: str) -> Experiment:
    """Archive an experiment with its runs; its recurring runs stop."""
    return session.service().archive_experiment(name)


@command("experiment restore", _EXPERIMENT)
def restore_experiment(session: Session, *, name: str) -> Experiment:
    """Bring an archived experiment back; its runs stay archived."""
    return session.service().unarchive_experiment(name)


@command("experiment delete", _EXPERIMENT, _YES)
def delete_experiment(session: Session, *, name: str, yes: bool) -> BulkResult:
    """Delete an experiment for good."""
    service = session.service()
    found = service.get_experiment(name)
    if not yes:
        here = found.experiment_id
        parts = [
            service.page_runs(RunQuery(experiment_id=here, archived=old, page_size=1))
            for old in (False, True)
        ]
        count = sum(part.total_size for part in parts)
        stay = "1 run stays" if count == 1 else f"{count} runs stay"
        raise usage_error(
            f"Delete {found.display_name}? Nothing was done.",
            why=f"Its {stay} but can no longer be terminated or retried. This cannot be undone.",
            next_step="add --yes",
        )
    service.delete_experiment(found.experiment_id)
    return BulkResult(done=[found.experiment_id])


@command(
    "pipeline delete",
    argument("reference", metavar="NAME[@VERSION]", help="a pipeline's name or id, or one version of it"),
    _YES,
)
def delete_pipeline(session: Session, *, reference: str, yes: bool) -> BulkResult:
    """Delete a pipeline with its versions, or one version, for good."""
    service = session.service()
    found = registered(service, reference)
    if not yes:
        count = 1 if found.pipeline_version_id else service.list_versions(found.pipeline_id).total_size
        versions = "1 version is" if count == 1 else f"{count} versions are"
        raise usage_error(
            f"Delete {reference}? Nothing was done.",
            why=f"{versions} removed. Recurring runs that use it will fail. This cannot be undone.",
            next_step="add --yes",
        )
    service.delete_pipeline(found.pipeline_id, found.pipeline_version_id)
    return BulkResult(done=[found.pipeline_version_id or found.pipeline_id])


@command(
    "upload",
    SOURCE,
    argument("--name", metavar="NAME", default="", help="the pipeline's name; else the one in the file"),
    argument("--description", metavar="TEXT", default="", help="a note that stays with it"),
)
def upload(session: Session, *, source: str, name: str, description: str) -> PipelineVersion:
    """Register a pipeline in the namespace, or a new version of a known name."""
    service = session.service(start=True)
    return service.upload(read_source(session, source), name=name, description=description)
